//! The `OpenAPI` document, made from the same list as the router.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value, json};
use shared::problem::MEDIA_TYPE;

use super::route::{Access, Route, SchemaOf};

/// The document of all routes.
#[must_use]
pub fn document(routes: &[Arc<Route>], version: &str) -> Value {
    let mut schemas = Map::new();
    let problem = placed(SchemaOf::of::<shared::problem::Problem>(), &mut schemas);
    schemas.insert("Problem".to_owned(), problem);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let operation = operation(route, &mut schemas);
        let methods = paths.entry(route.path).or_default();
        methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Master IA",
            "version": version,
            "description": "Every change needs `Idempotency-Key`; a repeat with the same key is \
                answered the same. Answers to changes carry `Ledger-Position`; a query that sends it \
                back as `Min-Position` sees the change. Errors are problems (RFC 9457) with a stable \
                `code`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": {
                "description": "Refused; `code` says why.",
                "content": { MEDIA_TYPE: {
                    "schema": { "$ref": "#/components/schemas/Problem" }
                } },
            } },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-masteria" },
                "api_key": { "type": "http", "scheme": "bearer", "bearerFormat": "mia_…" },
            },
        },
    })
}

/// A schema, with the schemas that it names put among the components.
fn placed(of: SchemaOf, components: &mut Map<String, Value>) -> Value {
    let mut parts = Vec::new();
    (of.parts)(&mut parts);
    for (name, schema) in parts {
        let schema = serde_json::to_value(schema).unwrap_or_default();
        components.entry(name).or_insert(schema);
    }
    serde_json::to_value((of.schema)()).unwrap_or_default()
}

fn operation(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [route.context],
        "summary": route.summary,
        "parameters": parameters(route, schemas),
        "responses": responses(route, schemas),
    });
    let Some(object) = operation.as_object_mut() else { return operation };
    match route.access {
        Access::Public => {}
        Access::SignedIn | Access::SuperAdmin => {
            object.insert("security".to_owned(), json!([{ "session": [] }]));
        }
        Access::Company { permission, feature, quota } => {
            object.insert("security".to_owned(), json!([{ "session": [] }, { "api_key": [] }]));
            object.insert("x-permission".to_owned(), json!(permission));
            object.insert("x-feature".to_owned(), json!(feature));
            object.insert("x-quota".to_owned(), json!(quota));
        }
    }
    let content = if let Some(request) = route.request {
        Some(json!({ "application/json": { "schema": placed(request, schemas) } }))
    } else if route.upload_limit.is_some() {
        Some(json!({ "multipart/form-data": { "schema": {
            "type": "object",
            "required": ["file"],
            "properties": { "file": { "type": "string", "format": "binary" } },
        } } }))
    } else {
        route.is_raw.then(|| json!({ "application/json": { "schema": {} } }))
    };
    if let Some(content) = content {
        object.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split('/').filter(|part| !matches!(*part, "" | "api" | "v1"));
    let words = words.map(|part| part.trim_matches(['{', '}']).replace('-', "_"));
    let words: Vec<_> = words.collect();
    format!("{}_{}", route.method.as_str().to_ascii_lowercase(), words.join("_"))
}

fn parameters(route: &Route, schemas: &mut Map<String, Value>) -> Vec<Value> {
    let text = || json!({ "type": "string" });
    let header = |name: &str, required: bool, schema: Value, meaning: &str| {
        json!({
            "in": "header", "name": name, "required": required, "schema": schema,
            "description": meaning,
        })
    };
    let names = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let mut all: Vec<_> = names
        .map(|name| {
            let name = name.trim_start_matches('*');
            json!({ "in": "path", "name": name, "required": true, "schema": text() })
        })
        .collect();
    if let Some(query) = route.query {
        let schema = placed(query, schemas);
        let required =
            schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, schema) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            all.push(json!({
                "in": "query",
                "name": name,
                "required": required.contains(&json!(name)),
                "schema": schema,
            }));
        }
    }
    if matches!(route.access, Access::Company { .. }) {
        let meaning = "Which company; needed by a person who belongs to several.";
        all.push(header("X-Company-Id", false, text(), meaning));
    }
    if route.is_write() && !route.is_unkeyed {
        let meaning = "New for each change, the same for a repeat.";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        all.push(header("Idempotency-Key", true, schema, meaning));
    }
    if route.is_versioned {
        let meaning = "The version that the change stands on; another one is refused.";
        all.push(header("If-Match", false, json!({ "type": "integer", "minimum": 0 }), meaning));
    }
    if !route.is_write() && !route.reads.is_empty() {
        let meaning = "A `Ledger-Position` that the answer must include.";
        all.push(header("Min-Position", false, text(), meaning));
    }
    all
}

fn responses(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let (status, answer) = route.answer;
    let mut good = json!({ "description": "Done." });
    if let (Some(answer), Some(object)) = (answer, good.as_object_mut()) {
        let content = json!({ "application/json": { "schema": placed(answer, schemas) } });
        object.insert("content".to_owned(), content);
    }
    let mut responses = Map::new();
    responses.insert(status.to_string(), good);
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    responses.insert("default".to_owned(), problem);
    Value::Object(responses)
}
