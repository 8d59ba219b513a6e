//! The frames of the live feed, told apart by hand: the type first, then its fields.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::feed::{Change, ServerFrame, Topic};

use super::{FromTree, parse};

/// Reads a frame; nothing when it cannot be read.
pub(crate) fn frame(text: &str) -> Option<ServerFrame> {
    let tree = parse(text)?;
    let word = |name: &str| tree.get(name)?.as_str().map(str::to_owned);
    let time = |name: &str| DateTime::<Utc>::from_tree(tree.get(name));
    Some(match tree.get("type")?.as_str()? {
        "welcome" => ServerFrame::Welcome {
            cursor: word("cursor")?,
            reload: tree.get("reload")?.as_bool()?,
            now: time("now")?,
        },
        "changes" => ServerFrame::Changes {
            after: word("after")?,
            through: word("through")?,
            position: tree.get("position")?.as_i64()?,
            changes: changes(tree.get("changes")?)?,
            now: time("now")?,
        },
        "gone" => ServerFrame::Gone { topic: FromTree::from_tree(tree.get("topic"))? },
        "stale" => ServerFrame::Stale { since: time("since")? },
        "closed" => ServerFrame::Closed { code: word("code")? },
        _ => return None,
    })
}

fn changes(tree: &Value) -> Option<Vec<Change>> {
    tree.as_array()?.iter().map(change).collect()
}

fn change(tree: &Value) -> Option<Change> {
    let value = tree.get("value");
    Some(match tree.get("kind")?.as_str()? {
        "thread" => Change::Thread(FromTree::from_tree(value)?),
        "message" => Change::Message(FromTree::from_tree(value)?),
        "channel" => Change::Channel(FromTree::from_tree(value)?),
        "contact" => Change::Contact(FromTree::from_tree(value)?),
        "rights" => Change::Rights,
        _ => return None,
    })
}

impl FromTree for Topic {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        let id = fields.get("id");
        Some(match fields.get("kind")?.as_str()? {
            "threads" => Self::Threads,
            "conversation" => Self::Conversation(FromTree::from_tree(id)?),
            "channels" => Self::Channels,
            "channel" => Self::Channel(FromTree::from_tree(id)?),
            "contacts" => Self::Contacts,
            "team" => Self::Team,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::frame;
    use chrono::DateTime;
    use shared::feed::{Change, ServerFrame, Topic};

    /// What the server would write comes back as it was.
    #[track_caller]
    fn check(written: &ServerFrame) {
        let text = serde_json::to_string(written).unwrap();
        assert_eq!(frame(&text).as_ref(), Some(written), "{text}");
    }

    #[test]
    fn every_frame_is_read_as_it_was_written() {
        let now = DateTime::UNIX_EPOCH;
        check(&ServerFrame::Welcome { cursor: "c".to_owned(), reload: true, now });
        check(&ServerFrame::Gone { topic: Topic::Conversation(uuid::Uuid::nil().into()) });
        check(&ServerFrame::Stale { since: now });
        check(&ServerFrame::Closed { code: "session.ended".to_owned() });
    }

    #[test]
    fn every_change_is_read_as_it_was_written() {
        let changes = vec![
            Change::Rights,
            Change::Thread(Box::new(crate::stores::sample_thread())),
            Change::Message(Box::new(crate::stores::sample_message())),
            Change::Channel(Box::new(crate::stores::sample_channel())),
        ];
        check(&ServerFrame::Changes {
            after: "1".to_owned(),
            through: "2".to_owned(),
            position: 2,
            changes,
            now: DateTime::UNIX_EPOCH,
        });
    }

    #[test]
    fn what_is_no_frame_is_nothing() {
        assert_eq!(frame("{"), None);
        assert_eq!(frame(r#"{"type":"other"}"#), None);
        assert_eq!(frame(r#"{"type":"changes","after":"1"}"#), None);
    }
}
