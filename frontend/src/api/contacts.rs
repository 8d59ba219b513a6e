//! People.

use shared::{
    contacts::{Contact, EraseContact, MergeContact, NameContact},
    ids::ContactId,
    page::Page,
};

use super::{Answer, Api};

impl Api {
    /// A person.
    pub(crate) async fn contact(self, id: ContactId) -> Answer<Contact> {
        self.get(&format!("/api/v1/contacts/{id}")).await
    }

    /// Erases a person.
    pub(crate) async fn erase_contact(self, id: ContactId, confirm: String) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/erase"), &EraseContact { confirm }).await
    }

    /// People by a part of a name or an address, the newest first.
    pub(crate) async fn contacts(self, words: &str, limit: usize) -> Answer<Page<Contact>> {
        let words = js_sys::encode_uri_component(words);
        self.get(&format!("/api/v1/contacts?limit={limit}&search={words}")).await
    }

    /// Makes a contact part of another one.
    pub(crate) async fn merge_contact(self, id: ContactId, into: ContactId) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/merge"), &MergeContact { into }).await
    }

    /// Undoes that.
    pub(crate) async fn unmerge_contact(self, id: ContactId) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/unmerge"), &serde_json::Map::new()).await
    }

    /// Gives a person a name.
    pub(crate) async fn name_contact(self, id: ContactId, name: String) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/name"), &NameContact { name }).await
    }
}
