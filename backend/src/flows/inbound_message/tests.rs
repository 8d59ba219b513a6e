//! Deliveries through the whole flow but the database: a map of claims and streams stands for it.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use chrono::DateTime;
use contacts::contact::{Contact, IDENTITY, State as Person};
use events::{
    contacts::{Address, ContactEvent},
    conversations::ConversationEvent,
    messaging::{Inbound, MessageEvent, Origin, Purpose},
};
use kernel::{
    commit::{Claim, Expected},
    decider::Decider,
    digest::{ParseError, Parts},
    ids::{Ids, SystemIds},
    intake::{Delivery, Route},
    vault::IndexKey,
};
use messaging::message::{Message, PROVIDER_ID, provider_key};
use proptest::prelude::*;
use providers::meta::inbound;
use serde_json::{Value, json};
use shared::{
    ids::{ChannelId, ContactId, ConversationId, MessageId},
    messages::{Content, MessageKind},
    stored::{Event, KeyClass, Sealed},
};
use uuid::Uuid;

use super::{Asked, Desk, Known, Line, Owners, Sealer, acts, context, keyed::ClaimKey, resolve};

const COMPANY: Uuid = Uuid::from_u128(0xc0);
const CHANNEL: Uuid = Uuid::from_u128(0xc4);

/// What is stored of one company.
struct World {
    index: IndexKey,
    claims: HashMap<ClaimKey, Uuid>,
    /// Event types and payloads of each stream.
    streams: BTreeMap<(&'static str, Uuid), Vec<(&'static str, String)>>,
    lines: Vec<Line>,
    position: i64,
}

impl World {
    fn new() -> Self {
        let line = Line {
            company: COMPANY,
            channel: ChannelId::from_uuid(CHANNEL),
            phone_number_id: "106540352242922".to_owned(),
            waba_id: "102290129340398".to_owned(),
        };
        Self {
            index: IndexKey::from_bytes(&[9; 32]).expect("a key"),
            claims: HashMap::new(),
            streams: BTreeMap::new(),
            lines: vec![line],
            position: 0,
        }
    }

    fn states<D: Decider>(&self) -> HashMap<Uuid, (i64, D::State)> {
        let mine = self.streams.iter().filter(|((kind, _), _)| *kind == D::STREAM);
        let fold = |events: &[(&str, String)]| {
            let events = events.iter().map(|(event_type, payload)| {
                let json = format!("{{\"{event_type}\":{payload}}}");
                serde_json::from_str::<D::Event>(&json).expect("an event")
            });
            events.fold((0, D::State::default()), |(n, state), event| {
                (n + 1, D::evolve(state, &event))
            })
        };
        mine.map(|((_, id), events)| (*id, fold(events))).collect()
    }

