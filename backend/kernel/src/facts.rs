//! Reads what a batch needs to know, with one query per kind of fact.
//!
//! Lists are looked up by lateral sub-selects with a limit: the planner cannot turn them into a scan
//! of the whole table.

use std::{
    collections::{BTreeSet, HashSet},
    num::NonZeroUsize,
};

use chrono::{DateTime, Utc};
use lru::LruCache;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    commit::{Claim, Commit, Expected, TimerChange},
    plan::{ClaimKey, Facts, StreamKey},
    plant::{Plant, planted},
    record::{Hash, hash_of},
};

/// How many companies and streams a writer remembers.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(200_000).expect("not zero");
/// How many events of rivals are read to stay up to date; after more, everything is forgotten.
const FOLLOWED: i64 = 4_096;

/// What a writer remembers of its shard. True as long as the shard's head is where this writer left
/// it: only events change it, and every event moves the head.
pub(crate) struct Memory {
    /// The head, or `None` when nothing is to be believed.
    pub(crate) head: Option<i64>,
    companies: LruCache<Uuid, (i64, Hash)>,
    streams: LruCache<StreamKey, i64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            head: None,
            companies: LruCache::new(REMEMBERED),
            streams: LruCache::new(REMEMBERED),
        }
    }
}

impl Memory {
    pub(crate) fn forget(&mut self) {
        if planted(Plant::KeepMemory) {
            return;
        }
        self.head = None;
        self.companies.clear();
        self.streams.clear();
    }

    /// Takes over what a stored batch has changed.
    pub(crate) fn learn(&mut self, facts: Facts) {
        self.head = Some(facts.position);
        for (company, head) in facts.companies {
            self.companies.put(company, head);
        }
        for (stream, head) in facts.streams {
            self.streams.put(stream, head);
        }
    }

    /// What is asked to follow the events that others have stored since. Numbers print as digits
    /// only, so there is nothing to escape.
    pub(crate) fn follow_up(&self, shard: i16) -> String {
        let known = self.head.unwrap_or(-1);
        format!(
            "select clock_timestamp() as now, h.position as head, e.company_id, e.company_seq,
               e.hash, e.stream_id, e.stream_seq::bigint as stream_seq
             from (select coalesce((
               select position from ledger.events where shard = {shard} order by position desc limit 1
             ), 0) as position) h
             left join lateral (
               select * from ledger.events
               where shard = {shard} and {known} >= 0 and h.position - {known} <= {FOLLOWED}
                 and position > {known} and position <= h.position
               order by position
             ) e on true"
        )
    }

    /// Takes in what others have stored; whether another writer was met, and the database's time.
    /// Only meaningful while the shard's lock is held.
    pub(crate) fn follow(&mut self, rows: &[PgRow]) -> Result<(bool, DateTime<Utc>), sqlx::Error> {
        let known = self.head.unwrap_or(-1);
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let (now, head): (DateTime<Utc>, i64) = (first.try_get("now")?, first.try_get("head")?);
        if known == head {
            return Ok((false, now));
        }
        if planted(Plant::KeepMemory) {
            self.head = Some(head);
            return Ok((true, now));
        }
        if known < 0 || head < known || head - known > FOLLOWED {
            self.forget();
        } else {
            for row in rows {
                let company: Uuid = row.try_get("company_id")?;
                let hash: Vec<u8> = row.try_get("hash")?;
                self.companies.put(company, (row.try_get("company_seq")?, hash_of(&hash)));
                let stream: Uuid = row.try_get("stream_id")?;
                self.streams.put((company, stream), row.try_get("stream_seq")?);
            }
        }
        self.head = Some(head);
        Ok((known >= 0, now))
    }

