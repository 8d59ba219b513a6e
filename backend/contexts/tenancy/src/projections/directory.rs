//! `tenancy_directory`: companies, members, users, keys, features and quotas, as lists show them.
//!
//! Names and addresses stay sealed here and are opened when they are read. Rights are not read from
//! here but from the ledger; only which companies may be hers is.

use events::tenancy::{ApiKeyEvent, CompanyEvent, MembershipEvent, UserEvent};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    ids::PLATFORM,
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use sqlx::PgConnection;

/// The read model's name, which is its schema.
pub(crate) const NAME: &str = "tenancy_directory";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directory;

const DDL: &str = "
create table companies (
  company_id uuid not null,
  name text not null,
  zone text not null,
  locale text not null,
  created_at timestamptz not null,
  is_suspended boolean not null default false,
  version bigint not null,
  constraint companies_pkey primary key (company_id)
);
create table features (
  company_id uuid not null,
  feature text not null,
  constraint features_pkey primary key (company_id, feature)
);
create table quotas (
  company_id uuid not null,
  quota text not null,
  most bigint not null,
  is_hard boolean not null,
  constraint quotas_pkey primary key (company_id, quota)
);
create table members (
  company_id uuid not null,
  user_id uuid not null,
  role text not null,
  since timestamptz not null,
  version bigint not null,
  constraint members_pkey primary key (company_id, user_id)
);
create index members_user on members (user_id);
create table users (
  company_id uuid not null,
  user_id uuid not null,
  person jsonb not null,
  locale text not null,
  is_super_admin boolean not null,
  is_disabled boolean not null default false,
  constraint users_pkey primary key (company_id, user_id)
);
create table api_keys (
  company_id uuid not null,
  key_id uuid not null,
  name text not null,
  hint text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  is_revoked boolean not null default false,
  constraint api_keys_pkey primary key (company_id, key_id)
);
create table channels (
  company_id uuid not null,
  channel_id uuid not null,
  constraint channels_pkey primary key (company_id, channel_id)
);
";

impl Projection for Directory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["companies", "features", "quotas", "members", "users", "api_keys", "channels"]
    }

    fn ddl(&self) -> &'static str {
        DDL
    }

    fn wants(&self, event_type: &str) -> bool {
        matches!(event_type, "channels.channel.connected" | "channels.channel.disconnected")
            || (event_type.starts_with("tenancy.")
                && !matches!(
                    event_type,
                    "tenancy.user.signed_in"
                        | "tenancy.user.signed_out"
                        | "tenancy.user.session_revoked"
                        | "tenancy.user.password_changed"
                        | "tenancy.company.quota_reached"
                ))
    }

    fn apply<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            for event in events {
                one(tx, event).await?;
            }
            Ok(())
        }
        .boxed()
    }
}

async fn one(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    match &*event.stream_kind {
        "company" => company(tx, event).await,
        "membership" => membership(tx, event).await,
        "user" => user(tx, event).await,
        "api_key" => api_key(tx, event).await,
        "channel" => channel(tx, event).await,
        _ => Ok(()),
    }
}

async fn company(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    match event.decode::<CompanyEvent>()? {
        CompanyEvent::Created { name, zone, locale } => {
            sqlx::query(
                "insert into companies (company_id, name, zone, locale, created_at, version)
                 values ($1, $2, $3, $4, $5, $6)",
            )
            .bind(event.company)
            .bind(name.0)
            .bind(zone.0)
            .bind(locale.0)
            .bind(event.recorded_at)
            .bind(event.stream_seq)
            .execute(&mut *tx)
            .await?;
        }
        CompanyEvent::Renamed { name } => {
            sqlx::query("update companies set name = $2 where company_id = $1")
                .bind(event.company)
                .bind(name.0)
                .execute(&mut *tx)
                .await?;
        }
        CompanyEvent::Suspended { .. } => suspend(tx, event, true).await?,
        CompanyEvent::Resumed {} => suspend(tx, event, false).await?,
        CompanyEvent::FeatureSet { feature, is_on: true } => {
            sqlx::query(
                "insert into features (company_id, feature) values ($1, $2)
                 on conflict (company_id, feature) do nothing",
            )
            .bind(event.company)
            .bind(feature.as_str())
            .execute(&mut *tx)
            .await?;
        }
        CompanyEvent::FeatureSet { feature, is_on: false } => {
            sqlx::query("delete from features where company_id = $1 and feature = $2")
                .bind(event.company)
                .bind(feature.as_str())
                .execute(&mut *tx)
                .await?;
        }
        CompanyEvent::QuotaSet { quota, limit, is_hard } => {
            sqlx::query(
                "insert into quotas (company_id, quota, most, is_hard) values ($1, $2, $3, $4)
                 on conflict (company_id, quota) do update
                 set most = excluded.most, is_hard = excluded.is_hard",
            )
            .bind(event.company)
            .bind(quota.as_str())
            .bind(limit)
            .bind(is_hard)
            .execute(&mut *tx)
            .await?;
        }
        CompanyEvent::QuotaReached { .. }
        | CompanyEvent::ImpersonationStarted { .. }
        | CompanyEvent::ImpersonationEnded { .. } => {}
    }
    sqlx::query("update companies set version = $2 where company_id = $1")
        .bind(event.company)
        .bind(event.stream_seq)
        .execute(tx)
        .await?;
    Ok(())
}

