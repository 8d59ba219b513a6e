//! The auditor: recomputes every hash, looks for gaps, and folds on the way.
//!
//! It trusts nothing but the rows. Ranges are read and checked side by side; what links one range to
//! the next is checked when they are joined. What it cannot see by itself is a history that was cut
//! at its end or rewritten as a whole: for that, heads are signed daily (see [`crate::heads`]).
//! A time that goes back is no fault (D9).

mod raw;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{PgPool, postgres::PgPoolCopyExt as _};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub use self::raw::Raw;
use self::raw::{COLUMNS, Dictionary, behind_header};
use crate::{
    error::{Error, Result},
    plant::{self, Plant, planted},
    record::Hash,
};

/// How many events are read and checked in one piece.
const RANGE: i64 = 16_384;
/// How many ranges are under way at once.
const AT_ONCE: usize = 2;
/// After so many faults the audit ends.
const MOST_FAULTS: usize = 100;

/// What is wrong, and at which position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A position is missing before this one.
    Position(i64),
    /// The company's numbers jump here.
    Company(i64),
    /// The stream's numbers jump here.
    Stream(i64),
    /// The row is not what was hashed, or its predecessor is not.
    Hash(i64),
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A whole shard.
    Shard(i16),
    /// One company's history.
    Company(i16, Uuid),
}

/// The result of an audit.
#[derive(Debug)]
pub struct Audit<F> {
    /// How many events were seen.
    pub events: i64,
    /// The last position.
    pub position: i64,
    /// The first faults, in order of position.
    pub faults: Vec<Fault>,
    /// The heads of the chains: company, number, hash. To be compared with those that were signed.
    pub heads: HashMap<Uuid, (i64, Hash)>,
    /// What was folded.
    pub fold: F,
    streams: HashMap<(Uuid, Uuid), i64>,
}

/// Something that is made of events on the way, range by range.
pub trait Fold: Default + Send + 'static {
    /// Takes the next event of a range.
    fn take(&mut self, event: &Raw<'_>);

    /// Takes what was made of the range behind this one.
    fn join(&mut self, next: Self);
}

