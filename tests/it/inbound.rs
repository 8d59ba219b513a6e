//! From a delivery of Meta to the rows that a screen is answered from: the flow, the ledger, the read
//! models and the queries together.

use std::sync::Arc;

use backend::flows::inbound_message::{InboundMessage, Line, Lines, Named};
use chrono::{DateTime, TimeDelta, Utc};
use contacts::{projections::people::People, queries::people};
use conversations::{
    projections::threads::Threads,
    queries::{messages, messages::From, order, read_marks, threads},
};
use futures::future::BoxFuture;
use kernel::{
    commit::Commit,
    db,
    digest::Flow as _,
    error::Result,
    intake::{Delivery, Route},
    projection::ReadModels,
};
use serde_json::{Value, json};
use shared::{ids::ChannelId, messages::Content};
use tests::Platform;
use uuid::Uuid;

/// A company with one number.
struct Desk {
    platform: Platform,
    flow: InboundMessage,
    models: ReadModels,
    company: Uuid,
    channel: Uuid,
    n_deliveries: i64,
}

#[derive(Clone)]
struct One(Line);

impl Lines for One {
    fn of(&self, _: Route, _: Named) -> BoxFuture<'_, Result<Vec<Line>>> {
        Box::pin(async move { Ok(vec![self.0.clone()]) })
    }
}

impl Desk {
    async fn open() -> Self {
        let platform = Platform::start().await;
        let base = &platform.app.base;
        let (company, channel) = (base.ground.ids.v7(), base.ground.ids.v7());
        let line = Line {
            company,
            channel: ChannelId::from_uuid(channel),
            phone_number_id: "1".to_owned(),
            waba_id: "9".to_owned(),
        };
        let (ledger, vault, ground) =
            (base.ledger.clone(), base.vault.clone(), base.ground.clone());
        let flow =
            InboundMessage::new(ledger.clone(), vault.clone(), ground.clone(), Arc::new(One(line)));
        let models = ReadModels::open(
            base.pools.clone(),
            ledger,
            vault,
            ground,
            vec![Arc::new(Threads), Arc::new(People)],
        )
        .await
        .unwrap();
        Self { platform, flow, models, company, channel, n_deliveries: 0 }
    }

    /// Takes deliveries in one batch, stores what they mean, and brings the read models up to date.
    async fn take(&mut self, bodies: &[Value]) {
        let base = Arc::clone(&self.platform.app.base);
        let mut deliveries = vec![];
        for body in bodies {
            self.n_deliveries += 1;
            deliveries.push(Delivery {
                position: self.n_deliveries,
                id: base.ground.ids.v7(),
                provider: "meta".into(),
                route: Route { id: self.channel, company: Some(self.company) },
                received_at: base.ground.clock.now(),
                mac: [7; 32],
                body: serde_json::to_vec(body).unwrap().into(),
            });
        }
        let parsed: Vec<_> = deliveries
            .iter()
            .map(|delivery| (delivery, self.flow.parse(delivery).unwrap()))
            .collect();
        let mut commit = Commit::default();
        for digested in self.flow.digest(&parsed).await.unwrap() {
            let parts = digested.unwrap();
            assert_eq!(parts.quarantine, None);
            commit.appends.extend(parts.appends);
            commit.claims.extend(parts.claims);
        }
        if !commit.appends.is_empty() {
            base.ledger.commit(commit).await.unwrap();
        }
        self.models.catch_up().await.unwrap();
    }

    async fn threads(&self) -> Vec<threads::ThreadRow> {
        self.threads_of(self.company).await
    }

