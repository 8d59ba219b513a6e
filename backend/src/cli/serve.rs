//! `serve`: the platform runs until it is told to stop.

use std::{collections::BTreeSet, io::Write as _};

use anyhow::Context as _;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::Done;
use crate::{
    app::{App, Role},
    config::Config,
    http::health,
};

pub(super) async fn serve(config: Config, roles: Vec<Role>) -> anyhow::Result<Done> {
    let roles: BTreeSet<Role> =
        if roles.is_empty() { Role::all() } else { roles.into_iter().collect() };
    health::collect();
    let address = config.http_addr;
    let app = App::open(config, roles).await?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("failed to listen on {address}"))?;
    let here = listener.local_addr()?;
    app.start();
    writeln!(std::io::stdout(), "Master IA: {}", app.config.public_url)?;
    tracing::info!(http.address = %here, "answering on {here}");
    let tasks = app.tasks.clone();
    tasks.spawn_until_stop({
        let stop = tasks.stopping();
        async move {
            asked_to_stop().await;
            stop.cancel();
        }
    });
    let served = app.serve(listener).await;
    app.stop().await;
    served.map(|()| Done::Well)
}

async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
