//! `masteria-sim`: the simulated providers on one port.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Parser;
use serde_json::Value;
use sim::{Config, Sim};

/// The simulated providers: Meta's WhatsApp Cloud API, and a page `/phone` for its customers.
///
/// `GET /_sim` lists what can be seen and changed while it runs.
#[derive(Debug, Parser)]
#[command(name = "masteria-sim", version)]
struct Cli {
    /// Where to listen.
    #[arg(long, env = "MASTERIA_SIM_ADDR", default_value = "127.0.0.1:8090")]
    listen: String,
    /// The platform's address: numbers registered with a hook key get their webhooks there.
    #[arg(long, env = "MASTERIA_PUBLIC_URL")]
    platform: Option<String>,
    /// Where webhooks go for which nobody subscribed an address of their own.
    #[arg(long)]
    callback: Option<String>,
    /// Signs webhooks of numbers that were registered without a secret.
    #[arg(long, env = "MASTERIA_SIM_APP_SECRET", hide_env_values = true)]
    app_secret: Option<String>,
    /// The only token for numbers that were registered without one; by default any will do.
    #[arg(long, env = "MASTERIA_SIM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Numbers to begin with: a JSON file, such as the report of `masteria seed`.
    #[arg(long)]
    numbers: Option<PathBuf>,
    /// Keeps numbers, subscriptions, templates and customers in this file.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Configuration as of `POST /_sim/config`, in JSON.
    #[arg(long, default_value = "{}")]
    config: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    let mut config = Config {
        platform: cli.platform,
        callback_url: cli.callback,
        token: cli.token,
        ..Config::default()
    };
    if let Some(secret) = cli.app_secret {
        config.app_secret = secret;
    }
    let patch: Value = serde_json::from_str(&cli.config).context("--config is no JSON")?;
    let patch = patch.as_object().context("--config is no JSON object")?;
    let ignored = config.merge(patch).map_err(anyhow::Error::msg)?;
    anyhow::ensure!(ignored.is_empty(), "--config has unknown keys: {}", ignored.join(", "));
    let sim = Sim::listen(&cli.listen, config, cli.state).await?;
    if let Some(path) = cli.numbers {
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let document = serde_json::from_str(&text)
            .with_context(|| format!("failed to understand {}", path.display()))?;
        sim.register_all(&document)?;
    }
    eprintln!("masteria-sim: {url}  phone: {url}/phone", url = sim.url());
    wait_for_the_end().await?;
    Ok(())
}

async fn wait_for_the_end() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = term.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
