//! `/api/v1/files`.

mod read;
mod upload;

use std::sync::Arc;

use kernel::http::{Routes, get, post};
use shared::files::{FileLink, StoredFile};

use crate::{
    cabinet::{Cabinet, LARGEST},
    outside::Readers,
    projections::list,
};

/// What these routes work with.
#[derive(Clone)]
pub struct Files {
    /// The files.
    pub cabinet: Cabinet,
    /// Takes note of who is shown one.
    pub readers: Arc<dyn Readers>,
}

/// Room for what multipart adds around the bytes.
const AROUND: usize = 64 << 10;

/// The routes of the context.
#[must_use]
pub fn routes(files: Files) -> Routes {
    const READS: &[&str] = &[list::NAME];
    let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX).saturating_add(AROUND);
    Routes::new("files")
        .add(
            post("/api/v1/files", upload::upload)
                .says("Keeps a file: multipart, a field `file`; before it `contact`, if it is for one person.")
                .answers::<StoredFile>(201)
                .takes_upload(limit),
        )
        .add(
            get("/api/v1/files/{id}", read::link)
                .says("Where a file can be had for five minutes.")
                .answers::<FileLink>(200)
                .reads(READS),
        )
        .add(
            get("/api/v1/files/{id}/content", read::content)
                .says("A file's bytes, for the session that the address was made for.")
                .answers_bytes(),
        )
        .add(
            get("/api/v1/files/{id}/download", read::download)
                .says("A file's bytes, for a program.")
                .answers_bytes()
                .reads(READS),
        )
        .with_state(files)
}
