//! The server's words, read small.
//!
//! An answer is parsed once into a tree, and our types are read from the tree field by field.
//! serde's derived readers would do the same with forty times the code, once for each type and way
//! of reading it, and the first load has a budget. Invariants: whatever the server writes, through
//! serde, is read as it was, which the tests compare; a field that the server leaves out is its
//! default; a new field of a shared type does not compile before it is read here.

mod channels;
mod company;
mod frame;
mod kept;
mod messages;
mod parse;
mod values;
mod write;

pub(crate) use frame::frame;
pub(crate) use values::FromTree;
pub(crate) use write::write;

use parse::parse;

/// Reads a value from a text; nothing when it cannot be read.
pub(crate) fn read<T: FromTree>(text: &str) -> Option<T> {
    T::from_tree(Some(&parse(text)?))
}

/// Reads structs of which every field is read by its own name.
macro_rules! fields {
    ($($name:ty { $($field:ident),* $(,)? })*) => {$(
        impl $crate::wire::FromTree for $name {
            fn from_tree(tree: Option<&serde_json::Value>) -> Option<Self> {
                let tree = tree?.as_object()?;
                Some(Self {
                    $($field: $crate::wire::FromTree::from_tree(tree.get(stringify!($field)))?),*
                })
            }
        }
    )*};
}

/// Reads enums that are a word each.
macro_rules! words {
    ($($name:ty { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl $crate::wire::FromTree for $name {
            fn from_tree(tree: Option<&serde_json::Value>) -> Option<Self> {
                Some(match tree?.as_str()? {
                    $($word => Self::$variant,)*
                    _ => return None,
                })
            }
        }
    )*};
}

use fields;
use words;

#[cfg(test)]
/// What serde writes comes back as it was.
#[track_caller]
fn check<T: serde::Serialize + FromTree + PartialEq + std::fmt::Debug>(written: &T) {
    let text = serde_json::to_string(written).unwrap();
    assert_eq!(write(written), text);
    assert_eq!(read::<T>(&text).as_ref(), Some(written), "{text}");
}

#[cfg(test)]
/// Both readers, ours and serde's, read the same from a text of the server.
#[track_caller]
fn same<T>(text: &str)
where
    T: serde::de::DeserializeOwned + FromTree + PartialEq + std::fmt::Debug,
{
    let theirs: T = serde_json::from_str(text).unwrap();
    assert_eq!(read::<T>(text), Some(theirs), "{text}");
}
