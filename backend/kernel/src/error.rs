//! What can go wrong below the business: one enum, each source kept.

use crate::{codec::CodecError, commit::Refused};

/// The result of the kernel's operations.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the kernel or of what it stands on. Business rejections are never in here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The commit was understood and refused; nothing of it was stored.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Postgres did not answer in time; whether the commit was stored is not known.
    #[error("the ledger is unavailable, the outcome is unknown")]
    InDoubt,
    /// The writer has stopped.
    #[error("the writer has stopped")]
    Stopped,
    /// A stored event could not be read.
    #[error("event {position} of shard {shard} could not be read")]
    Unreadable {
        /// Where it is.
        shard: i16,
        /// Its position.
        position: i64,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// A value could not be encoded.
    #[error("could not encode")]
    Codec(#[from] CodecError),
    /// A row that is not what the schema promises.
    #[error("{what} cannot be read")]
    Row {
        /// Table, column and id.
        what: String,
    },
    /// A database failure.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A failure of the message stream.
    #[error("message stream: {0}")]
    Stream(String),
    /// Encryption or decryption failed: wrong key, wrong place, or altered bytes.
    #[error("the sealed value does not open")]
    Seal,
    /// The key was destroyed; nothing can be sealed under it any more.
    #[error("the key was destroyed")]
    Erased,
    /// The ring of key-encryption keys does not fit this database.
    #[error("key-encryption keys: {0}")]
    Keys(&'static str),
    /// The store outside of the database failed or holds what it must not.
    #[error("store: {0}")]
    Store(String),
    /// A wait ran out of time.
    #[error("timed out at position {reached}")]
    Timeout {
        /// How far it came.
        reached: i64,
    },
}

impl Error {
    /// Whether trying again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::InDoubt | Self::Stream(_) | Self::Timeout { .. } => true,
            Self::Database(error) => is_transient(error),
            _ => false,
        }
    }
}

/// Whether a database failure says nothing about the data: lost connection, shutdown, deadlock, no
/// resources.
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
