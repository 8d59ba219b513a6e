//! Numbers and accounts: what they are, and how a number is verified and registered.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Answered, Call, Outcome, auth, success};
use crate::{
    errors::GraphError,
    world::{
        Core,
        numbers::{Number, Waba},
        people::digits,
    },
};

/// The code that every SMS and call of the simulator tells.
const CODE: &str = "123456";

/// `GET /{phone_number_id}`.
pub(crate) fn show(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let number = auth::for_number(core, &mut core.world(), call, "get", id)?;
    Ok(Outcome::Json(asked(call, shown(&number))))
}

/// `GET /{waba_id}/phone_numbers`.
pub(crate) fn list(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let numbers: Vec<Value> = world
        .numbers
        .by_id
        .values()
        .filter(|number| number.waba == waba)
        .map(|number| asked(call, shown(number)))
        .collect();
    Ok(Outcome::Json(paged(&numbers)))
}

/// `POST /{waba_id}/phone_numbers`.
pub(crate) fn create(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let field = |name: &str| call.text(name).ok_or_else(|| GraphError::missing(name));
    let display = digits(&format!(
        "{}{}",
        field("cc").or_else(|_| field("country_code"))?,
        field("phone_number")?
    ));
    let name = field("verified_name")?;
    let id = core.object_id(&mut world, '1', 15);
    world.numbers.waba(waba);
    let number = Number {
        id: id.clone(),
        waba: waba.to_owned(),
        display,
        name,
        registered: false,
        verified: false,
        ..Number::default()
    };
    world.numbers.by_id.insert(id.clone(), number);
    Ok(Outcome::Json(json!({ "id": id })))
}

/// `GET /{waba_id}`.
pub(crate) fn show_waba(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, id)?;
    let waba: &Waba = world.numbers.waba(id);
    let owner = waba.business.clone().unwrap_or_else(|| format!("7{}", waba.id));
    let shown = json!({
        "id": waba.id,
        "name": waba.name,
        "currency": "USD",
        "timezone_id": "25",
        "message_template_namespace": "5f3a1e0c_9f55_4a0e_8f0b_1f8a2f5c9d11",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "country": "BR",
        "ownership_type": "SELF",
        "owner_business_info": {"name": waba.name, "id": owner},
    });
    Ok(Outcome::Json(asked(call, shown)))
}

/// `POST /{phone_number_id}/request_code`.
pub(crate) fn request_code(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::for_number(core, &mut world, call, "post", id)?;
    match call.text("code_method").as_deref() {
        Some("SMS" | "VOICE") => {}
        Some(_) => {
            return Err(GraphError::invalid("Param code_method must be one of {SMS, VOICE}"));
        }
        None => return Err(GraphError::missing("code_method")),
    }
    if call.text("language").is_none() {
        return Err(GraphError::missing("language"));
    }
    if let Some(number) = world.numbers.by_id.get_mut(id) {
        number.code = Some(CODE.to_owned());
    }
    Ok(success())
}

/// `POST /{phone_number_id}/verify_code`.
pub(crate) fn verify_code(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::for_number(core, &mut world, call, "post", id)?;
    let code = call.text("code").ok_or_else(|| GraphError::missing("code"))?;
    let Some(number) = world.numbers.by_id.get_mut(id) else {
        return Err(GraphError::no_object("post", id));
    };
    if number.code.as_deref() != Some(&code) {
        return Err(GraphError::about(136_025, "The code does not match.").told_user(
            2_388_367,
            "Verify Code Error",
            "The code you entered is incorrect.",
        ));
    }
    number.code = None;
    number.verified = true;
    Ok(success())
}

/// `POST /{phone_number_id}/register`.
pub(crate) fn register(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    let number = auth::for_number(core, &mut world, call, "post", id)?;
    if call.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::missing("messaging_product"));
    }
    let pin = call.text("pin").ok_or_else(|| GraphError::missing("pin"))?;
    if pin.len() != 6 || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::about(131_009, "pin must have 6 digits."));
    }
    if !number.verified {
        return Err(GraphError::code(133_006));
    }
    let waba = world.numbers.waba(&number.waba);
    waba.pin_attempts += 1;
    if waba.pin_attempts > 10 {
        return Err(GraphError::code(133_016));
    }
    let Some(number) = world.numbers.by_id.get_mut(id) else {
        return Err(GraphError::no_object("post", id));
    };
    if number.pin.as_ref().is_some_and(|known| *known != pin) {
        return Err(GraphError::code(133_005));
    }
    number.pin = Some(pin);
    number.registered = true;
    Ok(success())
}

