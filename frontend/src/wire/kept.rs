//! What this device kept: drafts and what has no answer yet.

use serde_json::Value;

use super::{FromTree, fields};
use crate::stores::{Draft, Outbox, Outgoing, Progress};

fields! {
    Draft { text, reply_to, files }
    Outbox { items }
    Outgoing { key, conversation, content, reply_to, quotes, at, progress }
}

impl FromTree for Progress {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        Some(match fields.get("progress")?.as_str()? {
            "waiting" => Self::Waiting,
            "asking" => Self::Asking,
            "queued" => Self::Queued { message: FromTree::from_tree(fields.get("message"))? },
            "refused" => Self::Refused {
                code: FromTree::from_tree(fields.get("code"))?,
                detail: FromTree::from_tree(fields.get("detail"))?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        stores::{Draft, Progress},
        wire::check,
    };

    #[test]
    fn drafts_and_progress_come_back_as_they_were_kept() {
        check(&Draft { text: "Oi".to_owned(), ..Draft::default() });
        check(&Progress::Waiting);
        check(&Progress::Asking);
        check(&Progress::Queued { message: uuid::Uuid::nil().into() });
        check(&Progress::Refused { code: "c".to_owned(), detail: "d".to_owned() });
    }
}
