//! Sending: one message, one call, one outcome.
//!
//! **Invariants (D24).** Never a second call for one attempt. `Later` only when Meta says so by a code of the
//! table or the connection could not be made; whatever broke after that is `Unknown`, for it may have been
//! sent.

use ports::{
    Answer,
    connect::Trouble,
    outbound::{Access, Content, Media, Messenger, Outbound, Recipient, Seen},
    outcome::{Action, Fault, Outcome, Pace, Scope, Verdict},
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::messages::{Interactive, InteractiveAction, Template};

use super::{
    errors,
    graph::{Graph, Reply},
};

impl Messenger for Graph {
    fn send<'a>(&'a self, access: &'a Access, message: &'a Outbound) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let body = body_of(message);
            outcome(self.post(&[&access.number_id, "messages"], &access.token, &body).await)
        })
    }

    fn mark_seen<'a>(
        &'a self,
        access: &'a Access,
        seen: &'a Seen,
    ) -> Answer<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let mut body = json!({
                "messaging_product": "whatsapp",
                "status": "read",
                "message_id": seen.message,
            });
            if seen.is_typing {
                set(&mut body, "typing_indicator", json!({ "type": "text" }));
            }
            let reply = self.post(&[&access.number_id, "messages"], &access.token, &body).await;
            reply.success().map(drop)
        })
    }
}

/// The request's body, as Meta documents it.
#[must_use]
pub fn body_of(message: &Outbound) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp", "recipient_type": "individual" });
    match &message.to {
        Recipient::Phone(digits) => set(&mut body, "to", json!(digits)),
        Recipient::User(id) => set(&mut body, "recipient", json!(id)),
        Recipient::Group(id) => {
            set(&mut body, "recipient_type", json!("group"));
            set(&mut body, "to", json!(id));
        }
    }
    let (kind, content) = content_of(&message.content);
    set(&mut body, "type", json!(kind));
    set(&mut body, kind, content);
    if let Some(id) = &message.reply_to {
        set(&mut body, "context", json!({ "message_id": id }));
    }
    set(&mut body, "biz_opaque_callback_data", json!(message.attempt));
    body
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = body {
        members.insert(name.to_owned(), value);
    }
}

fn content_of(content: &Content) -> (&'static str, Value) {
    match content {
        Content::Text { body, preview_url } => {
            ("text", json!({ "body": body, "preview_url": preview_url }))
        }
        Content::Media(media) => (media.kind.as_str(), media_of(media)),
        Content::Reaction { target, emoji } => {
            let emoji = emoji.as_deref().unwrap_or("");
            ("reaction", json!({ "message_id": target, "emoji": emoji }))
        }
        Content::Interactive(interactive) => ("interactive", interactive_of(interactive)),
        Content::Template(template) => ("template", template_of(template)),
        Content::Location { latitude, longitude, name, address } => {
            let mut place = json!({ "latitude": latitude, "longitude": longitude });
            set_some(&mut place, "name", name.as_ref());
            set_some(&mut place, "address", address.as_ref());
            ("location", place)
        }
    }
}

fn set_some(body: &mut Value, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        set(body, name, json!(value));
    }
}

fn media_of(media: &Media) -> Value {
    let mut body = json!({ "id": media.id });
    set_some(&mut body, "caption", media.caption.as_ref());
    set_some(&mut body, "filename", media.filename.as_ref());
    if media.is_voice {
        set(&mut body, "voice", json!(true));
    }
    body
}

fn interactive_of(interactive: &Interactive) -> Value {
    let mut body = json!({ "body": { "text": interactive.body } });
    if let Some(header) = &interactive.header {
        set(&mut body, "header", json!({ "type": "text", "text": header }));
    }
    if let Some(footer) = &interactive.footer {
        set(&mut body, "footer", json!({ "text": footer }));
    }
    let (kind, action) = match &interactive.action {
        InteractiveAction::Buttons { buttons } => {
            let buttons = buttons.iter().map(|button| {
                json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } })
            });
            ("button", json!({ "buttons": buttons.collect::<Vec<_>>() }))
        }
        InteractiveAction::List { button, sections } => {
            let sections = sections.iter().map(|section| {
                let rows = section.rows.iter().map(|row| {
                    let mut body = json!({ "id": row.id, "title": row.title });
                    set_some(&mut body, "description", row.description.as_ref());
                    body
                });
                let mut body = json!({ "rows": rows.collect::<Vec<_>>() });
                set_some(&mut body, "title", section.title.as_ref());
                body
            });
            ("list", json!({ "button": button, "sections": sections.collect::<Vec<_>>() }))
        }
    };
    set(&mut body, "type", json!(kind));
    set(&mut body, "action", action);
    body
}

fn template_of(template: &Template) -> Value {
    let mut body = json!({
        "name": template.name,
        "language": { "code": template.language, "policy": "deterministic" },
    });
    if !template.components.is_empty() {
        set(&mut body, "components", json!(template.components));
    }
    body
}

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
    message_status: Option<String>,
}

/// What became of the attempt.
fn outcome(reply: Reply) -> Outcome {
    let (status, body) = match reply {
        Reply::Whole { status, body } => (status, body),
        Reply::NotConnected => return Outcome::Later(not_connected()),
        Reply::Broken(reason) => return Outcome::Unknown { reason },
    };
    if status.is_success() {
        let accepted = serde_json::from_slice::<Accepted>(&body).ok();
        let first = accepted.and_then(|accepted| accepted.messages.into_iter().next());
        return match first {
            Some(message) if !message.id.is_empty() => Outcome::Accepted {
                provider_id: message.id,
                is_held: message.message_status.as_deref() == Some("held_for_quality_assessment"),
            },
            _ => Outcome::Unknown { reason: "a success without a message id" },
        };
    }
    match errors::fault_in(&body) {
        // A fault of the server that the table does not know says nothing about the message.
        Some(fault) if status.is_server_error() && !errors::is_known(fault.code) => {
            Outcome::Unknown { reason: "the provider failed" }
        }
        Some(fault) if fault.verdict.is_retried() => Outcome::Later(fault),
        Some(fault) => Outcome::Refused(fault),
        None => Outcome::Unknown { reason: "an answer that is not the provider's" },
    }
}

fn not_connected() -> Fault {
    Fault {
        code: 0,
        subcode: None,
        verdict: Verdict { scope: Scope::Number, action: Action::Retry { pace: Pace::Doubling } },
        message: "no connection".to_owned(),
        details: None,
    }
}

#[cfg(test)]
mod tests;
