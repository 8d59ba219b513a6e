//! What a message may hold: lengths, counts and kinds of Meta's reference.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::{
    errors::GraphError,
    world::{World, media},
};

/// A message that passed.
#[derive(Debug)]
pub(crate) struct Checked {
    /// `type` and its object.
    pub(crate) content: Value,
    /// A template's category; none for other kinds.
    pub(crate) category: Option<String>,
}

type Verdict = Result<(), GraphError>;

/// Checks the body of a send.
pub(crate) fn check(
    world: &World,
    number: &str,
    body: &Map<String, Value>,
    marketing: bool,
) -> Result<Checked, GraphError> {
    let kind = match body.get("type") {
        Some(Value::String(kind)) => kind.to_lowercase(),
        None if body.contains_key("text") => "text".to_owned(),
        None => return Err(GraphError::missing("type")),
        Some(_) => return Err(GraphError::invalid("Param type must be a string")),
    };
    if marketing && kind != "template" {
        return Err(GraphError::code(131_051));
    }
    let Some(object) = body.get(&kind) else {
        return Err(if KINDS.contains(&kind.as_str()) {
            GraphError::missing(&kind)
        } else {
            GraphError::invalid(format!("Param type must be one of {{{}}}", KINDS.join(", ")))
        });
    };
    let mut category = None;
    match kind.as_str() {
        "text" => text(object)?,
        "image" | "video" | "audio" | "document" | "sticker" => {
            media_object(world, &kind, object)?;
        }
        "location" => location(object)?,
        "contacts" => contacts(object)?,
        "reaction" => reaction(object)?,
        "interactive" => interactive(world, object)?,
        "template" => category = Some(template(world, number, object)?),
        _ => return Err(GraphError::code(131_051)),
    }
    let mut content = Map::new();
    content.insert("type".to_owned(), Value::from(kind.clone()));
    content.insert(kind, object.clone());
    Ok(Checked { content: Value::Object(content), category })
}

const KINDS: &[&str] = &[
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
];

fn field<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

/// A text between two lengths, in characters.
fn sized(object: &Value, path: &str, name: &str, min: usize, max: usize) -> Verdict {
    let Some(value) = object.pointer(path) else {
        return if min == 0 { Ok(()) } else { Err(GraphError::missing(name)) };
    };
    let Some(text) = value.as_str() else {
        return Err(GraphError::invalid(format!("Param {name} must be a string.")));
    };
    let length = text.chars().count();
    if length > max {
        return Err(GraphError::about(
            131_009,
            format!("Param {name} must be at most {max} characters long."),
        ));
    }
    if length < min || (min > 0 && text.trim().is_empty()) {
        return Err(GraphError::about(
            131_009,
            format!("Param {name} length invalid. Min length: {min}, Max length: {max}"),
        ));
    }
    Ok(())
}

fn text(object: &Value) -> Verdict {
    if !object.is_object() {
        return Err(GraphError::invalid("Param text must be a JSON object."));
    }
    if object.get("body").is_none() {
        return Err(GraphError::missing("text['body']"));
    }
    sized(object, "/body", "text['body']", 1, 4_096)?;
    match object.get("preview_url") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(GraphError::invalid("Param text['preview_url'] must be a boolean.")),
    }
}

fn media_object(world: &World, kind: &str, object: &Value) -> Verdict {
    match (field(object, "/id"), field(object, "/link")) {
        (Some(id), None) => match world.media.get(id) {
            Some(file) if media::fits(kind, &file.mime_type) => {}
            Some(file) => {
                return Err(GraphError::about(
                    131_053,
                    format!("A file of type {} cannot be sent as {kind}.", file.mime_type),
                ));
            }
            None => {
                return Err(GraphError::about(131_053, format!("Media ID {id} does not exist.")));
            }
        },
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => {}
        (None, Some(_)) => {
            return Err(GraphError::invalid(format!("Param {kind}['link'] is not a valid URL.")));
        }
        (Some(_), Some(_)) => {
            return Err(GraphError::invalid(format!(
                "Only one of {kind}['id'] and {kind}['link'] may be given."
            )));
        }
        (None, None) => {
            return Err(GraphError::missing(&format!("{kind}['id'] or {kind}['link']")));
        }
    }
    if object.get("caption").is_some() {
        if matches!(kind, "audio" | "sticker") {
            return Err(GraphError::invalid(format!("Unexpected key caption on param {kind}")));
        }
        sized(object, "/caption", &format!("{kind}['caption']"), 0, 1_024)?;
    }
    if kind == "document" {
        sized(object, "/filename", "document['filename']", 0, 240)?;
    }
    Ok(())
}

