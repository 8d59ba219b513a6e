//! Erasing a person: everything personal goes, everywhere, and what was counted stays (D1–D6, D34).
//!
//! In this order: what was asked for is written down; nothing leads to her any more, so that whoever
//! writes from her number is somebody new, and what waits for her is not sent; raw deliveries about her
//! are emptied and her files removed, as long as her keys still tell which they are; her keys are
//! destroyed, with a signed record outside of any backup; the ledger hears that she was erased, upon
//! which every process forgets her keys and the read models let go of their copies.
//!
//! **Invariants.** Each step can be done twice, and whatever breaks off is gone on with: by whoever
//! asked, by the worker, or at the next start before anything is served. Nothing about who she was is
//! written down anywhere. A step that needs her keys comes before they are destroyed.

mod routes;
mod steps;

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
pub use contacts::tables::erasures::Erasure;
use contacts::{contact::Contact, tables::erasures};
use kernel::{
    commit::Context,
    error::{Error, Result},
    ids::Ground,
    intake::{Intake, Reach},
    ledger::Ledger,
    nodes::Nodes,
    projection::{ReadModels, Waited},
    tasks::Tasks,
    vault::{Shred, Vault},
};
use ports::blobs::Blobs;
use shared::contacts::{Erasure as Certificate, ErasureProof};
use tokio::sync::broadcast;
use uuid::Uuid;

pub use self::routes::routes;

/// How long backups are kept: the promise of the second date.
pub const BACKUPS: TimeDelta = TimeDelta::days(35);
/// How often the worker looks for what broke off.
const LOOK: Duration = Duration::from_secs(5);
/// How long the read models are waited for at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often they are waited for at a start.
const TRIES: usize = 30;

/// The fact of an erasure.
const ERASED: &str = "contacts.contact.erased";

/// The read models with copies of what is personal, or by which she is found here.
const READS: &[&str] = &[
    contacts::projections::people::NAME,
    conversations::projections::threads::NAME,
    files::projections::list::NAME,
    messaging::projections::lanes::NAME,
];

/// What erasing works with. Clones share it.
#[derive(Clone)]
pub struct Erasing {
    /// Where it is told.
    pub ledger: Ledger,
    /// Her keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Raw deliveries.
    pub intake: Intake,
    /// Her files.
    pub blobs: Arc<dyn Blobs>,
    /// The copies of what is personal.
    pub models: ReadModels,
    /// Who goes on with what broke off.
    pub nodes: Nodes,
    /// Work in the background.
    pub tasks: Tasks,
}

/// Whether somebody else keeps the read models level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// The house runs.
    Running,
    /// It is about to.
    Starting,
}

impl Erasing {
    /// Forgets the keys of whoever was erased, by whichever process, as soon as the ledger tells.
    pub async fn forget(self) {
        let mut applied = self.models.applied();
        loop {
            let events = match applied.recv().await {
                Ok(events) => events,
                // A key that is not forgotten now is not trusted for longer than a minute.
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return,
            };
            for event in events.iter().filter(|event| &*event.event_type == ERASED) {
                self.vault.forget(&Shred::Subjects {
                    company: event.company,
                    subjects: vec![event.stream],
                    classes: steps::CLASSES.to_vec(),
                });
            }
        }
    }

    /// Goes on with what broke off, for as long as the process lives.
    pub fn run(self) {
        let tasks = self.tasks.clone();
        tasks.supervise("erasures", move || self.clone().finish());
    }

    async fn finish(self) {
        let owned = self.nodes.owns("erasures");
        loop {
            tokio::time::sleep(LOOK).await;
            if owned.borrow().is_none() {
                continue;
            }
            match erasures::open(&self.ledger.pools().app).await {
                Ok(open) => {
                    for erasure in open {
                        // Whoever asked is on it himself for a while.
                        if self.ground.clock.now() - erasure.requested_at > TimeDelta::seconds(30) {
                            self.try_to_end(&erasure, None).await;
                        }
                    }
                }
                Err(error) => tracing::debug!("open erasures cannot be listed now: {error}"),
            }
        }
    }

