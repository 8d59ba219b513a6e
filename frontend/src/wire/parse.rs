//! Texts as trees.
//!
//! `serde_json`'s reader would bring its tables of powers of ten along, which no compression makes
//! smaller. Invariants: what `serde_json` reads is read the same; what nests too deep is not read.

use serde_json::{Map, Number, Value};

/// The server's answers are a few levels deep.
const DEEPEST: usize = 64;

/// The tree of a text.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEEPEST)?;
    reader.skip_space();
    reader.peek().is_none().then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The next letter that is no space is this one.
    fn expect(&mut self, letter: u8) -> Option<()> {
        self.skip_space();
        (self.next()? == letter).then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut fields = Map::new();
        self.at += 1;
        self.skip_space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(Value::Object(fields));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.expect(b':')?;
            let value = self.value(depth)?;
            fields.insert(name, value);
            self.skip_space();
            match self.next()? {
                b',' => {}
                b'}' => return Some(Value::Object(fields)),
                _ => return None,
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            match self.next()? {
                b',' => {}
                b']' => return Some(Value::Array(items)),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.next()? != b'"' {
            return None;
        }
        let mut out = String::new();
        let mut plain = self.at;
        loop {
            match self.next()? {
                b'"' => {
                    out.push_str(self.text.get(plain..self.at - 1)?);
                    return Some(out);
                }
                b'\\' => {
                    out.push_str(self.text.get(plain..self.at - 1)?);
                    out.push(self.escaped()?);
                    plain = self.at;
                }
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unit(),
            letter @ (b'"' | b'\\' | b'/') => char::from(letter),
            _ => return None,
        })
    }

    /// A letter by its number; one beyond the first 65,536 is written as two.
    fn unit(&mut self) -> Option<char> {
        let first = self.four()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if self.next()? != b'\\' || self.next()? != b'u' {
            return None;
        }
        let second = self.four()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
    }

    fn four(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Value> {
        let begin = self.at;
        while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') = self.peek() {
            self.at += 1;
        }
        let digits = self.text.get(begin..self.at).filter(|digits| !digits.is_empty())?;
        match digits.parse::<i64>() {
            Ok(whole) if !digits.starts_with('+') => Some(Value::from(whole)),
            _ => Number::from_f64(float(digits)?).map(Value::Number),
        }
    }
}

/// The browser has this already.
#[cfg(target_arch = "wasm32")]
fn float(digits: &str) -> Option<f64> {
    Some(js_sys::parse_float(digits))
}

#[cfg(not(target_arch = "wasm32"))]
fn float(digits: &str) -> Option<f64> {
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::Value;

    #[test]
    fn what_serde_json_reads_is_read_the_same() {
        let texts = [
            r#"{"a":[1,-2,3.5,1e3,true,false,null,{}],"b":{"c":"d"}}"#,
            " [ ] ",
            r#""\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00 ç 👍""#,
            "-0.25",
            "9007199254740993",
            "\"\"",
            "{ \"x\" : \"\\u0000\" }",
        ];
        for text in texts {
            let theirs: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text), Some(theirs), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        let texts = [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "nul",
            "1 2",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0020\"",
            "\"\\u+123\"",
            "-",
            "[1",
            "{a:1}",
            "'a'",
        ];
        for text in texts {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_that_nests_without_end_is_not_read() {
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
