//! The tables: read once and written once a batch.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::projection::ProjectionError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Changes, Key, Outbound};

#[derive(FromRow)]
struct Row {
    company_id: Uuid,
    id: Uuid,
    channel_id: Uuid,
    conversation_id: Uuid,
    contact_id: Uuid,
    is_operators: bool,
    position: i64,
    version: i64,
    not_before: Option<DateTime<Utc>>,
    window_until: Option<DateTime<Utc>>,
    progress: String,
}

pub(super) async fn load(
    connection: &mut PgConnection,
    wanted: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Option<Outbound>>, ProjectionError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = wanted.iter().copied().unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "select o.company_id, o.id, o.channel_id, o.conversation_id, o.contact_id, o.is_operators,
           o.position, o.version, o.not_before, o.window_until, o.progress
         from unnest($1::uuid[], $2::uuid[]) as w(company_id, id)
         join outbound o on o.company_id = w.company_id and o.id = w.id",
    )
    .bind(companies)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let progress = serde_json::from_str(&row.progress).map_err(|_not_ours| {
                ProjectionError::Event(format!("outbound.progress of {} cannot be read", row.id))
            })?;
            let outbound = Outbound {
                channel: row.channel_id,
                conversation: row.conversation_id,
                contact: row.contact_id,
                is_operators: row.is_operators,
                position: row.position,
                version: row.version,
                not_before: row.not_before,
                window: row.window_until,
                progress,
            };
            Ok(((row.company_id, row.id), Some(outbound)))
        })
        .collect()
}

pub(super) async fn store(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), ProjectionError> {
    outbound(connection, changes).await?;
    threads(connection, changes).await?;
    addresses(connection, changes).await?;
    numbers(connection, changes).await?;
    portfolios(connection, changes).await?;
    people(connection, changes).await?;
    counters(connection, changes).await
}

async fn outbound(connection: &mut PgConnection, changes: &Changes) -> Result<(), ProjectionError> {
    let (mut companies, mut ids) = (vec![], vec![]);
    let mut gone = (vec![], vec![]);
    let (mut channels, mut conversations, mut contacts) = (vec![], vec![], vec![]);
    let (mut operators, mut waiting) = (vec![], vec![]);
    let (mut positions, mut versions, mut not_before, mut windows, mut progress) =
        (vec![], vec![], vec![], vec![], vec![]);
    for ((company, id), row) in &changes.outbound {
        let Some(row) = row else {
            gone.0.push(*company);
            gone.1.push(*id);
            continue;
        };
        companies.push(*company);
        ids.push(*id);
        channels.push(row.channel);
        conversations.push(row.conversation);
        contacts.push(row.contact);
        operators.push(row.is_operators);
        waiting.push(row.progress.is_waiting());
        positions.push(row.position);
        versions.push(row.version);
        not_before.push(row.not_before);
        windows.push(row.window);
        let text = serde_json::to_string(&row.progress)
            .map_err(|_not_json| ProjectionError::Event("progress is not JSON".to_owned()))?;
        progress.push(text);
    }
    if !gone.0.is_empty() {
        sqlx::query(
            "delete from outbound o
             using unnest($1::uuid[], $2::uuid[]) as g(company_id, id)
             where o.company_id = g.company_id and o.id = g.id",
        )
        .bind(gone.0)
        .bind(gone.1)
        .execute(&mut *connection)
        .await?;
    }
    if companies.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into outbound (company_id, id, channel_id, conversation_id, contact_id, is_operators,
           is_waiting, position, version, not_before, window_until, progress)
         select *
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[],
           $7::boolean[], $8::bigint[], $9::bigint[], $10::timestamptz[], $11::timestamptz[],
           $12::text[])
         on conflict (company_id, id) do update
         set is_waiting = excluded.is_waiting, version = excluded.version,
           not_before = excluded.not_before, window_until = excluded.window_until,
           progress = excluded.progress",
    )
    .bind(companies)
    .bind(ids)
    .bind(channels)
    .bind(conversations)
    .bind(contacts)
    .bind(operators)
    .bind(waiting)
    .bind(positions)
    .bind(versions)
    .bind(not_before)
    .bind(windows)
    .bind(progress)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn threads(connection: &mut PgConnection, changes: &Changes) -> Result<(), ProjectionError> {
    if changes.threads.is_empty() {
        return Ok(());
    }
    let (mut companies, mut ids, mut channels, mut contacts) = (vec![], vec![], vec![], vec![]);
    let (mut identities, mut opened, mut shut) = (vec![], vec![], vec![]);
    let (mut heard_at, mut heard_id) = (vec![], vec![]);
    for ((company, id), thread) in &changes.threads {
        companies.push(*company);
        ids.push(*id);
        channels.push(thread.channel);
        contacts.push(thread.contact);
        identities.push(thread.identity);
        opened.push(thread.opened);
        shut.push(thread.shut);
        heard_at.push(thread.heard.map(|(at, _)| at));
        heard_id.push(thread.heard.map(|(_, id)| id));
    }
    sqlx::query(
        "insert into threads as t (company_id, id, channel_id, contact_id, identity_id, window_closes_at)
         select c.company_id, c.id, c.channel_id, c.contact_id, c.identity_id,
           coalesce(c.opened, c.shut)
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[],
           $7::timestamptz[]) as c(company_id, id, channel_id, contact_id, identity_id, opened, shut)
         on conflict (company_id, id) do update
         set channel_id = coalesce(excluded.channel_id, t.channel_id),
           contact_id = coalesce(excluded.contact_id, t.contact_id),
           identity_id = coalesce(excluded.identity_id, t.identity_id)",
    )
    .bind(&companies)
    .bind(&ids)
    .bind(channels)
    .bind(contacts)
    .bind(identities)
    .bind(&opened)
    .bind(&shut)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update threads t
         set window_closes_at = case
           when c.shut is not null then greatest(c.opened, least(t.window_closes_at, c.shut))
           else greatest(t.window_closes_at, c.opened) end,
           heard_id = case when t.heard_at is null or (c.heard_at, c.heard_id) > (t.heard_at, t.heard_id)
             then c.heard_id else t.heard_id end,
           heard_at = greatest(t.heard_at, c.heard_at)
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[],
           $5::timestamptz[], $6::uuid[]) as c(company_id, id, opened, shut, heard_at, heard_id)
         where t.company_id = c.company_id and t.id = c.id
           and (c.opened is not null or c.shut is not null)",
    )
    .bind(companies)
    .bind(ids)
    .bind(opened)
    .bind(shut)
    .bind(heard_at)
    .bind(heard_id)
    .execute(connection)
    .await?;
    Ok(())
}

