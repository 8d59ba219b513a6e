//! What happens to an installation, and to a history as a whole. Stream `installation`: in the platform's
//! own chain, and in a company's where one company's history is concerned (D10, D12).

use chrono::{DateTime, Utc};
use shared::stored::ConfigText;
use uuid::Uuid;

events! {
    /// The life of an installation. The kernel and the command line write these words.
    InstallationEvent {
        /// It was restored from a backup: another life began, and what acts waits for a release.
        Restored = "platform.installation.restored" {
            /// The new life.
            incarnation: Uuid,
            /// What happened later is lost.
            lost_from: DateTime<Utc>,
        }
        /// A person has looked: what acts, acts again.
        Released = "platform.installation.released" {
            /// The life that goes on.
            incarnation: Uuid,
        }
        /// Somebody at the command line opened sealed values of a history.
        HistoryOpened = "platform.installation.history_opened" {
            /// From which position on.
            from: i64,
            /// Why.
            reason: ConfigText,
        }
        /// Somebody at the command line wrote a company's history to a file.
        HistoryExported = "platform.installation.history_exported" {
            /// Up to and with which event; this one is the next.
            events: i64,
            /// Whether keys went along, under a recipient's key or a passphrase.
            with_keys: bool,
            /// For whose key they were encrypted; absent: for nobody's, or for a passphrase.
            recipient: Option<ConfigText>,
        }
    }
}
