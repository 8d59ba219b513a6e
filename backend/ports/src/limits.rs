//! What WhatsApp takes at most, so that a request can be refused where it is made.
//!
//! Lengths are counted in characters. The provider has the last word: its refusal is a `Fault`.

use std::collections::HashSet;

use shared::messages::{Choice, Interactive, InteractiveAction, Section};

use crate::outbound::{Content, Media, MediaKind};

const TEXT: usize = 4096;
const CAPTION: usize = 1024;
const BODY: usize = 1024;
const LIST_BODY: usize = 4096;
const LINE: usize = 60;
const BUTTONS: usize = 3;
const BUTTON_TITLE: usize = 20;
const BUTTON_ID: usize = 256;
const SECTIONS: usize = 10;
const ROWS: usize = 10;
const ROW_TITLE: usize = 24;
const ROW_ID: usize = 200;
const ROW_DESCRIPTION: usize = 72;

/// Something in a message that WhatsApp would not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// A text is needed.
    #[error("{part} is empty")]
    Empty {
        /// Which part of the message.
        part: &'static str,
    },
    /// A text is too long.
    #[error("{part} has more than {most} characters")]
    TooLong {
        /// Which part of the message.
        part: &'static str,
        /// How many it may have.
        most: usize,
    },
    /// Too many of something.
    #[error("more than {most} {part}")]
    TooMany {
        /// Of what.
        part: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// The same id or title twice.
    #[error("{part} occurs twice")]
    Twice {
        /// What occurs twice.
        part: &'static str,
    },
    /// This kind of message cannot have it.
    #[error("{part} is not allowed here")]
    NotAllowed {
        /// What is not allowed.
        part: &'static str,
    },
}

/// Whether WhatsApp will take it, as far as lengths and counts tell.
pub fn check(content: &Content) -> Result<(), LimitError> {
    match content {
        Content::Text { body, .. } => needed("text", body, TEXT),
        Content::Media(media) => check_media(media),
        Content::Interactive(message) => check_interactive(message),
        Content::Template(template) => needed("template name", &template.name, 512),
        Content::Reaction { target, .. } => needed("reaction target", target, 512),
        Content::Location { .. } => Ok(()),
    }
}

fn check_media(media: &Media) -> Result<(), LimitError> {
    needed("media id", &media.id, 512)?;
    if let Some(caption) = &media.caption {
        if matches!(media.kind, MediaKind::Audio | MediaKind::Sticker) {
            return Err(LimitError::NotAllowed { part: "caption" });
        }
        short("caption", caption, CAPTION)?;
    }
    if media.is_voice && media.kind != MediaKind::Audio {
        return Err(LimitError::NotAllowed { part: "voice" });
    }
    Ok(())
}

fn check_interactive(message: &Interactive) -> Result<(), LimitError> {
    let most =
        if matches!(message.action, InteractiveAction::List { .. }) { LIST_BODY } else { BODY };
    needed("body", &message.body, most)?;
    if let Some(header) = &message.header {
        needed("header", header, LINE)?;
    }
    if let Some(footer) = &message.footer {
        needed("footer", footer, LINE)?;
    }
    match &message.action {
        InteractiveAction::Buttons { buttons } => check_buttons(buttons),
        InteractiveAction::List { button, sections } => {
            needed("list button", button, BUTTON_TITLE)?;
            check_sections(sections)
        }
    }
}

fn check_buttons(buttons: &[Choice]) -> Result<(), LimitError> {
    count("buttons", buttons.len(), BUTTONS)?;
    for button in buttons {
        needed("button title", &button.title, BUTTON_TITLE)?;
        needed("button id", &button.id, BUTTON_ID)?;
        if button.description.is_some() {
            return Err(LimitError::NotAllowed { part: "button description" });
        }
    }
    once("button title", buttons.iter().map(|button| button.title.as_str()))?;
    once("button id", buttons.iter().map(|button| button.id.as_str()))
}

fn check_sections(sections: &[Section]) -> Result<(), LimitError> {
    count("sections", sections.len(), SECTIONS)?;
    count("rows", sections.iter().map(|section| section.rows.len()).sum(), ROWS)?;
    for section in sections {
        match &section.title {
            Some(title) => needed("section title", title, ROW_TITLE)?,
            None if sections.len() > 1 => return Err(LimitError::Empty { part: "section title" }),
            None => {}
        }
        count("rows", section.rows.len(), ROWS)?;
        for row in &section.rows {
            needed("row title", &row.title, ROW_TITLE)?;
            needed("row id", &row.id, ROW_ID)?;
            if let Some(description) = &row.description {
                short("row description", description, ROW_DESCRIPTION)?;
            }
        }
    }
    once("row id", sections.iter().flat_map(|s| &s.rows).map(|row| row.id.as_str()))
}

