//! What can be said: checked where it is asked, turned into the provider's words where it leaves.

use ports::{limits, outbound};
use serde_json::Value;
use shared::messages::{Content, Media, MessageKind, Template};

/// Something that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// People send it, companies do not.
    #[error("this kind of message cannot be sent")]
    NotSendable,
    /// A file is needed.
    #[error("the file is missing")]
    NoFile,
    /// The parameters of a template are not understood.
    #[error("the parameters of the template are not understood")]
    Parameters,
    /// Too long, too many, or empty.
    #[error(transparent)]
    Limit(#[from] limits::LimitError),
}

impl ContentError {
    /// The stable word for programs, and the part of the message.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &'static str, Option<usize>) {
        match self {
            Self::NotSendable => ("not_sendable", "kind", None),
            Self::NoFile => ("file_missing", "file", None),
            Self::Parameters => ("template_parameters", "components", None),
            Self::Limit(limits::LimitError::Empty { part }) => ("empty", part, None),
            Self::Limit(limits::LimitError::TooLong { part, most }) => {
                ("too_long", part, Some(*most))
            }
            Self::Limit(limits::LimitError::TooMany { part, most }) => {
                ("too_many", part, Some(*most))
            }
            Self::Limit(limits::LimitError::Twice { part }) => ("twice", part, None),
            Self::Limit(limits::LimitError::NotAllowed { part }) => ("not_allowed", part, None),
        }
    }
}

/// What kind of message a content is.
#[must_use]
pub const fn kind(content: &Content) -> MessageKind {
    match content {
        Content::Text { .. } => MessageKind::Text,
        Content::Media(media) => media.media,
        Content::Location { .. } => MessageKind::Location,
        Content::Contacts { .. } => MessageKind::Contacts,
        Content::Interactive(_) => MessageKind::Interactive,
        Content::InteractiveReply { .. } => MessageKind::InteractiveReply,
        Content::Button { .. } => MessageKind::Button,
        Content::Order { .. } => MessageKind::Order,
        Content::Template(_) => MessageKind::Template,
        Content::System { .. } => MessageKind::System,
        Content::Unsupported { .. } => MessageKind::Unsupported,
    }
}

/// Whether it needs an open service window: everything but templates.
#[must_use]
pub const fn needs_window(content: &Content) -> bool {
    !matches!(content, Content::Template(_))
}

/// The text that a person reads in it.
#[must_use]
pub fn text(content: &Content) -> Option<&str> {
    match content {
        Content::Text { body } => Some(body),
        Content::Media(media) => media.caption.as_deref(),
        Content::Interactive(interactive) => Some(&interactive.body),
        Content::InteractiveReply { title, .. } => title.as_deref(),
        Content::Button { text, .. } => Some(text),
        Content::Order { text, .. } => text.as_deref(),
        Content::Template(template) => template.preview.as_deref(),
        Content::System { body, .. } => body.as_deref(),
        Content::Location { name, .. } => name.as_deref(),
        Content::Contacts { .. } | Content::Unsupported { .. } => None,
    }
}