    /// Takes deliveries in one batch.
    fn batch(&mut self, bodies: &[Value]) -> Vec<Parts> {
        let mut deliveries = vec![];
        for body in bodies {
            self.position += 1;
            let n = u128::try_from(self.position).expect("a number");
            deliveries.push(Delivery {
                position: self.position,
                id: Uuid::from_u128(0xd0_0000 + n),
                provider: "meta".into(),
                route: Route { id: CHANNEL, company: Some(COMPANY) },
                received_at: DateTime::from_timestamp(1_795_000_000, 0).expect("a time"),
                mac: [7; 32],
                body: Bytes::from(serde_json::to_vec(body).expect("JSON")),
            });
        }
        let mut asked = vec![];
        let mut parts = vec![];
        for (at, delivery) in deliveries.iter().enumerate() {
            let parsed = inbound::parse(&delivery.body).expect("a delivery");
            let read = acts::of(delivery, &parsed, &self.lines);
            parts.push(Parts { quarantine: read.complaint, ..Parts::default() });
            let acts = read.acts.into_iter();
            asked.extend(acts.map(|act| (at, Asked::of(act, &self.index))));
        }
        let wanted = asked.iter().flat_map(|(_, asked)| asked.claims());
        let owners = wanted.filter_map(|key| Some((key, *self.claims.get(&key)?))).collect();
        let owners = Owners(owners);
        let found =
            resolve(asked.iter().map(|(_, asked)| asked), owners.clone(), || SystemIds.v7());
        let mut contacts = self.states::<Contact>();
        contacts.retain(|id, _| found.known.contains(id));
        let mut messages = self.states::<Message>();
        messages.retain(|id, _| found.messages.contains(id));
        let at = DateTime::UNIX_EPOCH;
        let sealer = Sealer { keys: None, company: COMPANY, at };
        let index = self.index.clone();
        let mut known = Known { index, owners, contacts, messages, sealer };
        for ((at, asked), contact) in asked.iter().zip(&found.contacts) {
            let mut desk = Desk {
                ids: &SystemIds,
                delivery: &deliveries[*at],
                context: context(&deliveries[*at]),
                delivery_mac: "07",
                company: COMPANY,
                known: &mut known,
                parts: &mut parts[*at],
            };
            desk.on(asked, *contact).expect("a decision");
        }
        for part in &parts {
            self.store(part);
        }
        parts
    }

    /// What the ledger would do, with all that it refuses.
    fn store(&mut self, parts: &Parts) {
        for append in &parts.appends {
            let stream = self.streams.entry((append.stream.kind, append.stream.id)).or_default();
            match append.expected {
                Expected::Empty => assert!(stream.is_empty(), "{:?} exists", append.stream),
                Expected::Exact(n) => {
                    assert_eq!(i64::try_from(stream.len()), Ok(n), "{:?}", append.stream);
                }
                Expected::Any => {}
            }
            let events = append.events.iter();
            stream.extend(events.map(|event| (event.event_type, event.payload.clone())));
        }
        for claim in &parts.claims {
            let Claim::Take { kind, key, owner, .. } = claim else { panic!("a claim is kept") };
            let known = self.claims.insert((kind, *key), *owner);
            assert!(known.is_none_or(|known| known == *owner), "{kind} is taken");
        }
    }

    fn deliver(&mut self, body: &Value) -> Parts {
        self.batch(std::slice::from_ref(body)).remove(0)
    }

    fn events<E: Event>(&self, kind: &str) -> Vec<(Uuid, E)> {
        let mine = self.streams.iter().filter(|((known, _), _)| *known == kind);
        mine.flat_map(|((_, id), events)| {
            events.iter().map(|(event_type, payload)| {
                let json = format!("{{\"{event_type}\":{payload}}}");
                (*id, serde_json::from_str(&json).expect("an event"))
            })
        })
        .collect()
    }

    fn n_streams(&self, kind: &str) -> usize {
        self.streams.keys().filter(|(known, _)| *known == kind).count()
    }

    /// The texts of each conversation, in the order of its own stream.
    fn texts(&self) -> Vec<Vec<String>> {
        let said: HashMap<Uuid, String> = self
            .events::<MessageEvent>("message")
            .into_iter()
            .filter_map(|(id, event)| match event {
                MessageEvent::Received { said, .. } | MessageEvent::Echoed { said, .. } => {
                    Some((id, text_of(&opened::<Inbound>(&said).content)))
                }
                _ => None,
            })
            .collect();
        let mut threads: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for (thread, event) in self.events::<ConversationEvent>("conversation") {
            let (ConversationEvent::MessageReceived { message }
            | ConversationEvent::MessageSent { message }) = event
            else {
                continue;
            };
            threads.entry(thread).or_default().push(said[&message.into_uuid()].clone());
        }
        threads.into_values().collect()
    }

    fn people(&self) -> Vec<(Uuid, Person)> {
        self.states::<Contact>().into_iter().map(|(id, (_, state))| (id, state)).collect()
    }