/// `POST /{phone_number_id}/deregister`.
pub(crate) fn deregister(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::for_number(core, &mut world, call, "post", id)?;
    if let Some(number) = world.numbers.by_id.get_mut(id) {
        number.registered = false;
    }
    Ok(success())
}

/// `GET` and `POST /{phone_number_id}/whatsapp_business_profile`.
pub(crate) fn profile(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::for_number(core, &mut world, call, "get", id)?;
    let Some(number) = world.numbers.by_id.get_mut(id) else {
        return Err(GraphError::no_object("get", id));
    };
    if call.method == axum::http::Method::POST {
        let mut fields = call.json();
        fields.remove("messaging_product");
        number.profile.extend(fields);
        return Ok(success());
    }
    let mut profile: Map<String, Value> = number.profile.clone().into_iter().collect();
    profile.insert("messaging_product".to_owned(), Value::from("whatsapp"));
    profile.entry("about").or_insert_with(|| Value::from("Hey there! I am using WhatsApp."));
    profile.entry("vertical").or_insert_with(|| Value::from("OTHER"));
    Ok(Outcome::Json(json!({ "data": [profile] })))
}

/// `{data, paging}` with everything on one page.
pub(crate) fn paged(data: &[Value]) -> Value {
    if data.is_empty() {
        return json!({"data": []});
    }
    json!({"data": data, "paging": {"cursors": {"before": "QVFIUj", "after": "QVFIUm"}}})
}

fn shown(number: &Number) -> Value {
    let url = number.callback.as_ref().map(|callback| callback.url.clone());
    json!({
        "id": number.id,
        "display_phone_number": written(&number.display),
        "verified_name": number.name,
        "quality_rating": number.quality,
        "code_verification_status": if number.verified { "VERIFIED" } else { "NOT_VERIFIED" },
        "platform_type": if number.registered { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": number.throughput},
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "messaging_limit_tier": number.tier,
        "whatsapp_business_manager_messaging_limit": number.tier,
        "status": if number.registered { "CONNECTED" } else { "DISCONNECTED" },
        "account_mode": "LIVE",
        "is_official_business_account": false,
        "is_pin_enabled": number.pin.is_some(),
        "is_on_biz_app": false,
        "health_status": {"can_send_message": "AVAILABLE", "entities": [
            {"entity_type": "PHONE_NUMBER", "id": number.id, "can_send_message": "AVAILABLE"},
        ]},
        "webhook_configuration": url.map(|url| json!({"phone_number": url})),
    })
}

/// As Meta writes a number: `+55 11 3000-0000`.
fn written(display: &str) -> String {
    let Some(rest) = display.strip_prefix("55").filter(|rest| rest.len() >= 10) else {
        return format!("+{display}");
    };
    let (area, local) = rest.split_at_checked(2).unwrap_or(("", rest));
    let (first, last) =
        local.split_at_checked(local.len().saturating_sub(4)).unwrap_or((local, ""));
    format!("+55 {area} {first}-{last}")
}

/// Only the fields that were asked for, and the id.
pub(crate) fn asked(call: &Call, whole: Value) -> Value {
    const BY_DEFAULT: &[&str] = &[
        "id",
        "display_phone_number",
        "verified_name",
        "quality_rating",
        "code_verification_status",
        "platform_type",
        "throughput",
        "webhook_configuration",
        "name",
        "timezone_id",
        "message_template_namespace",
        "currency",
    ];
    let asked = call.query.get("fields").map(|fields| names(fields));
    let Value::Object(fields) = whole else { return whole };
    let kept = fields.into_iter().filter(|(name, value)| match &asked {
        Some(asked) => name == "id" || (asked.contains(name) && !value.is_null()),
        None => BY_DEFAULT.contains(&name.as_str()) && !value.is_null(),
    });
    Value::Object(kept.collect())
}

/// The names of `a,b{c,d},e.limit(1)`, without what stands inside.
fn names(fields: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_usize;
    for character in fields.chars() {
        match character {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => {
                if let Some(name) = names.last_mut() {
                    name.push(character);
                }
            }
            _ => {}
        }
    }
    names
        .into_iter()
        .map(|name| name.split('.').next().unwrap_or_default().trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_their_parts_left_out() {
        assert_eq!(
            names("id, quality_rating,health_status{x,y},a.limit(3)"),
            ["id", "quality_rating", "health_status", "a"]
        );
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(written("551130000001"), "+55 11 3000-0001");
        assert_eq!(written("16505550001"), "+16505550001");
    }
}