fn location(object: &Value) -> Verdict {
    let number = |name: &str, limit: f64| {
        let value = match object.get(name) {
            Some(Value::Number(value)) => value.as_f64(),
            Some(Value::String(value)) => value.parse().ok(),
            _ => return Err(GraphError::missing(&format!("location['{name}']"))),
        };
        match value {
            Some(value) if value.abs() <= limit => Ok(()),
            _ => Err(GraphError::about(131_009, format!("location['{name}'] is out of range."))),
        }
    };
    number("latitude", 90.0)?;
    number("longitude", 180.0)
}

fn contacts(object: &Value) -> Verdict {
    let Some(list) = object.as_array().filter(|list| !list.is_empty()) else {
        return Err(GraphError::invalid("Param contacts must be a non-empty array."));
    };
    for (n, contact) in list.iter().enumerate() {
        if field(contact, "/name/formatted_name").is_none_or(str::is_empty) {
            return Err(GraphError::missing(&format!("contacts[{n}]['name']['formatted_name']")));
        }
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts.iter().any(|part| field(contact, &format!("/name/{part}")).is_some()) {
            return Err(GraphError::about(
                131_009,
                format!("contacts[{n}]['name'] needs at least one more part than formatted_name."),
            ));
        }
    }
    Ok(())
}

fn reaction(object: &Value) -> Verdict {
    if field(object, "/message_id").is_none_or(str::is_empty) {
        return Err(GraphError::missing("reaction['message_id']"));
    }
    match object.get("emoji") {
        None => Err(GraphError::missing("reaction['emoji']")),
        Some(Value::String(emoji)) if emoji.chars().count() <= 12 => {
            if emoji.chars().any(|c| c.is_ascii_alphanumeric()) {
                return Err(GraphError::about(131_009, "reaction['emoji'] is not an emoji."));
            }
            Ok(())
        }
        Some(_) => Err(GraphError::about(131_009, "reaction['emoji'] is not one emoji.")),
    }
}

fn interactive(world: &World, object: &Value) -> Verdict {
    let Some(kind) = field(object, "/type") else {
        return Err(GraphError::missing("interactive['type']"));
    };
    header(world, object)?;
    let body_max = if kind == "list" { 4_096 } else { 1_024 };
    let needs_body = !matches!(kind, "product");
    let min = usize::from(needs_body);
    sized(object, "/body/text", "interactive['body']['text']", min, body_max)?;
    if object.get("footer").is_some() {
        sized(object, "/footer/text", "interactive['footer']['text']", 1, 60)?;
    }
    let Some(action) = object.get("action").filter(|action| action.is_object()) else {
        return Err(GraphError::missing("interactive['action']"));
    };
    match kind {
        "button" => buttons(action),
        "list" => list(action),
        "cta_url" => {
            named(action, "cta_url")?;
            sized(action, "/parameters/display_text", "parameters['display_text']", 1, 20)?;
            sized(action, "/parameters/url", "parameters['url']", 1, 2_000)
        }
        "flow" => {
            named(action, "flow")?;
            let is_named = ["flow_id", "flow_name"]
                .iter()
                .any(|name| field(action, &format!("/parameters/{name}")).is_some());
            if !is_named {
                return Err(GraphError::missing("parameters['flow_id']"));
            }
            sized(action, "/parameters/flow_cta", "parameters['flow_cta']", 1, 30)
        }
        "location_request_message" => named(action, "send_location"),
        "call_permission_request" => named(action, "call_permission_request"),
        "address_message" => named(action, "address_message"),
        "voice_call" => named(action, "voice_call"),
        "catalog_message" => named(action, "catalog_message"),
        "product" => sized(action, "/product_retailer_id", "action['product_retailer_id']", 1, 100),
        "product_list" => match action.get("sections").and_then(Value::as_array) {
            Some(sections) if (1..=10).contains(&sections.len()) => Ok(()),
            _ => Err(GraphError::about(131_009, "Sections must be between 1 and 10.")),
        },
        _ => Err(GraphError::about(
            131_009,
            format!("interactive['type'] {kind} is not a supported type."),
        )),
    }
}