    /// The current addresses of all contacts, as written.
    fn addresses(&self) -> Vec<String> {
        let people: HashMap<Uuid, Person> = self.people().into_iter().collect();
        let mut addresses = vec![];
        for (contact, event) in self.events::<ContactEvent>("contact") {
            if let ContactEvent::IdentityAdded { identity, address, .. } = event
                && !people[&contact].identities[&identity].is_former
            {
                addresses.push(opened::<Address>(&address).written);
            }
        }
        addresses.sort();
        addresses
    }

    /// An outbound message that was accepted under a provider's id.
    fn sent(&mut self, n: u128, wamid: Option<&str>) -> MessageId {
        let id = MessageId::from_uuid(Uuid::from_u128(n));
        let queued = MessageEvent::Queued {
            conversation: ConversationId::from_uuid(Uuid::from_u128(1)),
            channel: ChannelId::from_uuid(CHANNEL),
            contact: ContactId::from_uuid(Uuid::from_u128(2)),
            purpose: Purpose::Message,
            about: None,
            kind: MessageKind::Text,
            origin: Origin::BusinessApp,
            n_characters: 2,
            template: None,
            quotes: None,
            file: None,
            window: None,
            retry_of: None,
            said: Sealed::new(Uuid::nil(), KeyClass::Content, 0, 1, String::new()),
        };
        let payload =
            serde_json::to_value(&queued).expect("JSON")["messaging.message.queued"].to_string();
        self.streams
            .insert(("message", id.into_uuid()), vec![("messaging.message.queued", payload)]);
        if let Some(wamid) = wamid {
            self.claims.insert((PROVIDER_ID, provider_key(&self.index, wamid)), id.into_uuid());
        }
        id
    }
}

fn opened<T: serde::de::DeserializeOwned>(sealed: &Sealed<T>) -> T {
    serde_json::from_str(&sealed.data).expect("a value in the clear")
}

fn text_of(content: &Content) -> String {
    match content {
        Content::Text { body } => body.clone(),
        Content::System { event, .. } => format!("<{event}>"),
        other => format!("{other:?}"),
    }
}

fn change(field: &str, mut value: Value) -> Value {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] =
        json!({ "display_phone_number": "15550783881", "phone_number_id": "106540352242922" });
    json!({ "object": "whatsapp_business_account", "entry": [
        { "id": "102290129340398", "changes": [{ "field": field, "value": value }] }] })
}

/// A text of somebody with a number, a user id, or both.
fn text(id: &str, from: &str, user: &str, body: &str) -> Value {
    let mut message =
        json!({ "id": id, "timestamp": "1794999000", "type": "text", "text": { "body": body } });
    let mut contact = json!({ "profile": { "name": "Ana" } });
    if !from.is_empty() {
        message["from"] = json!(from);
        contact["wa_id"] = json!(from);
    }
    if !user.is_empty() {
        message["from_user_id"] = json!(user);
        contact["user_id"] = json!(user);
    }
    change("messages", json!({ "contacts": [contact], "messages": [message] }))
}

fn message(id: &str, kind: &str, mut members: Value) -> Value {
    members["id"] = json!(id);
    members["type"] = json!(kind);
    members["timestamp"] = json!("1794999500");
    change("messages", json!({ "messages": [members] }))
}

