//! The keys of a company's programs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{db, error::Error};
use shared::{ids::ApiKeyId, permission::Permission, team::ApiKey};
use uuid::Uuid;

use crate::{Tenancy, sessions};

#[derive(sqlx::FromRow)]
struct Row {
    key_id: Uuid,
    name: String,
    hint: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    is_revoked: bool,
}

/// All of them, the newest first; what was revoked long ago is left out by its number.
pub(crate) async fn list(tenancy: &Tenancy, company: Uuid) -> Result<Vec<ApiKey>, Error> {
    let mut tx = db::reading_as(&tenancy.pools.reader, company).await?;
    let rows: Vec<Row> = sqlx::query_as(
        r"
        select key_id, name, hint, scopes, created_at, expires_at, is_revoked
        from tenancy_directory.api_keys
        where company_id = $1
        order by created_at desc, key_id
        limit 500
        ",
    )
    .bind(company)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let used: HashMap<_, _> =
        sessions::keys_used(&tenancy.pools.app, company).await?.into_iter().collect();
    let now = tenancy.ground.clock.now();
    let keys = rows.into_iter().map(|row| ApiKey {
        id: ApiKeyId::from_uuid(row.key_id),
        name: row.name,
        hint: row.hint,
        scopes: row.scopes.iter().filter_map(|scope| Permission::from_word(scope)).collect(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: used.get(&row.key_id).copied(),
        is_active: !row.is_revoked && row.expires_at.is_none_or(|end| now < end),
    });
    Ok(keys.collect())
}
