//! The house keeps its shape: who may import whom, what stands where, and what no file may hold.
//!
//! It looks at `cargo metadata` and at the sources, starts nothing and takes less than a second.
//! docs/ARCHITECTURE.md tells the same in words; change both together.
#![cfg(test)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

const CONTEXTS: &[&str] =
    &["channels", "contacts", "conversations", "files", "messaging", "tenancy"];

/// What a context may use: never another context.
const OF_A_CONTEXT: &[&str] = &["shared", "events", "ports", "kernel"];

/// Who may use which of our crates. A context is held to [`OF_A_CONTEXT`]; `backend` composes all
/// of the server, and the tests use what they test.
const IMPORTS: &[(&str, &[&str])] = &[
    ("shared", &[]),
    ("events", &["shared"]),
    ("ports", &["shared"]),
    ("kernel", &["shared"]),
    ("providers", &["shared", "ports"]),
    ("frontend", &["shared"]),
    ("sim", &[]),
    ("bench", &["kernel", "shared"]),
    ("xtask", &[]),
];

/// Crates from outside that only some of ours may use, in code that is shipped.
const RESERVED: &[(&str, &[&str])] = &[
    ("aes-gcm", &["kernel"]),
    ("age", &["backend"]),
    ("async-nats", &["kernel", "tests"]),
    ("async-openai", &["providers"]),
    ("axum", &["kernel", "CONTEXTS", "backend", "sim", "tests"]),
    ("clap", &["backend", "bench", "sim"]),
    ("config", &["backend"]),
    ("cqrs-es", &["kernel"]),
    ("leptos", &["frontend"]),
    ("object_store", &["providers"]),
    ("reqwest", &["bench", "providers", "sim", "tests"]),
    ("sqlx", &["kernel", "CONTEXTS", "backend", "bench", "tests"]),
    ("tracing-subscriber", &["backend", "sim", "tests"]),
    ("web-sys", &["frontend"]),
    ("whatsapp-rust", &["wa-link"]),
];

/// What `shared` may be made of: it runs in browsers too.
const CLEAN: &[&str] =
    &["chrono", "phonenumber", "serde", "serde_json", "thiserror", "utoipa", "uuid"];

/// Where a context speaks SQL.
const SQL: &[&str] = &["lanes", "projections", "queries", "tables"];

/// Plain tables of what is no fact: sessions, counts of attempts and the like (D11). This list may
/// only shrink; new ones go to a folder `tables/`.
const PLAIN: &[&str] = &["attempts", "authority", "people", "quotas", "sessions"];

/// Where a context speaks HTTP.
const HTTP: &[&str] = &["routes"];

/// Names under which things get lost.
const LOST: &[&str] = &["helper", "helpers", "manager", "misc", "util", "utils"];

const LONGEST: usize = 800;

/// A file of the house.
struct Source {
    /// From the root, with slashes.
    path: String,
    text: String,
}

impl Source {
    fn is(&self, kind: &str) -> bool {
        self.path.ends_with(kind)
    }

    fn stem(&self) -> &str {
        self.path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default()
    }

    /// The lines that are code: no comments, and nothing from the file's own tests on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Everything that people write, read once.
static HOUSE: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut found = Vec::new();
    gather(root(), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
});

fn gather(folder: &Path, found: &mut Vec<Source>) {
    // What a peer is made of is written as its own makers write it.
    const SKIPPED: &[&str] = &["target", "node_modules", "dist", ".git", ".local", "peers"];
    const KINDS: &[&str] =
        &["rs", "toml", "sql", "md", "css", "html", "js", "mjs", "py", "json", "conf", "txt"];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            if !SKIPPED.iter().any(|skipped| name == *skipped || name.starts_with("target.")) {
                gather(&path, found);
            }
        } else if KINDS.iter().any(|kind| name.ends_with(&format!(".{kind}"))) {
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            let text = String::from_utf8(fs::read(entry.path()).unwrap());
            found.push(Source { text: text.unwrap_or_else(|_| panic!("{path} is no text")), path });
        }
    }
}

fn sources(kind: &str) -> impl Iterator<Item = &'static Source> {
    HOUSE.iter().filter(move |source| source.is(kind))
}

/// Fails with everything that was found, not only the first.
fn none(found: Vec<String>, what: &str) {
    let found: BTreeSet<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}: {found:#?}");
}