impl Fold for () {
    fn take(&mut self, _event: &Raw<'_>) {}

    fn join(&mut self, (): ()) {}
}

/// The first event of a company in a range, whose predecessor lies before the range.
struct Opening {
    company_seq: i64,
    position: i64,
    canonical: Vec<u8>,
    hash: Hash,
}

/// A range that was checked in itself.
struct Checked<F> {
    first: i64,
    last: i64,
    events: i64,
    faults: Vec<Fault>,
    companies: HashMap<Uuid, (Opening, i64, Hash)>,
    /// First number and its position, last number.
    streams: HashMap<(Uuid, Uuid), (i64, i64, i64)>,
    fold: F,
}

impl<F: Fold> Checked<F> {
    fn take(&mut self, event: &Raw<'_>, of_shard: bool, buffer: &mut Vec<u8>) {
        let at = event.position;
        if self.events == 0 {
            self.first = at;
        } else if of_shard && at != self.last + 1 {
            self.faults.push(Fault::Position(at));
        }
        self.last = at;
        self.events += 1;
        if let Some((_, company_seq, hash)) = self.companies.get_mut(&event.company) {
            if event.company_seq != *company_seq + 1 {
                self.faults.push(Fault::Company(at));
            }
            if event.expected(hash, buffer) != event.hash && !planted(Plant::TrustHash) {
                self.faults.push(Fault::Hash(at));
            }
            (*company_seq, *hash) = (event.company_seq, event.hash);
        } else {
            let opening = Opening {
                company_seq: event.company_seq,
                position: at,
                canonical: event.canonical(),
                hash: event.hash,
            };
            self.companies.insert(event.company, (opening, event.company_seq, event.hash));
        }
        if let Some((_, _, last)) = self.streams.get_mut(&(event.company, event.stream)) {
            if event.stream_seq != *last + 1 {
                self.faults.push(Fault::Stream(at));
            }
            *last = event.stream_seq;
        } else {
            let numbers = (event.stream_seq, at, event.stream_seq);
            self.streams.insert((event.company, event.stream), numbers);
        }
        self.fold.take(event);
    }
}

impl<F: Fold> Audit<F> {
    fn join(&mut self, next: Checked<F>, of_shard: bool) {
        if next.events == 0 {
            return;
        }
        let mut faults = next.faults;
        if of_shard && next.first != self.position + 1 {
            faults.push(Fault::Position(next.first));
        }
        for (company, (opening, company_seq, hash)) in next.companies {
            let before = self.heads.get(&company).copied().unwrap_or_default();
            if opening.company_seq != before.0 + 1 {
                faults.push(Fault::Company(opening.position));
            }
            if on_top_of(opening.canonical, &before.1) != opening.hash && !planted(Plant::TrustHash)
            {
                faults.push(Fault::Hash(opening.position));
            }
            self.heads.insert(company, (company_seq, hash));
        }
        for (stream, (first, position, last)) in next.streams {
            let before = self.streams.insert(stream, last).unwrap_or(0);
            if first != before + 1 {
                faults.push(Fault::Stream(position));
            }
        }
        faults.sort_unstable_by_key(|fault| fault.position());
        self.faults.extend(faults);
        self.events += next.events;
        self.position = next.last;
        self.fold.join(next.fold);
    }
}

impl Fault {
    /// Where it is.
    #[must_use]
    pub const fn position(self) -> i64 {
        match self {
            Self::Position(at) | Self::Company(at) | Self::Stream(at) | Self::Hash(at) => at,
        }
    }
}

/// The hash of canonical bytes whose predecessor's hash (behind the form's byte) is put in now.
fn on_top_of(mut canonical: Vec<u8>, previous: &Hash) -> Hash {
    if let Some(place) = canonical.get_mut(1..33) {
        place.copy_from_slice(previous);
    }
    Sha256::digest(&canonical).into()
}

/// Audits, and folds on the way; ends early after 100 faults.
pub async fn verify<F: Fold>(pool: &PgPool, scope: Scope) -> Result<Audit<F>> {
    let (shard, of_shard) = match scope {
        Scope::Shard(shard) => (shard, true),
        Scope::Company(shard, _) => (shard, false),
    };
    let words = Arc::new(dictionary(pool).await?);
    let head: Option<i64> =
        match scope {
            Scope::Shard(_) => {
                sqlx::query_scalar("select max(position) from ledger.events where shard = $1")
                    .bind(shard)
                    .fetch_one(pool)
                    .await?
            }
            Scope::Company(_, company) => sqlx::query_scalar(
                "select max(company_seq) from ledger.events where shard = $1 and company_id = $2",
            )
            .bind(shard)
            .bind(company)
            .fetch_one(pool)
            .await?,
        };
    let head = head.unwrap_or(0);
    let mut audit = Audit {
        events: 0,
        position: 0,
        faults: Vec::new(),
        heads: HashMap::new(),
        fold: F::default(),
        streams: HashMap::new(),
    };
    let mut under_way: VecDeque<JoinHandle<Result<Checked<F>>>> = VecDeque::new();
    let mut from = 0;
    loop {
        while under_way.len() < AT_ONCE && from < head {
            let range = range(pool.clone(), scope, from, Arc::clone(&words));
            #[expect(clippy::disallowed_methods, reason = "joined below, and it writes nothing")]
            under_way.push_back(tokio::spawn(plant::inherit(range)));
            from += RANGE;
        }
        let Some(next) = under_way.pop_front() else { break };
        let checked = next.await.map_err(|_panicked| Error::Stopped)??;
        audit.join(checked, of_shard);
        if audit.faults.len() >= MOST_FAULTS {
            break;
        }
    }
    Ok(audit)
}

async fn dictionary(pool: &PgPool) -> Result<Dictionary> {
    let rows: Vec<(i16, String)> =
        sqlx::query_as("select id, word from ledger.words").fetch_all(pool).await?;
    let last = rows.iter().map(|row| row.0).max().unwrap_or(0);
    let mut words = vec![None; usize::try_from(last).unwrap_or(0) + 1];
    for (number, word) in rows {
        if let Some(place) = usize::try_from(number).ok().and_then(|nr| words.get_mut(nr)) {
            *place = Some(word.into());
        }
    }
    Ok(words)
}

/// Reads and checks one range.
async fn range<F: Fold>(
    pool: PgPool,
    scope: Scope,
    from: i64,
    words: Arc<Dictionary>,
) -> Result<Checked<F>> {
    // Numbers and UUIDs print as digits and dashes only, so there is nothing to escape.
    let (condition, order) = match scope {
        Scope::Shard(shard) => (format!("shard = {shard}"), "position"),
        Scope::Company(shard, company) => {
            (format!("shard = {shard} and company_id = '{company}'"), "company_seq")
        }
    };
    let copy = format!(
        "copy (select {COLUMNS} from ledger.events where {condition} and {order} > {from}
           and {order} <= {} order by {order}) to stdout (format binary)",
        from + RANGE
    );
    let mut bytes = Vec::with_capacity(8 << 20);
    let mut stream = pool.copy_out_raw(&copy).await?;
    while let Some(piece) = stream.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    drop(stream);
    let mut checked = Checked {
        first: 0,
        last: 0,
        events: 0,
        faults: Vec::new(),
        companies: HashMap::new(),
        streams: HashMap::new(),
        fold: F::default(),
    };
    let mut buffer = Vec::with_capacity(1024);
    let mut rest = behind_header(&bytes)?;
    let of_shard = matches!(scope, Scope::Shard(_));
    while let Some(event) = Raw::read(&mut rest, &words)? {
        checked.take(&event, of_shard, &mut buffer);
    }
    Ok(checked)
}
