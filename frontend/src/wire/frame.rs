//! The frames of the live feed, told apart by hand: the type first, then its fields.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::feed::{Change, ServerFrame};

use super::{of_tree, parse};

/// Reads a frame; nothing when it cannot be read.
pub(crate) fn frame(text: &str) -> Option<ServerFrame> {
    let tree = parse(text)?;
    let word = |name: &str| tree.get(name)?.as_str().map(str::to_owned);
    let time = |name: &str| tree.get(name).and_then(of_tree::<DateTime<Utc>>);
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
        "gone" => ServerFrame::Gone { topic: of_tree(tree.get("topic")?)? },
        "stale" => ServerFrame::Stale { since: time("since")? },
        "closed" => ServerFrame::Closed { code: word("code")? },
        _ => return None,
    })
}

fn changes(tree: &Value) -> Option<Vec<Change>> {
    tree.as_array()?.iter().map(change).collect()
}

fn change(tree: &Value) -> Option<Change> {
    let value = || tree.get("value");
    Some(match tree.get("kind")?.as_str()? {
        "thread" => Change::Thread(Box::new(of_tree(value()?)?)),
        "message" => Change::Message(Box::new(of_tree(value()?)?)),
        "channel" => Change::Channel(Box::new(of_tree(value()?)?)),
        "contact" => Change::Contact(Box::new(of_tree(value()?)?)),
        "rights" => Change::Rights,
        _ => return None,
    })
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
