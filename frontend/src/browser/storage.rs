//! What this device remembers between two visits.

use serde::Serialize;
use web_sys::Storage;

use crate::wire::{self, FromTree};

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn name(key: &str) -> String {
    format!("masteria.{key}")
}

/// The text kept under a key.
pub(crate) fn read(key: &str) -> Option<String> {
    storage()?.get_item(&name(key)).ok()?
}

/// Keeps a text; an empty one is forgotten.
pub(crate) fn write(key: &str, text: &str) {
    let Some(storage) = storage() else { return };
    // A full or forbidden storage only means that nothing is remembered.
    let _kept = if text.is_empty() {
        storage.remove_item(&name(key))
    } else {
        storage.set_item(&name(key), text)
    };
}

/// Forgets a key.
pub(crate) fn forget(key: &str) {
    write(key, "");
}

/// The value kept under a key, if there is one and it can still be read.
pub(crate) fn read_json<T: FromTree>(key: &str) -> Option<T> {
    wire::read(&read(key)?)
}

/// Keeps a value.
pub(crate) fn write_json<T: Serialize>(key: &str, value: &T) {
    write(key, &wire::write(value));
}

/// What is kept under keys that begin so, without the beginning.
pub(crate) fn keys(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let prefix = name(prefix);
    (0..storage.length().unwrap_or_default())
        .filter_map(|at| storage.key(at).ok()??.strip_prefix(&prefix).map(str::to_owned))
        .collect()
}
