//! The relay, and what the stream may suffer.

use std::{sync::Arc, time::Duration};

use kernel::{
    bus::{Addresses, Bus},
    commit::{Commit, Expected},
    follow::Silence,
    gate::{Gate, Reason},
    ids::{Ids as _, SystemIds},
    ledger::Ledger,
    listen::Listener,
    relay::Relay,
};

use crate::{activity::Activity, support::*};

async fn fill(ledger: &Ledger, events: usize) {
    for chunk in 0..events.div_ceil(50) {
        let n = 50.min(events - chunk * 50);
        let append =
            append(company(u128::try_from(chunk).unwrap() % 3), SystemIds.v7(), Expected::Empty, n);
        ledger.commit(Commit { appends: vec![append], ..Commit::default() }).await.unwrap();
    }
}

/// The positions in the stream, in the stream's order.
pub(crate) async fn positions(bus: &Bus) -> Vec<i64> {
    let name = bus.stream(0).stream();
    let Ok(mut stream) = bus.relay().get_stream(name).await else { return Vec::new() };
    let state = stream.info().await.unwrap().state.clone();
    let mut positions = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        if let Ok(message) = stream.get_raw_message(sequence).await {
            let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
            positions.push(body["position"].as_i64().unwrap());
        }
    }
    positions
}

pub(crate) fn relay(db: &Db, bus: &Bus, ledger: &Ledger) -> Relay {
    let silence = Silence { alone: Duration::from_millis(5), company: Duration::from_millis(5) };
    Relay::with_silence(bus.clone(), ledger.clone(), db.ground.clone(), alone(true), silence)
}

