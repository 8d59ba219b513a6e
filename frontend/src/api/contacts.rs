//! People.

use shared::{
    contacts::{Contact, NameContact},
    ids::ContactId,
};

use super::{Answer, Api};

impl Api {
    /// A person.
    pub(crate) async fn contact(self, id: ContactId) -> Answer<Contact> {
        self.get(&format!("/api/v1/contacts/{id}")).await
    }

    /// Gives a person a name.
    pub(crate) async fn name_contact(self, id: ContactId, name: String) -> Answer<()> {
        self.tell(&format!("/api/v1/contacts/{id}/name"), &NameContact { name }).await
    }
}