/// Our crates, and what each ships with.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let shipped = package["dependencies"].as_array().unwrap().iter();
            let shipped = shipped.filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]), shipped.map(|it| text(&it["name"])).collect())
        })
        .collect()
}

#[test]
fn a_crate_imports_only_what_the_table_allows() {
    let crates = crates();
    let mut found = Vec::new();
    for (name, shipped) in &crates {
        let allowed = match IMPORTS.iter().find(|(it, _)| it == name) {
            Some((_, allowed)) => *allowed,
            None if CONTEXTS.contains(&name.as_str()) => OF_A_CONTEXT,
            None if name == "backend" || name == "tests" => continue,
            None => panic!("{name} is not in the table of tests/architecture.rs"),
        };
        for import in shipped.iter().filter(|import| crates.contains_key(*import)) {
            if !allowed.contains(&import.as_str()) {
                found.push(format!("{name} uses {import}"));
            }
        }
    }
    none(found, "imports that the table does not allow");
}

#[test]
fn outside_crates_stay_where_they_belong() {
    let mut found = Vec::new();
    for (name, shipped) in crates() {
        let is_context = CONTEXTS.contains(&name.as_str());
        for (outside, users) in RESERVED {
            let allowed =
                users.contains(&name.as_str()) || is_context && users.contains(&"CONTEXTS");
            if shipped.contains(*outside) && !allowed {
                found.push(format!("{name} uses {outside}, which belongs to {users:?}"));
            }
        }
        if name == "shared" {
            let unclean = shipped.iter().filter(|it| !CLEAN.contains(&it.as_str()));
            found.extend(unclean.map(|it| format!("shared uses {it}, which browsers may lack")));
        }
    }
    none(found, "crates from outside in the wrong room");
}

/// Inside a context: deciders know no I/O, SQL and HTTP have their places.
#[test]
fn a_contexts_files_hold_what_their_place_says() {
    let mut found = Vec::new();
    for source in sources(".rs") {
        let Some(inside) = source.path.strip_prefix("backend/contexts/") else { continue };
        let mut parts = inside.split('/');
        let (Some(context), Some("src"), Some(place)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let place = place.trim_end_matches(".rs");
        let mut refuse = |word: &str, why: &str| {
            for (line, _) in source.code().filter(|(_, code)| code.contains(word)) {
                found.push(format!("{}:{line} says {word}: {why}", source.path));
            }
        };
        if !HTTP.contains(&place) && place != "lib" {
            refuse("axum::", "HTTP stands in routes");
        }
        let is_plain = context == "tenancy" && PLAIN.contains(&place);
        if !SQL.contains(&place) && !is_plain {
            refuse("sqlx::query", "SQL stands in projections, queries, lanes and tables");
        }
        if is_decider(context, place) {
            refuse("sqlx::", "a decider knows no database");
            refuse("async ", "a decider does not wait");
            refuse("Clock", "a decider is told the time");
        }
    }
    none(found, "things in the wrong place");
}

/// A folder of a context whose `mod.rs` decides.
fn is_decider(context: &str, place: &str) -> bool {
    let path = format!("backend/contexts/{context}/src/{place}/mod.rs");
    HOUSE.iter().any(|source| source.path == path && source.text.contains("impl Decider for"))
}

#[test]
fn d6_no_context_reads_anothers_tables() {
    let mut found = Vec::new();
    for source in sources(".rs") {
        let Some(inside) = source.path.strip_prefix("backend/contexts/") else { continue };
        let own = inside.split('/').next().unwrap_or_default();
        for (line, code) in source.code() {
            for other in CONTEXTS.iter().filter(|other| **other != own) {
                let reads = ["from ", "join ", "into ", "update "]
                    .iter()
                    .any(|verb| code.contains(&format!("{verb}{other}_")));
                if reads {
                    found.push(format!("{}:{line} names a table of {other}", source.path));
                }
            }
        }
    }
    none(found, "tables of another context");
}

#[test]
fn d37_history_is_read_through_the_ledgers_own_reading() {
    let mut found = Vec::new();
    let shipped = sources(".rs").filter(|source| source.path.starts_with("backend/"));
    for source in shipped.filter(|source| !source.path.starts_with("backend/kernel/")) {
        for (line, _) in source.code().filter(|(_, code)| code.contains("ledger.events")) {
            found.push(format!("{}:{line}", source.path));
        }
    }
    none(found, "history is read past the ledger");
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let kinds = [".rs", ".sql", ".css", ".mjs", ".js", ".py"];
    let long = HOUSE
        .iter()
        .filter(|source| kinds.iter().any(|kind| source.is(kind)))
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path));
    none(long.collect(), "files over 800 lines");
}

