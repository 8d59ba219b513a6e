//! `cargo xtask bench`: the figures, measured on release builds over durable services.
//!
//! What is measured, and how, is `masteria-bench`'s to say; here it gets its surroundings.

use std::{env, process::Command};

use crate::{
    services::Lifetime,
    shell::{BENCH, MASTERIA, Profile, SIMULATOR, given, local, root, succeed},
    spa,
    test::with_services,
};

/// The rest goes to `masteria-bench`.
pub(crate) fn bench(rest: &[&str]) -> anyhow::Result<()> {
    let programs = Profile::Release.build(&[MASTERIA, SIMULATOR, BENCH])?;
    if needs_page(rest) {
        spa::build(Profile::Release)?;
    }
    with_services(Lifetime::Measured, |services, folder| {
        let mut bench = Command::new(programs.join("masteria-bench"));
        bench.args(rest).current_dir(root());
        services.tell(&mut bench);
        bench
            .env("MASTERIA_BIN", programs.join("masteria"))
            .env("MASTERIA_SIM_BIN", programs.join("masteria-sim"))
            .env("MASTERIA_XTASK", env::current_exe()?)
            .env("MASTERIA_DIST", root().join(spa::DIST))
            .env("MASTERIA_BENCH_FOLDER", folder)
            .env(
                "MASTERIA_BENCH_OUT",
                given("MASTERIA_BENCH_OUT")
                    .map_or_else(|| local().map(|it| it.join("bench")), |it| Ok(it.into()))?,
            );
        succeed(&mut bench)
    })
}

/// Whether the page is looked at: by its own stage, or because all stages run.
fn needs_page(rest: &[&str]) -> bool {
    let before = std::iter::once(&"").chain(rest);
    let is_stage = |(before, word): &(&&str, &&str)| {
        **before != "--only" && word.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let mut stages = before.zip(rest).filter(is_stage).map(|(_, word)| *word).peekable();
    stages.peek().is_none() || stages.any(|stage| stage == "page")
}

#[cfg(test)]
mod tests {
    use super::needs_page;

    #[test]
    fn the_page_is_built_for_its_stage_and_for_all() {
        assert!(needs_page(&[]) && needs_page(&["--short", "--only", "platform"]));
        assert!(needs_page(&["disk", "page"]) && !needs_page(&["commands", "--only", "peers"]));
    }
}
