//! A company's history as a signed file, and a file put into a database for audit (D12).
//!
//! The form is specified in `docs/LEDGER.md`: a line of JSON a row; first what it is, then the
//! events, last the head and its signature. Texts that the hash covers stand there as strings, byte
//! for byte.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use uuid::Uuid;

use crate::{
    db::Pools,
    error::{Error, Result},
    incarnation::{Purpose, installation},
    ledger::Ledger,
    log::Log,
    record::{Hash, Recorded, chain, instant},
    vault::{Signature, Vault},
    words::Words,
};

/// The name and version of the form.
const FORMAT: &str = "masteria-ledger-1";
/// How many events are read at once.
const PAGE: i64 = 2_000;

#[derive(Debug, Serialize, Deserialize)]
struct First {
    format: String,
    company: Uuid,
    incarnation: Uuid,
    exported_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    company_seq: i64,
    stream_kind: String,
    stream: Uuid,
    stream_seq: i64,
    id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    version: i16,
    recorded_at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    acting_for: Option<Uuid>,
    origin: Option<String>,
    command: Uuid,
    correlation: Uuid,
    causation: Uuid,
    trace: Uuid,
    depth: u8,
    undoes: Option<Uuid>,
    policy: Option<i16>,
    payload: String,
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Last {
    events: i64,
    head: String,
    key: Uuid,
    public: String,
    signature: String,
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The company.
    pub company: Uuid,
    /// How many events.
    pub events: i64,
    /// The hash of the last one.
    pub head: Hash,
    /// By which key it is signed.
    pub signed_by: Uuid,
}

/// What is signed.
fn message(company: Uuid, events: i64, head: &Hash) -> Vec<u8> {
    let head = hex::encode(head);
    format!("masteria export 1\n{company}\n{events}\n{head}\n").into_bytes()
}

/// Writes a company's whole history.
pub async fn export(
    ledger: &Ledger,
    vault: &Vault,
    company: Uuid,
    to: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<Exported> {
    let first = First {
        format: FORMAT.to_owned(),
        company,
        incarnation: ledger.incarnation(),
        exported_at: ledger.ground().clock.now(),
    };
    line(to, &first).await?;
    let (mut events, mut head) = (0, Hash::default());
    let until = ledger.company_head(company).await?;
    while events < until {
        for event in ledger.read_company(company, events + 1, PAGE.min(until - events)).await? {
            line(to, &Line::from(&event)).await?;
            (events, head) = (event.company_seq, event.hash);
        }
    }
    let signature = vault.signer().await?.sign(&message(company, events, &head));
    let last = Last {
        events,
        head: hex::encode(head),
        key: signature.key,
        public: hex::encode(signature.public),
        signature: hex::encode(signature.bytes),
    };
    line(to, &last).await?;
    to.flush().await.map_err(|error| Error::Store(error.to_string()))?;
    Ok(Exported { company, events, head, signed_by: signature.key })
}

async fn line(to: &mut (impl AsyncWrite + Unpin + Send), value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec(value).map_err(|error| Error::Store(error.to_string()))?;
    text.push(b'\n');
    to.write_all(&text).await.map_err(|error| Error::Store(error.to_string()))
}

impl From<&Recorded> for Line {
    fn from(event: &Recorded) -> Self {
        Self {
            company_seq: event.company_seq,
            stream_kind: event.stream_kind.to_string(),
            stream: event.stream,
            stream_seq: event.stream_seq,
            id: event.event_id,
            event_type: event.event_type.to_string(),
            version: event.event_version,
            recorded_at: event.recorded_at.timestamp_micros(),
            actor_kind: event.actor_kind.to_string(),
            actor_id: event.actor_id,
            acting_for: event.acting_for,
            origin: event.origin.clone(),
            command: event.command_id,
            correlation: event.correlation_id,
            causation: event.causation_id,
            trace: Uuid::from_bytes(event.trace),
            depth: event.depth,
            undoes: event.undoes,
            policy: event.policy,
            payload: event.payload.clone(),
            hash: hex::encode(event.hash),
        }
    }
}

impl Line {
    fn recorded(self, shard: i16, position: i64, company: Uuid) -> Result<Recorded> {
        let mut hash = Hash::default();
        hex::decode_to_slice(&self.hash, &mut hash).map_err(|_not_hex| unlike("a hash"))?;
        Ok(Recorded {
            shard,
            position,
            company,
            company_seq: self.company_seq,
            stream_kind: self.stream_kind.into(),
            stream: self.stream,
            stream_seq: self.stream_seq,
            event_id: self.id,
            event_type: self.event_type.into(),
            event_version: self.version,
            recorded_at: instant(self.recorded_at),
            actor_kind: self.actor_kind.into(),
            actor_id: self.actor_id,
            acting_for: self.acting_for,
            origin: self.origin,
            command_id: self.command,
            correlation_id: self.correlation,
            causation_id: self.causation,
            trace: self.trace.into_bytes(),
            depth: self.depth,
            undoes: self.undoes,
            policy: self.policy,
            payload: self.payload,
            hash,
        })
    }
}

fn unlike(what: &str) -> Error {
    Error::Store(format!("the export does not fit its form: {what}"))
}

/// Reads an export into a database of purpose `audit`, verifying it on the way; nothing is kept of one
/// that does not verify. The sealed values stay sealed: the keys are not in it.
pub async fn replay(
    pools: &Pools,
    shard: i16,
    from: &mut (impl AsyncBufRead + Unpin + Send),
) -> Result<Exported> {
    if installation(pools).await?.purpose != Purpose::Audit {
        return Err(Error::Store(
            "an export is replayed into a database for audit only".to_owned(),
        ));
    }
    let words = Words::default();
    let log = Log::new(pools.direct.clone(), shard, words.clone());
    let mut tx = pools.direct.begin_with("begin").await?;
    let position = log.head(&mut tx).await?;
    let mut reading = Reading::begin(from, shard, position).await?;
    loop {
        let page = reading.page(1_000).await?;
        if page.is_empty() {
            break;
        }
        store(&mut tx, &words, &page).await?;
    }
    let exported = reading.end()?;
    tx.commit().await?;
    Ok(exported)
}

/// Verifies an export: the chain, and the signature of its head. Nothing but the file is needed; whose
/// the key is, is for the reader to know.
pub async fn check(from: &mut (impl AsyncBufRead + Unpin + Send)) -> Result<Exported> {
    let mut reading = Reading::begin(from, 0, 0).await?;
    while !reading.page(1_000).await?.is_empty() {}
    reading.end()
}

/// An export on the way in: each event is verified before it is handed over.
struct Reading<'a, R> {
    lines: tokio::io::Lines<&'a mut R>,
    company: Uuid,
    shard: i16,
    position: i64,
    events: i64,
    head: Hash,
    last: Option<Last>,
}

impl<'a, R: AsyncBufRead + Unpin + Send> Reading<'a, R> {
    async fn begin(from: &'a mut R, shard: i16, position: i64) -> Result<Self> {
        let mut lines = from.lines();
        let text = next(&mut lines).await?.ok_or_else(|| unlike("it is empty"))?;
        let first: First = parse(&text)?;
        if first.format != FORMAT {
            return Err(unlike("its format"));
        }
        let (company, head) = (first.company, Hash::default());
        Ok(Self { lines, company, shard, position, events: 0, head, last: None })
    }