fn named(action: &Value, name: &str) -> Verdict {
    if field(action, "/name") == Some(name) {
        Ok(())
    } else {
        Err(GraphError::about(131_009, format!("interactive['action']['name'] must be {name}.")))
    }
}

fn header(world: &World, object: &Value) -> Verdict {
    let Some(header) = object.get("header") else { return Ok(()) };
    match field(header, "/type") {
        Some("text") => sized(header, "/text", "interactive['header']['text']", 1, 60),
        Some(kind @ ("image" | "video" | "document")) => match header.get(kind) {
            Some(file) => media_object(world, kind, file),
            None => Err(GraphError::missing(&format!("interactive['header']['{kind}']"))),
        },
        _ => Err(GraphError::about(131_009, "interactive['header']['type'] is not valid.")),
    }
}

fn buttons(action: &Value) -> Verdict {
    let list = action.get("buttons").and_then(Value::as_array);
    let Some(list) = list.filter(|list| (1..=3).contains(&list.len())) else {
        return Err(GraphError::about(
            131_009,
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
        ));
    };
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in list {
        if field(button, "/type") != Some("reply") {
            return Err(GraphError::about(131_009, "Button type must be reply."));
        }
        sized(button, "/reply/title", "Button title", 1, 20)?;
        sized(button, "/reply/id", "Button id", 1, 256)?;
        let is_new =
            ids.insert(field(button, "/reply/id")) & titles.insert(field(button, "/reply/title"));
        if !is_new {
            return Err(GraphError::about(131_009, "Button ids and titles must be unique."));
        }
    }
    Ok(())
}

fn list(action: &Value) -> Verdict {
    sized(action, "/button", "Button label", 1, 20)?;
    let sections = action.get("sections").and_then(Value::as_array);
    let Some(sections) = sections.filter(|sections| (1..=10).contains(&sections.len())) else {
        return Err(GraphError::about(
            131_009,
            "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10",
        ));
    };
    let (mut ids, mut n_rows) = (HashSet::new(), 0_usize);
    for section in sections {
        let min = usize::from(sections.len() > 1);
        sized(section, "/title", "Section title", min, 24)?;
        let rows = section.get("rows").and_then(Value::as_array);
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            return Err(GraphError::missing("rows"));
        };
        for row in rows {
            n_rows += 1;
            sized(row, "/id", "Row id", 1, 200)?;
            sized(row, "/title", "Row title", 1, 24)?;
            sized(row, "/description", "Row description", 0, 72)?;
            if !ids.insert(field(row, "/id")) {
                return Err(GraphError::about(131_009, "Row ids must be unique."));
            }
        }
    }
    if n_rows > 10 {
        return Err(GraphError::about(131_009, "Total row count exceed max allowed count: 10"));
    }
    Ok(())
}