    /// Collects the facts for `batch`. With `everything`, also those that the tables' constraints
    /// would guard.
    pub(crate) async fn gather(
        &mut self,
        connection: &mut PgConnection,
        shard: i16,
        batch: &[Commit],
        everything: bool,
    ) -> Result<Facts, sqlx::Error> {
        let mut facts = Facts { position: self.head.unwrap_or_default(), ..Facts::default() };
        let mut companies = HashSet::new();
        let mut streams = HashSet::new();
        for append in batch.iter().flat_map(|commit| &commit.appends) {
            match self.companies.get(&append.company) {
                Some(head) => drop(facts.companies.insert(append.company, *head)),
                None => drop(companies.insert(append.company)),
            }
            let key = (append.company, append.stream.id);
            match self.streams.get(&key) {
                Some(head) => drop(facts.streams.insert(key, *head)),
                // An append to an empty stream needs no look: the stream's unique index refuses a
                // wrong one. An assertion has no row that could be refused.
                None if everything
                    || append.expected != Expected::Empty
                    || append.events.is_empty() =>
                {
                    streams.insert(key);
                }
                None => {}
            }
        }
        read_companies(connection, shard, companies, &mut facts).await?;
        read_streams(connection, shard, streams, &mut facts).await?;
        if everything {
            read_claims(connection, shard, batch, &mut facts).await?;
            read_checkpoints(connection, shard, batch, &mut facts).await?;
            read_replies(connection, shard, batch, &mut facts).await?;
            read_timers(connection, shard, batch, &mut facts).await?;
        }
        Ok(facts)
    }
}

async fn read_companies(
    connection: &mut PgConnection,
    shard: i16,
    unknown: HashSet<Uuid>,
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown: Vec<Uuid> = unknown.into_iter().collect();
    let rows = sqlx::query(
        "select c.id, e.company_seq, e.hash
         from unnest($2::uuid[]) as c(id)
         cross join lateral (
           select company_seq, hash from ledger.events
           where shard = $1 and company_id = c.id order by company_seq desc limit 1
         ) e",
    )
    .bind(shard)
    .bind(&unknown)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let head = (row.try_get("company_seq")?, hash_of(row.try_get("hash")?));
        facts.companies.insert(row.try_get("id")?, head);
    }
    Ok(())
}

async fn read_streams(
    connection: &mut PgConnection,
    shard: i16,
    unknown: HashSet<StreamKey>,
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    if unknown.is_empty() {
        return Ok(());
    }
    let (companies, streams): (Vec<Uuid>, Vec<Uuid>) = unknown.iter().copied().unzip();
    facts.streams.extend(unknown.into_iter().map(|key| (key, 0)));
    facts.streams.extend(stream_heads(connection, shard, &companies, &streams).await?);
    Ok(())
}

/// The heads of those of the given streams that exist.
pub(crate) async fn stream_heads(
    connection: &mut PgConnection,
    shard: i16,
    companies: &[Uuid],
    streams: &[Uuid],
) -> Result<Vec<(StreamKey, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "select s.company, s.stream, e.stream_seq
         from unnest($2::uuid[], $3::uuid[]) as s(company, stream)
         cross join lateral (
           select stream_seq::bigint as stream_seq from ledger.events
           where shard = $1 and company_id = s.company and stream_id = s.stream
           order by ledger.events.stream_seq desc limit 1
         ) e",
    )
    .bind(shard)
    .bind(companies)
    .bind(streams)
    .fetch_all(connection)
    .await?;
    let head = |row: &PgRow| {
        Ok(((row.try_get("company")?, row.try_get("stream")?), row.try_get("stream_seq")?))
    };
    rows.iter().map(head).collect()
}

async fn read_claims(
    connection: &mut PgConnection,
    shard: i16,
    batch: &[Commit],
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let mut wanted = Vec::new();
    for claim in batch.iter().flat_map(|commit| &commit.claims) {
        let (Claim::Take { company, kind, key, .. } | Claim::Release { company, kind, key, .. }) =
            claim;
        if facts.claims.insert((*company, kind, *key), None).is_none() {
            wanted.push((*company, *kind, *key));
        }
    }
    let owners = claim_owners(connection, shard, &wanted).await?;
    for (key, owner) in wanted.into_iter().zip(owners) {
        facts.claims.insert(key, owner);
    }
    Ok(())
}

