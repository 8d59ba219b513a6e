//! Unsent texts, kept on this device by company and thread.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::ids::{CompanyId, ConversationId};

use super::Desk;
use crate::{browser::storage, stores::Draft};

fn prefix(company: CompanyId) -> String {
    format!("draft.{company}.")
}

/// The beginnings of all drafts of a company.
pub(super) fn beginnings(company: CompanyId) -> BTreeMap<ConversationId, String> {
    let prefix = prefix(company);
    let mut beginnings = BTreeMap::new();
    for id in storage::keys(&prefix) {
        let draft = storage::read_json::<Draft>(&format!("{prefix}{id}")).unwrap_or_default();
        if let (false, Ok(id)) = (draft.is_empty(), id.parse()) {
            beginnings.insert(id, draft.text);
        }
    }
    beginnings
}

impl Desk {
    /// The draft of a thread.
    pub(crate) fn draft(self, thread: ConversationId) -> Draft {
        storage::read_json(&format!("{}{thread}", prefix(self.company))).unwrap_or_default()
    }

    /// Keeps the draft of a thread.
    pub(crate) fn keep_draft(self, thread: ConversationId, draft: &Draft) {
        let key = format!("{}{thread}", prefix(self.company));
        if draft.is_blank() {
            storage::forget(&key);
        } else {
            storage::write_json(&key, draft);
        }
        self.drafts.update(|drafts| {
            if draft.is_empty() {
                drafts.remove(&thread);
            } else {
                drafts.insert(thread, draft.text.clone());
            }
        });
    }
}