fn status(id: &str, word: &str, opaque: Option<&str>) -> Value {
    let mut status = json!({ "id": id, "status": word, "timestamp": "1794999900", "recipient_id": "5541988887777" });
    if let Some(opaque) = opaque {
        status["biz_opaque_callback_data"] = json!(opaque);
    }
    if word == "failed" {
        status["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    }
    change("messages", json!({ "statuses": [status] }))
}

fn case(name: &str) -> Value {
    let path = format!("{}/providers/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a case")).expect("JSON")
}

#[test]
fn a_first_message_makes_contact_thread_and_message_in_one_go() {
    let mut world = World::new();
    let parts = world.deliver(&text("w1", "5541988887777", "BR.1", "Oi, quanto custa?"));
    assert_eq!(parts.quarantine, None);
    assert_eq!(world.texts(), [["Oi, quanto custa?"]]);
    assert_eq!(world.addresses(), ["+5541988887777", "BR.1"]);
    let types: Vec<_> = parts
        .appends
        .iter()
        .flat_map(|append| &append.events)
        .map(|event| event.event_type)
        .collect();
    assert_eq!(
        types,
        [
            "contacts.contact.created",
            "contacts.contact.identity_added",
            "contacts.contact.identity_added",
            "contacts.contact.named",
            "messaging.message.received",
            "conversations.conversation.opened",
            "conversations.conversation.message_received",
        ]
    );
}

#[test]
fn d38_the_second_message_of_somebody_known_is_two_events_and_one_claim() {
    let mut world = World::new();
    world.deliver(&text("w1", "5541988887777", "BR.1", "one"));
    let parts = world.deliver(&text("w2", "5541988887777", "BR.1", "two"));
    assert_eq!(parts.appends.iter().map(|append| append.events.len()).sum::<usize>(), 2);
    assert_eq!(parts.claims.len(), 1);
    assert_eq!(world.texts(), [["one", "two"]]);
}

#[test]
fn a_delivery_that_comes_again_adds_nothing() {
    let mut world = World::new();
    let body = text("w1", "5541988887777", "", "once");
    world.deliver(&body);
    let again = world.batch(&[body.clone(), body.clone()]);
    assert!(again.iter().all(|parts| parts.appends.is_empty() && parts.claims.is_empty()));
    let mut fresh = World::new();
    fresh.batch(&[body.clone(), body]);
    assert_eq!(fresh.texts(), [["once"]]);
}

#[test]
fn many_of_one_batch_find_the_person_that_the_first_one_made() {
    let mut world = World::new();
    let bodies: Vec<_> =
        (0..20).map(|n| text(&format!("w{n}"), "5541988887777", "", &n.to_string())).collect();
    world.batch(&bodies);
    let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(world.texts(), [expected]);
    assert_eq!(world.n_streams("contact"), 1);
}

#[test]
fn the_collected_identities_end_as_told() {
    for name in
        ["01-bsuid-only-first-contact", "03-phone-and-bsuid-linked", "08-echo-first-contact"]
    {
        let case = case(&format!("identity/{name}"));
        let mut world = World::new();
        for body in case["input"]["deliveries"].as_array().expect("a list") {
            assert_eq!(world.deliver(body).quarantine, None, "{name}");
        }
        let expect = &case["expect"];
        assert_eq!(json!(world.n_streams("contact")), expect["contacts"], "{name}");
        if expect["conversations"].is_number() {
            assert_eq!(json!(world.n_streams("conversation")), expect["conversations"], "{name}");
        }
        if let Some(messages) = expect["messages"].as_array() {
            let texts: Vec<Value> = world.texts().concat().into_iter().map(Value::from).collect();
            assert_eq!(&texts, messages, "{name}");
        }
    }
}

#[test]
fn a_number_change_that_names_only_the_user_id_gives_the_owner_the_new_number() {
    let case = case("identity/13-number-change");
    let mut world = World::new();
    world.deliver(&text("w1", "16505550001", "IN.PREVIOUSBSUID", "before"));
    world.deliver(&case["input"]["deliveries"][0]);
    assert_eq!(world.n_streams("contact"), 1);
    assert_eq!(world.addresses(), ["+16505550002", "IN.CURRENTBSUID"]);
    world.deliver(&text("w2", "16505550002", "IN.CURRENTBSUID", "after"));
    assert_eq!(world.texts(), [["before", "<user_changed_number>", "after"]]);
}

#[test]
fn a_changed_user_id_keeps_contact_and_conversation() {
    let mut world = World::new();
    world.deliver(&text("w1", "", "BR.1", "before"));
    let system = json!({ "system": { "type": "user_changed_user_id", "previous_user_id": "BR.1", "user_id": "BR.2" } });
    let body = message("w2", "system", system);
    world.deliver(&body);
    assert!(world.deliver(&body).appends.is_empty(), "told twice");
    world.deliver(&text("w3", "", "BR.2", "after"));
    assert_eq!(world.n_streams("contact"), 1);
    assert_eq!(world.texts(), [["before", "<user_changed_user_id>", "after"]]);
    assert_eq!(world.addresses(), ["BR.2"]);
}

#[test]
fn a_new_number_that_is_somebody_elses_stays_hers() {
    let mut world = World::new();
    world.deliver(&text("w1", "16505550001", "IN.A", "a"));
    world.deliver(&text("w2", "16505550002", "IN.B", "b"));
    let system = json!({ "from": "16505550001", "system": { "type": "user_changed_number", "wa_id": "16505550002" } });
    world.deliver(&message("w3", "system", system));
    assert_eq!(world.n_streams("contact"), 2);
    let texts = world.texts();
    assert!(texts.contains(&vec!["b".to_owned()]), "{texts:?}");
}

#[test]
fn a_change_of_somebody_unknown_is_nothing() {
    let mut world = World::new();
    let system = json!({ "from": "16505550001", "system": { "type": "user_changed_number", "wa_id": "16505550002" } });
    let parts = world.deliver(&message("w3", "system", system));
    assert_eq!((parts.appends.len(), parts.claims.len(), parts.quarantine), (0, 0, None));
}

#[test]
fn two_records_of_one_person_answer_each_in_their_own_thread() {
    let case = case("identity/16-merged-contact-two-identities");
    let mut world = World::new();
    world.deliver(&text("a", "", "AE.QACUSTOMERA", "first of A"));
    world.deliver(&text("b", "", "AE.QACUSTOMERB", "first of B"));
    for body in case["input"]["deliveries"].as_array().expect("a list") {
        world.deliver(body);
    }
    let mut texts = world.texts();
    texts.sort();
    assert_eq!(
        texts,
        [["first of A", "message from customer A"], ["first of B", "message from customer B"]]
    );
}

#[test]
fn a_number_and_a_user_id_become_one_person_when_they_come_together() {
    let mut world = World::new();
    world.deliver(&text("w1", "5541988887777", "", "by number"));
    world.deliver(&text("w2", "5541988887777", "BR.1", "by both"));
    world.deliver(&text("w3", "", "BR.1", "by id"));
    assert_eq!(world.texts(), [["by number", "by both", "by id"]]);
    assert_eq!(world.n_streams("contact"), 1);
}

#[test]
fn spellings_of_a_number_are_one_person_and_a_landline_is_another() {
    for (first, second, n) in [
        ("5541988887777", "554188887777", 1),
        ("554188887777", "5541988887777", 1),
        ("554132345678", "5541932345678", 2),
        ("541112345678", "5491112345678", 1),
        ("5491112345678", "541112345678", 2),
        ("5215512345678", "525512345678", 1),
        ("447700900123", "447700900123", 1),
    ] {
        let mut world = World::new();
        world.deliver(&text("w1", first, "", "1"));
        world.deliver(&text("w2", second, "", "2"));
        assert_eq!(world.n_streams("contact"), n, "{first} {second}");
        assert_eq!(world.n_streams("conversation"), n, "{first} {second}");
    }
}

#[test]
fn a_new_profile_name_is_told_once() {
    let mut world = World::new();
    let named = |id: &str, name: &str| {
        let mut body = text(id, "5541988887777", "", "x");
        body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = json!(name);
        body
    };
    for (id, name) in [("1", "Ana"), ("2", "Ana"), ("3", "Aninha"), ("4", "Aninha"), ("5", "Ana")] {
        world.deliver(&named(id, name));
    }
    let told: Vec<String> = world
        .events::<ContactEvent>("contact")
        .into_iter()
        .filter_map(|(_, event)| match event {
            ContactEvent::Named { name, .. } => Some(opened(&name)),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["Ana", "Aninha", "Ana"]);
}

#[test]
fn a_reply_quotes_the_message_it_answers() {
    let mut world = World::new();
    let sent = world.sent(77, Some("wamid.OURS"));
    let mut body = text("w1", "5541988887777", "", "an answer");
    body["entry"][0]["changes"][0]["value"]["messages"][0]["context"] =
        json!({ "from": "15550783881", "id": "wamid.OURS" });
    world.deliver(&body);
    let quoted: Vec<_> = world
        .events::<MessageEvent>("message")
        .into_iter()
        .filter_map(|(_, event)| match event {
            MessageEvent::Received { quotes, .. } => Some(quotes),
            _ => None,
        })
        .collect();
    assert_eq!(quoted, [Some(sent)]);
}

#[test]
fn reactions_edits_and_revocations_land_on_their_message_also_when_they_come_first() {
    let about = [
        message(
            "r",
            "reaction",
            json!({ "from": "5541988887777", "reaction": { "message_id": "w1", "emoji": "👍" } }),
        ),
        message(
            "e",
            "edit",
            json!({ "from": "5541988887777", "edit": { "original_message_id": "w1",
            "message": { "type": "text", "text": { "body": "better" } } } }),
        ),
        message(
            "x",
            "revoke",
            json!({ "from": "5541988887777", "revoke": { "original_message_id": "w1" } }),
        ),
    ];
    let told = text("w1", "5541988887777", "", "good");
    for is_late in [false, true] {
        for in_one_batch in [false, true] {
            let mut bodies = about.to_vec();
            bodies.insert(if is_late { 3 } else { 0 }, told.clone());
            bodies.extend(about.iter().cloned());
            let mut world = World::new();
            if in_one_batch {
                world.batch(&bodies);
            } else {
                for body in &bodies {
                    world.deliver(body);
                }
            }
            assert_eq!(world.n_streams("message"), 1, "late: {is_late}, one: {in_one_batch}");
            let events = world.events::<MessageEvent>("message");
            let mut words: Vec<_> = events.iter().map(|(_, event)| event.event_type()).collect();
            words.sort_unstable();
            assert_eq!(
                words,
                [
                    "messaging.message.deleted",
                    "messaging.message.edited",
                    "messaging.message.reacted",
                    "messaging.message.received",
                ]
            );
            assert_eq!(world.texts(), [["good"]]);
        }
    }
}

#[test]
fn d2_a_status_finds_its_message_by_our_id_or_by_the_providers() {
    let mut world = World::new();
    let by_opaque = world.sent(77, None);
    let by_wamid = world.sent(78, Some("wamid.B"));
    let opaque = format!("{}.2", by_opaque.into_uuid().simple());
    let both = [status("wamid.A", "delivered", Some(&opaque)), status("wamid.B", "read", None)];
    world.batch(&both);
    world.batch(&both);
    let of = |id: MessageId| -> Vec<MessageEvent> {
        let events = world.events::<MessageEvent>("message").into_iter();
        events.filter(|(known, _)| *known == id.into_uuid()).map(|(_, event)| event).collect()
    };
    assert!(matches!(of(by_opaque)[1], MessageEvent::Delivered { attempt: Some(2), .. }));
    assert!(matches!(of(by_wamid)[1], MessageEvent::Read { attempt: None, .. }));
    assert_eq!((of(by_opaque).len(), of(by_wamid).len()), (2, 2));
    let claim = (PROVIDER_ID, provider_key(&world.index, "wamid.A"));
    assert_eq!(world.claims.get(&claim), Some(&by_opaque.into_uuid()));
}

#[test]
fn a_failure_by_status_keeps_code_and_title_and_an_unknown_status_is_none() {
    let mut world = World::new();
    world.sent(77, Some("wamid.A"));
    world.deliver(&status("wamid.A", "teleported", None));
    world.deliver(&status("wamid.A", "failed", None));
    let events = world.events::<MessageEvent>("message");
    let [_, (_, MessageEvent::Failed { code, title, by_status, .. })] = events.as_slice() else {
        panic!("a failure: {events:?}")
    };
    assert_eq!((*code, *by_status), (131_026, true));
    assert_eq!(title.as_ref().map(|title| title.0.as_str()), Some("Message undeliverable"));
}

#[test]
fn a_status_of_a_message_that_nobody_knows_makes_nothing() {
    let mut world = World::new();
    let forged = format!("{}.1", Uuid::from_u128(99).simple());
    for body in [status("wamid.A", "read", None), status("wamid.A", "read", Some(&forged))] {
        let parts = world.deliver(&body);
        assert_eq!((parts.appends.len(), parts.claims.len()), (0, 0));
    }
}

#[test]
fn d18_what_names_another_number_or_account_is_refused() {
    let mut world = World::new();
    let mut number = text("w1", "5541988887777", "", "x");
    number["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("666");
    let mut account = text("w2", "5541988887777", "", "x");
    account["entry"][0]["id"] = json!("666");
    for body in [&number, &account] {
        let parts = world.deliver(body);
        assert_eq!(parts.quarantine, Some(ParseError("foreign_number")));
        assert_eq!(parts.appends.len(), 0);
    }
    let update = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "666", "changes": [
        { "field": "account_update", "value": { "event": "ACCOUNT_DELETED" } }] }] });
    assert_eq!(world.deliver(&update).quarantine, Some(ParseError("foreign_account")));
    let mut mixed = text("w3", "5541988887777", "", "ours");
    let foreign = number["entry"][0].clone();
    mixed["entry"].as_array_mut().expect("a list").push(foreign);
    let parts = world.deliver(&mixed);
    assert_eq!(parts.quarantine, Some(ParseError("foreign_number")));
    assert_eq!(world.texts(), [["ours"]]);
}

