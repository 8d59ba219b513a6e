//! Who may use what: the token of a call against the account it names.

use axum::http::header;

use super::Call;
use crate::{
    errors::GraphError,
    world::{Core, World, numbers::Number},
};

/// The token of a call, from its header or its query.
pub(crate) fn token(call: &Call) -> Option<String> {
    let header = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| {
            scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth")
        })
        .map(|(_, token)| token.trim().to_owned())
        .or_else(|| call.query.get("access_token").cloned())
        .filter(|token| !token.is_empty())
}

/// A token that is one, for whatever account.
pub(crate) fn any(core: &Core, world: &World, call: &Call) -> Result<String, GraphError> {
    let token = token(call).ok_or_else(GraphError::no_token)?;
    let lower = token.to_lowercase();
    if world.config.expired_tokens.contains(&token) || lower.contains("expired") {
        return Err(GraphError::expired_token(core.clock.now()));
    }
    if lower.contains("invalid") || lower.contains("bad") || token.len() < 4 {
        return Err(GraphError::bad_token());
    }
    Ok(token)
}

/// A token for an account: one of its own, else the configuration's, else any.
pub(crate) fn for_waba(
    core: &Core,
    world: &World,
    call: &Call,
    waba: &str,
) -> Result<String, GraphError> {
    let token = any(core, world, call)?;
    let own = world.numbers.wabas.get(waba).map(|waba| &waba.tokens);
    let is_known = own.is_some_and(|tokens| tokens.contains(&token));
    if is_known {
        return Ok(token);
    }
    let is_owned_by_others = own.is_some_and(|tokens| !tokens.is_empty());
    if is_owned_by_others || world.config.token.as_ref().is_some_and(|given| *given != token) {
        return Err(GraphError::bad_token());
    }
    Ok(token)
}

/// A number the token may use.
pub(crate) fn for_number(
    core: &Core,
    world: &mut World,
    call: &Call,
    method: &str,
    id: &str,
) -> Result<Number, GraphError> {
    any(core, world, call)?;
    let number = world.numbers.number(id, &world.config).cloned();
    let number = number.ok_or_else(|| GraphError::no_object(method, id))?;
    for_waba(core, world, call, &number.waba)?;
    Ok(number)
}
