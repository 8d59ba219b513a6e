//! Files.

use shared::{
    files::{FileLink, StoredFile},
    ids::{ContactId, FileId},
};
use web_sys::{File, FormData};

use super::{Answer, Api, Failure};

impl Api {
    /// Uploads a file, for a person whom it goes with.
    pub(crate) async fn upload_file(
        self,
        file: &File,
        contact: Option<ContactId>,
        key: &str,
    ) -> Answer<StoredFile> {
        let form = FormData::new().map_err(|_no_form| Failure::Garbled(0))?;
        if let Some(contact) = contact {
            let contact = contact.to_string();
            form.append_with_str("contact", &contact).map_err(|_no_form| Failure::Garbled(0))?;
        }
        form.append_with_blob_and_filename("file", file, &file.name())
            .map_err(|_no_blob| Failure::Garbled(0))?;
        self.upload("/api/v1/files", form.into(), key).await
    }

    /// Where a file can be had for the next minutes.
    pub(crate) async fn file_link(self, id: FileId) -> Answer<FileLink> {
        self.get(&format!("/api/v1/files/{id}")).await
    }
}
