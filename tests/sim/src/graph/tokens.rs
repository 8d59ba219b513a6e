//! Tokens: the exchange of a sign-up's code, and what a token is good for.

use std::sync::Arc;

use serde_json::json;

use super::{Answered, Call, Outcome, auth};
use crate::{chance::Chance, errors::GraphError, world::Core};

/// `GET /oauth/access_token`.
pub(crate) fn exchange(core: &Arc<Core>, call: &Call) -> Answered {
    for name in ["client_id", "client_secret"] {
        if call.text(name).is_none() {
            return Err(GraphError::missing(name));
        }
    }
    let from = call.text("code").or_else(|| call.text("fb_exchange_token"));
    let from = from.ok_or_else(|| GraphError::missing("code"))?;
    if from.contains("used") || from.contains("expired") {
        return Err(GraphError::code(100).told_user(
            36_009,
            "Authorization code",
            "This authorization code has been used or has expired.",
        ));
    }
    let token = format!("EAA{}", Chance::of(core.nonce, "token", &from, 0).hex(48));
    Ok(Outcome::Json(
        json!({"access_token": token, "token_type": "bearer", "expires_in": 5_183_944}),
    ))
}

/// `GET /debug_token?input_token=`.
pub(crate) fn debug(core: &Arc<Core>, call: &Call) -> Answered {
    let world = core.world();
    auth::any(core, &world, call)?;
    let token = call.text("input_token").ok_or_else(|| GraphError::missing("input_token"))?;
    let is_valid = !world.config.expired_tokens.contains(&token) && !token.contains("expired");
    let wabas: Vec<&String> = world
        .numbers
        .wabas
        .values()
        .filter(|waba| waba.tokens.contains(&token))
        .map(|waba| &waba.id)
        .collect();
    Ok(Outcome::Json(json!({"data": {
        "app_id": "1000000000000001",
        "type": "SYSTEM_USER",
        "application": "Master IA",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": is_valid,
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
        "granular_scopes": [
            {"scope": "whatsapp_business_management", "target_ids": wabas},
            {"scope": "whatsapp_business_messaging", "target_ids": wabas},
        ],
        "user_id": "122100000000000001",
    }})))
}

/// `GET /me`.
pub(crate) fn me(core: &Arc<Core>, call: &Call) -> Answered {
    auth::any(core, &core.world(), call)?;
    Ok(Outcome::Json(json!({"id": "122100000000000001", "name": "Master IA"})))
}