#[test]
fn a_module_says_what_it_is_for() {
    let mute = sources(".rs")
        .filter(|source| matches!(source.stem(), "mod" | "lib" | "main"))
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.clone());
    none(mute.collect(), "folder modules without a head comment");
    let mute = sources(".sql")
        .filter(|source| source.path.starts_with("migrations/"))
        .filter(|source| !source.text.starts_with("--"))
        .map(|source| source.path.clone());
    none(mute.collect(), "migrations that do not say why");
}

#[test]
fn nothing_gets_lost_under_a_name_that_says_nothing() {
    let lost = sources(".rs")
        .map(|source| source.path.as_str())
        .filter(|path| path.split('/').any(|part| LOST.contains(&part.trim_end_matches(".rs"))))
        .map(str::to_owned);
    none(lost.collect(), "names that say nothing");
}

#[test]
fn an_event_type_has_a_golden_file() {
    let golden = root().join("backend/events/golden");
    let mut missing = Vec::new();
    let mut types = 0;
    for source in sources(".rs").filter(|it| it.path.starts_with("backend/events/src/")) {
        for (_, code) in source.code() {
            let Some((_, rest)) = code.split_once(" = \"") else { continue };
            let Some((event, "")) = rest.split_once("\" {").or(rest.split_once("\" {}")) else {
                continue;
            };
            if event.split('.').count() == 3 {
                types += 1;
                if !golden.join(format!("{event}.v1.json")).exists() {
                    missing.push(event.to_owned());
                }
            }
        }
    }
    none(missing, "event types without a golden file");
    assert!(types > 20, "only {types} event types were found: this test no longer reads them");
}

/// The words of every language stand in one file each; the compiler finds a missing one, and this
/// finds one that was copied and not translated.
#[test]
fn every_language_has_every_text() {
    let mut found = Vec::new();
    for source in sources(".rs").filter(|it| it.path.starts_with("frontend/src/i18n/")) {
        let count = |name: &str| source.code().filter(|(_, code)| code.contains(name)).count();
        let (portuguese, english) = (count("static PORTUGUESE"), count("static ENGLISH"));
        if portuguese != english {
            found.push(format!("{}: {portuguese} Portuguese, {english} English", source.path));
        }
    }
    none(found, "languages that lack texts");
}

#[test]
fn a_component_holds_no_text() {
    const MARKS: &[&str] = &["label=\"", "placeholder=\"", "title=\"", "alt=\""];
    let mut found = Vec::new();
    for source in sources(".rs").filter(|it| it.path.starts_with("frontend/src/")) {
        if source.path.starts_with("frontend/src/i18n/") || is_for_tests(source) {
            continue;
        }
        for (line, code) in source.code() {
            let spoken = MARKS
                .iter()
                .filter_map(|mark| code.split_once(mark))
                .any(|(_, rest)| rest.split('"').next().is_some_and(|text| text.contains(' ')));
            // A language's own name is the same in every language.
            let code = code.replace("Português (Brasil)", "");
            let spoken_part = code.split('"').skip(1).step_by(2);
            let accented =
                spoken_part.flat_map(str::chars).any(|letter| "ãõçáéíóúâêôà".contains(letter));
            if spoken || accented {
                found.push(format!("{}:{line}: {}", source.path, code.trim()));
            }
        }
    }
    none(found, "texts outside the translations");
}

/// A file that its folder's `mod.rs` declares for tests only.
fn is_for_tests(source: &Source) -> bool {
    let Some((folder, _)) = source.path.rsplit_once('/') else { return false };
    let declared = format!("#[cfg(test)]\nmod {};", source.stem());
    let parent = format!("{folder}/mod.rs");
    HOUSE.iter().any(|other| other.path == parent && other.text.contains(&declared))
}

