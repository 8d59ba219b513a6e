//! All companies, for the platform's console: counters and metadata, never a body (D31).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use kernel::{db, error::Error};
use shared::{
    ids::CompanyId,
    page::Page,
    permission::{Feature, Quota},
    platform::{Company, QuotaState},
};
use uuid::Uuid;

use crate::{
    Tenancy,
    projections::usage::{FOR_EVER, month},
};

#[derive(sqlx::FromRow)]
struct Row {
    company_id: Uuid,
    name: String,
    zone: String,
    created_at: DateTime<Utc>,
    is_suspended: bool,
    version: i64,
    features: Vec<String>,
    n_members: i64,
    n_channels: i64,
}

#[derive(sqlx::FromRow)]
struct QuotaRow {
    company_id: Uuid,
    quota: String,
    most: i64,
    is_hard: bool,
}

/// Cuts a list that was read one longer than asked; the key of its last item, if there is more.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: i64, key: impl Fn(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last().map(key)
}

/// A part of the list, by name.
pub(crate) async fn page(
    tenancy: &Tenancy,
    after: Option<CompanyId>,
    limit: i64,
) -> Result<Page<Company>, Error> {
    let mut tx = db::working(&tenancy.pools.app).await?;
    let rows: Vec<Row> = sqlx::query_as(
        r"
        select company_id, name, zone, created_at, is_suspended, version,
          array(
            select feature from tenancy_directory.features f
            where f.company_id = c.company_id) as features,
          (
            select count(*) from tenancy_directory.members m
            where m.company_id = c.company_id) as n_members,
          (
            select count(*) from tenancy_directory.channels h
            where h.company_id = c.company_id) as n_channels
        from tenancy_directory.companies c
        where $1::uuid is null or (lower(name), company_id) > (
          select lower(name), company_id
          from tenancy_directory.companies
          where company_id = $1)
        order by lower(name), company_id
        limit $2
        ",
    )
    .bind(after.map(CompanyId::into_uuid))
    .bind(limit + 1)
    .fetch_all(&mut *tx)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.company_id).collect();
    let quotas: Vec<QuotaRow> = sqlx::query_as(
        r"
        select company_id, quota, most, is_hard
        from tenancy_directory.quotas
        where company_id = any($1)
        ",
    )
    .bind(&ids)
    .fetch_all(&mut *tx)
    .await?;
    let used: Vec<(Uuid, String, i32, i64)> = sqlx::query_as(
        r"
        select company_id, quota, period, used
        from tenancy_usage.usage
        where company_id = any($1)
        ",
    )
    .bind(&ids)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;

    let now = tenancy.ground.clock.now();
    let used: HashMap<_, _> = used
        .into_iter()
        .map(|(company, quota, period, used)| ((company, quota, period), used))
        .collect();
    let mut items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let periods = [FOR_EVER, month(now, &row.zone)];
            let own = quotas.iter().filter(|quota| quota.company_id == row.company_id);
            let states = own.filter_map(|quota| {
                let used = periods.iter().find_map(|period| {
                    used.get(&(quota.company_id, quota.quota.clone(), *period)).copied()
                });
                let state = QuotaState {
                    limit: quota.most,
                    is_hard: quota.is_hard,
                    used: used.unwrap_or(0),
                };
                Some((Quota::from_word(&quota.quota)?, state))
            });
            company(&row, states.collect())
        })
        .collect();
    let next = cut(&mut items, limit, |company| company.id.to_string());
    Ok(Page { items, next })
}

fn company(row: &Row, quotas: BTreeMap<Quota, QuotaState>) -> Company {
    Company {
        id: CompanyId::from_uuid(row.company_id),
        name: row.name.clone(),
        created_at: row.created_at,
        is_suspended: row.is_suspended,
        features: row.features.iter().filter_map(|word| Feature::from_word(word)).collect(),
        quotas,
        n_members: row.n_members,
        n_channels: row.n_channels,
        version: row.version,
    }
}
