//! Deliveries of Meta become events (D17, D18).
//!
//! A batch is parsed, matched with the lines that its route reaches, resolved through claims in one
//! look-up, and decided, in order: a later delivery sees what an earlier one decided.
//!
//! **Invariants.** Parsing and deciding are pure. Nothing is read one by one. A part that is not
//! understood, or names a number that the route does not reach, sends its delivery to quarantine beside
//! what of it was stored; replaying it adds what was missing and repeats nothing.

mod acts;
pub mod addresses;
mod content;
mod decide;
mod keyed;
mod lines;
mod seal;
mod states;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use contacts::contact::Contact;
use kernel::{
    commit::Context,
    digest::{Digested, Flow, ParseError, Parts},
    error::Result,
    ids::Ground,
    intake::{Delivery, Route},
    ledger::Ledger,
    vault::{IndexKey, Vault, Wanted},
};
use messaging::message::Message;
use providers::meta::inbound::{self, What};
use shared::stored::{Actor, ConfigText, KeyClass};
use uuid::Uuid;

use self::{
    acts::Acts,
    decide::{Desk, Known},
    keyed::{Asked, Owners, Resolved, resolve},
    seal::Sealer,
    states::States,
};
pub use self::{
    acts::Line,
    lines::{CompanyLines, Lines, Named},
};

/// The flow of Meta's deliveries.
#[derive(Clone)]
pub struct InboundMessage {
    ledger: Ledger,
    vault: Vault,
    ground: Ground,
    lines: Arc<dyn Lines>,
    contacts: States<Contact>,
    messages: States<Message>,
    /// The first delivery of the last batch: the same again means that something moved.
    last: Arc<Mutex<Uuid>>,
}

/// An act, and which delivery of the batch it belongs to.
type Placed = (usize, Asked);

impl InboundMessage {
    /// A flow over one shard's ledger.
    #[must_use]
    pub fn new(ledger: Ledger, vault: Vault, ground: Ground, lines: Arc<dyn Lines>) -> Self {
        let (contacts, messages) = (States::new(), States::new());
        Self { ledger, vault, ground, lines, contacts, messages, last: Arc::default() }
    }

    /// The acts of a batch, company by company, and what each delivery has to complain of.
    async fn acts(
        &self,
        parsed: &[(&Delivery, inbound::Delivery)],
    ) -> Result<(BTreeMap<Uuid, Company>, Vec<Option<ParseError>>)> {
        let lines = self.lines(parsed).await?;
        let mut companies: BTreeMap<Uuid, Company> = BTreeMap::new();
        let mut complaints = Vec::with_capacity(parsed.len());
        for (at, (delivery, said)) in parsed.iter().enumerate() {
            let lines = lines.get(&delivery.route.id).map_or(&[][..], Vec::as_slice);
            let Acts { acts, complaint } = acts::of(delivery, said, lines);
            complaints.push(complaint);
            for act in acts {
                let company = match companies.entry(act.company) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        let index = self.vault.index(act.company).await?;
                        new.insert(Company { index, acts: vec![] })
                    }
                };
                let asked = Asked::of(act, &company.index);
                company.acts.push((at, asked));
            }
        }
        Ok((companies, complaints))
    }

    /// The lines of each route, as far as its deliveries name them.
    async fn lines(
        &self,
        parsed: &[(&Delivery, inbound::Delivery)],
    ) -> Result<HashMap<Uuid, Vec<Line>>> {
        let mut named: HashMap<Uuid, (Route, Named)> = HashMap::new();
        for (delivery, said) in parsed {
            let route = delivery.route;
            let (_, named) = named.entry(route.id).or_insert_with(|| (route, Named::default()));
            for change in &said.changes {
                match &change.what {
                    What::Traffic(traffic) => named.numbers.extend(traffic.number.id.clone()),
                    What::Account(update) => {
                        let account = update.waba_id.as_ref().unwrap_or(&change.waba_id);
                        named.accounts.insert(account.clone());
                    }
                    What::Template(_) | What::Number(_) => {
                        named.accounts.insert(change.waba_id.clone());
                    }
                    What::Unsupported(_) => {}
                }
            }
        }
        let mut lines = HashMap::with_capacity(named.len());
        for (id, (route, named)) in named {
            lines.insert(id, self.lines.of(route, named).await?);
        }
        Ok(lines)
    }

    /// Everything that a batch has to know of all its companies, in few questions.
    async fn known(
        &self,
        companies: &BTreeMap<Uuid, Company>,
        anew: bool,
    ) -> Result<BTreeMap<Uuid, (Known, Resolved)>> {
        let owners = self.owners(companies).await?;
        let mut resolved = BTreeMap::new();
        let (mut contacts, mut messages) = (BTreeSet::new(), BTreeSet::new());
        let mut wanted = vec![];
        let at = self.ground.clock.now();
        for ((company, asked), owners) in companies.iter().zip(owners) {
            let acts = asked.acts.iter().map(|(_, asked)| asked);
            let found = resolve(acts, owners.clone(), || self.ground.ids.v7());
            contacts.extend(found.known.iter().map(|id| (*company, *id)));
            messages.extend(found.messages.iter().map(|id| (*company, *id)));
            for subject in found.known.iter().chain(&found.new) {
                for class in [KeyClass::Identity, KeyClass::Content] {
                    wanted.push(Wanted { company: *company, subject: *subject, class, at });
                }
            }
            resolved.insert(*company, (owners, found));
        }
        let mut contacts = self.contacts.load(&self.ledger, &contacts, anew).await?;
        let mut messages = self.messages.load(&self.ledger, &messages, anew).await?;
        let keys = Arc::new(self.vault.keys(&wanted).await?);
        let mut known = BTreeMap::new();
        for (company, (owners, found)) in resolved {
            let Some(asked) = companies.get(&company) else { continue };
            let mine =
                |ids: &BTreeSet<Uuid>| ids.iter().map(|id| (company, *id)).collect::<Vec<_>>();
            let contacts = take(&mut contacts, &mine(&found.known));
            let messages = take(&mut messages, &mine(&found.messages));
            let sealer = Sealer { keys: Some(Arc::clone(&keys)), company, at };
            let index = asked.index.clone();
            known.insert(company, (Known { index, owners, contacts, messages, sealer }, found));
        }
        Ok(known)
    }

    async fn owners(&self, companies: &BTreeMap<Uuid, Company>) -> Result<Vec<Owners>> {
        let mut asked = vec![];
        let mut ends = vec![];
        for (company, known) in companies {
            let claims: BTreeSet<_> =
                known.acts.iter().flat_map(|(_, asked)| asked.claims()).collect();
            asked.extend(claims.into_iter().map(|(kind, key)| (*company, kind, key)));
            ends.push(asked.len());
        }
        let mut found = self.ledger.claims(&asked).await?.into_iter().zip(asked);
        let mut from = 0;
        let mut all = Vec::with_capacity(ends.len());
        for end in ends {
            let mine = found.by_ref().take(end - from);
            let owned = mine.filter_map(|(owner, (_, kind, key))| Some(((kind, key), owner?)));
            all.push(Owners(owned.collect()));
            from = end;
        }
        Ok(all)
    }
}