    /// The next events; none at the end.
    async fn page(&mut self, most: usize) -> Result<Vec<Recorded>> {
        let mut page = Vec::new();
        while self.last.is_none() && page.len() < most {
            let text =
                next(&mut self.lines).await?.ok_or_else(|| unlike("it ends without a head"))?;
            let Ok(line) = serde_json::from_str::<Line>(&text) else {
                let last = parse(&text).map_err(|_neither| self.broken(self.events + 1))?;
                self.last = Some(last);
                break;
            };
            self.position += 1;
            let event = line.recorded(self.shard, self.position, self.company)?;
            if event.company_seq != self.events + 1 || chain(&self.head, &event) != event.hash {
                return Err(self.broken(self.events + 1));
            }
            (self.events, self.head) = (event.company_seq, event.hash);
            page.push(event);
        }
        Ok(page)
    }

    fn broken(&self, event: i64) -> Error {
        Error::Store(format!("event {event} of company {} does not verify", self.company))
    }

    /// What it holds, if its head and the signature fit.
    fn end(self) -> Result<Exported> {
        let last = self.last.ok_or_else(|| unlike("it ends without a head"))?;
        let message = message(self.company, self.events, &self.head);
        let fits = signature(&last).is_some_and(|given| given.fits(&message));
        if !fits || last.events != self.events || last.head != hex::encode(self.head) {
            return Err(Error::Store("the head or its signature does not fit".to_owned()));
        }
        let (company, events, head) = (self.company, self.events, self.head);
        Ok(Exported { company, events, head, signed_by: last.key })
    }
}

async fn next<R: AsyncBufRead + Unpin>(lines: &mut tokio::io::Lines<R>) -> Result<Option<String>> {
    lines.next_line().await.map_err(|error| Error::Store(error.to_string()))
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unlike(&error.to_string()))
}

