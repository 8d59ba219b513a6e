//! The text of what was said, whatever its kind.

use shared::messages::Content;

/// The text that a person would read aloud, if there is one.
pub(crate) fn text_of(content: &Content) -> Option<&str> {
    let text = match content {
        Content::Text { body } => body,
        Content::Media(media) => media.caption.as_ref().or(media.file_name.as_ref())?,
        Content::Location { name, address, .. } => name.as_ref().or(address.as_ref())?,
        Content::Contacts { cards } => &cards.first()?.name,
        Content::Interactive(interactive) => &interactive.body,
        Content::InteractiveReply { title, .. } => title.as_ref()?,
        Content::Button { text, .. } => text,
        Content::Order { text, .. } => text.as_ref()?,
        Content::Template(template) => template.preview.as_ref().unwrap_or(&template.name),
        Content::System { body, .. } => body.as_ref()?,
        Content::Unsupported { .. } => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::text_of;
    use shared::messages::{Content, Media, MessageKind};

    #[test]
    fn a_file_reads_as_its_caption_or_its_name() {
        let mut media = Media {
            media: MessageKind::Document,
            file: None,
            mime_type: None,
            file_name: Some("a.pdf".to_owned()),
            caption: None,
            is_voice: false,
            is_animated: false,
            size_bytes: None,
            missing: None,
        };
        assert_eq!(text_of(&Content::Media(media.clone())), Some("a.pdf"));
        media.caption = Some("Orçamento".to_owned());
        assert_eq!(text_of(&Content::Media(media)), Some("Orçamento"));
    }

    #[test]
    fn what_is_not_known_reads_as_nothing() {
        let raw = Content::Unsupported { claimed: "x".to_owned(), raw: "{}".to_owned() };
        assert_eq!(text_of(&raw), None);
    }
}