/// Answers the template's category.
fn template(world: &World, number: &str, object: &Value) -> Result<String, GraphError> {
    let Some(name) = field(object, "/name").filter(|name| !name.is_empty()) else {
        return Err(GraphError::missing("template['name']"));
    };
    let Some(language) = field(object, "/language/code").filter(|code| !code.is_empty()) else {
        return Err(GraphError::missing("template['language']['code']"));
    };
    let components = match object.get("components") {
        None => Default::default(),
        Some(Value::Array(components)) => components.as_slice(),
        Some(_) => {
            return Err(GraphError::invalid("Param template['components'] must be an array."));
        }
    };
    for component in components {
        parameters(component)?;
    }
    let waba = world.numbers.by_id.get(number).map(|number| number.waba.as_str());
    let waba = waba.unwrap_or_default();
    let Some(template) = world.templates.named(waba, name, Some(language)) else {
        if world.config.strict_templates || world.templates.named(waba, name, None).is_some() {
            return Err(GraphError::about(
                132_001,
                format!("template name ({name}) does not exist in {language}"),
            ));
        }
        return Ok("MARKETING".to_owned());
    };
    match template.status.as_str() {
        "APPROVED" | "FLAGGED" | "REINSTATED" | "UNARCHIVED" | "LOCKED" => {}
        "PAUSED" => return Err(GraphError::code(132_015)),
        "DISABLED" => return Err(GraphError::code(132_016)),
        _ => {
            return Err(GraphError::about(
                132_001,
                format!("template name ({name}) has not been approved in {language}"),
            ));
        }
    }
    for kind in ["HEADER", "BODY"] {
        let expected = template.n_variables(kind);
        let given = components
            .iter()
            .filter(|component| {
                field(component, "/type").is_some_and(|given| given.eq_ignore_ascii_case(kind))
            })
            .filter_map(|component| component.get("parameters").and_then(Value::as_array))
            .flatten()
            .filter(|parameter| is_text(parameter))
            .count();
        if expected != given {
            return Err(GraphError::about(
                132_000,
                format!(
                    "{}: number of localizable_params ({given}) does not match the expected number of params ({expected})",
                    kind.to_lowercase()
                ),
            ));
        }
    }
    Ok(template.category.clone())
}

fn is_text(parameter: &Value) -> bool {
    matches!(field(parameter, "/type"), Some("text" | "currency" | "date_time"))
}

