//! The dictionary: event types, kinds of streams and of actors stand in events as small numbers.
//!
//! Invariants: a word once numbered keeps its number; the hash covers the words and not the
//! numbers, so a changed dictionary is found as a changed history.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use sqlx::PgConnection;

/// What a process knows of the dictionary. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    by_number: HashMap<i16, Arc<str>>,
    by_word: HashMap<Arc<str>, i16>,
}

/// The dictionary, held still.
pub(crate) struct Lookup<'a>(RwLockReadGuard<'a, Known>);

impl Lookup<'_> {
    /// The number of a word.
    pub(crate) fn number(&self, word: &str) -> Option<i16> {
        self.0.by_word.get(word).copied()
    }
}

impl Words {
    /// The word of a number.
    pub(crate) fn word(&self, number: i16) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_number.get(&number).cloned()
    }

    /// The number of a word.
    pub(crate) fn number(&self, word: &str) -> Option<i16> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_word.get(word).copied()
    }

    /// Many look-ups under one lock.
    pub(crate) fn lookup(&self) -> Lookup<'_> {
        Lookup(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the whole dictionary.
    pub(crate) async fn load(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<(i16, String)> =
            sqlx::query_as("select id, word from ledger.words").fetch_all(connection).await?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (number, word) in rows {
            let word: Arc<str> = word.into();
            known.by_number.insert(number, Arc::clone(&word));
            known.by_word.insert(word, number);
        }
        Ok(())
    }

    /// Numbers those of `words` that have no number yet. Not inside a transaction that may be
    /// rolled back.
    pub(crate) async fn learn(
        &self,
        connection: &mut PgConnection,
        words: BTreeSet<&str>,
    ) -> Result<(), sqlx::Error> {
        self.load(&mut *connection).await?;
        let missing: Vec<&str> =
            words.into_iter().filter(|word| self.number(word).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // Sorted, so that two writers that meet here do not wait for each other in a circle.
        sqlx::query(
            "insert into ledger.words (word)
             select w.word from unnest($1::text[]) as w(word) on conflict (word) do nothing",
        )
        .bind(missing)
        .execute(&mut *connection)
        .await?;
        self.load(connection).await
    }
}
