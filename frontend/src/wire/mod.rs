//! The server's words, read small.
//!
//! An answer is parsed once into a tree, and our types are read from the tree by one deserializer
//! that knows no positions and one error that says nothing: what cannot be read is thrown away as a
//! whole anyway. Compiled, this is a third of what reading each type from the text would be, and
//! the first load has a budget.
//!
//! Invariants: reads whatever serde's own reader of JSON reads; a test compares the two.

mod frame;
mod tree;

pub(crate) use frame::frame;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a value from a text; nothing when it cannot be read.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    of_tree(&parse(text)?)
}

/// Reads a value from a parsed tree.
pub(crate) fn of_tree<T: DeserializeOwned>(tree: &Value) -> Option<T> {
    T::deserialize(tree::Tree(tree)).ok()
}

/// The tree of a text.
fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
