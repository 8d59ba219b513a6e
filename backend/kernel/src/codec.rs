//! Events to text and back.
//!
//! An event serialises as `{"<event type>": <payload>}`. The name stands in its own column, only
//! the content is the payload. The text is stored as it was written, so the hash can be computed
//! again.

use shared::stored::Event;

/// A value that is not what the code expects.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not JSON, or JSON of another shape.
    #[error("{event_type} does not fit")]
    Shape {
        /// The type it claims to be.
        event_type: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
    /// The event does not serialise as `{"<its type>": content}`.
    #[error("an event must be an externally tagged enum whose variants are named by their type")]
    Tag,
}

/// Splits an event into its type and its payload.
pub fn encode<E: Event>(event: &E) -> Result<(&'static str, String), CodecError> {
    let event_type = event.event_type();
    let text = serde_json::to_string(event)
        .map_err(|source| CodecError::Shape { event_type: event_type.to_owned(), source })?;
    let rest = text.strip_prefix("{\"").and_then(|rest| rest.strip_prefix(event_type));
    if let Some(payload) =
        rest.and_then(|rest| rest.strip_prefix("\":")).and_then(|rest| rest.strip_suffix('}'))
    {
        return Ok((event_type, payload.to_owned()));
    }
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if bare == Some(event_type) {
        Ok((event_type, "null".to_owned()))
    } else {
        Err(CodecError::Tag)
    }
}

/// Puts an event together again.
pub fn decode<E: Event>(event_type: &str, version: i16, payload: &str) -> Result<E, CodecError> {
    let payload = E::upcast(event_type, version, payload);
    let text = format!("{{\"{event_type}\":{payload}}}");
    serde_json::from_str(&text)
        .map_err(|source| CodecError::Shape { event_type: event_type.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde::{Deserialize, Serialize};
    use shared::stored::{Entry, Event};

    use super::{decode, encode};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Door {
        #[serde(rename = "house.door.opened")]
        Opened { by: String },
        #[serde(rename = "house.door.closed")]
        Closed,
        #[serde(rename = "house.door.numbered")]
        Numbered(u8),
    }

    impl Event for Door {
        const CATALOGUE: &'static [Entry] = &[];

        fn event_type(&self) -> &'static str {
            match self {
                Self::Opened { .. } => "house.door.opened",
                Self::Closed => "house.door.closed",
                Self::Numbered(_) => "house.door.numbered",
            }
        }

        fn version(&self) -> i16 {
            1
        }

        fn upcast<'a>(event_type: &str, version: i16, payload: &'a str) -> Cow<'a, str> {
            match (event_type, version) {
                ("house.door.opened", 0) => Cow::Owned(format!("{{\"by\":{payload}}}")),
                _ => Cow::Borrowed(payload),
            }
        }
    }

    #[test]
    fn every_shape_of_variant_comes_back() {
        for event in [Door::Opened { by: "\u{0} \"x\" é}".into() }, Door::Closed, Door::Numbered(7)]
        {
            let (name, payload) = encode(&event).unwrap();
            assert_eq!(decode::<Door>(name, 1, &payload).unwrap(), event);
        }
    }

    #[test]
    fn an_old_version_is_lifted() {
        let lifted = decode::<Door>("house.door.opened", 0, "\"ana\"").unwrap();
        assert_eq!(lifted, Door::Opened { by: "ana".into() });
    }

    #[test]
    fn an_unknown_type_is_an_error() {
        assert!(decode::<Door>("house.door.burnt", 1, "null").is_err());
    }
}
