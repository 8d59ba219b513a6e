//! From the webhook to an open browser's socket, over a hundred companies.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;

use super::webhooks::{load_of, warm};
use crate::{
    Plan,
    figures::{Latencies, median, real, written},
    load::{Sent, Target, send},
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    sockets::{Browsers, Seat, seats},
    surroundings::Surroundings,
    verify::until_stored,
};

const RATES: [f64; 2] = [200.0, 2_000.0];
pub(super) const COMPANIES: u64 = 100;

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, COMPANIES).await?;
    let seats = seats(&platform.report);
    ensure!(!seats.is_empty(), "the seed's report names no way into a company");
    let note = format!(
        "{} open sockets, one a company, on the list of threads. Open loop; from the time a \
         webhook should have been sent until its text is on the socket. A thread that changed \
         again before its frame went shows its last message only.",
        seats.len()
    );
    let columns = ["webhooks/s", "acknowledged", "seen", "p50 ms", "p99 ms", "p99.9 ms", "load"];
    let mut section = Section::new("From the webhook to the browser", &note, &columns);
    for rate in RATES {
        let (mut p50, mut p99, mut p999) = (Vec::new(), Vec::new(), Vec::new());
        let (mut acknowledged, mut seen) = (0, 0);
        for round in 1..=plan.rounds {
            let run = format!("l{round}r{rate:.0}x{:x}", std::process::id());
            warm(&platform, &run).await?;
            let targets = Arc::clone(&platform.targets);
            let (sent, mut latencies) =
                watched(&platform, &seats, &targets, rate, plan.lasts, &run).await?;
            acknowledged += sent.acknowledged.len();
            seen += latencies.len();
            p50.push(latencies.at(500));
            p99.push(latencies.at(990));
            p999.push(latencies.at(999));
        }
        let (p50, p99) = (median(p50), median(p99));
        let to = format!("webhook to the browser's socket at {}/s", written(rate));
        if rate < 1_000.0 {
            section.goal(&format!("{to}, p50 ms"), p50, Goal::AtMost(10.0, 10.0));
            section.goal(&format!("{to}, p99 ms"), p99, Goal::AtMost(50.0, 25.0));
        } else {
            section.goal(&format!("{to}, p99 ms"), p99, Goal::AtMost(150.0, 150.0));
        }
        section.row(&[
            written(rate),
            written(real(u64::try_from(acknowledged)?)),
            written(real(u64::try_from(seen)?)),
            written(p50),
            written(p99),
            written(median(p999)),
            load(),
        ]);
    }
    platform.end().await?;
    Ok(section)
}

/// Sends with browsers open, and waits until they have seen what can be seen.
pub(super) async fn watched(
    platform: &Platform,
    seats: &[Seat],
    targets: &Arc<Vec<Target>>,
    rate: f64,
    lasts: Duration,
    run: &str,
) -> anyhow::Result<(Sent, Latencies)> {
    let browsers = Browsers::open(platform, seats, run).await?;
    let mut load_ = load_of(&platform.address, targets, run.to_owned());
    (load_.rate, load_.lasts, load_.connections) = (Some(rate), lasts, 64);
    (load_.repeated, load_.forged) = (0.0, 0.0);
    let sent = send(&load_, Arc::default()).await?;
    let all = u64::try_from(sent.acknowledged.len())?;
    // Nine of ten: what was overtaken within one frame is not shown.
    let most = all - all / 10;
    until_stored(most, Duration::from_secs(10), async || Ok(browsers.n_seen())).await?;
    Ok((sent, browsers.close().await))
}
