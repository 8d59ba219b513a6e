//! What a read model holds, as one number: equal states have equal hashes (replay, rebuild, audit).

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::reader::ReadModels;
use crate::{
    db,
    error::{Error, Result},
};

impl ReadModels {
    /// The hash over all rows of a read model, in an order that depends on nothing but the rows.
    ///
    /// # Errors
    /// If there is no such read model, or the database fails.
    pub async fn state_hash(&self, name: &str) -> Result<String> {
        self.hash(name, None).await
    }

    /// The same over one company's rows.
    ///
    /// # Errors
    /// If there is no such read model, or the database fails.
    pub async fn state_hash_of(&self, name: &str, company: Uuid) -> Result<String> {
        self.hash(name, Some(company)).await
    }

    async fn hash(&self, name: &str, company: Option<Uuid>) -> Result<String> {
        let unknown = || Error::Row { what: format!("the read model {name}") };
        let projection = self.by_name(name).ok_or_else(unknown)?;
        let mut tx = db::working(&self.pools().app).await?;
        // One moment for all tables; and here sorting is what is wanted.
        sqlx::raw_sql(
            "set transaction isolation level repeatable read; set local enable_sort = on",
        )
        .execute(&mut *tx)
        .await?;
        let mut hasher = Sha256::new();
        for table in projection.tables() {
            hasher.update(table.as_bytes());
            let query = format!(
                "select t::text from {name}.{table} t
                 where $1::uuid is null or t.company_id = $1
                 order by t::text collate \"C\""
            );
            let mut rows = sqlx::query(AssertSqlSafe(query)).bind(company).fetch(&mut *tx);
            while let Some(row) = rows.try_next().await? {
                let text: &str = row.try_get(0)?;
                hasher.update([0]);
                hasher.update(text.as_bytes());
            }
        }
        Ok(hex::encode(hasher.finalize()))
    }
}
