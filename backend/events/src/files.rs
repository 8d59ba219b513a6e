//! Files. Stream `file`.

use shared::{
    ids::ContactId,
    stored::{Mac, Sealed},
};

events! {
    /// The life of a file. Its bytes are in the blob store under a random name.
    FileEvent {
        /// Its bytes are kept.
        Stored = "files.file.stored" {
            /// What its content is, found by looking.
            mime_type: shared::stored::ConfigText,
            /// How large.
            size_bytes: i64,
            /// SHA-256 of its bytes, keyed by the company.
            digest: Mac,
            /// The person it is about, when it came from her or goes to her.
            contact: Option<ContactId>,
            /// Its name, the random name of its object, and the key it is encrypted with.
            place: Sealed<Place>,
        }
        /// Its bytes were removed.
        Removed = "files.file.removed" {}
    }
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Its name, as people call it.
    pub name: String,
    /// The object's random name in the blob store.
    pub object: String,
}
