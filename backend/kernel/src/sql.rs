//! The one statement that stores a planned batch.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    plan::{Plan, Row, Slot, TimerKey, Who},
    record::instant,
    words::Words,
};

/// The first half of the advisory lock's key: the ledger. The second half is the shard.
pub(crate) const LEDGER_LOCK: i32 = 0x6c65_6467;

/// What a statement takes instead while its writer holds the lock: nobody else ever waits for it but
/// writers that hold the lock, one after the other.
const HELD_LOCK: i32 = LEDGER_LOCK + 1;

/// Every part waits for the shard's lock first, so that rival writers queue before they touch an
/// index (without the lock two of them deadlock across the unique indexes). Sent alone it is one
/// transaction in one round trip.
macro_rules! events {
    () => {
        "with locked as materialized (select pg_advisory_xact_lock($1, $2::smallint::int)),
e as (
  insert into ledger.events (shard, recorded_at, position, company_seq, stream_seq, company_id,
    stream_id, event_id, command_id, correlation_id, causation_id, trace, acting_for, actor_id,
    undoes, event_version, event_type, stream_kind, actor_kind, depth, policy, hash, origin, payload)
  select $2, $3, t.position, t.company_seq, t.stream_seq, t.company_id,
    t.stream_id, t.event_id, t.command_id, t.correlation_id, t.causation_id, t.trace, t.acting_for,
    t.actor_id, t.undoes, t.event_version, t.event_type, t.stream_kind, t.actor_kind, t.depth,
    t.policy, t.hash, t.origin, t.payload::json
  from locked, unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::uuid[], $8::uuid[], $9::uuid[],
    $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[],
    $17::smallint[], $18::smallint[], $19::smallint[], $20::smallint[], $21::smallint[],
    $22::smallint[], $23::bytea[], $24::text[], $25::text[])
    as t(position, company_seq, stream_seq, company_id, stream_id, event_id, command_id,
      correlation_id, causation_id, trace, acting_for, actor_id, undoes, event_version, event_type,
      stream_kind, actor_kind, depth, policy, hash, origin, payload)
)"
    };
}
const EVENTS: &str = concat!(events!(), " select clock_timestamp(), 1");
const EVERYTHING: &str = concat!(
    events!(),
    ",
t as (
  insert into ledger.claims (shard, company_id, kind, key, owner)
  select $2, c.company, c.kind, c.key, c.owner
  from locked, unnest($26::uuid[], $27::text[], $28::uuid[], $29::uuid[]) as c(company, kind, key, owner)
),
m as (
  insert into ledger.checkpoints as c (shard, consumer, position, previous)
  select $2, m.consumer, case when m.origin = 0 or exists (
    select from ledger.checkpoints k where k.shard = $2 and k.consumer = m.consumer) then m.target end,
    m.origin
  from locked, unnest($30::text[], $31::bigint[], $32::bigint[]) as m(consumer, origin, target)
  on conflict (shard, consumer) do update
  set position = case when c.position = excluded.previous then excluded.position end,
    previous = excluded.previous
),
p as (
  insert into ledger.replies (shard, company_id, command_id, recorded_at, fingerprint, response)
  select $2, p.company, p.command, $3, p.fingerprint, p.response::json
  from locked, unnest($33::uuid[], $34::uuid[], $35::bytea[], $36::text[])
    as p(company, command, fingerprint, response)
),
g as (
  delete from ledger.timers t
  using locked, unnest($37::uuid[], $38::text[], $39::uuid[], $40::timestamptz[])
    as g(company, kind, id, due)
  where t.shard = $2 and t.company_id = g.company and t.kind = g.kind and t.id = g.id
    and (g.due is null or t.due = g.due)
  returning g.due is not null as fired
),
s as (
  insert into ledger.timers (shard, company_id, kind, id, due, latest, local_due, zone, payload)
  select $2, s.company, s.kind, s.id, s.due, s.latest, s.local_due, s.zone, s.payload::json
  from locked, unnest($42::uuid[], $43::text[], $44::uuid[], $45::timestamptz[], $46::timestamptz[],
    $47::timestamp[], $48::text[], $49::text[])
    as s(company, kind, id, due, latest, local_due, zone, payload)
  on conflict (shard, company_id, kind, id) do update
  set due = excluded.due, latest = excluded.latest, local_due = excluded.local_due,
    zone = excluded.zone, payload = excluded.payload
)
select clock_timestamp(),
  1 / case when (select count(*) from g where fired) = $41::bigint then 1 else 0 end"
);