async fn suspend(
    tx: &mut PgConnection,
    event: &Recorded,
    is_suspended: bool,
) -> Result<(), ProjectionError> {
    sqlx::query("update companies set is_suspended = $2 where company_id = $1")
        .bind(event.company)
        .bind(is_suspended)
        .execute(tx)
        .await?;
    Ok(())
}

async fn membership(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    match event.decode::<MembershipEvent>()? {
        MembershipEvent::Granted { user, role } => {
            sqlx::query(
                "insert into members (company_id, user_id, role, since, version)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(event.company)
            .bind(user.into_uuid())
            .bind(role.as_str())
            .bind(event.recorded_at)
            .bind(event.stream_seq)
            .execute(tx)
            .await?;
        }
        MembershipEvent::RoleChanged { user, to, .. } => {
            sqlx::query(
                "update members set role = $3, version = $4
                 where company_id = $1 and user_id = $2",
            )
            .bind(event.company)
            .bind(user.into_uuid())
            .bind(to.as_str())
            .bind(event.stream_seq)
            .execute(tx)
            .await?;
        }
        MembershipEvent::Revoked { user } => {
            sqlx::query("delete from members where company_id = $1 and user_id = $2")
                .bind(event.company)
                .bind(user.into_uuid())
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

async fn user(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    match event.decode::<UserEvent>()? {
        UserEvent::Registered { person, locale, is_super_admin } => {
            sqlx::query(
                "insert into users (company_id, user_id, person, locale, is_super_admin)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(PLATFORM)
            .bind(event.stream)
            .bind(sqlx::types::Json(person))
            .bind(locale.0)
            .bind(is_super_admin)
            .execute(tx)
            .await?;
        }
        UserEvent::Changed { person } => {
            sqlx::query("update users set person = $3 where company_id = $1 and user_id = $2")
                .bind(PLATFORM)
                .bind(event.stream)
                .bind(sqlx::types::Json(person))
                .execute(tx)
                .await?;
        }
        UserEvent::Disabled {} => disable(tx, event, true).await?,
        UserEvent::Enabled {} => disable(tx, event, false).await?,
        UserEvent::PasswordChanged {}
        | UserEvent::SignedIn { .. }
        | UserEvent::SignedOut { .. }
        | UserEvent::SessionRevoked { .. } => {}
    }
    Ok(())
}

async fn disable(
    tx: &mut PgConnection,
    event: &Recorded,
    is_disabled: bool,
) -> Result<(), ProjectionError> {
    sqlx::query("update users set is_disabled = $3 where company_id = $1 and user_id = $2")
        .bind(PLATFORM)
        .bind(event.stream)
        .bind(is_disabled)
        .execute(tx)
        .await?;
    Ok(())
}

async fn api_key(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    match event.decode::<ApiKeyEvent>()? {
        ApiKeyEvent::Created { name, hint, scopes, expires_at, .. } => {
            let scopes: Vec<String> = scopes.into_iter().map(|scope| scope.0).collect();
            sqlx::query(
                "insert into api_keys
                   (company_id, key_id, name, hint, scopes, created_at, expires_at)
                 values ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(event.company)
            .bind(event.stream)
            .bind(name.0)
            .bind(hint.0)
            .bind(scopes)
            .bind(event.recorded_at)
            .bind(expires_at)
            .execute(tx)
            .await?;
        }
        ApiKeyEvent::Revoked {} => {
            sqlx::query(
                "update api_keys set is_revoked = true where company_id = $1 and key_id = $2",
            )
            .bind(event.company)
            .bind(event.stream)
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

async fn channel(tx: &mut PgConnection, event: &Recorded) -> Result<(), ProjectionError> {
    let change = if &*event.event_type == "channels.channel.connected" {
        "insert into channels (company_id, channel_id) values ($1, $2)
         on conflict (company_id, channel_id) do nothing"
    } else {
        "delete from channels where company_id = $1 and channel_id = $2"
    };
    sqlx::query(change).bind(event.company).bind(event.stream).execute(tx).await?;
    Ok(())
}
