//! Keys of a company's own programs.

use axum::extract::State;
use kernel::{
    execute::Request,
    http::{Answer, Body, Can, Ended, Path, Problem, right, token_hash},
};
use shared::{
    ids::ApiKeyId,
    page::Page,
    team::{ApiKey, CreateApiKey, CreatedApiKey},
};

use crate::{
    Tenancy,
    api_key::{ApiKeyCommand, ApiKeyStream, Maker},
    queries, sessions as store,
};

/// How much of a key is shown, to tell keys apart.
const HINT: usize = 8;

pub(super) async fn list(
    State(tenancy): State<Tenancy>,
    can: Can<right::ReadApiKeys>,
) -> Result<Answer<Page<ApiKey>>, Problem> {
    let items = queries::api_keys::list(&tenancy, can.company()).await?;
    Ok(Answer::ok(Page { items, next: None }))
}

pub(super) async fn create(
    State(tenancy): State<Tenancy>,
    can: Can<right::CreateApiKeys>,
    Body(body): Body<CreateApiKey>,
) -> Result<Answer<CreatedApiKey>, Problem> {
    let now = tenancy.ground.clock.now();
    let key = ApiKeyId::from_uuid(can.command_id());
    let secret = format!("mia_{}", store::token());
    let hint: String = secret.chars().take(HINT).collect();
    let command = ApiKeyCommand::Create {
        company: can.company_id(),
        name: body.name.clone(),
        hint: hint.clone(),
        scopes: body.scopes.iter().copied().collect(),
        expires_at: body.expires_at,
    };
    let executed = tenancy
        .ledger
        .execute::<ApiKeyStream>(&Request {
            company: can.company(),
            id: key.into_uuid(),
            command,
            facts: Maker { now, may: can.permissions() },
            context: can.context(),
            seen: None,
            fingerprint: can.fingerprint(),
            also: vec![],
            more_claims: vec![],
        })
        .await?;
    // After the event: a hash alone opens nothing, and a repeat puts its own secret here.
    store::keep_key(&tenancy.pools.app, can.company(), key, token_hash(&secret)).await?;
    super::settle(can.api(), can.company(), &executed, Ended::ApiKey(key)).await?;
    let key = ApiKey {
        id: key,
        name: body.name.trim().to_owned(),
        hint,
        scopes: body.scopes,
        created_at: now,
        expires_at: body.expires_at,
        used_at: None,
        is_active: true,
    };
    Ok(Answer::created(CreatedApiKey { key, secret }).after(&executed))
}

pub(super) async fn revoke(
    State(tenancy): State<Tenancy>,
    can: Can<right::RevokeApiKeys>,
    Path(key): Path<ApiKeyId>,
) -> Result<Answer<()>, Problem> {
    let now = tenancy.ground.clock.now();
    let executed = tenancy
        .ledger
        .execute::<ApiKeyStream>(&Request {
            company: can.company(),
            id: key.into_uuid(),
            command: ApiKeyCommand::Revoke,
            facts: Maker { now, may: can.permissions() },
            context: can.context(),
            seen: None,
            fingerprint: can.fingerprint(),
            also: vec![],
            more_claims: vec![],
        })
        .await?;
    store::drop_key(&tenancy.pools.app, can.company(), key).await?;
    super::settle(can.api(), can.company(), &executed, Ended::ApiKey(key)).await?;
    Ok(Answer::empty().after(&executed))
}
