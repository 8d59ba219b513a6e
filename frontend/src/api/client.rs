//! One request and its answer.

use gloo_net::http::{Headers, Method, RequestBuilder, Response};
use leptos::prelude::*;
use serde::Serialize;
use shared::{ids::CompanyId, problem::Problem};
use wasm_bindgen::JsValue;

use crate::{
    browser::{clock, dom},
    wire::{self, FromTree},
};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The server could not be reached: nobody knows whether it acted.
    Line,
    /// It said no, and why.
    Refused(Box<Problem>),
    /// It said something that cannot be read; the status is known.
    Garbled(u16),
}

impl Failure {
    /// Whether the same request, with the same key, may have another answer soon.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Line => true,
            Self::Refused(problem) => matches!(problem.status, 429 | 500 | 502 | 503 | 504),
            Self::Garbled(status) => *status >= 500,
        }
    }

    /// Whether it is about a thing that is not there, or not to be known.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status == 404)
    }
}

/// An answer or a failure.
pub(crate) type Answer<T> = Result<T, Failure>;

/// The way to the server; a copy is the same way.
#[derive(Clone, Copy)]
pub(crate) struct Api {
    company: StoredValue<Option<CompanyId>>,
    position: StoredValue<Option<String>>,
    /// Counts the times that the server said that nobody is signed in.
    pub signed_out: RwSignal<u32>,
    /// Whether the last request reached the server.
    pub reached: RwSignal<bool>,
    /// Whether the last read was behind the ledger, and since when it stands still.
    pub stale: RwSignal<bool>,
}

impl Api {
    /// A way on which nothing has been asked yet.
    pub(crate) fn new() -> Self {
        Self {
            company: StoredValue::new(None),
            position: StoredValue::new(None),
            signed_out: RwSignal::new(0),
            reached: RwSignal::new(true),
            stale: RwSignal::new(false),
        }
    }

    /// Everything from now on is about this company.
    pub(crate) fn enter(self, company: Option<CompanyId>) {
        if self.company.get_value() != company {
            self.company.set_value(company);
            self.position.set_value(None);
        }
    }

    /// Reads wait until the server shows at least this position of the company.
    pub(crate) fn wait_for(self, cursor: &str) {
        self.position.set_value(Some(cursor.to_owned()));
    }

    /// Reads.
    pub(crate) async fn get<T: FromTree>(self, path: &str) -> Answer<T> {
        let mut answer = self.exchange(Method::GET, path, None, None).await;
        let is_unknown = |failure: &Failure| matches!(failure, Failure::Refused(problem) if problem.code == "position_unknown");
        if answer.as_ref().is_err_and(is_unknown) && self.position.get_value().is_some() {
            // The installation is not where this tab saw it last: it is asked as it is.
            self.position.set_value(None);
            answer = self.exchange(Method::GET, path, None, None).await;
        }
        read(&answer?)
    }

    /// Writes under a key of its own.
    pub(crate) async fn post<B: Serialize, T: FromTree>(self, path: &str, body: &B) -> Answer<T> {
        self.post_keyed(path, body, &dom::fresh_key()).await
    }

    /// Writes under a key that is kept by the caller.
    pub(crate) async fn post_keyed<B: Serialize, T: FromTree>(
        self,
        path: &str,
        body: &B,
        key: &str,
    ) -> Answer<T> {
        read(&self.exchange(Method::POST, path, Some(json(body)), Some(key)).await?)
    }

    /// Writes something that has no answer.
    pub(crate) async fn tell<B: Serialize>(self, path: &str, body: &B) -> Answer<()> {
        let key = dom::fresh_key();
        self.exchange(Method::POST, path, Some(json(body)), Some(&key)).await.map(drop)
    }

    /// Writes something whose answer is of no interest, under a key that is kept by the caller.
    pub(crate) async fn tell_keyed<B: Serialize>(
        self,
        path: &str,
        body: &B,
        key: &str,
    ) -> Answer<()> {
        self.exchange(Method::POST, path, Some(json(body)), Some(key)).await.map(drop)
    }