/// Who holds the shard's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locked {
    /// The statement takes it.
    ByItself,
    /// It is held already, by this connection or by another of the same writer.
    Elsewhere,
}

/// Stores the batch and tells the database's time. The caller decides whether `connection` is inside
/// a transaction.
pub(crate) async fn store(
    connection: &mut PgConnection,
    shard: i16,
    plan: &Plan<'_>,
    words: &Words,
    locked: Locked,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let only_events = plan.takes.is_empty()
        && plan.moves.is_empty()
        && plan.replies.is_empty()
        && plan.timers.is_empty();
    let numbers = numbers(plan, words)?;
    let column = Columns(plan);
    let query = sqlx::query_as(if only_events { EVENTS } else { EVERYTHING })
        .bind(if locked == Locked::ByItself { LEDGER_LOCK } else { HELD_LOCK })
        .bind(shard)
        .bind(instant(plan.recorded_at))
        .bind(column.of(|row, _| row.position))
        .bind(column.of(|row, _| row.company_seq))
        .bind(column.of(|row, _| row.stream_seq))
        .bind(column.of(|row, _| row.append.company))
        .bind(column.of(|row, _| row.append.stream.id))
        .bind(column.of(|row, _| row.event.id))
        .bind(column.of(|row, _| row.append.context.command_id))
        .bind(column.of(|row, _| unlike_command(row, row.append.context.correlation_id)))
        .bind(column.of(|row, _| unlike_command(row, row.append.context.causation_id)))
        .bind(column.of(|row, _| Uuid::from_bytes(row.append.context.trace)))
        .bind(column.of(|row, _| row.append.context.acting_for))
        .bind(column.of(|_, who| who.and_then(|who| who.id)))
        .bind(column.of(|row, _| row.event.undoes))
        .bind(column.of(|row, _| row.event.version))
        .bind(numbers.iter().map(|numbers| numbers.0).collect::<Vec<i16>>())
        .bind(numbers.iter().map(|numbers| numbers.1).collect::<Vec<i16>>())
        .bind(numbers.iter().map(|numbers| numbers.2).collect::<Vec<i16>>())
        .bind(column.of(|row, _| i16::from(row.append.context.depth)))
        .bind(column.of(|row, _| row.append.context.policy))
        .bind(column.of(|row, _| row.hash.as_slice()))
        .bind(column.of(|_, who| who.and_then(|who| who.origin.as_deref())))
        .bind(column.of(|row, _| row.event.payload.as_str()));
    let (at, _): (DateTime<Utc>, i32) = if only_events {
        query.fetch_one(connection).await?
    } else {
        rest(query, plan).fetch_one(connection).await?
    };
    Ok(at)
}

type Query<'q> =
    sqlx::query::QueryAs<'q, sqlx::Postgres, (DateTime<Utc>, i32), sqlx::postgres::PgArguments>;

/// Binds what is not events.
fn rest<'q>(query: Query<'q>, plan: &'q Plan<'_>) -> Query<'q> {
    let (gone, set): (Vec<_>, Vec<_>) =
        plan.timers.iter().partition(|(_, slot)| slot.set.is_none());
    let set: Vec<_> = set.into_iter().filter_map(|(_, slot)| slot.set).collect();
    let locals = set.iter().map(|timer| timer.local.as_ref());
    query
        .bind(plan.takes.iter().map(|take| take.0).collect::<Vec<Uuid>>())
        .bind(plan.takes.iter().map(|take| take.1).collect::<Vec<&str>>())
        .bind(plan.takes.iter().map(|take| Uuid::from_bytes(take.2)).collect::<Vec<Uuid>>())
        .bind(plan.takes.iter().map(|take| take.3).collect::<Vec<Uuid>>())
        .bind(plan.moves.iter().map(|step| step.consumer).collect::<Vec<&str>>())
        .bind(plan.moves.iter().map(|step| step.from).collect::<Vec<i64>>())
        .bind(plan.moves.iter().map(|step| step.to).collect::<Vec<i64>>())
        .bind(plan.replies.iter().map(|reply| reply.company).collect::<Vec<Uuid>>())
        .bind(plan.replies.iter().map(|reply| reply.command_id).collect::<Vec<Uuid>>())
        .bind(plan.replies.iter().map(|reply| reply.fingerprint.as_slice()).collect::<Vec<&[u8]>>())
        .bind(plan.replies.iter().map(|reply| reply.response.as_str()).collect::<Vec<&str>>())
        .bind(gone.iter().map(|(key, _)| key.0).collect::<Vec<Uuid>>())
        .bind(gone.iter().map(|(key, _)| key.1).collect::<Vec<&str>>())
        .bind(gone.iter().map(|(key, _)| key.2).collect::<Vec<Uuid>>())
        .bind(gone.iter().map(|(_, slot)| slot.fired.map(instant)).collect::<Vec<_>>())
        .bind(crate::plan::count(gone.iter().filter(|(_, slot)| slot.fired.is_some()).count()))
        .bind(set.iter().map(|timer| timer.company).collect::<Vec<Uuid>>())
        .bind(set.iter().map(|timer| timer.kind).collect::<Vec<&str>>())
        .bind(set.iter().map(|timer| timer.id).collect::<Vec<Uuid>>())
        .bind(set.iter().map(|timer| timer.due).collect::<Vec<_>>())
        .bind(set.iter().map(|timer| timer.latest).collect::<Vec<_>>())
        .bind(
            locals
                .clone()
                .map(|local| local.map(|local| local.0))
                .collect::<Vec<Option<NaiveDateTime>>>(),
        )
        .bind(
            locals.map(|local| local.map(|local| local.1.clone())).collect::<Vec<Option<String>>>(),
        )
        .bind(set.iter().map(|timer| timer.payload.clone()).collect::<Vec<String>>())
}