async fn addresses(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), ProjectionError> {
    if !changes.addresses.is_empty() {
        let (mut companies, mut ids, mut contacts) = (vec![], vec![], vec![]);
        let (mut kinds, mut sealed) = (vec![], vec![]);
        for ((company, id), (contact, kind, text)) in &changes.addresses {
            companies.push(*company);
            ids.push(*id);
            contacts.push(*contact);
            kinds.push(kind.as_str());
            sealed.push(text.as_str());
        }
        sqlx::query(
            "insert into addresses (company_id, id, contact_id, kind, sealed)
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
             on conflict (company_id, id) do update
             set contact_id = excluded.contact_id, kind = excluded.kind, sealed = excluded.sealed",
        )
        .bind(companies)
        .bind(ids)
        .bind(contacts)
        .bind(kinds)
        .bind(sealed)
        .execute(&mut *connection)
        .await?;
    }
    if !changes.erased.is_empty() {
        let (companies, contacts): (Vec<Uuid>, Vec<Uuid>) = changes.erased.iter().copied().unzip();
        sqlx::query(
            "delete from addresses a
             using unnest($1::uuid[], $2::uuid[]) as e(company_id, contact_id)
             where a.company_id = e.company_id and a.contact_id = e.contact_id",
        )
        .bind(companies)
        .bind(contacts)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn numbers(connection: &mut PgConnection, changes: &Changes) -> Result<(), ProjectionError> {
    if changes.numbers.is_empty() {
        return Ok(());
    }
    let (mut companies, mut ids, mut numbers, mut wabas) = (vec![], vec![], vec![], vec![]);
    let (mut mps, mut portfolios, mut tiers) = (vec![], vec![], vec![]);
    let (mut paused, mut off) = (vec![], vec![]);
    for ((company, id), number) in &changes.numbers {
        companies.push(*company);
        ids.push(*id);
        numbers.push(number.phone_number_id.as_deref());
        wabas.push(number.waba_id.as_deref());
        mps.push(number.mps);
        portfolios.push(number.portfolio.as_deref());
        tiers.push(number.tier.as_deref());
        paused.push(number.is_paused);
        off.push(number.is_off);
    }
    sqlx::query(
        "with c as (
           select *
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[],
             $7::text[], $8::boolean[], $9::boolean[])
             as c(company_id, id, phone_number_id, waba_id, mps, portfolio, tier, is_paused, is_off)
         ), made as (
           insert into numbers (company_id, id, phone_number_id, waba_id, mps, portfolio, tier,
             is_paused, is_off)
           select company_id, id, phone_number_id, waba_id, mps, portfolio, tier,
             coalesce(is_paused, false), coalesce(is_off, false)
           from c
           on conflict do nothing
         )
         update numbers n
         set phone_number_id = coalesce(c.phone_number_id, n.phone_number_id),
           waba_id = coalesce(c.waba_id, n.waba_id), mps = coalesce(c.mps, n.mps),
           portfolio = coalesce(c.portfolio, n.portfolio), tier = coalesce(c.tier, n.tier),
           is_paused = coalesce(c.is_paused, n.is_paused), is_off = coalesce(c.is_off, n.is_off)
         from c
         where n.company_id = c.company_id and n.id = c.id",
    )
    .bind(companies)
    .bind(ids)
    .bind(numbers)
    .bind(wabas)
    .bind(mps)
    .bind(portfolios)
    .bind(tiers)
    .bind(paused)
    .bind(off)
    .execute(connection)
    .await?;
    Ok(())
}