fn parameters(component: &Value) -> Verdict {
    let kind = field(component, "/type").unwrap_or_default().to_lowercase();
    if !matches!(
        kind.as_str(),
        "header" | "body" | "button" | "footer" | "carousel" | "limited_time_offer"
    ) {
        return Err(GraphError::invalid(
            "Param template['components']['type'] must be one of {HEADER, BODY, BUTTON, CAROUSEL, LIMITED_TIME_OFFER}",
        ));
    }
    if kind == "button" {
        if field(component, "/sub_type").is_none() {
            return Err(GraphError::missing("template['components']['sub_type']"));
        }
        if component.get("index").is_none() {
            return Err(GraphError::missing("template['components']['index']"));
        }
    }
    let list = component.get("parameters").and_then(Value::as_array);
    for parameter in list.map(Vec::as_slice).unwrap_or_default() {
        if field(parameter, "/type") != Some("text") {
            continue;
        }
        match field(parameter, "/text") {
            None => {
                return Err(GraphError::missing("template['components']['parameters']['text']"));
            }
            Some("") => {
                return Err(GraphError::about(132_012, "A text parameter must not be empty."));
            }
            Some(text) if text.contains('\n') || text.contains('\t') || text.contains("     ") => {
                return Err(GraphError::about(
                    132_012,
                    "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
                ));
            }
            Some(text) if text.chars().count() > 1_024 => {
                return Err(GraphError::code(132_005));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// A template's text with its values, for showing; null when the template is not known.
pub(crate) fn rendered(world: &World, number: &str, content: &Value) -> Value {
    let Some(template) = content.get("template") else { return Value::Null };
    let waba = world.numbers.by_id.get(number).map(|number| number.waba.as_str());
    let name = field(template, "/name").unwrap_or_default();
    let language = field(template, "/language/code");
    let Some(known) = world.templates.named(waba.unwrap_or_default(), name, language) else {
        return Value::Null;
    };
    let values = |kind: &str| -> Vec<(Option<String>, String)> {
        let list = template.get("components").and_then(Value::as_array);
        list.map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter(|component| {
                field(component, "/type").is_some_and(|given| given.eq_ignore_ascii_case(kind))
            })
            .filter_map(|component| component.get("parameters").and_then(Value::as_array))
            .flatten()
            .map(|parameter| {
                let text = field(parameter, "/text")
                    .or_else(|| field(parameter, "/currency/fallback_value"))
                    .or_else(|| field(parameter, "/date_time/fallback_value"));
                let name = field(parameter, "/parameter_name").map(str::to_owned);
                (name, text.unwrap_or_default().to_owned())
            })
            .collect()
    };
    let filled = |kind: &str| {
        let mut text = field(known.component(kind)?, "/text")?.to_owned();
        for (n, (name, value)) in values(kind).into_iter().enumerate() {
            let name = name.unwrap_or_else(|| (n + 1).to_string());
            text = text.replace(&format!("{{{{{name}}}}}"), &value);
        }
        Some(text)
    };
    let buttons = known.component("BUTTONS").and_then(|buttons| buttons.get("buttons")).cloned();
    json!({
        "header": filled("HEADER"),
        "body": filled("BODY"),
        "footer": filled("FOOTER"),
        "buttons": buttons,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &Value) -> Option<u32> {
        check(&World::default(), "1", body.as_object().unwrap(), false)
            .err()
            .map(|error| error.number())
    }

    fn button(title: &str, id: &str) -> Value {
        json!({"type": "reply", "reply": {"id": id, "title": title}})
    }

    fn with_buttons(buttons: &[Value]) -> Value {
        json!({"type": "interactive", "interactive": {
            "type": "button", "body": {"text": "?"}, "action": {"buttons": buttons},
        }})
    }

    #[test]
    fn texts_have_1_to_4096_characters() {
        let text = |body: String| code(&json!({"type": "text", "text": {"body": body}}));
        assert_eq!(text("ç".repeat(4_096)), None);
        assert_eq!(text("x".repeat(4_097)), Some(131_009));
        assert_eq!(text(String::new()), Some(131_009));
        assert_eq!(code(&json!({"type": "text", "text": {}})), Some(100));
    }

    #[test]
    fn at_most_three_buttons_with_titles_of_20_and_different_ids() {
        assert_eq!(code(&with_buttons(&[button("Sim", "1"), button("Não", "2")])), None);
        assert_eq!(code(&with_buttons(&[])), Some(131_009));
        assert_eq!(code(&with_buttons(&[button("Sim", "1"), button("Não", "1")])), Some(131_009));
        assert_eq!(code(&with_buttons(&[button(&"x".repeat(21), "1")])), Some(131_009));
        let four: Vec<Value> = (0..4).map(|n| button(&n.to_string(), &n.to_string())).collect();
        assert_eq!(code(&with_buttons(&four)), Some(131_009));
    }

    #[test]
    fn at_most_ten_rows_over_all_sections() {
        let rows = |from: usize, n: usize| -> Vec<Value> {
            (from..from + n).map(|n| json!({"id": n.to_string(), "title": "x"})).collect()
        };
        let list = |a: usize, b: usize| {
            code(&json!({"type": "interactive", "interactive": {
                "type": "list",
                "body": {"text": "?"},
                "action": {"button": "Ver", "sections": [
                    {"title": "A", "rows": rows(0, a)},
                    {"title": "B", "rows": rows(a, b)},
                ]},
            }}))
        };
        assert_eq!(list(5, 5), None);
        assert_eq!(list(6, 5), Some(131_009));
    }

    #[test]
    fn an_unknown_kind_is_named() {
        assert_eq!(code(&json!({"type": "poll", "poll": {}})), Some(131_051));
        assert_eq!(code(&json!({"type": "poll"})), Some(100));
        assert_eq!(code(&json!({"to": "1"})), Some(100));
    }

    #[test]
    fn template_values_must_not_break_lines() {
        let template = |text: &str| {
            code(&json!({"type": "template", "template": {
                "name": "oi", "language": {"code": "pt_BR"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": text}]}],
            }}))
        };
        assert_eq!(template("Ana"), None);
        assert_eq!(template("a\nb"), Some(132_012));
        assert_eq!(template(""), Some(132_012));
    }
}
