//! What handlers take: bodies, path parts, queries. All refuse with problems, none with a fault of
//! ours, whatever is sent.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Multipart, Request, path::ErrorKind,
        rejection::PathRejection,
    },
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use shared::problem::Kind;

use super::problem::Problem;

/// How deep JSON may be nested.
const DEEPEST: usize = 100;

/// The body as the guard has read it.
#[derive(Clone)]
pub(super) struct Arrived(pub(super) Bytes);

/// A JSON body of at most 3 MB.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Arrived(bytes) = parts.extensions.remove().unwrap_or(Arrived(Bytes::new()));
        if !is_json(&parts.headers) {
            let refused = Problem::new(Kind::UnsupportedMedia, "request.media_type");
            return Err(refused.value("expected", "application/json"));
        }
        parse(&bytes).map(Self)
    }
}

/// A body as it came, of at most 3 MB: for webhooks, whose signature covers the bytes.
#[derive(Clone, Debug)]
pub struct Raw(pub Bytes);

impl<S: Sync> FromRequestParts<S> for Raw {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Arrived(bytes) = parts.extensions.remove().unwrap_or(Arrived(Bytes::new()));
        Ok(Self(bytes))
    }
}

/// A multipart body that is read as it comes, up to what the route allows.
#[derive(Debug)]
pub struct Upload(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Multipart::from_request(request, state).await.map(Self).map_err(|_not_multipart| {
            let refused = Problem::new(Kind::UnsupportedMedia, "request.media_type");
            refused.value("expected", "multipart/form-data")
        })
    }
}

/// The parts of the path. One that cannot be what it should is not there, as an unknown one.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(failed)) => match failed.into_kind() {
                // The route and its handler do not fit: ours.
                ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
                    Err(Problem::new(Kind::Internal, "internal"))
                }
                _ => Err(Problem::not_found()),
            },
            Err(_no_parts) => Err(Problem::new(Kind::Internal, "internal")),
        }
    }
}

/// The parameters behind the question mark.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = || Problem::new(Kind::Malformed, "request.query_invalid");
        // No text that can be looked up holds it, and Postgres does not take it.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(refused());
        }
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|_not_valid| refused())
    }
}

/// The version that a change stands on, from `If-Match`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IfMatch(Option<i64>);

impl IfMatch {
    /// The version, if one was given.
    #[must_use]
    pub const fn version(self) -> Option<i64> {
        self.0
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get("if-match") else { return Ok(Self(None)) };
        let text = header.to_str().ok().map(|text| text.trim().trim_matches('"'));
        let version = text.and_then(|text| text.parse().ok()).filter(|version| *version >= 0);
        match version {
            Some(version) => Ok(Self(Some(version))),
            None => Err(Problem::new(Kind::Malformed, "if_match_invalid")),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Reads a value from JSON, or says where and why not.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::new(Kind::Malformed, "request.not_utf8"));
    }
    let seen = look(bytes);
    if seen.depth > DEEPEST {
        return Err(Problem::new(Kind::Malformed, "request.json_too_deep"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(&error.into_inner(), &pointer)
    })?;
    json.end().map_err(|error| refusal(&error, ""))?;
    // Serde reads a list as the fields of a struct in their order, which nobody means.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid("", "wrong_type"));
    }
    if seen.has_nul {
        return Err(Problem::new(Kind::Invalid, "not_storable"));
    }
    Ok(value)
}

fn refusal(error: &serde_json::Error, pointer: &str) -> Problem {
    if error.classify() != Category::Data {
        return Problem::new(Kind::Malformed, "request.json_invalid")
            .value("line", error.line())
            .value("column", error.column());
    }
    // Serde tells a missing field only by its text; the pointer names the field, not its parent.
    let text = error.to_string();
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
    {
        return Problem::invalid(&format!("{pointer}/{}", escaped(name)), "missing");
    }
    let code = if text.starts_with("invalid type") {
        "wrong_type"
    } else if text.starts_with("unknown variant") {
        "unknown_value"
    } else {
        "invalid"
    };
    Problem::invalid(pointer, code)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            Segment::Map { key } => pointer.extend(["/", &escaped(key)]),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Seen {
    depth: usize,
    has_nul: bool,
}

/// How deep the JSON is, and whether a text in it holds U+0000, which no table takes.
fn look(bytes: &[u8]) -> Seen {
    let mut seen = Seen { depth: 0, has_nul: false };
    let (mut depth, mut in_text) = (0_usize, false);
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (in_text, byte) {
            (true, b'\\') => {
                seen.has_nul |= rest.starts_with(b"u0000");
                rest = rest.get(1..).unwrap_or_default();
            }
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => {
                depth += 1;
                seen.depth = seen.depth.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::{Problem, parse};

    #[derive(Debug, Deserialize, PartialEq)]
    struct Order {
        name: String,
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Line {
        count: u8,
    }

    fn refused(json: impl AsRef<[u8]>) -> Problem {
        parse::<Order>(json.as_ref()).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_named_by_its_pointer() {
        let fields = |json: &str| {
            let sent = refused(json).render(crate::http::Language::En, [0; 16]);
            assert_eq!(sent.status, 422, "{json}");
            sent.fields.into_iter().next().unwrap()
        };
        let named = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(fields(r#"{"lines":[]}"#), named("/name", "missing"));
        assert_eq!(fields(r#"{"name":7,"lines":[]}"#), named("/name", "wrong_type"));
        assert_eq!(fields(r#"{"name":"a","lines":[{}]}"#), named("/lines/0/count", "missing"));
        let large = r#"{"name":"a","lines":[{"count":1},{"count":300}]}"#;
        assert_eq!(fields(large), named("/lines/1/count", "invalid"));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for json in ["", "{", "nonsense", r#"{"name":"a","lines":[]} x"#, r#"{"name":"\ud800"}"#] {
            assert_eq!(refused(json).code(), "request.json_invalid", "{json}");
        }
        assert_eq!(refused(b"{\"name\": \"\xff\"}").code(), "request.not_utf8");
    }

    #[test]
    fn ten_thousand_levels_are_refused_without_harm() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            let value = parse::<Value>(deep.as_bytes());
            assert_eq!(value.unwrap_err().code(), "request.json_too_deep");
            let hidden = format!("{{\"name\":\"a\",\"lines\":[],\"x\":{deep}}}");
            assert_eq!(refused(hidden).code(), "request.json_too_deep");
        }
        let brackets =
            serde_json::to_vec(&serde_json::json!({"name": "[".repeat(500), "lines": []}));
        assert!(parse::<Order>(&brackets.unwrap()).is_ok(), "brackets in a text nest nothing");
    }

    #[test]
    fn a_text_that_no_table_takes_is_refused() {
        assert_eq!(refused(r#"{"name":"a\u0000b","lines":[]}"#).code(), "not_storable");
        assert!(parse::<Order>(br#"{"name":"a\\u0000b","lines":[]}"#).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Order>(&bytes);
            let _ = parse::<Value>(&bytes);
        }
    }
}
