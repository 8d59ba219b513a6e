//! A JSON object as Meta may send it: every value is taken leniently, and what nobody took stays raw.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Seconds beyond this are taken as milliseconds; it is the year 5138.
const LAST_SECOND: i64 = 99_999_999_999;

/// The members of an object that nobody has taken yet.
#[derive(Default)]
pub(super) struct Fields<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// The members of an object; none when it is something else.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
    }

    /// Takes a member as it is written; `null` is none.
    pub(super) fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let place = self.members.iter().position(|(known, _)| known == name)?;
        let (_, raw) = self.members.swap_remove(place);
        (raw.get() != "null").then_some(raw)
    }

    /// Takes a text; a number is taken as its digits. What is empty or something else is none.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.any_text(name)?;
        (!text.is_empty()).then_some(text)
    }

    /// Takes a text that may be empty.
    pub(super) fn any_text(&mut self, name: &str) -> Option<String> {
        let raw = self.raw(name)?.get();
        match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok(),
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => None,
        }
    }

    /// Takes a whole number, also when it is written as text.
    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        let raw = self.raw(name)?.get();
        raw.trim_matches('"').parse().ok()
    }

    /// Takes a number.
    pub(super) fn float(&mut self, name: &str) -> Option<f64> {
        let raw = self.raw(name)?.get();
        raw.trim_matches('"').parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Takes a yes or no.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.raw(name)?.get().trim_matches('"') {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// Takes a time in seconds, as number or text.
    pub(super) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let number = self.number(name)?;
        if number > LAST_SECOND {
            return DateTime::from_timestamp_millis(number);
        }
        DateTime::from_timestamp(number, 0)
    }

    /// Takes an object.
    pub(super) fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        Fields::of(self.raw(name)?)
    }

    /// Takes a list; something else is an empty one.
    pub(super) fn list(&mut self, name: &str) -> Vec<&'a RawValue> {
        let raw = self.raw(name).map_or("", RawValue::get);
        if raw.starts_with('[') { serde_json::from_str(raw).unwrap_or_default() } else { vec![] }
    }

    /// Takes a list of objects; what is none is left out.
    pub(super) fn objects(&mut self, name: &str) -> impl Iterator<Item = Fields<'a>> {
        self.list(name).into_iter().filter_map(Fields::of)
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Vec<(String, Box<RawValue>)> {
        let members = self.members.into_iter();
        members.map(|(name, raw)| (name.into_owned(), raw.to_owned())).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Fields { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A list of objects; anything else in its place is an empty list.
#[derive(Default)]
pub(super) struct Objects<'a>(pub(super) Vec<Fields<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Objects<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Objects<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::with_capacity(1);
                while let Some(fields) = seq.next_element()? {
                    list.push(fields);
                }
                Ok(Objects(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Objects::default())
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Objects::default())
            }
        }
        deserializer.deserialize_any(List)
    }
}
