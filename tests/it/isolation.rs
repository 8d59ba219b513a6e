//! AD01: 10,000 requests with ids that exist in another company, wherever an id can stand: path, query,
//! body, header, live-feed topic, media address. Each is answered as a random id is, byte for byte.
//!
//! The ways come from the router's own list: a route that takes an id is asked here by itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::{SinkExt as _, StreamExt as _, stream};
use kernel::http::{Access, Route};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::{Method, RequestBuilder, StatusCode, header, multipart};
use serde_json::{Value, json};
use sim::{Config, Inbound};
use tests::{Person, Platform, fresh};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    screen::{Heard, Screen, Shown},
    sending::{ANA, Shop, text},
    tenancy::rights,
};

/// So many requests with an id of the other company.
const REQUESTS: usize = 9_000;
/// So many topics of the live feed with one.
const TOPICS: usize = 1_000;
/// What a random id is answered is the same for so many of them.
const RANDOM: usize = 40;

/// Stands in a way where the id goes.
const HOLE: &str = "<id>";
/// How ids of nothing begin in the samples of the rights test.
const NOTHING: &str = "_0000000000000000000000000000000";

/// Ids of one company, by their kind.
pub(crate) type Ids = BTreeMap<&'static str, Vec<String>>;

const KINDS: [&str; 11] = [
    "company",
    "user",
    "session",
    "key",
    "contact",
    "conversation",
    "message",
    "channel",
    "file",
    "delivery",
    "label",
];

fn kind_before(text: &str) -> &'static str {
    let kind = KINDS.into_iter().find(|kind| text.ends_with(kind));
    kind.unwrap_or_else(|| panic!("say what exists of the kind that {text} ends with"))
}

/// A way in which an id reaches the platform.
#[derive(Clone, Debug)]
struct Way {
    what: String,
    kind: &'static str,
    method: Method,
    path: String,
    body: Option<String>,
    company: Option<&'static str>,
}

impl Way {
    fn request(&self, platform: &Platform, who: &Person, id: &str) -> RequestBuilder {
        let mut request = platform
            .request(self.method.clone(), &self.path.replace(HOLE, id))
            .header(header::COOKIE, &who.cookie)
            .header(header::ORIGIN, &platform.base)
            .header("Idempotency-Key", fresh("key"));
        if let Some(company) = self.company {
            request = request.header("X-Company-Id", company.replace(HOLE, id));
        }
        if let Some(body) = &self.body {
            let body = body.replace(HOLE, id);
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        request
    }
}

/// A text with ids of nothing: the one at `hole` becomes the hole, the others are one's own.
pub(crate) fn fill(text: &str, own: &Ids, hole: Option<usize>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    let mut at = 0;
    while let Some((before, after)) = rest.split_once(NOTHING) {
        let kind = kind_before(before);
        filled.push_str(before.strip_suffix(kind).unwrap());
        filled.push_str(if hole == Some(at) { HOLE } else { &own[kind][0] });
        rest = after.split_at(1).1;
        at += 1;
    }
    filled + rest
}

fn kinds(text: &str) -> Vec<&'static str> {
    let parts: Vec<&str> = text.split(NOTHING).collect();
    parts[..parts.len() - 1].iter().map(|before| kind_before(before)).collect()
}

/// Every id in the path and in the body of every route.
fn ways_of(routes: &[Arc<Route>], own: &Ids) -> Vec<Way> {
    let samples = rights::samples();
    let mut ways = Vec::new();
    for route in routes.iter().filter(|route| route.access != Access::Public) {
        let name = rights::name(route);
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let path = rights::path(route);
        let body = samples.get(name.as_str()).filter(|body| !body.is_null());
        let body = body.map(Value::to_string);
        for (at, kind) in kinds(&path).into_iter().enumerate() {
            ways.push(Way {
                what: format!("{name}, in the path"),
                kind,
                method: method.clone(),
                path: fill(&path, own, Some(at)),
                body: body.as_deref().map(|body| fill(body, own, None)),
                company: None,
            });
        }
        let holes = body.as_deref().map(kinds).unwrap_or_default();
        for (at, kind) in holes.into_iter().enumerate() {
            ways.push(Way {
                what: format!("{name}, in the body"),
                kind,
                method: method.clone(),
                path: fill(&path, own, None),
                body: body.as_deref().map(|body| fill(body, own, Some(at))),
                company: None,
            });
        }
    }
    ways
}

