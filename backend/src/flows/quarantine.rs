//! Deliveries that could not be understood: their list, their bytes, another try.
//!
//! Routes: `GET /api/v1/quarantine`, `POST /{delivery}/open`, `/{delivery}/replay`; the same under
//! `/api/v1/platform/quarantine` for people of the platform. Rights: `ReadQuarantine`,
//! `ReplayQuarantine`, the super admin.
//!
//! **Invariants.** A company sees what came to its own addresses. The bytes hold what people said and
//! who they are: whoever opens them may read conversations too, and that she did stands in the chain
//! first. The super admin sees that something waits, and opens only what nobody owns, with a reason
//! (D31). However often a delivery is replayed, it becomes events once (K16).

use std::sync::Arc;

use axum::extract::State;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{
    commit::Context,
    db::{self, Pools},
    digest::{Digest, Filter, QUARANTINE, Waiting, waiting},
    gate::Gate,
    http::{
        Answer, Body, Can, Path, Problem, Query, Routes, SuperAdmin, get, post,
        right::{ReadQuarantine, ReplayQuarantine},
    },
    ids::PLATFORM,
};
use serde::Deserialize;
use shared::{
    channels::{OpenDelivery, Quarantined, RawDelivery},
    ids::{ChannelId, CompanyId, DeliveryId},
    page::Page,
    permission::Permission,
    problem::Kind,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::inbound_message::InboundMessage;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// What these routes work with.
#[derive(Clone)]
pub struct Quarantine {
    /// The ways to Postgres.
    pub pools: Pools,
    /// Understands deliveries.
    pub digest: Arc<Digest<InboundMessage>>,
    /// Shut while nothing may act.
    pub gate: Gate,
}

/// The routes.
#[must_use]
pub fn routes(quarantine: Quarantine) -> Routes {
    const READS: &[&str] = &[QUARANTINE];
    Routes::new("quarantine")
        .add(
            get("/api/v1/quarantine", list)
                .says("Lists deliveries that could not be understood, the newest first.")
                .answers::<Page<Quarantined>>(200)
                .reads(READS),
        )
        .add(
            post("/api/v1/quarantine/{delivery}/open", open)
                .says("Shows a delivery as it came; that it was opened stands in the history.")
                .answers::<RawDelivery>(200)
                .reads(READS),
        )
        .add(
            post("/api/v1/quarantine/{delivery}/replay", replay)
                .says("Tries a delivery again; it becomes events once.")
                .answers_nothing()
                .reads(READS),
        )
        .add(
            get("/api/v1/platform/quarantine", all)
                .says("Lists what could not be understood anywhere, without what it says.")
                .answers::<Page<Quarantined>>(200)
                .reads(READS),
        )
        .add(
            post("/api/v1/platform/quarantine/{delivery}/open", open_unowned)
                .says("Shows a delivery that belongs to no company as it came, for a reason.")
                .answers::<RawDelivery>(200)
                .reads(READS),
        )
        .add(
            post("/api/v1/platform/quarantine/{delivery}/replay", replay_any)
                .says("Tries any delivery again; it becomes events once.")
                .answers_nothing()
                .reads(READS),
        )
        .with_state(quarantine)
}

/// What the list is asked for.
#[derive(Debug, Deserialize, ToSchema)]
struct Asked {
    /// The cursor of the page before.
    after: Option<String>,
    /// How many.
    limit: Option<i64>,
    /// What came to one channel only.
    #[schema(value_type = Option<String>)]
    channel: Option<ChannelId>,
}

impl Asked {
    fn filter(&self, company: Option<Uuid>) -> Result<Filter, Problem> {
        let bad = |_no_number| Problem::invalid("/after", "invalid");
        let before = self.after.as_deref().map(|text| text.parse::<i64>().map_err(bad));
        let route = self.channel.map(ChannelId::into_uuid);
        Ok(Filter { company, route, before: before.transpose()?, ..Filter::default() })
    }

    fn most(&self) -> i64 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }
}

