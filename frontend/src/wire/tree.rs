//! A deserializer over a parsed tree.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

/// It cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(_reason: T) -> Self {
        Self
    }

    fn invalid_type(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_length: usize, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_field: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_field: &'static str) -> Self {
        Self
    }
}

/// A place in a parsed tree.
#[derive(Clone, Copy)]
pub(super) struct Tree<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for Tree<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_i64(number),
                (None, Some(number), _) => visitor.visit_u64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(Unreadable),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Object(fields) => {
                let (name, content) = fields.iter().next().ok_or(Unreadable)?;
                visitor.visit_enum(Variant { name, content: Some(content) })
            }
            _ => Err(Unreadable),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }
}

struct Fields<'de> {
    left: serde_json::map::Iter<'de>,
    value: Option<&'de Value>,
}

impl<'de> Fields<'de> {
    fn of(fields: &'de Map<String, Value>) -> Self {
        Self { left: fields.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        let key: StrDeserializer<'de, Unreadable> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        seed.deserialize(Tree(self.value.take().ok_or(Unreadable)?))
    }
}

struct Variant<'de> {
    name: &'de str,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Unreadable> {
        let name: StrDeserializer<'de, Unreadable> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.content.is_none() { Ok(()) } else { Err(Unreadable) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Unreadable> {
        seed.deserialize(Tree(self.content.ok_or(Unreadable)?))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        Tree(self.content.ok_or(Unreadable)?).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        Tree(self.content.ok_or(Unreadable)?).deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::read;
    use serde::de::DeserializeOwned;
    use shared::{
        channels::ChannelState,
        contacts::Contact,
        messages::{Content, Message},
        permission::Quota,
        platform::Company,
    };

    /// Both readers, ours and serde's, read the same or refuse the same.
    #[track_caller]
    fn check<T: DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
        assert_eq!(read::<T>(text), serde_json::from_str(text).ok());
    }

    const ID: &str = "0192ab0192ab0192ab0192ab0192ab01";

    fn message(content: &str) -> String {
        format!(
            r#"{{"id":"message_{ID}","conversation":"conversation_{ID}","channel":"channel_{ID}",
            "contact":"contact_{ID}","is_outbound":true,"kind":"text","content":{content},
            "at":"2026-11-24T09:14:00Z","order":"1","unknown":[1,{{}}],
            "delivery":{{"state":"sent","times":{{"queued":"2026-11-24T09:14:00.5Z"}}}}}}"#
        )
    }

    #[test]
    fn it_reads_what_serde_reads() {
        for content in [
            r#"{"kind":"text","body":"Olá 👍"}"#,
            r#"{"kind":"media","media":"image","size_bytes":12}"#,
            r#"{"kind":"location","latitude":-23.5,"longitude":1}"#,
            r#"{"kind":"contacts","cards":[{"name":"A","phones":["1"]}]}"#,
            r#"{"kind":"interactive","body":"b","action":{"action":"list","button":"x","sections":[]}}"#,
            r#"{"kind":"interactive_reply","reply":"nfm_reply","fields":{"a":[1,null,"x"]}}"#,
            r#"{"kind":"template","name":"n","language":"pt_BR","components":[{"type":"body"}]}"#,
            r#"{"kind":"order","catalog":"c","items":[{"product":"p","quantity":1.5,"price_micros":9,"currency":"BRL"}]}"#,
            r#"{"kind":"hologram"}"#,
            "null",
        ] {
            check::<Message>(&message(content));
        }
    }

    #[test]
    fn it_refuses_what_serde_refuses() {
        check::<Message>("{}");
        check::<Content>(r#"{"body":"x"}"#);
        check::<Contact>("[]");
        check::<u8>("300");
        check::<Vec<String>>(r#"["a", 1]"#);
        check::<()>("null");
        check::<String>("{");
    }

    #[test]
    fn tagged_states_and_maps_with_words_as_keys_are_read() {
        check::<ChannelState>(r#"{"state":"active"}"#);
        check::<ChannelState>(
            r#"{"state":"paused","reason":"person","since":"2026-11-24T09:14:00Z","provider_code":190}"#,
        );
        check::<std::collections::BTreeMap<Quota, i64>>(r#"{"members":3,"storage_bytes":-1}"#);
        check::<Company>(&format!(r#"{{"id":"company_{ID}"}}"#));
    }
}
