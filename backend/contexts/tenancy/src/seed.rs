//! A company to begin with: for the demo, and bare ones for load.
//!
//! Invariants: passwords and keys are generated and returned this once; nothing fixed opens anything.

use std::{collections::BTreeSet, sync::Arc};

use events::tenancy::Person;
use kernel::{
    commit::Context,
    error::Error,
    execute::Request,
    http::{Problem, token_hash},
    ids::PLATFORM,
};
use serde::Serialize;
use shared::{
    ids::{ApiKeyId, CompanyId, UserId},
    permission::{Feature, Permission, Role},
    stored::Actor,
};
use uuid::Uuid;

use crate::{
    Tenancy,
    api_key::{ApiKeyCommand, ApiKeyStream, Maker, is_for_programs},
    company::{CompanyCommand, CompanyStream},
    password, sessions,
};

/// Why nothing was seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The ledger refused, or did not answer.
    #[error("the ledger did not take the seed")]
    Kernel(#[from] Error),
    /// A plain table did not answer.
    #[error("a table did not take the seed")]
    Table(#[from] sqlx::Error),
    /// It was refused, by its code.
    #[error("refused: {0}")]
    Refused(&'static str),
}

impl From<Problem> for SeedError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem.code())
    }
}

/// Somebody who was made, with her password.
#[derive(Clone, Serialize)]
pub struct SeededUser {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// The address she signs in with.
    pub email: String,
    /// The generated password.
    pub password: String,
    /// Her role in the company; somebody of the platform has none.
    pub role: Option<Role>,
}

/// What was made.
#[derive(Clone, Serialize)]
pub struct Seeded {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// Its people; of the demo, also somebody of the platform.
    pub users: Vec<SeededUser>,
    /// A key of its programs, `mia_…`.
    pub api_key: String,
}

/// Who is in the demo company.
const DEMO: [(&str, &str, Role); 5] = [
    ("Helena Duarte", "dona@aurora.example", Role::Owner),
    ("Rafael Lima", "admin@aurora.example", Role::Admin),
    ("Beatriz Rocha", "supervisora@aurora.example", Role::Supervisor),
    ("Caio Mendes", "atendente@aurora.example", Role::Operator),
    ("Sofia Prado", "auditora@aurora.example", Role::Auditor),
];

impl Tenancy {
    /// Whether nobody has ever been registered.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.ledger.read_company(PLATFORM, 0, 1).await?.is_empty())
    }

    /// The demo company "Café Aurora" with one person of each role, and somebody of the platform.
    pub async fn seed_demo(&self) -> Result<Seeded, SeedError> {
        let mut seeded = self.seed_company("Café Aurora", &DEMO).await?;
        let admin = self
            .seed_user("Plataforma", "plataforma@masteria.example", None, &context(self))
            .await?;
        seeded.users.push(admin);
        Ok(seeded)
    }

    /// A bare company for load: an owner and a key.
    pub async fn seed_bare(&self, number: u64) -> Result<Seeded, SeedError> {
        let email = format!("owner{number}@load.example");
        let people = [("Owner", email.as_str(), Role::Owner)];
        self.seed_company(&format!("Company {number}"), &people).await
    }

    async fn seed_company(
        &self,
        name: &str,
        people: &[(&str, &str, Role)],
    ) -> Result<Seeded, SeedError> {
        let company = self.ground.ids.v7();
        let context = context(self);
        let now = self.ground.clock.now();
        let mut users = Vec::new();
        let mut also = Vec::new();
        for (name, email, role) in people {
            let user = self.seed_user(name, email, Some(*role), &context).await?;
            also.push(self.joining(company, user.user, *role, &context)?);
            users.push(user);
        }
        self.ledger
            .execute::<CompanyStream>(&Request {
                company,
                id: company,
                command: CompanyCommand::Create {
                    name: name.to_owned(),
                    zone: "America/Sao_Paulo".to_owned(),
                    locale: "pt-BR",
                    features: Feature::ALL.into_iter().collect(),
                },
                facts: now,
                context: Arc::clone(&context),
                seen: Some(0),
                fingerprint: None,
                also,
                more_claims: vec![],
            })
            .await
            .map_err(Problem::from)?;
        let api_key = self.seed_key(company, &context).await?;
        let company = CompanyId::from_uuid(company);
        Ok(Seeded { company, name: name.to_owned(), users, api_key })
    }

    async fn seed_user(
        &self,
        name: &str,
        email: &str,
        role: Option<Role>,
        context: &Arc<Context>,
    ) -> Result<SeededUser, SeedError> {
        let user = UserId::from_uuid(self.ground.ids.v7());
        let password = password::generated();
        let hash = self.passwords.hash(&password).await?;
        sessions::set_password(&self.pools.app, user, &hash).await?;
        let person = Person { name: name.to_owned(), email: email.to_owned() };
        let registering = self.registering(user, person, role.is_none(), context).await?;
        self.ledger
            .commit(kernel::commit::Commit {
                appends: vec![registering.append],
                claims: vec![registering.claim],
                ..kernel::commit::Commit::default()
            })
            .await?;
        Ok(SeededUser { user, name: name.to_owned(), email: email.to_owned(), password, role })
    }

    async fn seed_key(&self, company: Uuid, context: &Arc<Context>) -> Result<String, SeedError> {
        let key = ApiKeyId::from_uuid(self.ground.ids.v7());
        let secret = format!("mia_{}", sessions::token());
        sessions::keep_key(&self.pools.app, company, key, token_hash(&secret)).await?;
        let scopes: BTreeSet<Permission> =
            Permission::ALL.into_iter().filter(|scope| is_for_programs(*scope)).collect();
        self.ledger
            .execute::<ApiKeyStream>(&Request {
                company,
                id: key.into_uuid(),
                command: ApiKeyCommand::Create {
                    company: CompanyId::from_uuid(company),
                    name: "seed".to_owned(),
                    hint: secret.chars().take(8).collect(),
                    scopes: scopes.clone(),
                    expires_at: None,
                },
                facts: Maker { now: self.ground.clock.now(), may: scopes },
                context: Arc::clone(context),
                seen: Some(0),
                fingerprint: None,
                also: vec![],
                more_claims: vec![],
            })
            .await
            .map_err(Problem::from)?;
        Ok(secret)
    }
}

fn context(tenancy: &Tenancy) -> Arc<Context> {
    let ids = &tenancy.ground.ids;
    Arc::new(Context::new(Actor::System("seed".into()), ids.v7(), ids.v7().into_bytes()))
}
