use ports::{
    outbound::{Access, Content, Media, MediaKind, Messenger as _, Outbound, Recipient, Seen},
    outcome::{Action, Outcome, Pace, Scope},
    secret::Secret,
};
use serde_json::{Value, json};
use shared::messages::{Choice, Interactive, InteractiveAction, Section, Template};

use super::body_of;
use crate::meta::{
    cases,
    fake::{self, Fake, Script},
    graph::Graph,
};

fn access() -> Access {
    Access { number_id: "100".to_owned(), token: Secret::new("EAAG".to_owned()) }
}

fn text(body: &str) -> Outbound {
    outbound(Content::Text { body: body.to_owned(), preview_url: false })
}

fn outbound(content: Content) -> Outbound {
    Outbound {
        to: Recipient::Phone("5541988887777".to_owned()),
        content,
        reply_to: None,
        attempt: "0192ab.1".to_owned(),
    }
}

async fn outcome_of(script: Script) -> Outcome {
    let fake = Fake::start(vec![script]);
    let outcome = fake.graph().send(&access(), &text("oi")).await;
    assert_eq!(fake.requests().len(), 1, "one attempt is one call");
    outcome
}

async fn outcome_of_error(status: u16, code: i64) -> Outcome {
    let body = json!({ "error": { "message": "m", "type": "OAuthException", "code": code } });
    outcome_of(Script::Answer(status, body.to_string().into_bytes())).await
}

#[tokio::test]
async fn an_accepted_message_has_metas_id() {
    let case = cases::one("outbound/05-template");
    let fake = Fake::json(200, &case["input"]["response"]);
    let outcome = fake.graph().send(&access(), &text("oi")).await;
    let provider_id = case["expect"]["external_id"].as_str().expect("an id").to_owned();
    assert_eq!(outcome, Outcome::Accepted { provider_id, is_held: false });

    let request = &fake.requests()[0];
    assert_eq!(request.line, "POST /v25.0/100/messages HTTP/1.1");
    assert!(request.headers.contains("authorization: bearer eaag"), "{}", request.headers);
    assert_eq!(
        request.json(),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "5541988887777",
            "type": "text", "text": { "body": "oi", "preview_url": false },
            "biz_opaque_callback_data": "0192ab.1",
        })
    );
}

#[tokio::test]
async fn a_message_held_for_its_quality_says_so() {
    let body =
        json!({ "messages": [{ "id": "w", "message_status": "held_for_quality_assessment" }] });
    let outcome = outcome_of(Script::Answer(200, body.to_string().into_bytes())).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: "w".to_owned(), is_held: true });
}

#[tokio::test]
async fn the_code_decides_whether_it_is_refused_or_later() {
    let Outcome::Later(pair) = outcome_of_error(400, 131_056).await else { panic!("later") };
    assert_eq!(pair.verdict.scope, Scope::Pair);
    assert_eq!(pair.verdict.action, Action::Retry { pace: Pace::FourToThe });
    let Outcome::Refused(token) = outcome_of_error(401, 190).await else { panic!("refused") };
    assert_eq!((token.verdict.scope, token.verdict.action), (Scope::Token, Action::Pause));
    assert!(matches!(outcome_of_error(429, 131_026).await, Outcome::Refused(_)));
    assert!(matches!(outcome_of_error(400, 777_777).await, Outcome::Refused(_)));
    assert!(matches!(outcome_of_error(500, 131_000).await, Outcome::Later(_)));
    assert!(matches!(outcome_of_error(500, 1).await, Outcome::Unknown { .. }));
}

#[tokio::test]
async fn a_refused_connection_is_later() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let graph = Graph::new(fake::client(), &closed).expect("an address");
    assert!(matches!(graph.send(&access(), &text("oi")).await, Outcome::Later(_)));
}

