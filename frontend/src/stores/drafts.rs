//! What a person has begun to write.

use serde::Serialize;
use shared::{files::StoredFile, ids::MessageId};

/// An unsent answer, kept on this device until it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Draft {
    /// The text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Files that are uploaded and not sent.
    pub files: Vec<StoredFile>,
}

impl Draft {
    /// Whether there is anything to keep or to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.files.is_empty()
    }

    /// Whether nothing has to be kept on the device.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty() && self.files.is_empty() && self.reply_to.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;

    #[test]
    fn spaces_are_nothing_to_send_but_something_to_keep() {
        let draft = Draft { text: "  ".to_owned(), ..Draft::default() };
        assert!(draft.is_empty());
        assert!(!draft.is_blank());
        assert!(Draft::default().is_blank());
    }
}