pub(crate) async fn relay_all(relay: &mut Relay) {
    until(
        "everything is relayed",
        async || matches!(relay.pass().await, Ok(done) if done.messages == 0),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_the_stream_is_the_ledger_in_order_and_a_new_relay_goes_on_behind_its_end() {
    let db = Db::new("relay_order").await;
    let bus = bus("order").await;
    let ledger = db.ledger().await;
    for round in 1..=3 {
        fill(&ledger, 750).await;
        relay_all(&mut relay(&db, &bus, &ledger)).await;
        assert_eq!(positions(&bus).await, (1..=750 * round).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_of_two_relays_none_publishes_twice_or_out_of_order() {
    let db = Db::new("relay_two").await;
    let bus = bus("two").await;
    assert_eq!(Box::pin(two_relays(&db, &bus)).await, (1..=600).collect::<Vec<_>>());
}

/// Two relays at once, as when an owner does not know yet that it is none any more.
pub(crate) async fn two_relays(db: &Db, bus: &Bus) -> Vec<i64> {
    let ledger = db.ledger().await;
    let (mut first, mut second) = (relay(db, bus, &ledger), relay(db, bus, &ledger));
    relay_all(&mut first).await;
    relay_all(&mut second).await;
    for _ in 0..6 {
        fill(&ledger, 100).await;
        let _ = tokio::join!(first.pass(), second.pass());
    }
    relay_all(&mut first).await;
    relay_all(&mut second).await;
    positions(bus).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_a_cut_tail_is_published_again() {
    let db = Db::new("relay_tail").await;
    let bus = bus("tail").await;
    let ledger = db.ledger().await;
    fill(&ledger, 200).await;
    let mut relay = relay(&db, &bus, &ledger);
    relay_all(&mut relay).await;
    let stream = bus.relay().get_stream(bus.stream(0).stream()).await.unwrap();
    for sequence in 151..=200 {
        stream.delete_message(sequence).await.unwrap();
    }
    relay.forget();
    relay_all(&mut relay).await;
    assert_eq!(positions(&bus).await, (1..=200).collect::<Vec<_>>());
    stream.purge().await.unwrap();
    relay.forget();
    relay_all(&mut relay).await;
    assert_eq!(positions(&bus).await, (1..=200).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_stream_of_another_life_is_not_continued() {
    let bus = bus("life").await;
    let first = Db::new("life_1").await;
    let ledger = first.ledger().await;
    fill(&ledger, 50).await;
    relay_all(&mut relay(&first, &bus, &ledger)).await;
    // Another installation behind the same stream: neither its events nor its end are ours.
    let second = Db::new("life_2").await;
    let ledger = second.ledger().await;
    fill(&ledger, 100).await;
    let mut stranger = relay(&second, &bus, &ledger);
    assert!(stranger.pass().await.is_err());
    assert_eq!(positions(&bus).await.len(), 50);
    bus.wipe(0).await.unwrap();
    relay_all(&mut stranger).await;
    assert_eq!(positions(&bus).await, (1..=100).collect::<Vec<_>>());
    // A stream that is ahead of the ledger is of another life too.
    second.run("alter table ledger.events no force row level security; delete from ledger.events where position > 80").await;
    stranger.forget();
    assert!(stranger.pass().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_held_relay_publishes_nothing() {
    let db = Db::new("relay_held").await;
    let bus = bus("held").await;
    let ledger = db.ledger().await;
    let gate = Gate::new();
    gate.hold(Reason::Audit);
    let relay = relay(&db, &bus, &ledger);
    let reached = relay.reached();
    let running = tokio::spawn(relay.run(owned(), gate.clone()));
    fill(&ledger, 50).await;
    assert_eq!(positions(&bus).await, Vec::<i64>::new());
    gate.release(Reason::Audit);
    until("it is relayed", async || *reached.borrow() == 50).await;
    running.abort();
}

/// A reader believes what continues the chain, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn d30_a_forged_message_is_not_believed() {
    let db = Db::new("forged").await;
    let bus = bus("forged").await;
    let ledger = db.ledger().await;
    fill(&ledger, 50).await;
    let mut relay = relay(&db, &bus, &ledger);
    relay_all(&mut relay).await;
    // The reader of another process, which hears by the stream only.
    let afar = db.ledger_on(&db.another_pools().await).await;
    let recent = afar.recent();
    let listening = tokio::spawn(Listener::new(bus.clone(), afar.clone()).run(alone(false)));
    until("it listens", async || {
        fill(&ledger, 1).await;
        relay_all(&mut relay).await;
        *recent.highest().borrow() > 0
    })
    .await;
    let at = *ledger.head().borrow();
    until("it has heard all", async || *recent.highest().borrow() == at).await;
    // Somebody who may publish says what never happened, in our form.
    let stream = bus.relay().get_stream(bus.stream(0).stream()).await.unwrap();
    let last =
        stream.get_last_raw_message_by_subject(&bus.stream(0).subject("*", ">")).await.unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&last.payload).unwrap();
    body["position"] = (at + 1).into();
    body["company_seq"] = (body["company_seq"].as_i64().unwrap() + 1).into();
    let mut headers = async_nats::HeaderMap::new();
    for name in ["Masteria-Hash", "Masteria-Incarnation"] {
        headers.insert(name, last.headers.get(name).unwrap().as_str());
    }
    bus.relay()
        .publish_with_headers(last.subject.clone(), headers, body.to_string().into())
        .await
        .unwrap()
        .await
        .unwrap();
    fill(&ledger, 1).await;
    // The relay's place in the stream was taken; it says so and goes on behind the stranger's message,
    // or stands still: either way the reader takes the truth from the ledger.
    let models = db.models(&afar, vec![Arc::new(Activity::default())]).await;
    let reader = tokio::spawn(models.clone().run(owned(), alone(false)));
    let head = *ledger.head().borrow();
    until("the truth is there", async || models.progress().of("activity").position == head).await;
    db.equals_the_ledger("activity").await;
    let told = recent.after(at, 1);
    assert!(told.first().is_none_or(|event| event.hash == [0; 32] || event.position == at + 1));
    listening.abort();
    reader.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn k18_fault_read_models_stay_complete_while_nats_is_killed_wiped_and_cut() {
    let mut nats = Server::start("nats");
    let db = Db::new("nats_faults").await;
    let relay_url = (!nats.relay_url.is_empty()).then(|| nats.relay_url.clone());
    let bus = bus_at(&Addresses { url: nats.url.clone(), relay_url }, "").await;
    // The events are stored by one process and read by another, which hears of them by the stream.
    let here = db.ledger().await;
    let afar = db.ledger_on(&db.another_pools().await).await;
    let models = db.models(&afar, vec![Arc::new(Activity::default())]).await;
    let relay = relay(&db, &bus, &here);
    let relayed = relay.reached();
    let running = [
        tokio::spawn(relay.run(owned(), Gate::new())),
        tokio::spawn(Listener::new(bus.clone(), afar.clone()).run(alone(false))),
        tokio::spawn(models.clone().run(owned(), alone(false))),
    ];
    let level = async |what: &str| {
        let head = *here.head().borrow();
        let progress = models.progress();
        until(what, async || progress.of("activity").position == head).await;
        db.equals_the_ledger("activity").await;
    };
    for fault in ["none", "kill", "wipe", "cut", "purge", "delete stream", "none"] {
        fill(&here, 300).await;
        match fault {
            "kill" | "wipe" => {
                nats.kill();
                fill(&here, 300).await;
                if fault == "wipe" {
                    nats.wipe("nats");
                }
                level("with no NATS at all, it goes on from the ledger").await;
                nats.again();
            }
            "cut" => {
                let mut stream = bus.relay().get_stream(bus.stream(0).stream()).await.unwrap();
                let last = stream.info().await.unwrap().state.last_sequence;
                for sequence in last.saturating_sub(40).max(1)..=last {
                    let _ = stream.delete_message(sequence).await;
                }
            }
            "purge" => {
                let stream = bus.relay().get_stream(bus.stream(0).stream()).await.unwrap();
                stream.purge().await.unwrap();
            }
            "delete stream" => bus.wipe(0).await.unwrap(),
            _ => {}
        }
        fill(&here, 300).await;
        level(fault).await;
        until("the relay has found its way back", async || {
            fill(&here, 1).await;
            let head = *here.head().borrow();
            let caught = async { relayed.clone().wait_for(|at| *at >= head).await.is_ok() };
            tokio::time::timeout(Duration::from_millis(500), caught).await.unwrap_or(false)
        })
        .await;
    }
    assert_eq!(db.number("select count(*) from projection.failures").await, 0);
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn d30_only_the_relay_may_publish_events() {
    let Ok(relay_url) = std::env::var("NATS_RELAY_URL") else { return };
    let addresses = Addresses { url: given("NATS_URL"), relay_url: Some(relay_url) };
    let bus = bus_at(&addresses, "").await;
    assert_eq!(bus.apply().await.unwrap(), ["LEDGER_0"]);
    let published = bus.context().publish("ledger.0.x.y", "no".into()).await.unwrap().await;
    assert!(published.is_err(), "a reader was heard");
    assert!(bus.context().delete_stream("LEDGER_0").await.is_err());
}