/// Words that no file may hold, split here so that this file does not hold them either.
#[test]
fn no_file_names_a_machine_or_leaves_work_behind() {
    let words = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/fa", "rm/"],
        ["../sha", "red/design"],
        ["TO", "DO"],
        ["FIX", "ME"],
        ["db", "g!("],
        ["#[igno", "re"],
        ["unimplemen", "ted!("],
    ]
    .map(|halves| halves.concat());
    let mut found = Vec::new();
    for source in HOUSE.iter().filter(|source| !source.is("package-lock.json")) {
        for (at, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    none(found, "words that do not belong in the project");
}

#[test]
fn a_crate_says_that_it_obeys_the_lints() {
    let mut found: Vec<String> = Vec::new();
    for source in sources("Cargo.toml").filter(|it| it.path != "Cargo.toml") {
        if !source.text.contains("[lints]\nworkspace = true") {
            found.push(source.path.clone());
        }
    }
    none(found, "crates without the workspace's lints");
    let plain = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let workspace = plain(&root().join("Cargo.toml"));
    for lint in ["unwrap_used", "expect_used", "indexing_slicing", "as_conversions", "todo"] {
        assert!(workspace.contains(&format!("{lint} = \"deny\"")), "{lint} is no longer denied");
    }
}

/// The standard library first, then other crates, then our own: rustfmt cannot do it on stable.
#[test]
fn imports_stand_in_three_groups() {
    let mut found = Vec::new();
    for source in sources(".rs") {
        // A module or a macro of the file itself is our own.
        let is_own = |name: &str| {
            source.text.contains(&format!("mod {name};"))
                || source.text.contains(&format!("macro_rules! {name} "))
        };
        let mut last = 0;
        for (at, line) in source.text.lines().enumerate() {
            let Some(import) = line.strip_prefix("use ") else { continue };
            let first = import.split([':', ';', '{']).next().unwrap_or_default();
            let group = match first {
                "std" | "core" | "alloc" => 1,
                "crate" | "super" | "self" => 3,
                name if is_own(name) => 3,
                _ => 2,
            };
            if group < last {
                found.push(format!("{}:{}: {line}", source.path, at + 1));
            }
            last = group;
        }
    }
    none(found, "imports out of order");
}

/// `fn k12_…`, `fn d13_…`, `fn re02_d19_…`: the invariants that tests name.
fn proven() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in sources(".rs") {
        for (at, line) in source.text.lines().enumerate() {
            let line = line.trim_start();
            let line = line.strip_prefix("async ").unwrap_or(line);
            let Some(name) = line.strip_prefix("fn ") else { continue };
            for word in name.split('_') {
                let number = word.strip_prefix(['k', 'd']).unwrap_or_default();
                if !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()) {
                    let place = format!("{}:{}", source.path, at + 1);
                    found.insert(word.to_uppercase(), place);
                }
            }
        }
    }
    found
}

/// The first cells of the tables of docs/ARCHITECTURE.md that look like `K12` or `D13`.
fn told() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let numbers = cells.filter(|cell| {
        let number = cell.strip_prefix(['K', 'D']).unwrap_or_default();
        !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
    });
    numbers.map(str::to_owned).collect()
}

#[test]
fn a_test_that_names_an_invariant_names_one_that_is_told() {
    let told = told();
    let mut unknown = proven();
    unknown.retain(|invariant, _| !told.contains(invariant));
    none(
        unknown.into_iter().map(|(invariant, place)| format!("{invariant} at {place}")).collect(),
        "invariants that docs/ARCHITECTURE.md does not tell",
    );
}

#[test]
fn each_invariant_has_a_test_that_names_it() {
    let proven = proven();
    let bare = told().into_iter().filter(|invariant| !proven.contains_key(invariant));
    none(bare.collect(), "invariants without a test that names them");
}

#[test]
fn each_plant_is_asked_by_the_kernel_and_planted_by_a_test() {
    let plants = sources("backend/kernel/src/plant.rs").next().unwrap();
    let (_, list) = plants.text.split_once("pub enum Plant {").unwrap();
    let (list, _) = list.split_once('}').unwrap();
    let names = list.lines().map(str::trim).filter_map(|line| line.strip_suffix(','));
    let mut found = Vec::new();
    for name in names.filter(|name| !name.starts_with("//")) {
        let is_there = |folder: &str, words: &str| {
            let mut all = HOUSE.iter().filter(|source| source.path.starts_with(folder));
            all.any(|source| source.text.contains(words))
        };
        if !is_there("backend/kernel/src/", &format!("planted(Plant::{name})")) {
            found.push(format!("{name} is asked nowhere"));
        }
        if !is_there("backend/kernel/tests/", &format!("(Plant::{name},")) {
            found.push(format!("no test plants {name}"));
        }
    }
    none(found, "planted bugs that prove nothing");
}
