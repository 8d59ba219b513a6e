//! Templates: created, listed, edited and deleted; the verdict comes by webhook.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Answered, Call, Outcome, auth, numbers::paged, success};
use crate::{
    errors::GraphError,
    hooks::agenda::Job,
    world::{Core, templates::Template},
};

/// `POST /{waba_id}/message_templates`.
pub(crate) fn create(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let mut fields = call.json();
    let name = required(&fields, "name")?;
    let language = required(&fields, "language")?;
    let category = category(&required(&fields, "category")?)?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().count() > 512 || !name.chars().all(is_name) {
        return Err(GraphError::invalid("name").told_user(
            2_388_023,
            "Invalid name",
            "Message template names can only contain lowercase letters, numbers and underscores.",
        ));
    }
    let components = fields.get("components").cloned().unwrap_or_else(|| json!([]));
    checked(&components)?;
    if world.templates.named(waba, &name, Some(&language)).is_some() {
        return Err(GraphError::invalid("name").told_user(
            2_388_024,
            "Content in This Language Already Exists",
            "There is already content in this language for this template. You can create a new template and try again.",
        ));
    }
    for key in ["name", "language", "category", "components", "access_token"] {
        fields.remove(key);
    }
    let id = core.object_id(&mut world, '1', 15);
    let template = Template {
        id: id.clone(),
        waba: waba.to_owned(),
        name,
        language,
        category: category.clone(),
        status: "PENDING".to_owned(),
        components,
        more: fields.into_iter().collect(),
    };
    world.templates.0.insert(id.clone(), template);
    review(core, &id, world.config.template_review_ms);
    Ok(Outcome::Json(json!({"id": id, "status": "PENDING", "category": category})))
}

/// `GET /{waba_id}/message_templates`.
pub(crate) fn list(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let is = |key: &str, value: &str| {
        call.query.get(key).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let found: Vec<&Template> = world
        .templates
        .0
        .values()
        .filter(|template| template.waba == waba)
        .filter(|template| {
            is("name", &template.name)
                && is("status", &template.status)
                && is("category", &template.category)
                && is("language", &template.language)
        })
        .collect();
    let limit: usize = call.query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(25);
    let from: usize = call.query.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let page: Vec<Value> =
        found.iter().skip(from).take(limit).map(|template| template.shown()).collect();
    let end = from + page.len();
    let mut answer = paged(&page);
    if let Some(paging) = answer.get_mut("paging") {
        *paging = json!({"cursors": {"before": from.to_string(), "after": end.to_string()}});
        if end < found.len()
            && let Some(paging) = paging.as_object_mut()
        {
            let mut next = format!(
                "{}/{waba}/message_templates?limit={limit}&after={end}",
                call.own_address(core)
            );
            for key in ["name", "status", "category", "language", "fields", "summary"] {
                if let Some(value) = call.query.get(key) {
                    let _ = write!(next, "&{key}={value}");
                }
            }
            paging.insert("next".to_owned(), Value::from(next));
        }
    }
    if call.query.contains_key("summary")
        && let Some(fields) = answer.as_object_mut()
    {
        let all = world.templates.0.values().filter(|template| template.waba == waba).count();
        let summary = json!({
            "total_count": found.len(),
            "message_template_count": all,
            "message_template_limit": 6_000,
            "are_translations_complete": true,
        });
        fields.insert("summary".to_owned(), summary);
    }
    Ok(Outcome::Json(answer))
}

/// `GET /{template_id}`.
pub(crate) fn show(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let world = core.world();
    let template = world.templates.get(id).ok_or_else(|| GraphError::no_object("get", id))?;
    auth::for_waba(core, &world, call, &template.waba)?;
    Ok(Outcome::Json(template.shown()))
}

/// `POST /{template_id}`: judged again.
pub(crate) fn edit(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    let waba = world.templates.get(id).map(|template| template.waba.clone()).unwrap_or_default();
    auth::for_waba(core, &world, call, &waba)?;
    let fields = call.json();
    if let Some(components) = fields.get("components") {
        checked(components)?;
    }
    let wanted = match fields.get("category").and_then(Value::as_str) {
        Some(given) => Some(category(given)?),
        None => None,
    };
    let Some(template) = world.templates.get_mut(id) else {
        return Err(GraphError::no_object("post", id));
    };
    if let Some(components) = fields.get("components") {
        template.components = components.clone();
    }
    template.category = wanted.unwrap_or_else(|| template.category.clone());
    "PENDING".clone_into(&mut template.status);
    review(core, id, world.config.template_review_ms);
    Ok(success())
}

/// `DELETE /{waba_id}/message_templates?name=&hsm_id=`.
pub(crate) fn delete(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let name = call.text("name").ok_or_else(|| GraphError::missing("name"))?;
    let id = call.text("hsm_id");
    let before = world.templates.0.len();
    world.templates.0.retain(|_, template| {
        template.waba != waba
            || template.name != name
            || id.as_ref().is_some_and(|id| *id != template.id)
    });
    if world.templates.0.len() == before {
        return Err(GraphError::invalid("name").told_user(
            2_593_002,
            "Message Template Not Found",
            "The message template could not be deleted because it was not found.",
        ));
    }
    Ok(success())
}

fn review(core: &Core, id: &str, after_ms: u64) {
    let due = Instant::now() + Duration::from_millis(after_ms);
    core.agenda.add(due, Job::Verdict { template: id.to_owned() });
}

fn required(fields: &Map<String, Value>, name: &str) -> Result<String, GraphError> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| GraphError::missing(name))
}

fn category(given: &str) -> Result<String, GraphError> {
    let upper = given.to_uppercase();
    if matches!(upper.as_str(), "MARKETING" | "UTILITY" | "AUTHENTICATION") {
        Ok(upper)
    } else {
        Err(GraphError::invalid(
            "Param category must be one of {UTILITY, MARKETING, AUTHENTICATION} - got another value.",
        ))
    }
}

fn checked(components: &Value) -> Result<(), GraphError> {
    let Some(list) = components.as_array() else {
        return Err(GraphError::invalid("Param components must be an array."));
    };
    let kind = |component: &Value| {
        component.get("type").and_then(Value::as_str).unwrap_or_default().to_uppercase()
    };
    if !list.iter().any(|component| kind(component) == "BODY") {
        return Err(GraphError::invalid("components").told_user(
            2_388_019,
            "Message Template Body Is Missing",
            "A message template needs a component of type BODY.",
        ));
    }
    for component in list {
        let n = |path: &str| {
            component.pointer(path).and_then(Value::as_str).map_or(0, |text| text.chars().count())
        };
        let too_long = match kind(component).as_str() {
            "BODY" => n("/text") > 1_024,
            "HEADER" | "FOOTER" => n("/text") > 60,
            "BUTTONS" => component
                .get("buttons")
                .and_then(Value::as_array)
                .is_none_or(|buttons| buttons.is_empty() || buttons.len() > 10),
            "CAROUSEL" | "LIMITED_TIME_OFFER" | "CALL_PERMISSION_REQUEST" => false,
            _ => return Err(GraphError::invalid("A component has an unknown type.")),
        };
        if too_long {
            return Err(GraphError::invalid("components").told_user(
                2_388_040,
                "Character Limit Exceeded",
                "A component is longer than its limit.",
            ));
        }
    }
    Ok(())
}