async fn list(
    State(quarantine): State<Quarantine>,
    can: Can<ReadQuarantine>,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Quarantined>>, Problem> {
    let filter = asked.filter(Some(can.company()))?;
    let mut tx = db::reading_as(&quarantine.pools.reader, can.company()).await?;
    let rows = waiting(&mut tx, filter, asked.most() + 1).await?;
    tx.commit().await?;
    let shown = |row: &Waiting| Quarantined { company: None, ..quarantined(row) };
    Ok(Answer::ok(page(&rows, asked.most(), shown)))
}

async fn all(
    State(quarantine): State<Quarantine>,
    _admin: SuperAdmin,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Quarantined>>, Problem> {
    let filter = asked.filter(None)?;
    let mut tx = db::working(&quarantine.pools.app).await?;
    let rows = waiting(&mut tx, filter, asked.most() + 1).await?;
    tx.commit().await?;
    Ok(Answer::ok(page(&rows, asked.most(), quarantined)))
}

async fn open(
    State(quarantine): State<Quarantine>,
    can: Can<ReadQuarantine>,
    Path(delivery): Path<DeliveryId>,
) -> Result<Answer<RawDelivery>, Problem> {
    if !can.may(Permission::ReadConversations) {
        return Err(Problem::new(Kind::Forbidden, "forbidden"));
    }
    quarantine.known(can.company(), delivery).await?;
    quarantine.open(delivery, &can.context(), None).await
}

async fn replay(
    State(quarantine): State<Quarantine>,
    can: Can<ReplayQuarantine>,
    Path(delivery): Path<DeliveryId>,
) -> Result<Answer<()>, Problem> {
    quarantine.known(can.company(), delivery).await?;
    quarantine.replay(delivery, &can.context()).await
}

async fn open_unowned(
    State(quarantine): State<Quarantine>,
    admin: SuperAdmin,
    Path(delivery): Path<DeliveryId>,
    Body(body): Body<OpenDelivery>,
) -> Result<Answer<RawDelivery>, Problem> {
    let reason = body.reason.trim();
    if reason.is_empty() {
        return Err(Problem::invalid("/reason", "missing"));
    }
    if reason.chars().nth(LONGEST_REASON).is_some() {
        return Err(Problem::invalid("/reason", "too_long"));
    }
    quarantine.known(PLATFORM, delivery).await?;
    quarantine.open(delivery, &admin.context(), Some(reason)).await
}

async fn replay_any(
    State(quarantine): State<Quarantine>,
    admin: SuperAdmin,
    Path(delivery): Path<DeliveryId>,
) -> Result<Answer<()>, Problem> {
    let mut tx = db::working(&quarantine.pools.app).await?;
    let filter = Filter { delivery: Some(delivery.into_uuid()), ..Filter::default() };
    let found = waiting(&mut tx, filter, 1).await?;
    tx.commit().await?;
    let known = found.first().ok_or_else(Problem::not_found)?;
    let context = admin.context_in(known.company_id).await?;
    quarantine.replay(delivery, &context).await
}

impl Quarantine {
    /// That a delivery is in the list of a company; elsewhere it is not there.
    async fn known(&self, company: Uuid, delivery: DeliveryId) -> Result<(), Problem> {
        let filter = Filter {
            company: Some(company),
            delivery: Some(delivery.into_uuid()),
            ..Filter::default()
        };
        let mut tx = db::reading_as(&self.pools.reader, company).await?;
        let found = waiting(&mut tx, filter, 1).await?;
        tx.commit().await?;
        if found.is_empty() { Err(Problem::not_found()) } else { Ok(()) }
    }

    async fn open(
        &self,
        delivery: DeliveryId,
        by: &Arc<Context>,
        reason: Option<&str>,
    ) -> Result<Answer<RawDelivery>, Problem> {
        let opened = self.digest.open(delivery.into_uuid(), by, reason).await?;
        let opened = opened.ok_or_else(gone)?;
        let (body, is_base64) = match std::str::from_utf8(&opened.body) {
            Ok(text) => (text.to_owned(), false),
            Err(_no_text) => (STANDARD.encode(&opened.body), true),
        };
        let received_at = opened.received_at;
        Ok(Answer::ok(RawDelivery { id: delivery, received_at, body, is_base64 }))
    }

    async fn replay(&self, delivery: DeliveryId, by: &Arc<Context>) -> Result<Answer<()>, Problem> {
        if self.gate.is_shut() {
            return Err(Problem::new(Kind::Unavailable, "held").retry_after(60));
        }
        match self.digest.replay(delivery.into_uuid(), by).await? {
            Ok(_) => Ok(Answer::empty()),
            Err(kernel::digest::GONE) => Err(gone()),
            Err(reason) => {
                let refused = Problem::new(Kind::Conflict, "delivery_not_understood");
                Err(refused.value("reason", reason.0))
            }
        }
    }
}

fn gone() -> Problem {
    Problem::new(Kind::Conflict, "delivery_gone")
}

fn page(rows: &[Waiting], most: i64, shown: impl Fn(&Waiting) -> Quarantined) -> Page<Quarantined> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let part = rows.get(..most).unwrap_or(rows);
    let last = part.last().filter(|_| rows.len() > most);
    Page { items: part.iter().map(shown).collect(), next: last.map(|row| row.position.to_string()) }
}

fn quarantined(row: &Waiting) -> Quarantined {
    Quarantined {
        id: DeliveryId::from_uuid(row.delivery_id),
        company: (row.company_id != PLATFORM).then(|| CompanyId::from_uuid(row.company_id)),
        channel: row.route.map(ChannelId::from_uuid),
        provider: row.provider.clone(),
        received_at: row.received_at,
        reason: row.reason.clone(),
        is_digested: row.digested_at.is_some(),
    }
}
