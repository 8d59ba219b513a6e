//! The page `/phone`: customers with their phones, side by side.
//!
//! Invariants: no resource from elsewhere and no inline script or style (a strict policy says so);
//! what people write reaches the page as text only; requests of other sites are refused.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    graph::{content::rendered, media::ID_LENGTH},
    hooks,
    inbound::{self, Inbound, Refusal},
    world::{
        Core, World,
        messages::{Message, Progress},
        people::{Person, PersonId, digits, user_id_of},
    },
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
     img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript";

type Shared = State<Arc<Core>>;

/// Customers to begin with; the last one hides her number.
pub(crate) fn seed(world: &mut World) {
    for (name, phone) in [
        ("Márcia Tavares", Some("5511987654321")),
        ("João Prado", Some("5521998765432")),
        ("Lia Nogueira", None),
    ] {
        let person = Person {
            name: name.to_owned(),
            wa_id: phone.map(str::to_owned),
            user_id: user_id_of(phone.unwrap_or("5531900000003")),
            username: phone.is_none().then(|| "lia.nogueira".to_owned()),
            on_phone: true,
            ..Person::default()
        };
        world.people.add(person);
    }
}

pub(crate) fn router() -> Router<Arc<Core>> {
    Router::new()
        .route("/", get(|| async { axum::response::Redirect::to("/phone") }))
        .route(
            "/phone",
            get(async || page("text/html; charset=utf-8", include_bytes!("phone.html"))),
        )
        .route("/phone/phone.css", get(async || page("text/css", include_bytes!("phone.css"))))
        .route("/phone/icon.svg", get(async || page("image/svg+xml", include_bytes!("icon.svg"))))
        .route("/phone/phone.js", get(async || page(SCRIPT, include_bytes!("phone.js"))))
        .route("/phone/bubble.js", get(async || page(SCRIPT, include_bytes!("bubble.js"))))
        .route("/phone/attach.js", get(async || page(SCRIPT, include_bytes!("attach.js"))))
        .route("/phone/dom.js", get(async || page(SCRIPT, include_bytes!("dom.js"))))
        .route("/phone/words.js", get(async || page(SCRIPT, include_bytes!("words.js"))))
        .route("/phone/api/state", get(state))
        .route("/phone/api/events", get(events))
        .route("/phone/api/customers", post(add))
        .route("/phone/api/customers/{id}/hide", post(hide))
        .route("/phone/api/customers/{id}/number", post(renumber))
        .route("/phone/api/customers/{id}/thread", get(thread))
        .route("/phone/api/customers/{id}/send", post(send))
        .route("/phone/api/customers/{id}/read", post(read))
        .route("/phone/api/customers/{id}/edit", post(edit))
        .route("/phone/api/customers/{id}/delete", post(delete))
        .route("/phone/api/media", post(upload))
        .route("/phone/api/media/{id}", get(file))
        .layer(DefaultBodyLimit::max(110 << 20))
}

/// Other sites of the browser may not drive the simulator.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        return (StatusCode::FORBIDDEN, "requests of other sites are refused").into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").map(|(_, rest)| rest) != Some(host),
        _ => false,
    }
}

fn page(kind: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, bytes).into_response()
}

async fn state(State(core): Shared) -> Response {
    let world = core.world();
    let numbers: Vec<Value> = world
        .numbers
        .by_id
        .values()
        .take(200)
        .map(|number| {
            let route = world.numbers.route(&number.waba, Some(&number.id), &world.config);
            json!({
                "id": number.id,
                "display": number.display,
                "name": number.name,
                "subscribed": route.is_some(),
            })
        })
        .collect();
    let customers: Vec<Value> =
        world.people.iter().filter(|(_, person)| person.on_phone).map(shown).collect();
    axum::Json(json!({"numbers": numbers, "customers": customers})).into_response()
}

fn shown((id, person): (PersonId, &Person)) -> Value {
    json!({"id": id, "name": person.name, "phone": person.wa_id, "user_id": person.user_id})
}

