//! The browser that the end-to-end tests drive: Chromium, Node.js and the pinned library.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::getuid;

use crate::shell::{exists, given, root, succeed};

/// Where the journeys are.
pub(crate) const JOURNEYS: &str = "tests/e2e";

const PLACES: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
];

/// A browser that is ready to be driven.
pub(crate) struct Browser {
    pub(crate) program: PathBuf,
}

impl Browser {
    /// Finds it, or says what is missing.
    pub(crate) fn find() -> Option<Self> {
        match Self::prepare() {
            Ok(browser) => Some(browser),
            Err(error) => {
                eprintln!("xtask: the tests in a browser are left out: {error:#}");
                None
            }
        }
    }

    /// Finds it, installs what may be installed, and fails with what is missing.
    pub(crate) fn prepare() -> anyhow::Result<Self> {
        anyhow::ensure!(exists("npm", &["--version"]), "install Node.js with npm");
        let program = match chromium() {
            Some(program) => program,
            None => install()?,
        };
        let folder = root().join(JOURNEYS);
        if stale(&folder) {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder);
            succeed(&mut npm)?;
        }
        Ok(Self { program })
    }
}

fn chromium() -> Option<PathBuf> {
    let named = given("CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(PLACES.iter().map(PathBuf::from)).find(|program| program.exists())
}

/// Debian's package, when we may.
fn install() -> anyhow::Result<PathBuf> {
    let ask = "install chromium (apt-get install chromium), or name it in CHROMIUM";
    anyhow::ensure!(getuid().is_root() && exists("apt-get", &["--version"]), "{ask}");
    eprintln!("fetching chromium");
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--quiet=2", "--no-install-recommends", "chromium"]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    if install.output().is_ok_and(|output| !output.status.success()) {
        succeed(Command::new("apt-get").args(["update", "--quiet=2"]))?;
        succeed(&mut install)?;
    }
    chromium().ok_or_else(|| anyhow::anyhow!("{ask}"))
}

/// npm writes the lock of what it laid out; ours is newer after a change.
fn stale(folder: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|it| it.modified()).ok();
    let laid_out = changed(&folder.join("node_modules/.package-lock.json"));
    laid_out.is_none() || laid_out < changed(&folder.join("package-lock.json"))
}
