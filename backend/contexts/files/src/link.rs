//! Addresses of files for five minutes, bound to company and session (D32).
//!
//! **Invariant.** An address that was passed on, or is old, opens nothing: the session that it was made
//! for must ask itself.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::vault::IndexKey;
use shared::ids::{FileId, SessionId};
use uuid::Uuid;

/// How long an address is good.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(5);

/// The address of a file for a session.
#[must_use]
pub fn make(
    index: &IndexKey,
    company: Uuid,
    file: FileId,
    session: SessionId,
    now: DateTime<Utc>,
) -> String {
    let until = (now + GOOD_FOR).timestamp();
    let proof = hex::encode(proof(index, company, file, session, until));
    let company = company.simple();
    format!("/api/v1/files/{file}/content?company={company}&until={until}&proof={proof}")
}

/// Whether an address is good for a session.
#[must_use]
pub fn is_good(
    index: &IndexKey,
    (company, file): (Uuid, FileId),
    session: SessionId,
    (until, told): (i64, &str),
    now: DateTime<Utc>,
) -> bool {
    let mut bytes = [0; 16];
    if hex::decode_to_slice(told, &mut bytes).is_err() || until < now.timestamp() {
        return false;
    }
    let right = proof(index, company, file, session, until);
    // Without leaving at the first difference.
    right.iter().zip(bytes).fold(0, |differs, (right, told)| differs | (right ^ told)) == 0
}

fn proof(
    index: &IndexKey,
    company: Uuid,
    file: FileId,
    session: SessionId,
    until: i64,
) -> [u8; 16] {
    index.blind("files.link", &format!("{company}\n{file}\n{session}\n{until}"))
}
