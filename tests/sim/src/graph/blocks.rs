//! People a number does not want to hear from.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Answered, Call, Outcome, auth, numbers::paged};
use crate::{
    errors::GraphError,
    world::{Core, people::digits},
};

const MOST: usize = 64_000;

/// `GET`, `POST` and `DELETE /{phone_number_id}/block_users`.
pub(crate) fn block_users(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    let number = auth::for_number(core, &mut world, call, "post", id)?;
    if call.method == Method::GET {
        let blocked = number
            .blocked
            .iter()
            .map(|user| json!({"messaging_product": "whatsapp", "wa_id": user}));
        return Ok(Outcome::Json(paged(&blocked.collect::<Vec<_>>())));
    }
    let fields = call.json();
    let users = fields.get("block_users").and_then(Value::as_array);
    let users = users.filter(|users| !users.is_empty());
    let users = users.ok_or_else(|| GraphError::missing("block_users"))?;
    let mut done = Vec::new();
    for user in users {
        let text = |name: &str| user.get(name).and_then(Value::as_str);
        let (input, person) = match (text("user_id"), text("user")) {
            (Some(id), _) => (id, world.people.by_user(id)),
            (None, Some(phone)) if !digits(phone).is_empty() => {
                (phone, world.people.by_phone(&digits(phone)))
            }
            _ => return Err(GraphError::code(139_100)),
        };
        let address = world.people.get(person).map_or("", |person| person.address()).to_owned();
        let Some(number) = world.numbers.by_id.get_mut(id) else { continue };
        if call.method == Method::DELETE {
            number.blocked.remove(&address);
        } else {
            if number.blocked.len() >= MOST {
                return Err(GraphError::code(139_101));
            }
            number.blocked.insert(address.clone());
        }
        done.push(json!({"input": input, "wa_id": address}));
    }
    let list = if call.method == Method::DELETE { "removed_users" } else { "added_users" };
    Ok(Outcome::Json(json!({"messaging_product": "whatsapp", "block_users": { list: done }})))
}
