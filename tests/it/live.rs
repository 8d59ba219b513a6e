//! The live feed as an open browser hears it (D13): whatever happens to its line, nothing is missing,
//! and who may not listen any more does not.

use std::{collections::BTreeSet, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::Sha256;
use sim::Config;
use tests::{Platform, fresh};

use crate::{
    screen::{Heard, Screen, Shown},
    sending::{ANA, Shop, text},
};

/// A revoked session, a lost right: so long may a socket outlive them.
const REVOKED: Duration = Duration::from_secs(5);

fn topics(conversation: &str) -> Value {
    json!([
        { "kind": "threads" },
        { "kind": "team" },
        { "kind": "conversation", "id": conversation },
    ])
}

impl Shop {
    async fn screen(&self, conversation: &str, heard: Heard) -> Screen {
        let (base, cookie) = (&self.platform.base, Shown::Cookie(&self.owner.cookie));
        Screen::open(base, cookie, &self.owner.company(), &topics(conversation), heard).await
    }

    /// Says so many things in a conversation; they are added to what was said.
    async fn say(&self, conversation: &str, n: usize, said: &mut BTreeSet<String>) {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        for _ in 0..n {
            let body = format!("n.º {}", said.len());
            let (status, answer) = self.post(&path, text(&body)).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            said.insert(body);
        }
    }

    /// Ana writes so many things, in few deliveries; they are added to what was said.
    async fn flood(&self, n: usize, said: &mut BTreeSet<String>) {
        let field = |name: &str| self.channel()[name].as_str().unwrap().to_owned();
        let now = self.platform.app.base.ground.clock.now().timestamp();
        let bodies: Vec<String> = (0..n).map(|at| format!("Ana {}", said.len() + at)).collect();
        for chunk in bodies.chunks(200) {
            let messages: Vec<Value> = chunk
                .iter()
                .map(|body| {
                    json!({ "from": ANA, "id": format!("wamid.{}", hex::encode(body)),
                        "timestamp": now.to_string(), "type": "text", "text": { "body": body } })
                })
                .collect();
            let delivery = json!({ "object": "whatsapp_business_account", "entry": [{
                "id": field("waba_id"),
                "changes": [{ "field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "metadata": { "display_phone_number": "551140000001",
                        "phone_number_id": field("phone_number_id") },
                    "contacts": [{ "profile": { "name": "Ana" }, "wa_id": ANA }],
                    "messages": messages,
                } }],
            }] });
            self.deliver(delivery.to_string()).await;
        }
        said.extend(bodies);
    }

    /// A delivery as the provider makes it.
    pub(crate) async fn deliver(&self, body: String) {
        let field = |name: &str| self.channel()[name].as_str().unwrap().to_owned();
        let secret = field("app_secret");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let path = format!("/hooks/meta/{}", field("hook_key"));
        let post = self.platform.request(Method::POST, &path);
        let answer = post.header("x-hub-signature-256", signature).body(body).send();
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }

    /// Everything that a freshly loaded screen shows of a conversation.
    async fn loaded(&self, conversation: &str) -> BTreeSet<String> {
        let mut texts = BTreeSet::new();
        let mut before = String::new();
        loop {
            let path = format!("/api/v1/conversations/{conversation}/messages?limit=200{before}");
            let page = self.get(&path).await;
            for message in page["items"].as_array().unwrap() {
                texts.extend(message["content"]["body"].as_str().map(str::to_owned));
            }
            let Some(next) = page["next"].as_str() else { return texts };
            before = format!("&after={next}");
        }
    }

    /// The same installation in another process's life.
    async fn again(self) -> Self {
        let Self { platform, sim, seeded, owner } = self;
        let database_url = platform.app.config.database_url.clone();
        platform.stop().await;
        let platform = Platform::start_again(&database_url, &fresh("again"), &sim.url()).await;
        Self { platform, sim, seeded, owner }
    }
}

#[tokio::test]
async fn d13_a_browser_that_counts_misses_nothing_across_a_cut_line_and_a_restart() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let mut said = BTreeSet::new();
    let mut screen = shop.screen(&conversation, Heard::default()).await;
    shop.say(&conversation, 5, &mut said).await;
    screen.until_all(&said).await;

    // The line is cut; it goes on where it was.
    let heard = screen.cut();
    shop.say(&conversation, 5, &mut said).await;
    let mut screen = shop.screen(&conversation, heard).await;
    screen.until_all(&said).await;

    // The server is deployed while the screen is open, and things happen before it is back.
    shop.say(&conversation, 5, &mut said).await;
    let shop = Box::pin(shop.again()).await;
    let heard = screen.cut();
    shop.say(&conversation, 5, &mut said).await;
    let mut screen = shop.screen(&conversation, heard).await;
    screen.until_all(&said).await;
    assert_eq!(screen.heard.n_reloads, 0);
    shop.platform.stop().await;
}