fn signature(last: &Last) -> Option<Signature> {
    Some(Signature {
        key: last.key,
        public: hex::decode(&last.public).ok()?.try_into().ok()?,
        bytes: hex::decode(&last.signature).ok()?.try_into().ok()?,
    })
}

async fn store(
    connection: &mut sqlx::PgConnection,
    words: &Words,
    page: &[Recorded],
) -> Result<()> {
    if page.is_empty() {
        return Ok(());
    }
    let wanted = page
        .iter()
        .flat_map(|event| [&*event.event_type, &*event.stream_kind, &*event.actor_kind])
        .collect();
    words.learn(&mut *connection, wanted).await?;
    let lookup = |word: &str| words.number(word).unwrap_or(0);
    macro_rules! column {
        (|$event:ident| $value:expr) => {
            page.iter().map(|$event| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into ledger.events (shard, position, company_id, company_seq, stream_kind, stream_id,
           stream_seq, event_id, event_type, event_version, recorded_at, actor_kind, actor_id,
           acting_for, origin, command_id, correlation_id, causation_id, trace, depth, undoes, policy,
           payload, hash)
         select e.shard, e.position, e.company, e.company_seq, e.stream_kind, e.stream, e.stream_seq,
           e.id, e.type, e.version, e.at, e.actor_kind, e.actor_id, e.acting_for, e.origin, e.command,
           nullif(e.correlation, e.command), nullif(e.causation, e.command), e.trace, e.depth,
           e.undoes, e.policy, e.payload::json, e.hash
         from unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::smallint[],
           $6::uuid[], $7::bigint[], $8::uuid[], $9::smallint[], $10::smallint[], $11::timestamptz[],
           $12::smallint[], $13::uuid[], $14::uuid[], $15::text[], $16::uuid[], $17::uuid[],
           $18::uuid[], $19::uuid[], $20::smallint[], $21::uuid[], $22::smallint[], $23::text[],
           $24::bytea[])
           as e(shard, position, company, company_seq, stream_kind, stream, stream_seq, id, type,
             version, at, actor_kind, actor_id, acting_for, origin, command, correlation, causation,
             trace, depth, undoes, policy, payload, hash)",
    )
    .bind(column!(|event| event.shard))
    .bind(column!(|event| event.position))
    .bind(column!(|event| event.company))
    .bind(column!(|event| event.company_seq))
    .bind(column!(|event| lookup(&event.stream_kind)))
    .bind(column!(|event| event.stream))
    .bind(column!(|event| event.stream_seq))
    .bind(column!(|event| event.event_id))
    .bind(column!(|event| lookup(&event.event_type)))
    .bind(column!(|event| event.event_version))
    .bind(column!(|event| event.recorded_at))
    .bind(column!(|event| lookup(&event.actor_kind)))
    .bind(column!(|event| event.actor_id))
    .bind(column!(|event| event.acting_for))
    .bind(column!(|event| event.origin.clone()))
    .bind(column!(|event| event.command_id))
    .bind(column!(|event| event.correlation_id))
    .bind(column!(|event| event.causation_id))
    .bind(column!(|event| Uuid::from_bytes(event.trace)))
    .bind(column!(|event| i16::from(event.depth)))
    .bind(column!(|event| event.undoes))
    .bind(column!(|event| event.policy))
    .bind(column!(|event| event.payload.as_str()))
    .bind(column!(|event| event.hash.as_slice()))
    .execute(connection)
    .await?;
    Ok(())
}