fn needed(part: &'static str, text: &str, most: usize) -> Result<(), LimitError> {
    if text.trim().is_empty() {
        return Err(LimitError::Empty { part });
    }
    short(part, text, most)
}

fn short(part: &'static str, text: &str, most: usize) -> Result<(), LimitError> {
    if text.chars().nth(most).is_some() {
        return Err(LimitError::TooLong { part, most });
    }
    Ok(())
}

const fn count(part: &'static str, n: usize, most: usize) -> Result<(), LimitError> {
    match n {
        0 => Err(LimitError::Empty { part }),
        n if n > most => Err(LimitError::TooMany { part, most }),
        _ => Ok(()),
    }
}

fn once<'a>(part: &'static str, texts: impl Iterator<Item = &'a str>) -> Result<(), LimitError> {
    let mut seen = HashSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(LimitError::Twice { part });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LimitError, check};
    use crate::outbound::{Content, Media, MediaKind};
    use shared::messages::{Choice, Interactive, InteractiveAction, Section};

    fn choice(id: &str, title: &str) -> Choice {
        Choice { id: id.to_owned(), title: title.to_owned(), description: None }
    }

    fn buttons(buttons: Vec<Choice>) -> Content {
        Content::Interactive(Interactive {
            header: None,
            body: "Choose".to_owned(),
            footer: None,
            action: InteractiveAction::Buttons { buttons },
        })
    }

    fn list(sections: Vec<Section>) -> Content {
        Content::Interactive(Interactive {
            header: None,
            body: "x".repeat(4096),
            footer: None,
            action: InteractiveAction::List { button: "Open".to_owned(), sections },
        })
    }

    fn text(body: &str) -> Content {
        Content::Text { body: body.to_owned(), preview_url: false }
    }

    #[test]
    fn a_text_has_up_to_4096_characters_however_many_bytes() {
        assert_eq!(check(&text(&"ç".repeat(4096))), Ok(()));
        let too_long = LimitError::TooLong { part: "text", most: 4096 };
        assert_eq!(check(&text(&"ç".repeat(4097))), Err(too_long));
        assert_eq!(check(&text(" \n")), Err(LimitError::Empty { part: "text" }));
    }

    #[test]
    fn three_buttons_with_distinct_short_titles_are_taken() {
        let three = vec![choice("1", "Sim"), choice("2", "Não"), choice("3", &"x".repeat(20))];
        assert_eq!(check(&buttons(three)), Ok(()));
        assert_eq!(check(&buttons(vec![])), Err(LimitError::Empty { part: "buttons" }));
        let four = (0..4).map(|n| choice(&n.to_string(), &n.to_string())).collect();
        assert_eq!(check(&buttons(four)), Err(LimitError::TooMany { part: "buttons", most: 3 }));
        let long = vec![choice("1", &"x".repeat(21))];
        let too_long = LimitError::TooLong { part: "button title", most: 20 };
        assert_eq!(check(&buttons(long)), Err(too_long));
        let twice = vec![choice("1", "a"), choice("1", "b")];
        assert_eq!(check(&buttons(twice)), Err(LimitError::Twice { part: "button id" }));
    }

    #[test]
    fn a_list_has_ten_rows_over_all_its_sections() {
        let rows =
            |from: u32, n: u32| (from..from + n).map(|n| choice(&n.to_string(), "x")).collect();
        let section =
            |title: &str, from, n| Section { title: Some(title.to_owned()), rows: rows(from, n) };
        assert_eq!(check(&list(vec![section("a", 0, 5), section("b", 5, 5)])), Ok(()));
        let eleven = list(vec![section("a", 0, 6), section("b", 6, 5)]);
        assert_eq!(check(&eleven), Err(LimitError::TooMany { part: "rows", most: 10 }));
        let untitled = Section { title: None, rows: rows(9, 1) };
        let two = list(vec![section("a", 0, 1), untitled]);
        assert_eq!(check(&two), Err(LimitError::Empty { part: "section title" }));
    }

    #[test]
    fn captions_stand_below_pictures_not_below_sound() {
        let media = |kind| {
            Content::Media(Media {
                kind,
                id: "1".to_owned(),
                caption: Some("look".to_owned()),
                filename: None,
                is_voice: false,
            })
        };
        assert_eq!(check(&media(MediaKind::Image)), Ok(()));
        let not_allowed = LimitError::NotAllowed { part: "caption" };
        assert_eq!(check(&media(MediaKind::Audio)), Err(not_allowed));
    }
}
