//! Files: uploads and what people sent.

use serde::{Deserialize, Serialize};

use crate::ids::FileId;

/// The answer to `POST /api/v1/files` (multipart, field `file`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StoredFile {
    /// Which.
    pub id: FileId,
    /// What its content is, found by looking.
    pub mime_type: String,
    /// Its name, cleaned.
    pub name: String,
    /// How large.
    pub size_bytes: i64,
}

/// `GET /api/v1/files/{id}`: where it can be had for five minutes, in this session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FileLink {
    /// A path on this host.
    pub url: String,
    /// What its content is.
    pub mime_type: String,
    /// Its name.
    pub name: String,
    /// How large.
    pub size_bytes: i64,
}

/// What the address of a file's bytes carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FileProof {
    /// Whose file it is.
    pub company: uuid::Uuid,
    /// Until when the address is good, in seconds since 1970.
    pub until: i64,
    /// The proof that we made it.
    pub proof: String,
}
