//! Values that everything else is made of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::{
    ids::{
        ApiKeyId, ChannelId, CompanyId, ContactId, ConversationId, DeliveryId, FileId, IdentityId,
        LabelId, MessageId, SessionId, UserId,
    },
    page::Page,
};

/// Can be read from a tree; nothing is what the server left out.
pub(crate) trait FromTree: Sized {
    /// Reads it.
    fn from_tree(tree: Option<&Value>) -> Option<Self>;
}

impl FromTree for () {
    fn from_tree(_tree: Option<&Value>) -> Option<Self> {
        Some(())
    }
}

impl FromTree for bool {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree.map_or(Some(false), Value::as_bool)
    }
}

impl FromTree for String {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree?.as_str().map(str::to_owned)
    }
}

impl FromTree for i64 {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree.map_or(Some(0), Value::as_i64)
    }
}

impl FromTree for f64 {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree?.as_f64()
    }
}

macro_rules! smaller {
    ($($name:ty),*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Option<&Value>) -> Option<Self> {
                i64::from_tree(tree)?.try_into().ok()
            }
        }
    )*};
}

smaller!(i32, u32, u16);

impl FromTree for Value {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree.cloned()
    }
}

impl FromTree for DateTime<Utc> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        DateTime::parse_from_rfc3339(tree?.as_str()?).ok().map(|moment| moment.to_utc())
    }
}

macro_rules! ids {
    ($($name:ty),* $(,)?) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Option<&Value>) -> Option<Self> {
                tree?.as_str()?.parse().ok()
            }
        }
    )*};
}

ids!(
    ApiKeyId,
    ChannelId,
    CompanyId,
    ContactId,
    ConversationId,
    DeliveryId,
    FileId,
    IdentityId,
    LabelId,
    MessageId,
    SessionId,
    UserId,
);

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        match tree {
            None | Some(Value::Null) => Some(None),
            some => T::from_tree(some).map(Some),
        }
    }
}

impl<T: FromTree> FromTree for Box<T> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        T::from_tree(tree).map(Self::new)
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let Some(tree) = tree else { return Some(Self::new()) };
        tree.as_array()?.iter().map(|item| T::from_tree(Some(item))).collect()
    }
}

impl<K: FromTree + Ord, V: FromTree> FromTree for BTreeMap<K, V> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let Some(tree) = tree else { return Some(Self::new()) };
        // One after the other: a tree that is made of an iterator sorts it first, with much code.
        let mut map = Self::new();
        for (key, value) in tree.as_object()? {
            let key = K::from_tree(Some(&Value::String(key.clone())))?;
            map.insert(key, V::from_tree(Some(value))?);
        }
        Some(map)
    }
}

impl<T: FromTree> FromTree for Page<T> {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let tree = tree?.as_object()?;
        Some(Self {
            items: FromTree::from_tree(tree.get("items"))?,
            next: FromTree::from_tree(tree.get("next"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::{read, same};
    use chrono::{DateTime, Utc};
    use shared::page::Page;
    use std::collections::BTreeMap;

    #[test]
    fn values_are_read_as_serde_reads_them() {
        same::<Vec<Option<i64>>>("[1,null,-3]");
        same::<BTreeMap<String, bool>>(r#"{"a":true}"#);
        same::<Page<u32>>(r#"{"items":[1],"next":"k"}"#);
        same::<Page<u32>>(r#"{"items":[]}"#);
        for text in ["2026-11-24T09:14:00Z", "2026-11-24T09:14:00.123456Z"] {
            same::<DateTime<Utc>>(&format!("\"{text}\""));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_read() {
        assert_eq!(read::<u16>("70000"), None);
        assert_eq!(read::<bool>("1"), None);
        assert_eq!(read::<String>("{"), None);
        assert_eq!(read::<shared::ids::UserId>(r#""company_1""#), None);
    }
}