#[test]
fn every_collected_delivery_is_digested_or_refused_by_its_number() {
    let folder = format!("{}/providers/cases/webhook", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let text = std::fs::read_to_string(entry.expect("a case").path()).expect("text");
        let case: Value = serde_json::from_str(&text).expect("JSON");
        let body = &case["input"]["body"];
        let change = &body["entry"][0]["changes"][0]["value"];
        let mut world = World::new();
        let number = change["metadata"]["phone_number_id"].as_str();
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let waba = change["waba_info"]["waba_id"].as_str();
        world.lines[0].phone_number_id = text(number);
        world.lines[0].waba_id = text(waba.or(body["entry"][0]["id"].as_str()));
        let parts = world.deliver(body);
        assert_eq!(parts.quarantine, None, "{}", case["id"]);
        let again = world.deliver(body);
        let is_message = number.is_some();
        assert!(!is_message || again.appends.is_empty(), "{} came twice", case["id"]);
    }
}

#[test]
fn what_meta_says_of_the_account_reaches_every_channel_of_it() {
    let mut world = World::new();
    let other = Line {
        channel: ChannelId::from_uuid(Uuid::from_u128(0xc5)),
        phone_number_id: "2".to_owned(),
        ..world.lines[0].clone()
    };
    world.lines.push(other);
    let update = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [
        { "field": "phone_number_quality_update", "value": { "event": "UPGRADE", "current_limit": "TIER_1K" } },
        { "field": "account_update", "value": { "event": "ACCOUNT_DELETED" } }] }] });
    let parts = world.deliver(&update);
    assert_eq!((parts.appends.len(), parts.quarantine), (4, None));
    assert_eq!(world.n_streams("channel"), 2);
}

