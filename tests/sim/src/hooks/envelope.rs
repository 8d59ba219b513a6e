//! The shapes of Meta's deliveries.

use serde_json::{Map, Value, json};

use super::sign::escape;
use crate::world::{
    messages::{Message, Progress},
    numbers::Number,
    people::Person,
};

/// Since when service messages cost: 2026-10-01.
const SERVICE_COSTS_FROM_S: i64 = 1_790_812_800;

/// One entry with one change, escaped.
pub(crate) fn entry(waba: &str, time: i64, field: &str, value: &Value) -> String {
    let entry = json!({"id": waba, "time": time, "changes": [{"value": value, "field": field}]});
    escape(&entry.to_string())
}

/// A delivery of entries that are written already.
pub(crate) fn delivery<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let entries: Vec<&str> = entries.collect();
    format!("{{\"object\":\"whatsapp_business_account\",\"entry\":[{}]}}", entries.join(","))
}

fn metadata(number: &Number) -> Value {
    json!({"display_phone_number": number.display, "phone_number_id": number.id})
}

/// Who the other one is.
pub(crate) fn contact(person: &Person, with_user_id: bool) -> Value {
    let mut profile = Map::new();
    profile.insert("name".to_owned(), Value::from(person.name.clone()));
    if let Some(username) = &person.username {
        profile.insert("username".to_owned(), Value::from(username.clone()));
    }
    let mut contact = Map::new();
    contact.insert("profile".to_owned(), Value::Object(profile));
    if let Some(wa_id) = &person.wa_id {
        contact.insert("wa_id".to_owned(), Value::from(wa_id.clone()));
    }
    if with_user_id || person.wa_id.is_none() {
        contact.insert("user_id".to_owned(), Value::from(person.user_id.clone()));
    }
    Value::Object(contact)
}

/// A customer's message.
pub(crate) fn message(
    number: &Number,
    person: &Person,
    message: &Value,
    with_user_id: bool,
) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(person, with_user_id)],
        "messages": [message],
    })
}

/// Something the system says about a customer: no contacts stand with it.
pub(crate) fn system(number: &Number, message: &Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "messages": [message],
    })
}

/// How far a message of the company got.
pub(crate) fn status(
    number: &Number,
    person: &Person,
    message: &Message,
    now: i64,
    with_user_id: bool,
) -> Value {
    let mut status = Map::new();
    let name = match message.progress {
        Progress::Accepted | Progress::Sent => "sent",
        Progress::Failed => "failed",
        Progress::Delivered => "delivered",
        Progress::Read => "read",
        Progress::Played => "played",
    };
    status.insert("id".to_owned(), Value::from(message.id.clone()));
    status.insert("status".to_owned(), Value::from(name));
    status.insert("timestamp".to_owned(), Value::from(now.to_string()));
    if let Some(wa_id) = &person.wa_id {
        status.insert("recipient_id".to_owned(), Value::from(wa_id.clone()));
    }
    if with_user_id || person.wa_id.is_none() {
        status.insert("recipient_user_id".to_owned(), Value::from(person.user_id.clone()));
    }
    if let Some(opaque) = &message.opaque {
        status.insert("biz_opaque_callback_data".to_owned(), Value::from(opaque.clone()));
    }
    if let Some(error) = &message.error {
        status.insert("errors".to_owned(), json!([error]));
    } else if let Some(pricing) = &message.pricing {
        status.insert("pricing".to_owned(), pricing.clone());
    }
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(person, with_user_id)],
        "statuses": [status],
    })
}

/// What a message costs by: `category` is a template's, none for free text.
pub(crate) fn pricing(
    category: Option<&str>,
    window_open: bool,
    free_entry: bool,
    now: i64,
) -> Value {
    let costs = now >= SERVICE_COSTS_FROM_S;
    let category = category.map_or_else(|| "service".to_owned(), str::to_lowercase);
    let (billable, kind) = match category.as_str() {
        _ if free_entry => (false, "free_entry_point"),
        "service" if !costs => (false, "free_customer_service"),
        "utility" if window_open && !costs => (false, "free_customer_service"),
        _ => (true, "regular"),
    };
    json!({"billable": billable, "pricing_model": "PMP", "type": kind, "category": category})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_the_window_is_free_until_october_2026_and_costs_after() {
        let kind = |now| pricing(None, true, false, now)["type"].clone();
        assert_eq!(kind(SERVICE_COSTS_FROM_S - 1), "free_customer_service");
        assert_eq!(kind(SERVICE_COSTS_FROM_S), "regular");
        assert_eq!(pricing(Some("MARKETING"), true, true, 0)["type"], "free_entry_point");
    }

    #[test]
    fn a_person_without_a_phone_is_named_by_the_user_id_only() {
        let person = Person { user_id: "BR.1".into(), name: "Lia".into(), ..Person::default() };
        assert_eq!(contact(&person, true), json!({"profile": {"name": "Lia"}, "user_id": "BR.1"}));
    }
}