/// What a batch says to one company.
struct Company {
    index: IndexKey,
    acts: Vec<Placed>,
}

fn take<S>(
    all: &mut HashMap<(Uuid, Uuid), (i64, S)>,
    keys: &[(Uuid, Uuid)],
) -> HashMap<Uuid, (i64, S)> {
    keys.iter().filter_map(|key| Some((key.1, all.remove(key)?))).collect()
}

impl Flow for InboundMessage {
    type Parsed = inbound::Delivery;

    fn parse(&self, delivery: &Delivery) -> std::result::Result<Self::Parsed, ParseError> {
        inbound::parse(&delivery.body).map_err(|error| ParseError(error.word()))
    }

    async fn digest<'a>(
        &'a self,
        parsed: &'a [(&'a Delivery, Self::Parsed)],
    ) -> Result<Vec<Digested>> {
        let (companies, complaints) = self.acts(parsed).await?;
        let first = parsed.first().map_or(Uuid::nil(), |(delivery, _)| delivery.id);
        let last = std::mem::replace(
            &mut *self.last.lock().unwrap_or_else(PoisonError::into_inner),
            first,
        );
        let mut known = self.known(&companies, first == last).await?;
        let mut parts: Vec<Parts> = Vec::with_capacity(parsed.len());
        for complaint in complaints {
            parts.push(Parts { quarantine: complaint, ..Parts::default() });
        }
        let contexts: Vec<_> = parsed.iter().map(|(delivery, _)| context(delivery)).collect();
        for (company, Company { acts, .. }) in &companies {
            let Some((known, found)) = known.get_mut(company) else { continue };
            for ((at, asked), contact) in acts.iter().zip(&found.contacts) {
                let (Some((delivery, _)), Some(context), Some(parts)) =
                    (parsed.get(*at), contexts.get(*at), parts.get_mut(*at))
                else {
                    continue;
                };
                let mut desk = Desk {
                    ids: &*self.ground.ids,
                    delivery,
                    context: Arc::clone(context),
                    delivery_mac: &hex::encode(delivery.mac),
                    company: *company,
                    known: &mut *known,
                    parts: &mut *parts,
                };
                if let Err(reason) = desk.on(asked, *contact) {
                    parts.quarantine.get_or_insert(reason);
                }
            }
        }
        for (company, (known, _)) in known {
            self.contacts.keep(company, known.contacts);
            self.messages.keep(company, known.messages);
        }
        Ok(parts.into_iter().map(Ok).collect())
    }
}

/// Who asks: the provider, by this delivery.
fn context(delivery: &Delivery) -> Arc<Context> {
    let actor = Actor::Provider(ConfigText((*delivery.provider).to_owned()));
    Arc::new(Context::new(actor, delivery.id, delivery.id.into_bytes()))
}