/// The length of its text in characters, which stands in clear (D4).
#[must_use]
pub fn n_characters(content: &Content) -> u32 {
    let n = text(content).map_or(0, |text| text.chars().count());
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Whether the provider will take it, as far as that can be known before.
///
/// # Errors
/// What is wrong with it.
pub fn check(content: &Content) -> Result<(), ContentError> {
    if let Content::Media(media) = content
        && media.file.is_none()
    {
        return Err(ContentError::NoFile);
    }
    limits::check(&outgoing(content, Some("0"))?).map_err(ContentError::from)
}

/// A provider's words as they may stand in clear: digits that could be somebody's number are hidden.
#[must_use]
pub fn without_numbers(words: &str) -> String {
    let mut clean = String::new();
    let mut digits = String::new();
    let flush = |digits: &mut String, clean: &mut String| {
        // Codes have up to six digits.
        clean.push_str(if digits.len() > 6 { "…" } else { digits });
        digits.clear();
    };
    for sign in words.chars().take(300) {
        if sign.is_ascii_digit() {
            digits.push(sign);
        } else {
            flush(&mut digits, &mut clean);
            clean.push(sign);
        }
    }
    flush(&mut digits, &mut clean);
    clean
}

/// Whether the provider takes a file as this kind of message.
///
/// # Errors
/// A stable word.
pub fn check_file(kind: MessageKind, mime_type: &str, size_bytes: i64) -> Result<(), &'static str> {
    const MB: i64 = 1 << 20;
    let (types, most): (&[&str], i64) = match kind {
        MessageKind::Image => (&["image/jpeg", "image/png"], 5 * MB),
        MessageKind::Video => (&["video/mp4", "video/3gpp"], 16 * MB),
        MessageKind::Audio => {
            (&["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], 16 * MB)
        }
        MessageKind::Sticker => (&["image/webp"], MB / 2),
        MessageKind::Document => (&[], 100 * MB),
        _ => return Err("not_sendable"),
    };
    if !types.is_empty() && !types.contains(&mime_type) {
        return Err("file_type");
    }
    if size_bytes > most { Err("file_too_large") } else { Ok(()) }
}

/// In the words of the port; `media_id` is the provider's id of the file that goes along.
///
/// # Errors
/// What cannot be sent.
pub fn outgoing(
    content: &Content,
    media_id: Option<&str>,
) -> Result<outbound::Content, ContentError> {
    match content {
        Content::Text { body } => {
            let preview_url = body.contains("https://") || body.contains("http://");
            Ok(outbound::Content::Text { body: body.clone(), preview_url })
        }
        Content::Media(media) => {
            let id = media_id.ok_or(ContentError::NoFile)?;
            Ok(outbound::Content::Media(outgoing_media(media, id)?))
        }
        Content::Interactive(interactive) => {
            Ok(outbound::Content::Interactive(interactive.clone()))
        }
        Content::Template(template) => {
            check_template(template)?;
            Ok(outbound::Content::Template(template.clone()))
        }
        Content::Location { latitude, longitude, name, address } => {
            if !(-90.0..=90.0).contains(latitude) || !(-180.0..=180.0).contains(longitude) {
                return Err(limits::LimitError::NotAllowed { part: "coordinates" }.into());
            }
            Ok(outbound::Content::Location {
                latitude: *latitude,
                longitude: *longitude,
                name: name.clone(),
                address: address.clone(),
            })
        }
        _ => Err(ContentError::NotSendable),
    }
}

fn outgoing_media(media: &Media, id: &str) -> Result<outbound::Media, ContentError> {
    let kind = match media.media {
        MessageKind::Image => outbound::MediaKind::Image,
        MessageKind::Video => outbound::MediaKind::Video,
        MessageKind::Audio => outbound::MediaKind::Audio,
        MessageKind::Document => outbound::MediaKind::Document,
        MessageKind::Sticker => outbound::MediaKind::Sticker,
        _ => return Err(ContentError::NotSendable),
    };
    let is_document = kind == outbound::MediaKind::Document;
    Ok(outbound::Media {
        kind,
        id: id.to_owned(),
        caption: media.caption.clone().filter(|caption| !caption.is_empty()),
        filename: media.file_name.clone().filter(|_| is_document),
        is_voice: media.is_voice,
    })
}

fn check_template(template: &Template) -> Result<(), ContentError> {
    let is_known = |component: &Value| {
        let kind = word(component, "type");
        let is_part = matches!(kind, Some("header" | "body"))
            || kind == Some("button")
                && word(component, "sub_type").is_some()
                && component.get("index").is_some();
        let none = Vec::new();
        let parameters = component.get("parameters").map_or(Some(&none), Value::as_array);
        is_part && parameters.is_some_and(|list| list.iter().all(is_parameter))
    };
    let is_fine = template.components.iter().all(is_known);
    if is_fine { Ok(()) } else { Err(ContentError::Parameters) }
}

fn is_parameter(value: &Value) -> bool {
    let Some(kind) = word(value, "type") else { return false };
    let inner = value.get(kind);
    match kind {
        "text" | "payload" | "coupon_code" => inner.is_some_and(Value::is_string),
        "currency" | "date_time" | "image" | "video" | "document" | "location" | "action"
        | "limited_time_offer" => inner.is_some_and(Value::is_object),
        _ => false,
    }
}

fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::messages::{Content, Media, MessageKind, Template};

    use super::{ContentError, check, n_characters, needs_window, outgoing};

    fn template(components: serde_json::Value) -> Content {
        Content::Template(Template {
            name: "retomar_contato".into(),
            language: "pt_BR".into(),
            components: serde_json::from_value(components).unwrap(),
            preview: None,
        })
    }

    #[test]
    fn a_text_has_something_in_it_and_no_more_than_4096_characters() {
        let text = |body: &str| Content::Text { body: body.to_owned() };
        assert_eq!(check(&text("Oi, quanto custa?")), Ok(()));
        assert_eq!(check(&text(&"ç".repeat(4_096))), Ok(()));
        assert_eq!(check(&text("  ")).unwrap_err().parts(), ("empty", "text", None));
        let long = check(&text(&"x".repeat(4_097))).unwrap_err();
        assert_eq!(long.parts(), ("too_long", "text", Some(4_096)));
        assert_eq!(n_characters(&text("ação")), 4);
    }

    #[test]
    fn a_template_needs_no_window_and_parameters_that_are_understood() {
        let good = template(json!([
            {"type": "body", "parameters": [{"type": "text", "text": "Ana", "parameter_name": "nome"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0",
             "parameters": [{"type": "payload", "payload": "sim"}]},
        ]));
        assert_eq!(check(&good), Ok(()));
        assert!(!needs_window(&good));
        for bad in [
            json!([{"type": "body", "parameters": "x"}]),
            json!([{"type": "body", "parameters": [{"type": "text"}]}]),
            json!([{"type": "button", "sub_type": "url", "parameters": []}]),
            json!([{"type": "carousel"}]),
            json!([7]),
        ] {
            assert_eq!(check(&template(bad.clone())), Err(ContentError::Parameters), "{bad}");
        }
    }

    #[test]
    fn a_providers_words_keep_their_codes_and_lose_numbers_of_people() {
        let words = "(#131056) to 5511987654321 failed";
        assert_eq!(super::without_numbers(words), "(#131056) to … failed");
    }

    #[test]
    fn media_goes_by_our_file_and_only_people_send_the_rest() {
        let mut media = Media {
            media: MessageKind::Image,
            file: None,
            mime_type: None,
            file_name: None,
            caption: Some("olha".into()),
            is_voice: false,
            is_animated: false,
            size_bytes: None,
            missing: None,
        };
        assert_eq!(check(&Content::Media(media.clone())), Err(ContentError::NoFile));
        media.file = Some(uuid::Uuid::from_u128(1).into());
        assert_eq!(check(&Content::Media(media.clone())), Ok(()));
        assert_eq!(outgoing(&Content::Media(media), None), Err(ContentError::NoFile));
        let button = Content::Button { text: "sim".into(), payload: None };
        assert_eq!(check(&button), Err(ContentError::NotSendable));
    }
}
