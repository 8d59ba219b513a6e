//! People for load: many, with names and numbers like real ones, in few large commits.

use std::sync::Arc;

use contacts::contact::{IDENTITY, NAME, address_text};
use events::contacts::{Address, ContactEvent, NameOrigin, Source};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{
    commit::{Append, Claim, Commit, Context, Expected, NewEvent, Stream},
    error::{Error, Result},
    vault::{IndexKey, Keys, Place, Wanted},
};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::IdentityId,
    phone::Phone,
    stored::{Actor, ConfigText, KeyClass, Mac},
};
use uuid::Uuid;

use crate::{app::App, flows::inbound_message::addresses::identity_key};

/// So many people are made in one commit.
const A_COMMIT: u64 = 500;
/// So many commits are under way at once.
const UNDER_WAY: usize = 4;

const FIRST: [&str; 20] = [
    "Ana", "João", "Maria", "José", "Márcia", "Antônio", "Luíza", "Pedro", "Beatriz", "Caio",
    "Débora", "Érica", "Fábio", "Gabriela", "Heitor", "Inês", "Júlia", "Lucas", "Sônia", "Vitória",
];
const SECOND: [&str; 15] = [
    "Araújo",
    "Barros",
    "Castro",
    "Dias",
    "Esteves",
    "Falcão",
    "Guimarães",
    "Lobo",
    "Magalhães",
    "Nogueira",
    "Paixão",
    "Queirós",
    "Rêgo",
    "Tavares",
    "Viana",
];
const LAST: [&str; 20] = [
    "Silva",
    "Santos",
    "Oliveira",
    "Souza",
    "Lima",
    "Pereira",
    "Costa",
    "Rodrigues",
    "Almeida",
    "Nascimento",
    "Carvalho",
    "Ribeiro",
    "Gomes",
    "Martins",
    "Rocha",
    "Alves",
    "Monteiro",
    "Mendes",
    "Cardoso",
    "Teixeira",
];
const AREAS: [&str; 12] = ["11", "21", "31", "41", "47", "51", "61", "62", "71", "81", "85", "92"];

fn pick<'a>(of: &[&'a str], n: u64) -> &'a str {
    let len = u64::try_from(of.len()).unwrap_or(1);
    usize::try_from(n % len).ok().and_then(|at| of.get(at)).copied().unwrap_or_default()
}

/// The name of the n-th person.
fn name(n: u64) -> String {
    let (first, second) = (pick(&FIRST, n), pick(&SECOND, n / 20));
    format!("{first} {second} {}", pick(&LAST, n / 300))
}

/// The number of the n-th person; no two have one.
fn phone(n: u64) -> Option<Phone> {
    Phone::parse(&format!("55{}9{:08}", pick(&AREAS, n), n % 100_000_000)).ok()
}

/// Makes people number `from` to `to` of a company.
pub(super) async fn make(app: &App, company: Uuid, (from, to): (u64, u64)) -> Result<()> {
    let index = app.base.vault.index(company).await?;
    let starts = (from..to).step_by(usize::try_from(A_COMMIT).unwrap_or(usize::MAX));
    stream::iter(starts)
        .map(|start| some(app, company, &index, (start, (start + A_COMMIT).min(to))))
        .buffer_unordered(UNDER_WAY)
        .try_collect::<()>()
        .await
}

async fn some(app: &App, company: Uuid, index: &IndexKey, (from, to): (u64, u64)) -> Result<()> {
    let (ids, at) = (&*app.base.ground.ids, app.base.ground.clock.now());
    let class = KeyClass::Identity;
    let people: Vec<(Uuid, u64)> = (from..to).map(|n| (ids.v7(), n)).collect();
    let wanted: Vec<_> = people
        .iter()
        .map(|(subject, _)| Wanted { company, subject: *subject, class, at })
        .collect();
    let keys = app.base.vault.keys(&wanted).await?;
    let actor = Actor::System(ConfigText::from("seed"));
    let context = Arc::new(Context::new(actor, ids.v7(), ids.v7().into_bytes()));
    let mut commit = Commit::default();
    for (contact, n) in people {
        let Some(phone) = phone(n) else { continue };
        let key = identity_key(index, AddressKind::Phone, phone.canonical().digits());
        let facts = facts(app, &keys, (company, contact), &name(n), &phone)?;
        let events = facts.iter().map(|fact| NewEvent::of(ids, fact));
        commit.appends.push(Append {
            company,
            stream: Stream { kind: "contact", id: contact },
            expected: Expected::Empty,
            context: Arc::clone(&context),
            events: events.collect::<std::result::Result<_, _>>().map_err(Error::from)?,
        });
        commit.claims.push(Claim::Take { company, kind: IDENTITY, key, owner: contact });
    }
    app.base.ledger.commit(commit).await?;
    Ok(())
}

fn facts(
    app: &App,
    keys: &Keys,
    (company, contact): (Uuid, Uuid),
    name: &str,
    phone: &Phone,
) -> Result<[ContactEvent; 3]> {
    let (class, at) = (KeyClass::Identity, app.base.ground.clock.now());
    let place = |event_type, field| Place { company, event_type, field };
    // Told apart by digests under her own key, so that nothing can be tried after an erasure (D1).
    let wanted = Wanted { company, subject: contact, class, at };
    let digest = |kind: &str, text: &str| keys.digest(wanted, kind, text.as_bytes());
    let text = address_text(AddressKind::Phone, phone.canonical().digits());
    let named = place("contacts.contact.named", "name");
    let added = place("contacts.contact.identity_added", "address");
    let address =
        Address { canonical: phone.canonical().digits().to_owned(), written: phone.e164() };
    Ok([
        ContactEvent::Created { source: Source::Operator },
        ContactEvent::Named {
            name: keys.seal(named, contact, class, at, &name.to_owned())?,
            origin: NameOrigin::Operator,
            digest: Some(Mac(hex::encode(digest(NAME, name)?))),
        },
        ContactEvent::IdentityAdded {
            identity: IdentityId::from_uuid(app.base.ground.ids.v7()),
            medium: Medium::Whatsapp,
            kind: AddressKind::Phone,
            address: keys.seal(added, contact, class, at, &address)?,
            key: Some(Mac(hex::encode(digest(IDENTITY, &text)?))),
            country: Some(ConfigText::from(phone.country())),
            area: phone.area_code().map(ConfigText::from),
        },
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{name, phone};

    #[test]
    fn people_have_names_and_no_two_have_one_number() {
        assert_eq!(name(0), "Ana Araújo Silva");
        let numbers: BTreeSet<_> =
            (0..5_000).map(|n| phone(n).unwrap().canonical().digits().to_owned()).collect();
        assert_eq!(numbers.len(), 5_000);
    }
}
