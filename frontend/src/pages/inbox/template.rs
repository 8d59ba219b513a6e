//! Sending a template by its name: what may go out when the window is closed.

use leptos::{ev, prelude::*};
use shared::messages::{Content, Template};

use super::thread::Talk;
use crate::{
    desk::desk,
    i18n::t,
    ui::{Dialog, DialogHead, Field, FormError},
};

/// The dialog.
#[component]
pub(crate) fn TemplateDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open label=t().inbox.use_template>
            <DialogHead title=t().inbox.use_template close=t().common.close open />
            <Form open />
        </Dialog>
    }
}

/// The parameters of the body, one a line, as Meta takes them.
fn components(parameters: &str) -> Vec<serde_json::Value> {
    let parameters: Vec<_> = parameters
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|text| serde_json::json!({ "type": "text", "text": text }))
        .collect();
    if parameters.is_empty() {
        return Vec::new();
    }
    vec![serde_json::json!({ "type": "body", "parameters": parameters })]
}

#[component]
fn Form(open: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let words = &t().inbox;
    let name = RwSignal::new(String::new());
    let language = RwSignal::new("pt_BR".to_owned());
    let parameters = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let template = Template {
            name: name.get_untracked().trim().to_owned(),
            language: language.get_untracked().trim().to_owned(),
            components: components(&parameters.get_untracked()),
            preview: None,
        };
        if template.name.is_empty() || template.language.is_empty() {
            return error.set(Some(words.template_missing.to_owned()));
        }
        open.set(false);
        desk.send(talk.id, Content::Template(template), None);
    };
    view! {
        <form novalidate on:submit=submit>
            <div class="dialog-b">
                <p class="fs-13">{words.template_text}</p>
                <Field id="template-name" label=words.template_name value=name />
                <Field id="template-language" label=words.template_language value=language />
                <div class="field">
                    <label for="template-parameters">{words.template_parameters}</label>
                    <textarea
                        class="textarea"
                        id="template-parameters"
                        rows="3"
                        prop:value=parameters
                        on:input:target=move |event| parameters.set(event.target().value())
                    ></textarea>
                    <span class="hint">{words.template_parameters_hint}</span>
                </div>
                <FormError id="template-error".to_owned() error />
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().common.cancel}
                </button>
                <button class="btn btn-primary" type="submit">
                    {words.send_template}
                </button>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn each_line_is_a_parameter_and_no_line_is_no_component() {
        assert!(components(" \n ").is_empty());
        let components = components("Márcia\n quinta \n");
        assert_eq!(components[0]["parameters"][1]["text"], "quinta");
        assert_eq!(components[0]["type"], "body");
    }
}