    /// Brings what is open to its end before anything is served. What a restored database still shows
    /// of erased people is gone when this returns.
    ///
    /// # Errors
    /// If somebody whom a restore brought back cannot be erased now: then nothing may be served.
    pub async fn settle(&self) -> Result<()> {
        let pool = &self.ledger.pools().app;
        let mut waiting = HashSet::new();
        loop {
            let mut open = erasures::open(pool).await?;
            open.retain(|erasure| !waiting.contains(&erasure.id));
            if open.is_empty() {
                return Ok(());
            }
            // Tables of an older version would show her until they are built anew.
            let outdated = self.models.outdated().await?;
            if !outdated.is_empty() {
                self.models.rebuild(&outdated).await?;
            }
            for erasure in open {
                match self.go_on(&erasure, None, Around::Starting).await {
                    Ok(()) => {}
                    // Shown until now, and for as long as that one company's read model stands still.
                    Err(error @ Error::Timeout { .. }) if erasure.requested_by.is_some() => {
                        tracing::error!(erasure.id = %erasure.id, "an erasure waits: {error}");
                        waiting.insert(erasure.id);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Writes down that a person is to be erased, whoever of her contacts is named. An erasure that is
    /// known is answered as it is.
    async fn begin(&self, company: Uuid, contact: Uuid, context: &Context) -> Result<Erasure> {
        let pool = &self.ledger.pools().app;
        if let Some(known) = erasures::of(pool, company, contact).await? {
            return Ok(known);
        }
        let (_, state) = self.ledger.load::<Contact>(company, contact).await?;
        let root = state.merged_into.map_or(contact, Uuid::from);
        let (_, state) = self.ledger.load::<Contact>(company, root).await?;
        let mut contacts = vec![root];
        contacts.extend(state.absorbed.iter().map(|absorbed| absorbed.into_uuid()));
        let by = match &context.actor {
            shared::stored::Actor::User(user) => Some(user.into_uuid()),
            shared::stored::Actor::ApiKey(key) => Some(key.into_uuid()),
            _ => None,
        };
        let (id, at) = (context.command_id, self.ground.clock.now());
        erasures::begin(pool, company, id, &contacts, (at, by)).await?;
        kernel::faults::point("erasure_begun");
        let begun = erasures::one(pool, company, id).await?;
        begun.ok_or_else(|| Error::Row { what: format!("contacts.erasures {id}") })
    }

    async fn try_to_end(&self, erasure: &Erasure, context: Option<Arc<Context>>) {
        if let Err(error) = self.go_on(erasure, context, Around::Running).await {
            tracing::warn!(erasure.id = %erasure.id, "an erasure waits: {error}");
        }
    }

    /// Does what is left to do.
    async fn go_on(
        &self,
        erasure: &Erasure,
        context: Option<Arc<Context>>,
        around: Around,
    ) -> Result<()> {
        let pool = &self.ledger.pools().app;
        self.level(erasure.company_id, around).await?;
        if erasure.shredded_at.is_none() && erasure.places.is_empty() {
            erasures::saw(pool, erasure, &self.places(erasure).await?).await?;
        }
        let fresh = erasures::one(pool, erasure.company_id, erasure.id).await?;
        let erasure = &fresh.unwrap_or_else(|| erasure.clone());
        let context = context.unwrap_or_else(|| steps::context(&*self.ground.ids, erasure));
        self.let_go(erasure, &context).await?;
        kernel::faults::point("erasure_let_go");
        if erasure.shredded_at.is_none() {
            let texts = steps::texts(&self.ledger, &self.vault, erasure).await?;
            look_through(&self.ledger, &self.intake, erasure, &texts, Reach::Digested).await?;
            self.remove_files(erasure).await?;
            kernel::faults::point("erasure_removed");
            let (company, classes) = (erasure.company_id, &steps::CLASSES);
            let record =
                self.vault.shred_as(erasure.id, company, &erasure.contacts, classes).await?;
            kernel::faults::point("erasure_shredded");
            erasures::shredded(pool, erasure, record.at()?).await?;
        }
        self.tell(erasure, &context).await?;
        kernel::faults::point("erasure_told");
        // What was under way to her meanwhile.
        self.level(erasure.company_id, around).await?;
        self.let_go(erasure, &context).await?;
        self.level(erasure.company_id, around).await?;
        kernel::faults::point("erasure_level");
        erasures::done(pool, erasure, self.ground.clock.now()).await?;
        tracing::info!(erasure.id = %erasure.id, "an erasure is done");
        Ok(())
    }

    /// Waits until the read models show what the ledger says of a company.
    async fn level(&self, company: Uuid, around: Around) -> Result<()> {
        let head = self.ledger.company_head(company).await?;
        for _ in 0..TRIES {
            if around == Around::Starting {
                self.models.catch_up().await?;
            }
            match self.models.wait_for(READS, company, head, PATIENCE).await? {
                Waited::Reached => return Ok(()),
                Waited::Stale(stale) if stale.paused || around == Around::Running => break,
                Waited::Stale(_) | Waited::Ahead => {}
            }
        }
        Err(Error::Timeout { reached: head })
    }

    /// What the person's company is given to keep.
    async fn certificate(&self, erasure: &Erasure) -> Result<Certificate> {
        let record = self.vault.shred_record(erasure.id).await?;
        let destroyed_at = erasure.shredded_at.unwrap_or(erasure.requested_at);
        Ok(Certificate {
            contacts: erasure.contacts.iter().map(|id| (*id).into()).collect(),
            requested_at: erasure.requested_at,
            erased_at: erasure.done_at,
            backups_until: backups_until(destroyed_at),
            proof: record.map(|record| ErasureProof {
                record: record.record,
                public: record.public,
                signature: record.signature,
            }),
        })
    }
}

/// When the last backup is gone that was made before `at`.
fn backups_until(at: DateTime<Utc>) -> DateTime<Utc> {
    at + BACKUPS
}

/// Empties the raw deliveries about her.
async fn look_through(
    ledger: &Ledger,
    intake: &Intake,
    erasure: &Erasure,
    texts: &[String],
    reach: Reach,
) -> Result<()> {
    let mut from = erasure.looked_at;
    while let Some(next) = intake.empty(erasure.company_id, texts, from, reach).await? {
        from = next;
        erasures::looked(&ledger.pools().app, erasure, from).await?;
    }
    Ok(())
}

/// Destroys again what was destroyed before this database was restored, and notes what goes with it, so
/// that [`Erasing::settle`] does the rest before anything is served (D34). Raw deliveries come first:
/// only her keys tell which are hers.
///
/// # Errors
/// If the records cannot be read or one is forged: then nothing may be served.
pub async fn shred_again(ledger: &Ledger, vault: &Vault) -> Result<()> {
    let lost = vault.lost_shreds().await?;
    if lost.is_empty() {
        return Ok(());
    }
    let (pools, ground) = (ledger.pools().clone(), ledger.ground().clone());
    let intake = Intake::open(pools.clone(), vault.clone(), ground, ledger.shard()).await?;
    for record in lost {
        let (id, at) = (record.id()?, record.at()?);
        let mut known = None;
        if let Shred::Subjects { company, subjects, .. } = record.shred()? {
            erasures::begin(&pools.app, company, id, &subjects, (at, None)).await?;
            known = erasures::one(&pools.app, company, id).await?;
        }
        if let Some(erasure) = &known {
            // Begun here and broken off, or brought up by a restore: then also what waits in the intake
            // was digested and erased before.
            let is_ours = erasure.requested_by.is_some();
            let reach = if is_ours { Reach::Digested } else { Reach::All };
            let texts = steps::texts(ledger, vault, erasure).await?;
            look_through(ledger, &intake, erasure, &texts, reach).await?;
        }
        vault.shred_again(&record).await?;
        if let Some(erasure) = &known {
            erasures::shredded(&pools.app, erasure, at).await?;
        }
        tracing::warn!(shred.id = %id, "what the restored database forgot is destroyed again");
    }
    Ok(())
}