/// Who owns the given keys, in their order, in one round trip.
pub(crate) async fn claim_owners(
    connection: &mut PgConnection,
    shard: i16,
    wanted: &[ClaimKey],
) -> Result<Vec<Option<Uuid>>, sqlx::Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Option<Uuid>,)> = sqlx::query_as(
        "select c.owner
         from unnest($2::uuid[], $3::text[], $4::uuid[]) with ordinality as w(company, kind, key, nr)
         left join lateral (
           select owner from ledger.claims
           where shard = $1 and company_id = w.company and kind = w.kind and key = w.key limit 1
         ) c on true
         order by w.nr",
    )
    .bind(shard)
    .bind(wanted.iter().map(|key| key.0).collect::<Vec<Uuid>>())
    .bind(wanted.iter().map(|key| key.1).collect::<Vec<&str>>())
    .bind(wanted.iter().map(|key| Uuid::from_bytes(key.2)).collect::<Vec<Uuid>>())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

async fn read_checkpoints(
    connection: &mut PgConnection,
    shard: i16,
    batch: &[Commit],
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let consumers: BTreeSet<&str> = batch
        .iter()
        .flat_map(|commit| &commit.checkpoints)
        .map(|step| step.consumer.as_str())
        .collect();
    if consumers.is_empty() {
        return Ok(());
    }
    facts.checkpoints.extend(consumers.iter().map(|consumer| ((*consumer).to_owned(), 0)));
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select consumer, position from ledger.checkpoints where shard = $1 and consumer = any($2)",
    )
    .bind(shard)
    .bind(consumers.into_iter().collect::<Vec<&str>>())
    .fetch_all(connection)
    .await?;
    facts.checkpoints.extend(rows);
    Ok(())
}

async fn read_replies(
    connection: &mut PgConnection,
    shard: i16,
    batch: &[Commit],
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let replies = batch.iter().filter_map(|commit| commit.reply.as_ref());
    let (companies, commands): (Vec<Uuid>, Vec<Uuid>) =
        replies.map(|reply| (reply.company, reply.command_id)).unzip();
    if commands.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "select w.company, w.command, r.fingerprint, r.response::text as response
         from unnest($2::uuid[], $3::uuid[]) as w(company, command)
         cross join lateral (
           select fingerprint, response from ledger.replies
           where shard = $1 and company_id = w.company and command_id = w.command limit 1
         ) r",
    )
    .bind(shard)
    .bind(&companies)
    .bind(&commands)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let answer = (hash_of(row.try_get("fingerprint")?), row.try_get("response")?);
        facts.replies.insert((row.try_get("company")?, row.try_get("command")?), answer);
    }
    Ok(())
}

async fn read_timers(
    connection: &mut PgConnection,
    shard: i16,
    batch: &[Commit],
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let mut wanted = Vec::new();
    for change in batch.iter().flat_map(|commit| &commit.timers) {
        if let TimerChange::Fire { company, kind, id, .. } = change
            && facts.timers.insert((*company, kind, *id), None).is_none()
        {
            wanted.push((*company, *kind, *id));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Option<DateTime<Utc>>,)> = sqlx::query_as(
        "select t.due
         from unnest($2::uuid[], $3::text[], $4::uuid[]) with ordinality as w(company, kind, id, nr)
         left join lateral (
           select due from ledger.timers
           where shard = $1 and company_id = w.company and kind = w.kind and id = w.id limit 1
         ) t on true
         order by w.nr",
    )
    .bind(shard)
    .bind(wanted.iter().map(|key| key.0).collect::<Vec<Uuid>>())
    .bind(wanted.iter().map(|key| key.1).collect::<Vec<&str>>())
    .bind(wanted.iter().map(|key| key.2).collect::<Vec<Uuid>>())
    .fetch_all(connection)
    .await?;
    for (key, (due,)) in wanted.into_iter().zip(rows) {
        facts.timers.insert(key, due.map(|due| due.timestamp_micros()));
    }
    Ok(())
}