/// What the routes' list does not tell: queries, headers, optional fields, signed addresses.
fn more_ways(own: &Ids, media: &str) -> Vec<Way> {
    let own = |kind: &str| &own[kind][0];
    let reading = |what: &str, kind: &'static str, path: String| Way {
        what: what.to_owned(),
        kind,
        method: Method::GET,
        path,
        body: None,
        company: None,
    };
    let sending = |what: &str, kind: &'static str, path: String, body: &Value| Way {
        what: what.to_owned(),
        kind,
        method: Method::POST,
        path,
        body: Some(body.to_string()),
        company: None,
    };
    let said = format!("/api/v1/conversations/{}/messages", own("conversation"));
    let words = json!({ "kind": "text", "body": "x" });
    let picture = json!({ "kind": "media", "media": "image", "file": HOLE, "caption": "x" });
    let mut ways = vec![
        reading("a thread's channel", "channel", format!("/api/v1/conversations?channel={HOLE}")),
        reading("a thread's contact", "contact", format!("/api/v1/conversations?contact={HOLE}")),
        reading("a company's feed", "company", format!("/api/v1/live?company={HOLE}")),
        reading("a media address", "file", format!("/api/v1/files/{HOLE}/content?{media}")),
        sending(
            "what a message answers",
            "message",
            said.clone(),
            &json!({ "content": words, "reply_to": HOLE }),
        ),
        sending("a message's file", "file", said, &json!({ "content": picture })),
        sending(
            "whose number a message leaves by",
            "channel",
            "/api/v1/messages".to_owned(),
            &json!({ "channel": HOLE, "to": "+5511911112222", "content": words }),
        ),
        sending(
            "whom a message is for",
            "contact",
            "/api/v1/messages".to_owned(),
            &json!({ "channel": own("channel"), "contact": HOLE, "content": words }),
        ),
    ];
    for path in ["/api/v1/members", "/api/v1/conversations", "/api/v1/channels"] {
        let way = reading("the header of a question", "company", path.to_owned());
        ways.push(Way { company: Some(HOLE), ..way });
    }
    let body = json!({ "name": "x", "scopes": ["read_team"] });
    let way = sending("the header of a command", "company", "/api/v1/api-keys".to_owned(), &body);
    ways.push(Way { company: Some(HOLE), ..way });
    ways
}

/// Everything that an answer tells, but for the time and the trace.
async fn told(request: RequestBuilder) -> (u16, String, Vec<(String, String)>) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let heads = answer.headers().iter();
    let heads = heads.filter(|(name, _)| !["date", "trace-id"].contains(&name.as_str()));
    let heads =
        heads.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (status, answer.text().await.unwrap(), heads)
}