    async fn threads_of(&self, company: Uuid) -> Vec<threads::ThreadRow> {
        let pools = &self.platform.app.base.pools;
        let mut tx = db::reading_as(&pools.reader, company).await.unwrap();
        let filter = threads::Filter::default();
        let rows = threads::list(&mut tx, &filter, None, 100).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    async fn messages(&self, thread: &threads::ThreadRow) -> Vec<shared::messages::Message> {
        let pools = &self.platform.app.base.pools;
        let mut tx = db::reading_as(&pools.reader, self.company).await.unwrap();
        let rows = messages::list(&mut tx, thread.id, From::Newest, 100).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }
}

fn body_of(message: &shared::messages::Message) -> String {
    match &message.content {
        Some(Content::Text { body }) => body.clone(),
        other => format!("{other:?}"),
    }
}

fn change(value: &Value) -> Value {
    let mut value = value.clone();
    value["metadata"] = json!({ "display_phone_number": "1555", "phone_number_id": "1" });
    json!({ "object": "whatsapp_business_account", "entry": [
        { "id": "9", "changes": [{ "field": "messages", "value": value }] }] })
}

fn text(id: &str, from: &str, at: DateTime<Utc>, body: &str) -> Value {
    change(&json!({
        "contacts": [{ "profile": { "name": format!("Person {from}") }, "wa_id": from }],
        "messages": [{ "id": id, "from": from, "timestamp": at.timestamp().to_string(), "type": "text",
            "text": { "body": body } }],
    }))
}

fn about(id: &str, from: &str, at: DateTime<Utc>, kind: &str, what: &Value) -> Value {
    let mut message =
        json!({ "id": id, "from": from, "timestamp": at.timestamp().to_string(), "type": kind });
    message[kind] = what.clone();
    change(&json!({ "messages": [message] }))
}

const ANA: &str = "5541988887777";

#[tokio::test]
async fn a_thread_shows_what_was_said_in_the_providers_order_with_everything_on_its_message() {
    let mut desk = Desk::open().await;
    let now = desk.platform.app.base.ground.clock.now();
    let at = |second| now - TimeDelta::minutes(5) + TimeDelta::seconds(second);
    let edit = json!({ "original_message_id": "w1", "message": { "type": "text", "text": { "body": "first, better" } } });
    let reaction = json!({ "message_id": "w2", "emoji": "👍" });
    desk.take(&[
        text("w2", ANA, at(2), "second"),
        text("w1", ANA, at(1), "first"),
        about("r1", ANA, at(3), "reaction", &reaction),
    ])
    .await;
    desk.take(&[
        about("e1", ANA, at(4), "edit", &edit),
        text("w3", ANA, at(5), "third"),
        about("x1", ANA, at(6), "revoke", &json!({ "original_message_id": "w3" })),
        text("w1", ANA, at(1), "first"),
    ])
    .await;

    let threads = desk.threads().await;
    assert_eq!(threads.len(), 1);
    let said = desk.messages(&threads[0]).await;
    let texts: Vec<_> = said.iter().map(body_of).collect();
    assert_eq!(texts, ["first, better", "second", "None"]);
    assert_eq!(said[0].earlier, [Content::Text { body: "first".to_owned() }]);
    assert_eq!(said[1].reactions[0].emoji, "👍");
    assert!(said[2].deleted_at.is_some());
    let closes_at = threads[0].window_closes_at.unwrap();
    assert_eq!(closes_at.timestamp(), (at(5) + TimeDelta::hours(24)).timestamp() - 60);
    desk.platform.stop().await;
}

#[tokio::test]
async fn a_thread_counts_what_nobody_has_read_and_pages_by_its_order() {
    let mut desk = Desk::open().await;
    let now = desk.platform.app.base.ground.clock.now();
    let bodies: Vec<_> = (0..20)
        .map(|n| text(&format!("w{n}"), ANA, now - TimeDelta::seconds(60 - n), &n.to_string()))
        .collect();
    desk.take(&bodies).await;
    let thread = desk.threads().await.remove(0);
    assert_eq!(thread.n_unread, 20);
    let said = desk.messages(&thread).await;
    let expected: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(said.iter().map(body_of).collect::<Vec<_>>(), expected);

    let pools = &desk.platform.app.base.pools;
    let middle = order::parse(&said[9].order).unwrap();
    let mut tx = db::reading_as(&pools.reader, desk.company).await.unwrap();
    let before = messages::list(&mut tx, thread.id, From::Before(middle), 3).await.unwrap();
    let after = messages::list(&mut tx, thread.id, From::After(middle), 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(before.iter().map(body_of).collect::<Vec<_>>(), ["6", "7", "8"]);
    assert_eq!(after.iter().map(body_of).collect::<Vec<_>>(), ["10", "11", "12"]);

    let mut tx = db::writing_as(&pools.app, desk.company).await.unwrap();
    read_marks::put(&mut tx, desk.company, thread.id, middle, None).await.unwrap();
    let older = order::parse(&said[2].order).unwrap();
    read_marks::put(&mut tx, desk.company, thread.id, older, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(desk.threads().await[0].n_unread, 10);
    desk.platform.stop().await;
}

#[tokio::test]
async fn people_are_found_by_name_and_number_and_another_company_sees_nothing() {
    let mut desk = Desk::open().await;
    let now = desk.platform.app.base.ground.clock.now();
    let bodies: Vec<_> =
        (0..30).map(|n| text(&format!("w{n}"), &format!("55419888877{n:02}"), now, "oi")).collect();
    desk.take(&bodies).await;
    assert_eq!(desk.threads().await.len(), 30);
    let stranger = desk.platform.app.base.ground.ids.v7();
    assert_eq!(desk.threads_of(stranger).await.len(), 0);

    let pools = &desk.platform.app.base.pools;
    for (company, n) in [(desk.company, 1), (stranger, 0)] {
        let mut tx = db::reading_as(&pools.reader, company).await.unwrap();
        for search in ["Pérson 5541988887707", "41988887707", "(41) 8888-7707"] {
            let found = people::search(&mut tx, desk.company, search, None, 10).await.unwrap();
            assert_eq!(found.len(), n, "{search}");
        }
        tx.commit().await.unwrap();
    }
    let mut tx = db::reading_as(&pools.reader, desk.company).await.unwrap();
    let first = people::list(&mut tx, None, 20).await.unwrap();
    let last = first.last().unwrap();
    let cursor = people::Cursor { created_at: last.1.created_at, id: last.0.into_uuid() };
    let rest = people::list(&mut tx, Some(cursor), 20).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((first.len(), rest.len()), (20, 10));
    desk.platform.stop().await;
}