struct Columns<'p, 'a>(&'p Plan<'a>);

impl<'p, 'a> Columns<'p, 'a> {
    fn of<T>(&self, value: impl Fn(&'p Row<'a>, Option<&'p Who>) -> T) -> Vec<T> {
        self.0.rows.iter().map(|row| value(row, self.0.whos.get(row.who))).collect()
    }
}

/// Correlation and causation are stored only if they are not the command.
fn unlike_command(row: &Row<'_>, id: Option<Uuid>) -> Option<Uuid> {
    id.filter(|id| *id != row.append.context.command_id)
}

/// Event type, kind of stream and kind of actor of each row, as numbers.
fn numbers(plan: &Plan<'_>, words: &Words) -> Result<Vec<(i16, i16, i16)>, sqlx::Error> {
    let lookup = words.lookup();
    let number = |word: &str| {
        lookup.number(word).ok_or_else(|| sqlx::Error::Configuration("a word has no number".into()))
    };
    plan.rows
        .iter()
        .map(|row| {
            let actor = plan.whos.get(row.who).map_or("", |who| who.kind.as_str());
            Ok((number(row.event.event_type)?, number(row.append.stream.kind)?, number(actor)?))
        })
        .collect()
}

/// Gives back claims and removes timers before the same batch may take or set them again. Only
/// inside a transaction that holds the shard's lock.
pub(crate) async fn release(
    connection: &mut PgConnection,
    shard: i16,
    plan: &mut Plan<'_>,
) -> Result<(), sqlx::Error> {
    if !plan.releases.is_empty() {
        sqlx::query(
            "delete from ledger.claims c
             using unnest($2::uuid[], $3::text[], $4::uuid[]) as d(company, kind, key)
             where c.shard = $1 and c.company_id = d.company and c.kind = d.kind and c.key = d.key",
        )
        .bind(shard)
        .bind(plan.releases.iter().map(|release| release.0).collect::<Vec<Uuid>>())
        .bind(plan.releases.iter().map(|release| release.1).collect::<Vec<&str>>())
        .bind(plan.releases.iter().map(|release| Uuid::from_bytes(release.2)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    let both: Vec<TimerKey> = plan
        .timers
        .iter()
        .filter(|(_, slot)| slot.gone && slot.set.is_some())
        .map(|(key, _)| *key)
        .collect();
    if both.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "delete from ledger.timers t
         using unnest($2::uuid[], $3::text[], $4::uuid[]) as d(company, kind, id)
         where t.shard = $1 and t.company_id = d.company and t.kind = d.kind and t.id = d.id",
    )
    .bind(shard)
    .bind(both.iter().map(|key| key.0).collect::<Vec<Uuid>>())
    .bind(both.iter().map(|key| key.1).collect::<Vec<&str>>())
    .bind(both.iter().map(|key| key.2).collect::<Vec<Uuid>>())
    .execute(connection)
    .await?;
    for slot in plan.timers.values_mut().filter(|slot| slot.set.is_some()) {
        *slot = Slot { fired: None, gone: false, set: slot.set };
    }
    Ok(())
}
