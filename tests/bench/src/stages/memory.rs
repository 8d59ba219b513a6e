//! Anonymous memory of the program: idle, and under load with sign-ins.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{paced::RATE, webhooks::load_of};
use crate::{
    Plan,
    figures::{median, written},
    load::send,
    platform::Platform,
    processes::{anonymous_mb, load},
    report::{Goal, Section},
    surroundings::Surroundings,
};

const SIGN_INS_A_SECOND: u32 = 20;

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let mut platform = Platform::start(around, 100).await?;
    let (mut idle, mut loaded, mut n_signed_in) = (Vec::new(), Vec::new(), 0_u32);
    for round in 1..=plan.rounds {
        sleep(Duration::from_secs(5)).await;
        idle.push(anonymous_mb(platform.program.id()));
        let run = format!("y{round}x{:x}", std::process::id());
        let mut load_ = load_of(&platform.address, &platform.targets, run);
        (load_.rate, load_.lasts) = (Some(RATE), plan.lasts);
        let (sent, most, signed_in) = tokio::join!(
            send(&load_, Arc::default()),
            greatest(&platform, plan.lasts),
            sign_in_often(&platform, plan.lasts)
        );
        sent?;
        loaded.push(most);
        n_signed_in += signed_in;
        platform = platform.restart().await?;
    }
    let note = format!(
        "RssAnon. Idle: five seconds after the start. Loaded: the most during 3,300 webhooks/s with \
         {SIGN_INS_A_SECOND} sign-ins/s tried ({n_signed_in} went through the limits)."
    );
    let mut section =
        Section::new("Memory of the backend", &note, &["idle MB", "loaded MB", "load"]);
    let (idle, loaded) = (median(idle), median(loaded));
    section.row(&[written(idle), written(loaded), load()]);
    section.goal("anonymous memory idle, MB", idle, Goal::AtMost(40.0, 15.0));
    section.goal("anonymous memory loaded, MB", loaded, Goal::AtMost(100.0, 50.0));
    platform.end().await?;
    Ok(section)
}

async fn greatest(platform: &Platform, lasts: Duration) -> f64 {
    let began = Instant::now();
    let mut most = 0.0_f64;
    while began.elapsed() < lasts {
        most = most.max(anonymous_mb(platform.program.id()));
        sleep(Duration::from_millis(100)).await;
    }
    most
}

async fn sign_in_often(platform: &Platform, lasts: Duration) -> u32 {
    let began = Instant::now();
    let pause = Duration::from_secs(1) / SIGN_INS_A_SECOND;
    let mut trying = futures::stream::FuturesUnordered::new();
    let mut done = 0;
    for nth in 0.. {
        if began.elapsed() >= lasts {
            break;
        }
        trying.push(platform.sign_in_in_turn(nth));
        let next = sleep(pause);
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                Some(result) = futures::StreamExt::next(&mut trying) => {
                    done += u32::from(result.is_ok());
                }
            }
        }
    }
    done
}
