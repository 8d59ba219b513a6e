//! `xtask service postgres|nats FOLDER [PORT]`: one server for a test that kills and starts it
//! again. It prints what a client needs and lives until its input closes.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use anyhow::Context as _;
use serde_json::json;

use crate::{
    services::{Lifetime, Nats, Postgres, free_port},
    shell::given,
};

pub(crate) fn service(name: &str, folder: &str, port: Option<&str>) -> anyhow::Result<()> {
    let folder = Path::new(folder);
    let port = match port {
        Some(port) => port.parse().context("the port is no number")?,
        None => free_port(0)?,
    };
    let (service, description) = if name == "nats" {
        let nats = Nats::start(folder, port)?;
        let pid = nats.service.id();
        let description = json!({ "url": nats.url, "relay": nats.relay_url, "pid": pid });
        (nats.service, description)
    } else {
        let postgres = Postgres::start(folder, Lifetime::Run, port)?;
        let description = json!({
            "url": postgres.url,
            "superuser": postgres.superuser_url,
            "programs": crate::tools::programs()?.postgres,
            "pid": postgres.service.id(),
        });
        (postgres.service, description)
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{description}")?;
    out.flush()?;
    io::stdin().lock().read_to_end(&mut Vec::new())?;
    drop(service);
    // The folder goes with the test; the run looks through what the server said.
    if let Some(logs) = given("MASTERIA_TEST_LOGS") {
        let kept = format!("service-{}-{name}.log", std::process::id());
        fs::copy(folder.join(format!("{name}.log")), Path::new(&logs).join(kept))?;
    }
    Ok(())
}