async fn portfolios(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), ProjectionError> {
    if changes.portfolios.is_empty() {
        return Ok(());
    }
    let (companies, names): (Vec<Uuid>, Vec<&str>) =
        changes.portfolios.iter().map(|(company, name)| (*company, name.as_str())).unzip();
    sqlx::query(
        "insert into portfolios (company_id, portfolio)
         select * from unnest($1::uuid[], $2::text[])
         on conflict do nothing",
    )
    .bind(companies)
    .bind(names)
    .execute(connection)
    .await?;
    Ok(())
}

/// A day after a company last reached somebody, the others are forgotten.
async fn people(connection: &mut PgConnection, changes: &Changes) -> Result<(), ProjectionError> {
    if changes.people.is_empty() {
        return Ok(());
    }
    let (mut companies, mut contacts, mut reached_at) = (vec![], vec![], vec![]);
    let mut last: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
    for ((company, contact), at) in &changes.people {
        companies.push(*company);
        contacts.push(*contact);
        reached_at.push(*at);
        let known = last.entry(*company).or_insert(*at);
        *known = (*known).max(*at);
    }
    sqlx::query(
        "insert into people (company_id, contact_id, reached_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
         on conflict (company_id, contact_id) do update set reached_at = excluded.reached_at",
    )
    .bind(companies)
    .bind(contacts)
    .bind(reached_at)
    .execute(&mut *connection)
    .await?;
    let (companies, last): (Vec<Uuid>, Vec<DateTime<Utc>>) = last.into_iter().unzip();
    sqlx::query(
        "delete from people p
         using unnest($1::uuid[], $2::timestamptz[]) as l(company_id, at)
         where p.company_id = l.company_id and p.reached_at < l.at - interval '25 hours'",
    )
    .bind(companies)
    .bind(last)
    .execute(connection)
    .await?;
    Ok(())
}

async fn counters(connection: &mut PgConnection, changes: &Changes) -> Result<(), ProjectionError> {
    if !changes.suspended.is_empty() {
        let (companies, suspended): (Vec<Uuid>, Vec<bool>) =
            changes.suspended.iter().map(|(company, is)| (*company, *is)).unzip();
        sqlx::query(
            "insert into companies (company_id, is_suspended)
             select * from unnest($1::uuid[], $2::boolean[])
             on conflict (company_id) do update set is_suspended = excluded.is_suspended",
        )
        .bind(companies)
        .bind(suspended)
        .execute(&mut *connection)
        .await?;
    }
    if !changes.minutes.is_empty() {
        let (mut companies, mut channels, mut minutes) = (vec![], vec![], vec![]);
        let (mut sent, mut failed) = (vec![], vec![]);
        for ((company, channel, minute), (n_sent, n_failed)) in &changes.minutes {
            companies.push(*company);
            channels.push(*channel);
            minutes.push(*minute);
            sent.push(*n_sent);
            failed.push(*n_failed);
        }
        sqlx::query(
            "insert into minutes as m (company_id, channel_id, minute, n_sent, n_failed)
             select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[])
             on conflict (company_id, channel_id, minute) do update
             set n_sent = m.n_sent + excluded.n_sent, n_failed = m.n_failed + excluded.n_failed",
        )
        .bind(companies)
        .bind(channels)
        .bind(minutes)
        .bind(sent)
        .bind(failed)
        .execute(&mut *connection)
        .await?;
    }
    let (companies, reached): (Vec<Uuid>, Vec<i64>) =
        changes.reached.iter().map(|(company, seq)| (*company, *seq)).unzip();
    sqlx::query(
        "insert into reached (company_id, company_seq)
         select * from unnest($1::uuid[], $2::bigint[])
         on conflict (company_id) do update set company_seq = excluded.company_seq",
    )
    .bind(companies)
    .bind(reached)
    .execute(connection)
    .await?;
    Ok(())
}