/// More happens than a room keeps in memory (4,096 events: a message is two), and then more than a screen
/// takes by frames at all (5,000 events).
#[tokio::test]
async fn d13_a_tab_that_slept_goes_on_from_its_cursor_or_is_told_to_load_anew() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let mut said = BTreeSet::new();
    shop.flood(1, &mut said).await;
    let mut asleep = shop.screen(&conversation, Heard::default()).await;
    asleep.until_all(&said).await;
    let frozen = shop.screen(&conversation, asleep.heard.clone()).await;
    let mut awake = shop.screen(&conversation, asleep.heard.clone()).await;
    let slept = asleep.cut();

    shop.flood(2_300, &mut said).await;
    awake.until_all(&said).await;
    // Its socket was closed while it slept.
    let mut woken = shop.screen(&conversation, slept.clone()).await;
    woken.until_all(&said).await;
    assert_eq!(woken.heard.n_reloads, 0);
    // Its socket stayed open, and nobody read from it.
    let mut thawed = frozen;
    thawed.until_all(&said).await;
    assert_eq!(thawed.heard.n_reloads, 0);

    shop.flood(300, &mut said).await;
    awake.until_all(&said).await;
    let mut late = shop.screen(&conversation, slept).await;
    assert_eq!(late.heard.n_reloads, 1);
    assert!(shop.loaded(&conversation).await.is_superset(&said));
    // From there on it counts again.
    let mut more = BTreeSet::new();
    shop.say(&conversation, 3, &mut more).await;
    late.until_all(&more).await;
    shop.platform.stop().await;
}

/// One who may act in an installation by a session.
struct Person {
    cookie: String,
    me: Value,
}

struct Two {
    shop: Shop,
    /// Another process on the same database: what happens there is known here by looking.
    other: Platform,
}

impl Two {
    async fn open() -> Self {
        let shop = Shop::open(Config::default()).await;
        let database_url = shop.platform.app.config.database_url.clone();
        let other = Platform::start_again(&database_url, &fresh("other"), &shop.sim.url()).await;
        Self { shop, other }
    }

    async fn sign_in(&self, at: usize) -> Person {
        let user = &self.shop.seeded["users"][at];
        let (email, password) = (user["email"].as_str(), user["password"].as_str());
        let signed = self.shop.platform.sign_in(email.unwrap(), password.unwrap()).await;
        Person { cookie: signed.cookie, me: signed.me }
    }