#[tokio::test]
async fn d24_whatever_breaks_after_the_first_byte_is_unknown() {
    let accepted = br#"{"messages":[{"id":"w"}]}"#.to_vec();
    for script in [
        Script::Close,
        Script::Hang,
        Script::Cut(200, accepted.clone()),
        Script::Cut(400, br#"{"error":{"code":131056}}"#.to_vec()),
        Script::Answer(200, b"{}".to_vec()),
        Script::Answer(200, br#"{"messages":[]}"#.to_vec()),
        Script::Answer(200, br#"{"messages":[{"id":""}]}"#.to_vec()),
        Script::Answer(200, b"<html>".to_vec()),
        Script::Answer(502, b"Bad Gateway".to_vec()),
        Script::Answer(429, vec![]),
        Script::Answer(200, vec![b' '; 2 * 1024 * 1024]),
    ] {
        assert!(matches!(outcome_of(script).await, Outcome::Unknown { .. }));
    }
}

#[tokio::test]
async fn d24_a_redirect_is_not_followed() {
    let other = Fake::json(200, &json!({ "messages": [{ "id": "w" }] }));
    let outcome = outcome_of(Script::Redirect(other.address.clone())).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }));
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn reading_and_typing_are_shown() {
    let case = cases::one("outbound/06-mark-read");
    let fake = Fake::start(vec![
        Script::Answer(200, case["input"]["response"].to_string().into_bytes()),
        Script::Answer(200, br#"{"success":true}"#.to_vec()),
    ]);
    let seen = |is_typing| Seen { message: "wamid.X".to_owned(), is_typing };
    fake.graph().mark_seen(&access(), &seen(false)).await.expect("shown");
    fake.graph().mark_seen(&access(), &seen(true)).await.expect("shown");
    assert_eq!(fake.requests()[0].json(), case["input"]["body"]);
    assert_eq!(fake.requests()[1].json()["typing_indicator"], json!({ "type": "text" }));
}

#[test]
fn a_template_looks_as_meta_documents_it() {
    let template = Content::Template(Template {
        name: "test_template".to_owned(),
        language: "en_US".to_owned(),
        components: vec![
            json!({ "type": "body", "parameters": [{ "type": "text", "text": "test" }] }),
        ],
        preview: None,
    });
    let case = cases::one("outbound/05-template");
    assert_eq!(body_of(&outbound(template))["template"], case["input"]["body"]["template"]);
}

#[test]
fn files_reactions_replies_and_places_look_as_meta_documents_them() {
    let file = Content::Media(Media {
        kind: MediaKind::Audio,
        id: "9".to_owned(),
        caption: None,
        filename: None,
        is_voice: true,
    });
    let body = body_of(&Outbound { reply_to: Some("wamid.Q".to_owned()), ..outbound(file) });
    assert_eq!(body["audio"], json!({ "id": "9", "voice": true }));
    assert_eq!(body["context"], json!({ "message_id": "wamid.Q" }));

    let reaction = |emoji: Option<&str>| {
        let emoji = emoji.map(str::to_owned);
        body_of(&outbound(Content::Reaction { target: "w".to_owned(), emoji }))
    };
    assert_eq!(reaction(Some("👍"))["reaction"], json!({ "message_id": "w", "emoji": "👍" }));
    assert_eq!(reaction(None)["reaction"], json!({ "message_id": "w", "emoji": "" }));

    let place = Content::Location { latitude: -25.4, longitude: -49.2, name: None, address: None };
    assert_eq!(
        body_of(&outbound(place))["location"],
        json!({ "latitude": -25.4, "longitude": -49.2 })
    );
}

#[test]
fn a_user_without_a_number_and_a_group_are_addressed_by_their_ids() {
    let to = |to: Recipient| body_of(&Outbound { to, ..text("oi") });
    let user = to(Recipient::User("BR.1".to_owned()));
    assert_eq!((&user["recipient"], &user["to"]), (&json!("BR.1"), &Value::Null));
    let group = to(Recipient::Group("g".to_owned()));
    assert_eq!((&group["to"], &group["recipient_type"]), (&json!("g"), &json!("group")));
}

#[test]
fn buttons_and_lists_look_as_meta_documents_them() {
    let choice = |id: &str, description: Option<&str>| Choice {
        id: id.to_owned(),
        title: "T".to_owned(),
        description: description.map(str::to_owned),
    };
    let interactive = |action| {
        let interactive = Interactive {
            header: Some("H".to_owned()),
            body: "B".to_owned(),
            footer: Some("F".to_owned()),
            action,
        };
        body_of(&outbound(Content::Interactive(interactive)))["interactive"].clone()
    };
    let buttons = interactive(InteractiveAction::Buttons { buttons: vec![choice("1", None)] });
    assert_eq!(
        buttons,
        json!({ "type": "button", "header": { "type": "text", "text": "H" }, "body": { "text": "B" },
            "footer": { "text": "F" },
            "action": { "buttons": [{ "type": "reply", "reply": { "id": "1", "title": "T" } }] } })
    );
    let section = Section { title: Some("S".to_owned()), rows: vec![choice("1", Some("D"))] };
    let list =
        interactive(InteractiveAction::List { button: "Open".to_owned(), sections: vec![section] });
    assert_eq!(
        list["action"],
        json!({ "button": "Open", "sections": [
            { "title": "S", "rows": [{ "id": "1", "title": "T", "description": "D" }] }] })
    );
}
