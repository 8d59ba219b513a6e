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
    spa::build(Profile::Release)?;
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
