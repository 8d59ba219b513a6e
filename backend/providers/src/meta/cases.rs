//! The collected cases, for tests.

use std::path::Path;

use serde_json::Value;

/// All cases of a folder.
pub(crate) fn all(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    paths.sort();
    let cases: Vec<_> = paths.iter().map(|path| read(path)).collect();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    cases
}

/// One case.
pub(crate) fn one(name: &str) -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(format!("{name}.json")))
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a case");
    serde_json::from_str(&text).expect("JSON")
}
