//! `channels_list`: a row per channel, as the screen shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::channels::ChannelEvent;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use shared::channels::{Channel, ChannelState, Health, ProofStep, WebhookProof};
use sqlx::PgConnection;
use uuid::Uuid;

/// The schema.
pub const NAME: &str = "channels_list";

/// The word of what only came along: an address book, groups.
const RECEIVED: &str = "RECEIVED";

/// The read model.
#[derive(Clone, Copy, Debug, Default)]
pub struct List;

impl Projection for List {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        2
    }

    fn tables(&self) -> &'static [&'static str] {
        &["channels"]
    }

    fn ddl(&self) -> &'static str {
        "create table channels (
           company_id uuid not null, id uuid not null, phone_number_id text not null,
           waba_id text not null, is_connected boolean not null, doc text not null,
           primary key (company_id, id));
         create index channels_number on channels (company_id, phone_number_id);"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("channels.channel.")
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut rows = load(connection, events).await?;
            for recorded in events {
                let event: ChannelEvent = recorded.decode()?;
                let key = (recorded.company, recorded.stream);
                let row = apply(rows.remove(&key), recorded, event);
                if let Some(row) = row {
                    rows.insert(key, row);
                }
            }
            store(connection, &rows).await
        }
        .boxed()
    }
}

type Rows = BTreeMap<(Uuid, Uuid), Channel>;

async fn load(
    connection: &mut PgConnection,
    events: &[&Recorded],
) -> Result<Rows, ProjectionError> {
    let companies: Vec<Uuid> = events.iter().map(|event| event.company).collect();
    let ids: Vec<Uuid> = events.iter().map(|event| event.stream).collect();
    let found: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "select c.company_id, c.id, c.doc
         from channels c
         join (select distinct company_id, id from unnest($1::uuid[], $2::uuid[]) as u(company_id, id)) u
           using (company_id, id)",
    )
    .bind(companies)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    found
        .into_iter()
        .map(|(company, id, doc)| {
            let channel = serde_json::from_str(&doc).map_err(|_not_ours| {
                ProjectionError::Event(format!("channels.doc of {id} cannot be read"))
            })?;
            Ok(((company, id), channel))
        })
        .collect()
}

async fn store(connection: &mut PgConnection, rows: &Rows) -> Result<(), ProjectionError> {
    let mut columns = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for ((company, id), channel) in rows {
        let doc = serde_json::to_string(channel)
            .map_err(|_not_json| ProjectionError::Event("a channel is not JSON".to_owned()))?;
        columns.0.push(*company);
        columns.1.push(*id);
        columns.2.push(channel.phone_number_id.as_str());
        columns.3.push(channel.waba_id.as_str());
        columns.4.push(!matches!(channel.state, ChannelState::Disconnected { .. }));
        columns.5.push(doc);
    }
    sqlx::query(
        "insert into channels (company_id, id, phone_number_id, waba_id, is_connected, doc)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::text[])
         on conflict (company_id, id) do update
         set phone_number_id = excluded.phone_number_id, waba_id = excluded.waba_id,
           is_connected = excluded.is_connected, doc = excluded.doc",
    )
    .bind(columns.0)
    .bind(columns.1)
    .bind(columns.2)
    .bind(columns.3)
    .bind(columns.4)
    .bind(columns.5)
    .execute(connection)
    .await?;
    Ok(())
}

/// A channel after an event.
fn apply(before: Option<Channel>, recorded: &Recorded, event: ChannelEvent) -> Option<Channel> {
    let at = recorded.recorded_at;
    let mut channel = match (before, event) {
        (None, ChannelEvent::Connected { .. }) => {
            return connected(recorded, &recorded.decode().ok()?);
        }
        (None, _) => return None,
        (Some(channel), event) => change(channel, event, at),
    };
    channel.version = recorded.stream_seq;
    Some(channel)
}

fn connected(recorded: &Recorded, event: &ChannelEvent) -> Option<Channel> {
    let ChannelEvent::Connected {
        name,
        medium,
        phone_number_id,
        waba_id,
        display_number,
        verified_name,
        mps,
        ..
    } = event
    else {
        return None;
    };
    Some(Channel {
        id: recorded.stream.into(),
        name: name.0.clone(),
        medium: *medium,
        display_number: display_number.0.clone(),
        verified_name: verified_name.as_ref().map(|name| name.0.clone()),
        phone_number_id: phone_number_id.0.clone(),
        waba_id: waba_id.0.clone(),
        state: ChannelState::Active,
        proof: WebhookProof::Untested,
        health: Health { mps: *mps, ..Health::default() },
        n_queued: 0,
        version: recorded.stream_seq,
    })
}

fn change(mut channel: Channel, event: ChannelEvent, at: DateTime<Utc>) -> Channel {
    match event {
        // The card says when a signature was last refused; that event only makes screens look again.
        ChannelEvent::Connected { .. }
        | ChannelEvent::PortfolioTold { .. }
        | ChannelEvent::Released { .. }
        | ChannelEvent::SignatureRefused { .. } => {}
        ChannelEvent::Renamed { name } => channel.name = name.0,
        ChannelEvent::CredentialsReplaced { app_secret, .. } => {
            if app_secret {
                channel.proof = WebhookProof::Untested;
            }
        }
        ChannelEvent::HookKeyRotated { .. } => channel.proof = WebhookProof::Untested,
        ChannelEvent::ProofStarted { .. } => {
            channel.proof = WebhookProof::Waiting { since: at, passed: vec![] };
        }
        ChannelEvent::ProofPassed { step } => pass(&mut channel.proof, step),
        ChannelEvent::Proven {} => channel.proof = WebhookProof::Proven { at },
        ChannelEvent::ProofFailed { step, detail } => {
            channel.proof =
                WebhookProof::Failed { step, detail: detail.map(|detail| detail.0), at };
        }
        ChannelEvent::Paused { reason, provider_code } => {
            channel.state = ChannelState::Paused { reason, since: at, provider_code };
        }
        ChannelEvent::Resumed {} => channel.state = ChannelState::Active,
        ChannelEvent::Disconnected {} => channel.state = ChannelState::Disconnected { since: at },
        ChannelEvent::HealthChanged { quality, tier, mps } => {
            let health = &mut channel.health;
            health.quality = quality.map(|quality| quality.0).or(health.quality.take());
            health.tier = tier.map(|tier| tier.0).or(health.tier.take());
            health.mps = mps.unwrap_or(health.mps);
        }
        // That something came is for the history, not for the card.
        ChannelEvent::AccountAlerted { event, .. } if event.0 == RECEIVED => {}
        ChannelEvent::AccountAlerted { event, .. } => channel.health.alert = Some(event.0),
    }
    channel
}

fn pass(proof: &mut WebhookProof, step: ProofStep) {
    if let WebhookProof::Waiting { passed, .. } = proof {
        passed.push(step);
    }
}
