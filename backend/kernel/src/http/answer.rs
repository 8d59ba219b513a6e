//! What handlers answer when it went well.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::execute::Executed;

/// An answer with its status and the place in the company's history it belongs to.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    body: Option<T>,
    company_seq: Option<i64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl<T> Answer<T> {
    const fn of(status: StatusCode, body: Option<T>) -> Self {
        Self { status, body, company_seq: None, headers: Vec::new() }
    }

    /// 200.
    #[must_use]
    pub const fn ok(body: T) -> Self {
        Self::of(StatusCode::OK, Some(body))
    }

    /// 201.
    #[must_use]
    pub const fn created(body: T) -> Self {
        Self::of(StatusCode::CREATED, Some(body))
    }

    /// 202.
    #[must_use]
    pub const fn accepted(body: T) -> Self {
        Self::of(StatusCode::ACCEPTED, Some(body))
    }

    /// What a command did: its place goes out as `Ledger-Position`.
    #[must_use]
    pub fn after(self, executed: &Executed) -> Self {
        match executed {
            Executed::Stored(committed, _) => Self { company_seq: committed.company_seq, ..self },
            Executed::Unchanged(_) | Executed::Replayed(_) => self,
        }
    }

    /// A place in the company's history, for what was not one command.
    #[must_use]
    pub fn at(self, company_seq: Option<i64>) -> Self {
        Self { company_seq, ..self }
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Answer<()> {
    /// 204.
    #[must_use]
    pub const fn empty() -> Self {
        Self::of(StatusCode::NO_CONTENT, None)
    }
}

/// The place of a write, on its way to the guard, which knows the incarnation.
#[derive(Clone, Copy)]
pub(super) struct Place(pub(super) i64);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => (self.status, Json(body)).into_response(),
            None => self.status.into_response(),
        };
        if let Some(company_seq) = self.company_seq {
            response.extensions_mut().insert(Place(company_seq));
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}
