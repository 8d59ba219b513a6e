//! Message templates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A template of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) waba: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) category: String,
    pub(crate) status: String,
    pub(crate) components: Value,
    /// All else that was sent with it.
    pub(crate) more: BTreeMap<String, Value>,
}

impl Template {
    /// As the API shows it.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = serde_json::json!({
            "name": self.name,
            "parameter_format": "POSITIONAL",
            "components": self.components,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "id": self.id,
        });
        if let Some(fields) = shown.as_object_mut() {
            for (key, value) in &self.more {
                fields.insert(key.clone(), value.clone());
            }
        }
        shown
    }

    /// A component by its type.
    pub(crate) fn component(&self, kind: &str) -> Option<&Value> {
        self.components.as_array()?.iter().find(|component| {
            component
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|given| given.eq_ignore_ascii_case(kind))
        })
    }

    /// How many variables a component's text has.
    pub(crate) fn n_variables(&self, kind: &str) -> usize {
        let text = self.component(kind).and_then(|component| component.get("text"));
        text.and_then(Value::as_str).map_or(0, |text| variables(text).len())
    }
}

/// The names between double braces, each once.
pub(crate) fn variables(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// All templates, by id.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Templates(pub(crate) BTreeMap<String, Template>);

impl Templates {
    pub(crate) fn get(&self, id: &str) -> Option<&Template> {
        self.0.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Template> {
        self.0.get_mut(id)
    }

    pub(crate) fn named(
        &self,
        waba: &str,
        name: &str,
        language: Option<&str>,
    ) -> Option<&Template> {
        self.0.values().find(|template| {
            template.waba == waba
                && template.name == name
                && language.is_none_or(|language| template.language == language)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_counted_once_each() {
        assert_eq!(variables("Oi {{1}}, {{ nome }} e {{1}}; {{aberto"), ["1", "nome"]);
    }
}
