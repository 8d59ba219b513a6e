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
            /// SHA-256 of its bytes, keyed by the holder of `place`.
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
    /// What its bytes are encrypted with; absent: they are not, because they are older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ObjectKey>,
}

/// The key of an object. It goes when the key goes that this is sealed with.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ObjectKey(pub String);

impl std::fmt::Debug for ObjectKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ObjectKey")
    }
}