#[test]
fn an_echo_is_outbound_in_the_thread_and_names_nobody() {
    let mut world = World::new();
    let echo = change(
        "smb_message_echoes",
        json!({ "message_echoes": [{ "from": "15550783881", "to": "5541988887777", "id": "w", "timestamp": "1794999500",
            "type": "text", "text": { "body": "from the app" } }] }),
    );
    world.deliver(&echo);
    world.deliver(&text("w2", "5541988887777", "", "and back"));
    assert_eq!(world.texts(), [["from the app", "and back"]]);
    let events = world.events::<MessageEvent>("message");
    assert!(events.iter().any(|(_, event)| matches!(event, MessageEvent::Echoed { .. })));
}

#[test]
fn calls_and_preferences_are_lines_where_the_person_is_known() {
    let mut world = World::new();
    let stop = change(
        "user_preferences",
        json!({ "user_preferences": [{ "wa_id": "5541988887777", "category": "marketing_messages", "value": "stop",
            "timestamp": 1_794_999_000 }] }),
    );
    assert_eq!(world.deliver(&stop).appends.len(), 0);
    world.deliver(&text("w1", "5541988887777", "", "hi"));
    world.deliver(&stop);
    world.deliver(&stop);
    assert_eq!(world.texts(), [["hi", "<marketing_messages_stop>"]]);
}

