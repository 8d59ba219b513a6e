//! Failures: by script, by rate, and on the wire.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CUSTOMER, NUMBER, World, code};
use crate::Answer;

fn text_to(to: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Oi"},
        "biz_opaque_callback_data": format!("{to}.1"),
    })
}

#[tokio::test]
async fn a_script_decides_the_next_answers() {
    let world = World::start().await;
    world.sim.configure(|config| {
        config.answers.extend([Answer::Refuse(131_000), Answer::Accept]);
        config.answers_to.insert(CUSTOMER.into(), [Answer::Refuse(131_026)].into());
    });
    let other = json!({"to": "5511900000000", "type": "text", "text": {"body": "Oi"}});
    assert_eq!(code(&world.send_text("Oi").await), 131_026, "the recipient's own script first");
    let broken = world.send(other.clone()).await;
    assert_eq!((broken.0, code(&broken)), (500, 131_000));
    assert_eq!(world.send(other).await.0, 200);
    assert_eq!(world.sim.stats().refused["131026"], 1);
}

#[tokio::test]
async fn a_call_that_is_cut_after_acceptance_counts_and_answers_nothing() {
    let world = World::with(|config| config.answers.push_back(Answer::CutAfterAccept)).await;
    let url = world.url(&format!("{NUMBER}/messages"));
    let sent = world.http.post(url).bearer_auth("EAAtoken").json(&text_to(CUSTOMER)).send().await;
    assert!(sent.is_err(), "no answer came");
    let stats = world.sim.stats();
    assert_eq!((stats.accepted, stats.cut_after_accept), (1, 1));
    assert_eq!(world.sim.accepted()[CUSTOMER], 1);
    assert_eq!(world.send_text("Oi").await.0, 200, "the next connection works");
}

#[tokio::test]
async fn a_call_that_is_cut_before_acceptance_leaves_nothing() {
    let world = World::with(|config| config.answers.push_back(Answer::CutBeforeAccept)).await;
    let url = world.url(&format!("{NUMBER}/messages"));
    let sent = world.http.post(url).bearer_auth("EAAtoken").json(&text_to(CUSTOMER)).send().await;
    assert!(sent.is_err());
    assert_eq!((world.sim.stats().accepted, world.sim.stats().calls), (0, 1));
}

#[tokio::test]
async fn a_call_that_hangs_ends_when_the_caller_gives_up() {
    let world = World::with(|config| config.answers.push_back(Answer::Hang)).await;
    let url = world.url(&format!("{NUMBER}/messages"));
    let request = world.http.post(url).bearer_auth("EAAtoken").json(&text_to(CUSTOMER));
    let sent = request.timeout(Duration::from_millis(200)).send().await;
    assert!(sent.unwrap_err().is_timeout());
    assert_eq!((world.sim.stats().accepted, world.sim.stats().hang), (0, 1));
}

#[tokio::test]
async fn a_provider_goes_on_with_a_call_whose_caller_died() {
    let world = World::with(|config| config.latency_ms = 150).await;
    let url = world.url(&format!("{NUMBER}/messages"));
    let request = world.http.post(url).bearer_auth("EAAtoken").json(&text_to(CUSTOMER));
    let sent = request.timeout(Duration::from_millis(20)).send().await;
    assert!(sent.is_err());
    let stats = world.sim.until(|stats| stats.accepted == 1).await;
    assert_eq!(stats.calls, 1);
}

#[tokio::test]
async fn the_same_seed_fails_the_same_recipients() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let world = World::with(|config| {
            config.seed = seed;
            config.fail.insert("131026".into(), 0.4);
        })
        .await;
        let mut failed = Vec::new();
        for n in 0..40 {
            let to = format!("55119{n:08}");
            let sent = world.post(&format!("{NUMBER}/messages"), text_to(&to)).await;
            failed.push(code(&sent) == 131_026);
        }
        assert!((6..28).contains(&failed.iter().filter(|failed| **failed).count()));
        runs.push(failed);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