    /// Takes something away.
    pub(crate) async fn delete(self, path: &str) -> Answer<()> {
        let key = dom::fresh_key();
        self.exchange(Method::DELETE, path, None, Some(&key)).await.map(drop)
    }

    /// Uploads a form.
    pub(crate) async fn upload<T: FromTree>(
        self,
        path: &str,
        form: JsValue,
        key: &str,
    ) -> Answer<T> {
        read(&self.exchange(Method::POST, path, Some(Payload::Form(form)), Some(key)).await?)
    }

    async fn exchange(
        self,
        method: Method,
        path: &str,
        payload: Option<Payload>,
        key: Option<&str>,
    ) -> Answer<String> {
        let is_read = method == Method::GET;
        let headers = Headers::new();
        headers.set("accept", "application/json, application/problem+json");
        headers.set("accept-language", crate::i18n::language().tag());
        if let Some(company) = self.company.get_value() {
            headers.set("x-company-id", &company.to_string());
        }
        if let Some(key) = key {
            headers.set("idempotency-key", key);
        }
        if let (true, Some(position)) = (is_read, self.position.get_value()) {
            headers.set("min-position", &position);
        }
        let payload = match payload {
            None => None,
            Some(Payload::Json(text)) => {
                headers.set("content-type", "application/json");
                Some(JsValue::from_str(&text))
            }
            Some(Payload::Form(form)) => Some(form),
        };
        let request = RequestBuilder::new(path).method(method).headers(headers);
        let request = match payload {
            Some(payload) => request.body(payload),
            None => request.build(),
        };
        let sent = match request {
            Ok(request) => request.send().await,
            Err(_unbuildable) => return Err(Failure::Garbled(0)),
        };
        let Ok(response) = sent else {
            self.reached.set(false);
            return Err(Failure::Line);
        };
        self.note(&response, is_read);
        let status = response.status();
        let Ok(text) = response.text().await else { return Err(Failure::Line) };
        if response.ok() {
            return Ok(text);
        }
        match wire::read::<Problem>(&text) {
            Some(problem) => Err(Failure::Refused(Box::new(problem))),
            None => Err(Failure::Garbled(status)),
        }
    }

    fn note(self, response: &Response, is_read: bool) {
        self.reached.set(true);
        let headers = response.headers();
        if let Some(date) = headers.get("date") {
            clock::learn_http(&date);
        }
        if let Some(position) = headers.get("ledger-position") {
            self.position.set_value(Some(position));
        }
        if is_read {
            self.stale.set(headers.get("stale").is_some());
        }
        if response.status() == 401 {
            self.signed_out.update(|times| *times += 1);
        }
    }
}

enum Payload {
    Json(String),
    Form(JsValue),
}

fn json<B: Serialize>(body: &B) -> Payload {
    Payload::Json(wire::write(body))
}

fn read<T: FromTree>(text: &str) -> Answer<T> {
    let text = if text.is_empty() { "null" } else { text };
    wire::read(text).ok_or(Failure::Garbled(200))
}

#[cfg(test)]
mod tests {
    use super::{Failure, read};
    use std::collections::BTreeMap;

    fn refused(status: u16) -> Failure {
        Failure::Refused(Box::new(shared::problem::Problem {
            uri: String::new(),
            title: String::new(),
            status,
            code: String::new(),
            detail: String::new(),
            trace: None,
            fields: BTreeMap::new(),
            values: BTreeMap::new(),
        }))
    }

    #[test]
    fn only_what_may_pass_is_asked_again_with_the_same_key() {
        assert!(Failure::Line.may_pass());
        assert!(refused(503).may_pass());
        assert!(Failure::Garbled(502).may_pass());
        assert!(!refused(422).may_pass());
        assert!(!refused(409).may_pass());
    }

    #[test]
    fn an_empty_answer_is_nothing() {
        assert_eq!(read::<()>(""), Ok(()));
        assert_eq!(read::<u16>("x"), Err(Failure::Garbled(200)));
    }
}