#[test]
fn an_unknown_type_is_kept_and_shown_as_unsupported() {
    let mut world = World::new();
    let odd =
        message("w1", "hologram", json!({ "from": "5541988887777", "hologram": { "depth": 3 } }));
    world.deliver(&odd);
    let events = world.events::<MessageEvent>("message");
    let [(_, MessageEvent::Received { kind, said, .. })] = events.as_slice() else {
        panic!("a message")
    };
    assert_eq!(*kind, MessageKind::Unsupported);
    let Content::Unsupported { claimed, raw } = opened::<Inbound>(said).content else {
        panic!("unsupported")
    };
    assert_eq!(claimed, "hologram");
    assert!(raw.contains("depth"));
}

#[test]
fn a_time_from_the_future_is_not_believed() {
    let mut world = World::new();
    let mut body = text("w1", "5541988887777", "", "x");
    body["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = json!("99999999999");
    world.deliver(&body);
    let events = world.events::<MessageEvent>("message");
    let (_, MessageEvent::Received { provider_at, .. }) = &events[0] else { panic!("a message") };
    assert_eq!(provider_at.timestamp(), 1_795_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_batches_and_repeats_come_each_message_is_there_once(
        order in proptest::collection::vec((0usize..12, any::<bool>()), 1..40),
    ) {
        let mut bodies: Vec<Value> = (0..6)
            .map(|n| {
                let from = if n % 3 == 2 { "" } else { "5541988887777" };
                let user = if n % 3 == 0 { "" } else { "BR.1" };
                text(&format!("w{n}"), from, user, &format!("text {n}"))
            })
            .collect();
        bodies.extend((0..6).map(|n| {
            let reaction = json!({ "from": "5541988887777", "reaction": { "message_id": format!("w{n}"), "emoji": "👍" } });
            message(&format!("r{n}"), "reaction", reaction)
        }));
        let mut world = World::new();
        let mut batch = vec![];
        for (which, ends) in &order {
            batch.push(bodies[*which].clone());
            if *ends {
                world.batch(&batch);
                batch.clear();
            }
        }
        world.batch(&batch);
        let mut texts = world.texts().concat();
        let n = texts.len();
        texts.sort();
        texts.dedup();
        prop_assert_eq!(texts.len(), n);
        let mut sent: Vec<usize> = order.iter().map(|(which, _)| *which).filter(|n| *n < 6).collect();
        sent.sort_unstable();
        sent.dedup();
        prop_assert_eq!(texts.len(), sent.len());
        for ((kind, key), owner) in &world.claims {
            let is_known = *kind != IDENTITY || world.people().iter().any(|(id, _)| id == owner);
            prop_assert!(is_known, "{kind} {key:?} leads nowhere");
        }
    }
}
