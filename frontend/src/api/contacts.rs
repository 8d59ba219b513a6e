//! People.

use shared::{
    contacts::{Contact, EraseContact, NameContact},
    ids::ContactId,
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

    /// Gives a person a name.
    pub(crate) async fn name_contact(self, id: ContactId, name: String) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/name"), &NameContact { name }).await
    }
}