impl Shop {
    async fn get_for(&self, who: &Person, path: &str) -> Value {
        let answer = self.platform.get_as(who, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    /// What exists in a company that has a thread.
    pub(crate) async fn ids_of(&self, who: &Person, channel: &str) -> Ids {
        let thread = self
            .until("a thread", async |shop| {
                let threads = shop.get_for(who, "/api/v1/conversations").await;
                Some(threads.pointer("/items/0")?.clone())
            })
            .await;
        let one = |value: &Value| vec![value.as_str().unwrap().to_owned()];
        let conversation = one(&thread["id"]);
        let path = format!("/api/v1/conversations/{}/messages", conversation[0]);
        let message = one(&self.get_for(who, &path).await["items"][0]["id"]);
        let contact = one(&self.get_for(who, "/api/v1/contacts").await["items"][0]["id"]);
        let session = one(&who.me["session"]);
        let members = self.get_for(who, "/api/v1/members").await;
        let members = members["items"].as_array().unwrap().iter();
        let members = members.map(|member| member["user"].as_str().unwrap().to_owned()).collect();
        let keys = self.get_for(who, "/api/v1/api-keys").await;
        let mut keys: Vec<String> = keys["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["id"].as_str().unwrap().to_owned())
            .collect();
        if keys.is_empty() {
            let body = json!({ "name": "K", "scopes": ["read_team"] });
            let made = self.platform.post_as(who, "/api/v1/api-keys", &body).send().await.unwrap();
            keys.extend(one(&made.json::<Value>().await.unwrap()["key"]["id"]));
        }
        let part = multipart::Part::bytes(b"%PDF-1.7 x".to_vec()).file_name("x.pdf");
        let stored = self
            .platform
            .request(Method::POST, "/api/v1/files")
            .header(header::COOKIE, &who.cookie)
            .header(header::ORIGIN, &self.platform.base)
            .header("Idempotency-Key", fresh("upload"))
            .multipart(multipart::Form::new().part("file", part));
        let stored: Value = stored.send().await.unwrap().json().await.unwrap();
        let body = json!({ "name": fresh("label"), "colour": "petrol" });
        let made = self.platform.post_as(who, "/api/v1/labels", &body).send().await.unwrap();
        let label = one(&made.json::<Value>().await.unwrap()["id"]);
        BTreeMap::from([
            ("company", vec![who.company()]),
            ("user", members),
            ("session", session),
            ("key", keys),
            ("contact", contact),
            ("conversation", conversation),
            ("message", message),
            ("channel", vec![channel.to_owned()]),
            ("file", one(&stored["id"])),
            ("label", label),
        ])
    }

    /// Another company of the platform, with a number and a customer of its own; its owner.
    async fn neighbour(&self) -> (Person, String) {
        let platform = &self.seeded["users"][5];
        let (email, password) = (platform["email"].as_str(), platform["password"].as_str());
        let admin = self.platform.sign_in(email.unwrap(), password.unwrap()).await;
        let owner = json!({ "name": "Vizinha", "email": "dona@vizinha.example", "role": "owner",
            "password": "uma senha bem longa" });
        let company = json!({ "name": "Vizinha", "zone": "America/Sao_Paulo", "owner": owner });
        let made = self
            .platform
            .request(Method::POST, "/api/v1/platform/companies")
            .header(header::COOKIE, &admin.cookie)
            .header(header::ORIGIN, &self.platform.base)
            .header("Idempotency-Key", fresh("company"))
            .json(&company)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        let owner = self.platform.sign_in("dona@vizinha.example", "uma senha bem longa").await;
        let number = json!({ "phone_number_id": "100000555", "waba_id": "900000555",
            "access_token": "good", "app_secret": "shh" });
        self.sim.register_all(&json!({ "channels": [number] })).unwrap();
        let mut body = number;
        body["name"] = json!("Vizinha");
        let made = self.platform.post_as(&owner, "/api/v1/channels", &body).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        let made: Value = made.json().await.unwrap();
        let channel = made["channel"]["id"].as_str().unwrap().to_owned();
        self.until("a subscription", async |shop| {
            let path = format!("/api/v1/channels/{channel}");
            let answer = shop.platform.get_as(&owner, &path).send().await.unwrap();
            let card: Value = answer.error_for_status().ok()?.json().await.unwrap();
            card["proof"]["passed"].as_array()?.contains(&json!("subscription")).then_some(())
        })
        .await;
        self.sim.write(&Inbound::text("5511955554444", "100000555", "oi")).unwrap();
        (owner, channel)
    }
}

fn random_id(random: &mut StdRng, kind: &str) -> String {
    format!("{kind}_{:032x}", random.random::<u128>())
}

#[tokio::test]
async fn ad01_an_id_of_another_company_is_answered_as_a_random_one_byte_for_byte() {
    let shop = Shop::open(Config::default()).await;
    shop.ana_writes().await;
    let channel = shop.channel()["channel"].as_str().unwrap().to_owned();
    let mut foreign = shop.ids_of(&shop.owner, &channel).await;
    shop.deliver("this is no delivery".to_owned()).await;
    let quarantined = shop
        .until("something in quarantine", async |shop| {
            let page = shop.get("/api/v1/quarantine").await;
            Some(page.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await;
    foreign.insert("delivery", vec![quarantined]);
    let (neighbour, channel) = shop.neighbour().await;
    let own = shop.ids_of(&neighbour, &channel).await;
    let link = shop.until("a media address", async |shop| {
        let path = format!("/api/v1/files/{}", foreign["file"][0]);
        let answer = shop.platform.get_as(&shop.owner, &path).send().await.unwrap();
        answer.status().is_success().then_some(answer)
    });
    let link: Value = link.await.json().await.unwrap();
    let (_, media) = link["url"].as_str().unwrap().split_once('?').unwrap();
    let (_, routes) = shop.platform.app.router().unwrap();
    let mut ways = ways_of(&routes, &own);
    ways.extend(more_ways(&own, media));
    let before = shop.n_events().await;

    let mut random = StdRng::seed_from_u64(7);
    let mut expected = HashMap::new();
    for (at, way) in ways.iter().enumerate() {
        for _ in 0..RANDOM {
            let id = random_id(&mut random, way.kind);
            let answer = told(way.request(&shop.platform, &neighbour, &id)).await;
            assert!(answer.0 < 500, "{}: {answer:?}", way.what);
            let known = expected.entry(at).or_insert_with(|| answer.clone());
            assert_eq!(*known, answer, "a random id in {}", way.what);
        }
    }
    let asked: Vec<(usize, String)> = (0..REQUESTS)
        .map(|n| {
            let way = &ways[n % ways.len()];
            let known = &foreign[way.kind];
            (n % ways.len(), known[random.random_range(0..known.len())].clone())
        })
        .collect();
    stream::iter(asked)
        .for_each_concurrent(8, |(at, id)| {
            let (shop, neighbour, expected, way) = (&shop, &neighbour, &expected, &ways[at]);
            async move {
                let answer = told(way.request(&shop.platform, neighbour, &id)).await;
                assert_eq!(answer, expected[&at], "{}", way.what);
            }
        })
        .await;
    assert_eq!(shop.n_events().await, before, "something happened in the other company");
    topics_are_answered_alike(&shop, &neighbour, &own, &foreign, &mut random).await;
    shop.platform.stop().await;
}

/// Two screens of one company: one asks for topics of another company, the other for topics of nothing.
async fn topics_are_answered_alike(
    shop: &Shop,
    neighbour: &Person,
    own: &Ids,
    foreign: &Ids,
    random: &mut StdRng,
) {
    let base = &shop.platform.base;
    let who = Shown::Cookie(&neighbour.cookie);
    for company in [foreign["company"][0].clone(), random_id(random, "company")] {
        let mut socket = Screen::connect(base, who, None).await.unwrap();
        let resume = json!({ "type": "resume", "company": company, "topics": [] });
        socket.send(Message::text(resume.to_string())).await.unwrap();
        let said = socket.next().await.unwrap().unwrap().into_text().unwrap();
        assert_eq!(said.as_str(), r#"{"type":"closed","code":"feed.wrong_company"}"#);
    }
    let company = &own["company"][0];
    let thread = json!({ "kind": "conversation", "id": own["conversation"][0] });
    let none = json!([]);
    let mut curious = Screen::open(base, who, company, &none, Heard::default()).await;
    let mut other = Screen::open(base, who, company, &none, curious.heard.clone()).await;
    for n in 0..TOPICS {
        let kind = if n % 2 == 0 { "conversation" } else { "channel" };
        for (screen, id) in
            [(&mut curious, foreign[kind][0].clone()), (&mut other, random_id(random, kind))]
        {
            let topics = json!([{ "kind": kind, "id": id }, thread]);
            screen.say(&json!({ "type": "topics", "topics": topics })).await;
        }
    }
    // Something happens to what was asked for, and then something that both may hear.
    shop.sim.write(&Inbound::text(ANA, &shop.number(), "só para a Aurora")).unwrap();
    let theirs = format!("/api/v1/conversations/{}/messages", foreign["conversation"][0]);
    shop.until("what happened next door", async |shop| {
        let page = shop.get(&theirs).await;
        page.to_string().contains("só para a Aurora").then_some(())
    })
    .await;
    let path = format!("/api/v1/conversations/{}/messages", own["conversation"][0]);
    let ours = shop.platform.post_as(neighbour, &path, &text("fim")).send().await.unwrap();
    assert_eq!(ours.status(), StatusCode::ACCEPTED);
    let (seen, expected) = (heard(&mut curious).await, heard(&mut other).await);
    assert_eq!(seen, expected);
    assert!(!seen.join("").contains("Aurora"));
}

/// What a screen hears until it hears the end, but for the time and for beats.
async fn heard(screen: &mut Screen) -> Vec<String> {
    let mut frames = Vec::new();
    while !screen.heard.texts.contains("fim") {
        let mut frame = screen.next().await;
        assert!(!frame.is_null(), "the line ended");
        frame.as_object_mut().unwrap().remove("now");
        if frame["changes"] != json!([]) {
            frames.push(frame.to_string());
        }
    }
    frames
}
