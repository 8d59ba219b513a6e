//! `cargo xtask e2e`: people's journeys through the real platform in a real browser.

use std::{path::Path, process::Command};

use crate::{
    browser::{Browser, JOURNEYS},
    platform::Platform,
    services::{Lifetime, Services, free_port},
    shell::{MASTERIA, Profile, SIMULATOR, local, root, succeed},
    spa,
    test::with_services,
};

/// Every journey, or those whose names hold a word of `rest`; pictures go to `.local/e2e`.
pub(crate) fn e2e(profile: Profile, rest: &[&str]) -> anyhow::Result<()> {
    let browser = Browser::prepare()?;
    let programs = profile.build(&[MASTERIA, SIMULATOR])?;
    spa::build(Profile::Release)?;
    with_services(Lifetime::Run, |services, folder| {
        let mut node = Command::new("node");
        node.arg("run.mjs").args(rest).current_dir(root().join(JOURNEYS));
        // Nothing else runs: what takes long does so by itself.
        node.env("MASTERIA_E2E_ALONE", "yes");
        let _platform = start(services, folder, &programs, &browser, &mut node)?;
        succeed(&mut node)
    })
}

/// A seeded platform beside the tests' own services, on a fresh build of the page.
pub(crate) fn platform(
    services: &Services,
    folder: &Path,
    programs: &Path,
    browser: &Browser,
    runner: &mut Command,
) -> anyhow::Result<Services> {
    spa::build(Profile::Release)?;
    start(services, folder, programs, browser, runner)
}

/// Starts it and describes it to the runner.
fn start(
    services: &Services,
    folder: &Path,
    programs: &Path,
    browser: &Browser,
    runner: &mut Command,
) -> anyhow::Result<Services> {
    let folder = folder.join("browser");
    let mut services = services.beside(&folder, "browser")?;
    let loopback = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let platform = Platform {
        programs: programs.to_owned(),
        folder,
        http: loopback(free_port(0)?),
        sim: loopback(free_port(0)?),
    };
    platform.start(&mut services)?;
    let shots = local()?.join("e2e");
    runner
        .env("MASTERIA_E2E_URL", format!("http://{}", platform.http))
        .env("MASTERIA_E2E_SIM", format!("http://{}", platform.sim))
        .env("MASTERIA_E2E_DEMO", platform.demo())
        .env("MASTERIA_E2E_SHOTS", shots)
        .env("MASTERIA_E2E_CHROMIUM", &browser.program);
    Ok(services)
}