    /// Acts in the other process.
    async fn act(&self, who: &Person, method: Method, path: &str, body: Option<Value>) {
        let mut request = self
            .other
            .request(method, path)
            .header(header::COOKIE, &who.cookie)
            .header(header::ORIGIN, &self.other.base)
            .header("Idempotency-Key", fresh("act"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{path}: {status} {}", answer.text().await.unwrap());
    }

    async fn screen(&self, who: Shown<'_>) -> Screen {
        let company = self.shop.owner.company();
        let topics = json!([{ "kind": "threads" }, { "kind": "team" }]);
        Screen::open(&self.shop.platform.base, who, &company, &topics, Heard::default()).await
    }

    /// The screen ends in time, and says why.
    async fn ends(&self, what: &str, mut screen: Screen) {
        let closed = tokio::time::timeout(REVOKED, screen.until_closed()).await;
        let code = closed.unwrap_or_else(|_| panic!("{what}: still open after five seconds"));
        assert_eq!(code, "session.ended", "{what}");
    }
}

/// The people of the demo, as the seed lists them.
const ADMIN: usize = 1;
const SUPERVISOR: usize = 2;
const OPERATOR: usize = 3;
const AUDITOR: usize = 4;
const PLATFORM: usize = 5;

#[tokio::test]
async fn au04_what_ends_a_session_or_a_right_closes_the_live_socket_within_five_seconds() {
    let two = Box::pin(Two::open()).await;
    let platform = two.sign_in(PLATFORM).await;
    let owner = two.sign_in(0).await;
    let user = |at: usize| two.shop.seeded["users"][at]["user"].as_str().unwrap().to_owned();

    let revoked = async {
        let (admin, again) = (two.sign_in(ADMIN).await, two.sign_in(ADMIN).await);
        let screen = two.screen(Shown::Cookie(&admin.cookie)).await;
        let path = format!("/api/v1/sessions/{}", admin.me["session"].as_str().unwrap());
        two.act(&again, Method::DELETE, &path, None).await;
        two.ends("a revoked session", screen).await;
    };
    let removed = async {
        let supervisor = two.sign_in(SUPERVISOR).await;
        let screen = two.screen(Shown::Cookie(&supervisor.cookie)).await;
        let path = format!("/api/v1/members/{}", user(SUPERVISOR));
        two.act(&owner, Method::DELETE, &path, None).await;
        two.ends("a removed member", screen).await;
    };
    let disabled = async {
        let operator = two.sign_in(OPERATOR).await;
        let screen = two.screen(Shown::Cookie(&operator.cookie)).await;
        let path = format!("/api/v1/platform/users/{}/disable", user(OPERATOR));
        two.act(&platform, Method::POST, &path, None).await;
        two.ends("a disabled user", screen).await;
    };
    let signed_out = async {
        let auditor = two.sign_in(AUDITOR).await;
        let screen = two.screen(Shown::Cookie(&auditor.cookie)).await;
        let path = format!("/api/v1/sessions/{}", auditor.me["session"].as_str().unwrap());
        two.act(&auditor, Method::DELETE, &path, None).await;
        two.ends("a session that was signed out", screen).await;
    };
    let key = async {
        let key = two.shop.seeded["api_key"].as_str().unwrap();
        let screen = two.screen(Shown::Key(key)).await;
        let company = two.shop.owner.company();
        let path = format!("/api/v1/platform/companies/{company}/features/api");
        two.act(&platform, Method::POST, &path, Some(json!({ "is_on": false }))).await;
        two.ends("a key without its feature", screen).await;
    };
    tokio::join!(revoked, removed, disabled, signed_out, key);
    two.other.stop().await;
    two.shop.platform.stop().await;
}

/// A suspended company reads and changes nothing (AD06): its screens stay, and are told at once.
#[tokio::test]
async fn ad06_a_suspension_reaches_open_screens_within_five_seconds() {
    let two = Box::pin(Two::open()).await;
    let platform = two.sign_in(PLATFORM).await;
    let owner = Shown::Cookie(&two.shop.owner.cookie);
    let mut screen = two.screen(owner).await;
    let company = two.shop.owner.company();
    let path = format!("/api/v1/platform/companies/{company}/suspend");
    two.act(&platform, Method::POST, &path, Some(json!({ "reason": "unpaid" }))).await;
    let told = async {
        while screen.heard.n_rights == 0 {
            assert!(!screen.next().await.is_null(), "its screens are closed");
        }
        while two.shop.get("/api/v1/me").await["companies"][0]["is_suspended"] != true {}
    };
    let in_time = tokio::time::timeout(REVOKED, told).await;
    assert!(in_time.is_ok(), "nobody was told within five seconds");
    let (status, problem) = two.shop.post("/api/v1/api-keys", json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("company_suspended")));
    two.other.stop().await;
    two.shop.platform.stop().await;
}

/// What a right hid for a while is whole again when it comes back: the count never stops.
#[tokio::test]
async fn d13_a_right_that_comes_back_finds_nothing_missing() {
    let two = Box::pin(Two::open()).await;
    let conversation = two.shop.ana_writes().await;
    let owner = two.sign_in(0).await;
    let user = two.shop.seeded["users"][OPERATOR].clone();
    let operator = two.sign_in(OPERATOR).await;
    let company = two.shop.owner.company();
    let base = two.shop.platform.base.clone();
    let topics = topics(&conversation);
    let mut said = BTreeSet::new();
    let cookie = Shown::Cookie(&operator.cookie);
    let mut screen = Screen::open(&base, cookie, &company, &topics, Heard::default()).await;
    two.shop.say(&conversation, 3, &mut said).await;
    screen.until_all(&said).await;

    let path = format!("/api/v1/members/{}", user["user"].as_str().unwrap());
    two.act(&owner, Method::DELETE, &path, None).await;
    let closed = tokio::time::timeout(REVOKED, screen.until_closed()).await;
    assert_eq!(closed.expect("still open after five seconds"), "session.ended");
    let heard = screen.cut();
    let before = heard.texts.clone();
    two.shop.say(&conversation, 3, &mut said).await;
    let refused = Screen::connect(&base, cookie, None).await;
    assert!(refused.is_err(), "she is let in without a right");
    assert_eq!(heard.texts, before);

    let back = json!({ "name": user["name"], "email": user["email"], "role": "operator",
        "password": user["password"] });
    two.act(&owner, Method::POST, "/api/v1/members", Some(back)).await;
    let again = two.sign_in(OPERATOR).await;
    let cookie = Shown::Cookie(&again.cookie);
    two.shop
        .until("she is let in again", async |_| Screen::connect(&base, cookie, None).await.ok())
        .await;
    let mut screen = Screen::open(&base, cookie, &company, &topics, heard).await;
    screen.until_all(&said).await;
    assert_eq!(screen.heard.n_reloads, 0);
    two.other.stop().await;
    two.shop.platform.stop().await;
}
