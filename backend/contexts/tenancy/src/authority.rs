//! Rights, folded from the ledger: the answer to "whose is this, and what may she?".
//!
//! Invariants: what a read model says is never believed for a right: it names the companies that may
//! be hers, and each is looked up in the ledger; whoever is disabled, revoked, expired or removed is
//! nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    db,
    decider::Decider,
    error::Error,
    http::{Admitted, Authority, Credential, Language, Principal, Standing, Unknown},
    ids::PLATFORM,
    record::Recorded,
};
use shared::{
    ids::{ApiKeyId, SessionId, UserId},
    permission::{Permission, Quota, Role},
    platform::QuotaState,
};
use uuid::Uuid;

use crate::{
    Tenancy,
    api_key::ApiKeyStream,
    company::{Company, CompanyStream},
    membership::MembershipStream,
    projections::usage::{FOR_EVER, month},
    sessions,
    user::UserStream,
};

/// Who knows.
#[derive(Clone, Debug)]
pub struct Book(Tenancy);

impl Book {
    pub(crate) const fn new(tenancy: Tenancy) -> Self {
        Self(tenancy)
    }
}

impl Authority for Book {
    fn admit(&self, credential: Credential) -> BoxFuture<'_, Result<Option<Admitted>, Unknown>> {
        async move {
            let admitted = match credential {
                Credential::Session(hash) => self.0.admit_session(hash).await,
                Credential::ApiKey(hash) => self.0.admit_key(hash).await,
            };
            admitted.map_err(|error| Unknown(Box::new(error)))
        }
        .boxed()
    }
}

/// Streams that were read together, each folded when it is asked for.
pub(crate) struct Streams(HashMap<(Uuid, Uuid), Vec<Recorded>>);

impl Streams {
    /// The state of one, as of what was read.
    pub(crate) fn state<D: Decider>(&self, company: Uuid, id: Uuid) -> Result<D::State, Error> {
        let events = self.0.get(&(company, id)).map(Vec::as_slice).unwrap_or_default();
        let mut ours = events.iter().filter(|event| &*event.stream_kind == D::STREAM);
        ours.try_fold(D::State::default(), |state, event| {
            Ok(D::evolve(state, &event.decode::<D::Event>()?))
        })
    }

    /// The version of one, as of what was read.
    pub(crate) fn version(&self, company: Uuid, id: Uuid) -> i64 {
        let events = self.0.get(&(company, id));
        events.and_then(|events| events.last()).map_or(0, |event| event.stream_seq)
    }
}

impl Tenancy {
    /// Reads streams in one round trip.
    pub(crate) async fn streams(&self, wanted: &[(Uuid, Uuid)]) -> Result<Streams, Error> {
        let mut streams = HashMap::<_, Vec<_>>::new();
        for event in self.ledger.read_streams(wanted).await? {
            streams.entry((event.company, event.stream)).or_default().push(event);
        }
        Ok(Streams(streams))
    }

    async fn admit_session(&self, hash: [u8; 32]) -> Result<Option<Admitted>, Error> {
        let now = self.ground.clock.now();
        let Some(row) = sessions::find(&self.pools.app, hash, now).await? else { return Ok(None) };
        let acting = row.acting_in.zip(row.acting_until).filter(|(_, until)| *until > now);
        let companies = match acting {
            Some((company, _)) => vec![company],
            None => self.companies_of(row.user_id).await?,
        };
        let mut wanted = vec![(PLATFORM, row.user_id)];
        for company in &companies {
            wanted.extend([(*company, *company), (*company, row.user_id)]);
        }
        let streams = self.streams(&wanted).await?;
        let user = streams.state::<UserStream>(PLATFORM, row.user_id)?;
        if !user.exists || user.is_disabled {
            return Ok(None);
        }
        let id = UserId::from_uuid(row.user_id);
        let session = SessionId::from_uuid(row.session_id);
        let acting = acting.filter(|_| user.is_super_admin);
        let mut standings = Vec::new();
        for company in companies {
            let state = streams.state::<CompanyStream>(company, company)?;
            let role = match acting {
                Some(_) => Some(Role::Owner),
                None => streams.state::<MembershipStream>(company, row.user_id)?.role,
            };
            if state.exists && role.is_some() {
                standings.push(self.standing(company, role, &state, now).await?);
            }
        }
        let principal = match acting {
            Some((company, until)) => Principal::Impersonator { user: id, session, company, until },
            None => Principal::User { user: id, session },
        };
        Ok(Some(Admitted {
            principal,
            language: Language::from_tag(&user.locale),
            is_super_admin: user.is_super_admin,
            companies: standings,
        }))
    }

    async fn admit_key(&self, hash: [u8; 32]) -> Result<Option<Admitted>, Error> {
        let now = self.ground.clock.now();
        let found = sessions::find_key(&self.pools.app, hash, now).await?;
        let Some((company, id)) = found else { return Ok(None) };
        let streams = self.streams(&[(company, company), (company, id)]).await?;
        let key = streams.state::<ApiKeyStream>(company, id)?;
        let state = streams.state::<CompanyStream>(company, company)?;
        if !key.stands(now) || !state.exists {
            return Ok(None);
        }
        let standing = self.standing(company, None, &state, now).await?;
        let scopes: BTreeSet<Permission> = key.scopes;
        Ok(Some(Admitted {
            principal: Principal::ApiKey { key: ApiKeyId::from_uuid(id), scopes },
            language: None,
            is_super_admin: false,
            companies: vec![standing],
        }))
    }

    /// The companies that may be a user's, by the directory.
    async fn companies_of(&self, user: Uuid) -> Result<Vec<Uuid>, Error> {
        let mut tx = db::working(&self.pools.app).await?;
        let companies = sqlx::query_scalar(
            r"
            select company_id
            from tenancy_directory.members
            where user_id = $1
            order by company_id
            limit 500
            ",
        )
        .bind(user)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(companies)
    }

    pub(crate) async fn standing(
        &self,
        company: Uuid,
        role: Option<Role>,
        state: &Company,
        now: DateTime<Utc>,
    ) -> Result<Standing, Error> {
        Ok(Standing {
            company,
            role,
            is_suspended: state.is_suspended,
            features: state.features.clone(),
            quotas: self.quotas(company, state, now).await?,
        })
    }

    /// A company's quotas and what is used of them; nothing is read where there are none.
    pub(crate) async fn quotas(
        &self,
        company: Uuid,
        state: &Company,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<Quota, QuotaState>, Error> {
        if state.quotas.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut tx = db::reading_as(&self.pools.reader, company).await?;
        let zone: Option<String> =
            sqlx::query_scalar("select zone from tenancy_usage.zones where company_id = $1")
                .bind(company)
                .fetch_optional(&mut *tx)
                .await?;
        let periods = vec![FOR_EVER, month(now, zone.as_deref().unwrap_or("UTC"))];
        let used: Vec<(String, i64)> = sqlx::query_as(
            r"
            select quota, used
            from tenancy_usage.usage
            where company_id = $1 and period = any($2)
            ",
        )
        .bind(company)
        .bind(periods)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let used: HashMap<_, _> = used.into_iter().collect();
        let quotas = state.quotas.iter().map(|(quota, (limit, is_hard))| {
            let used = used.get(quota.as_str()).copied().unwrap_or(0);
            (*quota, QuotaState { limit: *limit, is_hard: *is_hard, used })
        });
        Ok(quotas.collect())
    }
}
