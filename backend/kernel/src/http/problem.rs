//! Refusals on their way out: what handlers return, before the reader's language is known.
//!
//! Invariants: a cause from inside is logged once, here, and never sent; a refusal that says "not
//! there" carries nothing that tells an unknown id from a foreign one.

use std::{collections::BTreeMap, error::Error as StdError, fmt::Write as _, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use shared::problem::{Kind, MEDIA_TYPE, Problem as Sent};

use super::{language::Language, texts};

/// A refusal. Its texts are found when it leaves, by the reader's language.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    kind: Kind,
    code: &'static str,
    fields: BTreeMap<String, String>,
    values: BTreeMap<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A refusal by its kind and stable code.
    #[must_use]
    pub const fn new(kind: Kind, code: &'static str) -> Self {
        Self { kind, code, fields: BTreeMap::new(), values: BTreeMap::new(), retry_after_s: None }
    }

    /// Not there, or not to be known: the same for both.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(Kind::NotFound, "not_found")
    }

    /// One field is wrong.
    #[must_use]
    pub fn invalid(pointer: &str, code: &str) -> Self {
        Self::new(Kind::Invalid, "request.invalid").field(pointer, code)
    }

    /// Our fault: the causes go to the log, once, and the reader gets the trace.
    #[must_use]
    pub fn internal(error: &(dyn StdError + 'static)) -> Self {
        tracing::error!("failed to answer a request: {}", causes(error));
        Self::new(Kind::Internal, "internal")
    }

    /// Something that we stand on does not answer: worth another try.
    #[must_use]
    pub fn unavailable(error: &(dyn StdError + 'static)) -> Self {
        tracing::warn!("cannot answer a request now: {}", causes(error));
        Self::new(Kind::Unavailable, "unavailable").retry_after(1)
    }

    /// A field that is wrong: JSON pointer and code.
    #[must_use]
    pub fn field(mut self, pointer: &str, code: &str) -> Self {
        self.fields.insert(pointer.to_owned(), code.to_owned());
        self
    }

    /// A value that the sentence names.
    #[must_use]
    pub fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// When another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// What kind of "no" it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn values(mut self, values: BTreeMap<String, Value>) -> Self {
        self.values.extend(values);
        self
    }

    /// As it is sent. Only what is our fault names the trace, so that two refusals of one kind are
    /// the same byte for byte.
    #[must_use]
    pub fn render(&self, language: Language, trace: [u8; 16]) -> Sent {
        let (title, detail) = texts::of(language, self.code);
        let is_ours = matches!(self.kind, Kind::Internal);
        Sent {
            uri: format!("/problems/{}", self.code),
            title: title.to_owned(),
            status: self.kind.status(),
            code: self.code.to_owned(),
            detail: texts::fill(detail, &self.values),
            trace: is_ours.then(|| hex::encode(trace)),
            fields: self.fields.clone(),
            values: self.values.clone(),
        }
    }

    /// The whole answer in a language.
    pub(super) fn response(&self, language: Language, trace: [u8; 16]) -> Response {
        let body = serde_json::to_vec(&self.render(language, trace)).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Inside the house a refusal travels as a mark on the response; the edge writes its text.
#[derive(Clone)]
pub(super) struct Refused(pub(super) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Refused(Arc::new(self)));
        response
    }
}

/// An error and what caused it, in one line.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Kind, Language, Problem};

    #[test]
    fn the_sentence_is_in_the_readers_language_and_names_its_values() {
        let problem = Problem::new(Kind::TooLarge, "request.too_large").value("limit_mb", 3);
        let portuguese = problem.render(Language::PtBr, [0; 16]);
        let english = problem.render(Language::En, [0; 16]);
        assert_eq!(portuguese.status, 413);
        assert!(portuguese.detail.contains("3 MB"), "{}", portuguese.detail);
        assert!(english.detail.contains("3 MB"), "{}", english.detail);
        assert_ne!(portuguese.title, english.title);
    }

    #[test]
    fn only_our_own_faults_name_the_trace() {
        let trace = [7; 16];
        assert_eq!(Problem::not_found().render(Language::En, trace).trace, None);
        let ours = Problem::new(Kind::Internal, "internal").render(Language::En, trace);
        assert_eq!(ours.trace, Some("07".repeat(16)));
    }
}
