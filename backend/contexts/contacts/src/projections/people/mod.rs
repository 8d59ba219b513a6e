//! People with their names and addresses, in clear: one of the three places where that stands (D6).
//!
//! Table `people`: a row per contact; `doc` is a [`Person`]. Table `words`: what she is found by. What is
//! personal goes from both when she is erased.

mod rows;
#[cfg(test)]
mod tests;
pub mod words;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::contacts::{Address, ContactEvent, NameOrigin};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use serde::{Deserialize, Serialize};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ContactId, IdentityId},
};
use sqlx::PgConnection;

/// The schema.
pub const NAME: &str = "contacts_people";

/// The read model of people.
#[derive(Clone, Copy, Debug, Default)]
pub struct People;

/// What is known of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name in her profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The name that an operator gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Her addresses, in the order in which they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// The contact that she is shown under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// Everything personal is gone.
    #[serde(default)]
    pub is_erased: bool,
    /// Since when she is known.
    pub created_at: DateTime<Utc>,
    /// How many events she has.
    pub version: i64,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Which.
    pub id: IdentityId,
    /// The medium.
    pub medium: Medium,
    /// What kind.
    pub kind: AddressKind,
    /// As it is looked up and as it came; absent when its key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<(String, String)>,
    /// Another one took its place.
    #[serde(default)]
    pub is_former: bool,
}

/// What was sealed in an event, opened; absent when the key is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    name: Option<String>,
    address: Option<Address>,
}

impl Projection for People {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        2
    }

    fn tables(&self) -> &'static [&'static str] {
        &["people", "words"]
    }

    fn ddl(&self) -> &'static str {
        "create table people (
           company_id uuid not null, id uuid not null, merged_into uuid,
           created_at timestamptz not null, doc text not null,
           primary key (company_id, id)) with (fillfactor = 80);
         create index people_merged on people (company_id, merged_into) where merged_into is not null;
         create index people_created on people (company_id, created_at, id)
           where merged_into is null;
         create table words (
           company_id uuid not null, word text collate \"C\" not null, contact_id uuid not null,
           primary key (company_id, word, contact_id));
         create index words_contact on words (company_id, contact_id, word);"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("contacts.contact.")
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let keys: BTreeSet<_> =
                events.iter().map(|event| (event.company, event.stream)).collect();
            let mut people = rows::load(connection, &keys).await?;
            let before = rows::words_of(&people);
            let facts = events.iter().map(|event| event.decode());
            let facts: Vec<ContactEvent> = facts.collect::<Result<_, _>>()?;
            let sealed = events.iter().zip(&facts);
            let sealed = sealed.filter_map(|(event, fact)| rows::key_of(event.company, fact));
            let keys = vault.keys_of(sealed).await?;
            for (event, contact) in events.iter().zip(facts) {
                let opened = rows::open(&keys, event.company, &contact)?;
                let person = people.entry((event.company, event.stream)).or_default();
                person.on(&contact, opened, event.recorded_at);
                person.version = event.stream_seq;
            }
            rows::store(connection, &people).await?;
            rows::store_words(connection, &before, &rows::words_of(&people)).await
        }
        .boxed()
    }
}

impl Person {
    pub(crate) fn on(&mut self, event: &ContactEvent, opened: Opened, at: DateTime<Utc>) {
        match event {
            ContactEvent::Created { .. } => self.created_at = at,
            ContactEvent::Named { origin: NameOrigin::Profile, .. } => self.profile = opened.name,
            ContactEvent::Named { origin: NameOrigin::Operator, .. } => self.given = opened.name,
            ContactEvent::IdentityAdded { identity, medium, kind, .. } => {
                self.identities.push(Identity {
                    id: *identity,
                    medium: *medium,
                    kind: *kind,
                    address: opened.address.map(|address| (address.canonical, address.written)),
                    is_former: false,
                });
            }
            ContactEvent::IdentityReplaced { identity, .. } => {
                let mut identities = self.identities.iter_mut();
                if let Some(old) = identities.find(|known| known.id == *identity) {
                    old.is_former = true;
                }
            }
            ContactEvent::Merged { into } => self.merged_into = Some(*into),
            ContactEvent::Unmerged { .. } => self.merged_into = None,
            ContactEvent::Absorbed { .. } | ContactEvent::Released { .. } => {}
            ContactEvent::Erased {} => self.erase(),
        }
    }

    fn erase(&mut self) {
        self.is_erased = true;
        self.profile = None;
        self.given = None;
        for identity in &mut self.identities {
            identity.address = None;
        }
    }

    /// The name to show: an operator's, else the profile's, else a current address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let own = self.given.as_deref().or(self.profile.as_deref());
        own.or_else(|| self.address().map(|(_, written)| written.as_str()))
    }

    /// The address to show: a telephone number before anything else.
    #[must_use]
    pub fn address(&self) -> Option<&(String, String)> {
        let mut known: Vec<_> =
            self.identities.iter().filter(|known| known.address.is_some()).collect();
        known.sort_by_key(|known| (known.is_former, known.kind));
        known.first().and_then(|known| known.address.as_ref())
    }
}