async fn events(State(core): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let live = core.live.subscribe();
    let stop = core.stop.clone();
    let events = stream::unfold((live, stop), |(mut live, stop)| async move {
        let event = tokio::select! {
            event = next(&mut live) => event?,
            () = stop.cancelled() => return None,
        };
        Some((Ok(event), (live, stop)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// The next event; one that fell behind is told to begin again.
async fn next(live: &mut Receiver<Arc<str>>) -> Option<Event> {
    match live.recv().await {
        Ok(event) => Some(Event::default().data(&*event)),
        Err(RecvError::Lagged(_)) => Some(Event::default().data(r#"{"event":"reset"}"#)),
        Err(RecvError::Closed) => None,
    }
}

#[derive(Debug, Deserialize)]
struct NewCustomer {
    name: String,
    phone: Option<String>,
}

async fn add(State(core): Shared, axum::Json(given): axum::Json<NewCustomer>) -> Response {
    let name: String = given.name.trim().chars().take(60).collect();
    let phone = given.phone.as_deref().map(digits).filter(|phone| !phone.is_empty());
    if name.is_empty() || phone.as_ref().is_some_and(|phone| !(8..=15).contains(&phone.len())) {
        return refused("a name, and a phone of 8 to 15 digits or none");
    }
    let mut world = core.world();
    let id = if let Some(phone) = &phone {
        world.people.by_phone(phone)
    } else {
        let n = world.number_next();
        world.people.by_user(&user_id_of(&format!("55{}{n}", core.nonce)))
    };
    let Some(person) = world.people.get_mut(id) else { return refused("no customer") };
    person.name = name;
    person.on_phone = true;
    let answer = shown((id, person));
    core.tell(&json!({"event": "customers"}));
    axum::Json(answer).into_response()
}

async fn hide(State(core): Shared, Path(id): Path<PersonId>) -> Response {
    if let Some(person) = core.world().people.get_mut(id) {
        person.on_phone = false;
    }
    core.tell(&json!({"event": "customers"}));
    done()
}

#[derive(Debug, Deserialize)]
struct NewPhone {
    phone: String,
}

async fn renumber(
    State(core): Shared,
    Path(id): Path<PersonId>,
    axum::Json(given): axum::Json<NewPhone>,
) -> Response {
    let changed = inbound::change_number(&core, &mut core.world(), id, &given.phone);
    core.tell(&json!({"event": "customers"}));
    answered(changed.map(|()| String::new()))
}

#[derive(Debug, Deserialize)]
struct Thread {
    number: String,
}

async fn thread(
    State(core): Shared,
    Path(id): Path<PersonId>,
    Query(asked): Query<Thread>,
) -> Response {
    let world = core.world();
    let messages = world.messages.thread(id, &asked.number, 200);
    let items: Vec<Value> =
        messages.into_iter().map(|message| with_text(&world, message)).collect();
    axum::Json(json!({ "items": items })).into_response()
}

/// A message, and a template's text with its values.
pub(crate) fn with_text(world: &World, message: &Message) -> Value {
    let mut shown = json!(message);
    if message.content.get("template").is_some()
        && let Some(fields) = shown.as_object_mut()
    {
        let text = rendered(world, &message.number, &message.content);
        fields.insert("rendered".to_owned(), text);
    }
    shown
}

#[derive(Debug, Deserialize)]
struct Sent {
    number: String,
    message: Map<String, Value>,
    reply_to: Option<String>,
}

async fn send(
    State(core): Shared,
    Path(id): Path<PersonId>,
    axum::Json(sent): axum::Json<Sent>,
) -> Response {
    let mut world = core.world();
    let Some((from, user_id)) =
        world.people.get(id).map(|person| (person.wa_id.clone(), person.user_id.clone()))
    else {
        return refused(Refusal::NoSender.sentence());
    };
    let inbound = Inbound {
        from,
        user_id: Some(user_id),
        to: Some(sent.number),
        message: Some(sent.message),
        reply_to: sent.reply_to,
        ..Inbound::default()
    };
    answered(inbound::write(&core, &mut world, &inbound))
}

#[derive(Debug, Deserialize)]
struct Read {
    number: String,
    /// A voice message that was listened to.
    played: Option<String>,
}

async fn read(
    State(core): Shared,
    Path(id): Path<PersonId>,
    axum::Json(asked): axum::Json<Read>,
) -> Response {
    let mut world = core.world();
    if let Some(played) = &asked.played {
        hooks::status(&core, &mut world, played, Progress::Played, None);
    }
    for unread in world.messages.unread(id, &asked.number) {
        hooks::status(&core, &mut world, &unread, Progress::Read, None);
    }
    done()
}

#[derive(Debug, Deserialize)]
struct Change {
    id: String,
    text: Option<String>,
}

async fn edit(
    State(core): Shared,
    Path(id): Path<PersonId>,
    axum::Json(change): axum::Json<Change>,
) -> Response {
    let text = change.text.unwrap_or_default();
    answered(inbound::edit(&core, &mut core.world(), id, &change.id, &text))
}

async fn delete(
    State(core): Shared,
    Path(id): Path<PersonId>,
    axum::Json(change): axum::Json<Change>,
) -> Response {
    answered(inbound::delete(&core, &mut core.world(), id, &change.id))
}

#[derive(Debug, Deserialize)]
struct File {
    number: String,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn upload(State(core): Shared, Query(file): Query<File>, bytes: Bytes) -> Response {
    if bytes.is_empty() {
        return refused("the file is empty");
    }
    let kind = file.kind.filter(|kind| !kind.is_empty());
    let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut world = core.world();
    let id = core.object_id(&mut world, crate::graph::media::FIRST, ID_LENGTH);
    world.media.add(id.clone(), &file.number, &kind, file.name, bytes);
    axum::Json(json!({ "id": id })).into_response()
}

/// A file of either side, for the page. Only kinds that cannot act are shown in place.
async fn file(State(core): Shared, Path(id): Path<String>) -> Response {
    let Some(media) = core.world().media.get(&id).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let bare = media.mime_type.split(';').next().unwrap_or_default().trim().to_owned();
    let is_safe = matches!(
        bare.as_str(),
        "image/jpeg"
            | "image/png"
            | "image/webp"
            | "image/gif"
            | "video/mp4"
            | "video/3gpp"
            | "video/webm"
            | "audio/aac"
            | "audio/mp4"
            | "audio/mpeg"
            | "audio/amr"
            | "audio/ogg"
            | "audio/webm"
            | "audio/wav"
    );
    let kind = if is_safe { bare } else { "application/octet-stream".to_owned() };
    let place = if is_safe { "inline" } else { "attachment" };
    Response::builder()
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_DISPOSITION, place)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
        .body(Body::from(media.bytes))
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn answered(result: Result<String, Refusal>) -> Response {
    match result {
        Ok(id) => axum::Json(json!({ "id": id })).into_response(),
        Err(refusal) => refused(refusal.sentence()),
    }
}

fn done() -> Response {
    axum::Json(json!({"success": true})).into_response()
}

fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": why }))).into_response()
}
