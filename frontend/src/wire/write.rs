//! Our types as texts, for the server and for this device.
//!
//! Invariant: what `serde_json` writes is written the same, but for the digits of floats, which are
//! the browser's.

use std::fmt;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// The text of a value. Our own types always have one; what had none would be refused.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> String {
    let mut writer = Writer { out: String::new() };
    // Nothing that we write can fail.
    let _written = value.serialize(&mut writer);
    writer.out
}

struct Writer {
    out: String,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push('"');
        for letter in text.chars() {
            match letter {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\0'..' ' => {
                    let number = u32::from(letter);
                    self.out.push_str(if number < 16 { "\\u000" } else { "\\u001" });
                    self.out.extend(char::from_digit(number % 16, 16));
                }
                _ => self.out.push(letter),
            }
        }
        self.out.push('"');
    }

    fn open(&mut self, open: char, close: &'static str) -> Parts<'_> {
        self.out.push(open);
        Parts { writer: self, close, is_first: true }
    }

    /// A variant that holds something is an object of one field.
    fn variant(&mut self, name: &str) {
        self.out.push('{');
        self.text(name);
        self.out.push(':');
    }
}

/// What stands between two brackets.
struct Parts<'a> {
    writer: &'a mut Writer,
    close: &'static str,
    is_first: bool,
}

impl Parts<'_> {
    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.out.push(',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Nothing> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Nothing> {
        self.comma();
        self.writer.text(name);
        self.writer.out.push(':');
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.out.push_str(self.close);
    }
}

/// What cannot be written.
#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot be written")
    }
}

impl std::error::Error for Nothing {}

impl ser::Error for Nothing {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// The browser writes floats as short as they can be.
#[cfg(target_arch = "wasm32")]
fn float(value: f64) -> String {
    crate::browser::format::plain(value)
}

#[cfg(not(target_arch = "wasm32"))]
fn float(value: f64) -> String {
    value.to_string()
}

macro_rules! whole {
    ($($method:ident: $name:ty),*) => {$(
        fn $method(self, value: $name) -> Result<(), Nothing> {
            self.serialize_i64(i64::from(value))
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Nothing;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    whole!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32
    );

    fn serialize_bool(self, value: bool) -> Result<(), Nothing> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Nothing> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Nothing> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Nothing> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Nothing> {
        if !value.is_finite() {
            return self.serialize_unit();
        }
        self.out.push_str(&float(value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Nothing> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Nothing> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Nothing> {
        let mut parts = self.open('[', "]");
        value.iter().try_for_each(|byte| parts.item(byte))?;
        parts.close();
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Nothing> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Nothing> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Nothing> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Nothing> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Nothing> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Nothing> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Nothing> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.out.push('}');
        Ok(())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Parts<'a>, Nothing> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Parts<'a>, Nothing> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Parts<'a>, Nothing> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'a>, Nothing> {
        self.variant(variant);
        Ok(self.open('[', "]}"))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Parts<'a>, Nothing> {
        Ok(self.open('{', "}"))
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Parts<'a>, Nothing> {
        Ok(self.open('{', "}"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'a>, Nothing> {
        self.variant(variant);
        Ok(self.open('{', "}}"))
    }
}

macro_rules! items {
    ($($name:ident.$method:ident),*) => {$(
        impl $name for Parts<'_> {
            type Ok = ();
            type Error = Nothing;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Nothing> {
                self.item(value)
            }

            fn end(self) -> Result<(), Nothing> {
                self.close();
                Ok(())
            }
        }
    )*};
}

items!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);

macro_rules! named {
    ($($name:ident),*) => {$(
        impl $name for Parts<'_> {
            type Ok = ();
            type Error = Nothing;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Nothing> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Nothing> {
                self.close();
                Ok(())
            }
        }
    )*};
}

named!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Nothing;

    /// All our keys are words.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Nothing> {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Nothing> {
        self.writer.out.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Nothing> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use serde::Serialize;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Any {
        Plain,
        New(i32),
        Pair(u8, bool),
        Named { a: Option<char>, b: () },
    }

    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Inner(Whole),
        Fields { x: f64 },
    }

    #[derive(Serialize)]
    struct Whole {
        texts: Vec<String>,
        map: BTreeMap<String, u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<bool>,
    }

    #[track_caller]
    fn check<T: Serialize>(value: &T) {
        assert_eq!(write(value), serde_json::to_string(value).unwrap());
    }

    #[test]
    fn what_serde_json_writes_is_written_the_same() {
        check(&[Any::Plain, Any::New(-3), Any::Pair(1, true), Any::Named { a: Some('"'), b: () }]);
        check(&Tagged::Inner(Whole {
            texts: vec!["a\"\\\n\r\t\u{8}\u{c}\u{1}\u{1f} ç 👍".to_owned(), String::new()],
            map: BTreeMap::from([("x".to_owned(), 1), ("y".to_owned(), u64::MAX)]),
            left_out: None,
        }));
        check(&Tagged::Fields { x: -19.932 });
        check(&serde_json::json!({ "a": [1, 2.5, null, {}], "b": [] }));
        check(&(i64::MIN, f64::NAN));
    }
}
