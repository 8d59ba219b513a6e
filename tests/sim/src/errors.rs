//! Meta's error codes: the answer a call gets, and the words a failed status carries.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// Code, HTTP status, title and details, in the order of the codes.
const TABLE: &str = include_str!("errors.tsv");

/// Where a failed status points its reader.
pub(crate) const HREF: &str =
    "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// An answer of the Graph API that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError(Box<Said>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    status: u16,
    message: String,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    details: Option<String>,
    user: Option<(String, String)>,
}

impl GraphError {
    /// As the table has it.
    pub(crate) fn code(code: u32) -> Self {
        let (status, title, details) = row(code);
        Self(Box::new(Said {
            status,
            message: format!("(#{code}) {title}"),
            kind: "OAuthException",
            code,
            subcode: None,
            details: Some(details.to_owned()),
            user: None,
        }))
    }

    /// As the table has it, about something in particular.
    pub(crate) fn about(code: u32, details: impl Into<String>) -> Self {
        Self(Box::new(Said { details: Some(details.into()), ..*Self::code(code).0 }))
    }

    /// A parameter that is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self(Box::new(Said {
            message: format!("(#100) The parameter {name} is required."),
            details: None,
            ..*Self::code(100).0
        }))
    }

    /// A parameter that cannot be.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Said {
            message: "(#100) Invalid parameter".to_owned(),
            details: Some(message),
            ..*Self::code(100).0
        }))
    }

    /// An object that does not exist, or that the token may not see.
    pub(crate) fn no_object(method: &str, id: &str) -> Self {
        Self(Box::new(Said {
            status: 400,
            message: format!(
                "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
            ),
            kind: "GraphMethodException",
            code: 100,
            subcode: Some(33),
            details: None,
            user: None,
        }))
    }

    /// A path that is none.
    pub(crate) fn no_path(path: &str) -> Self {
        Self(Box::new(Said {
            status: 400,
            message: format!("Unknown path components: {path}"),
            kind: "OAuthException",
            code: 2500,
            subcode: None,
            details: None,
            user: None,
        }))
    }

    /// No token.
    pub(crate) fn no_token() -> Self {
        Self(Box::new(Said {
            status: 401,
            message: "An access token is required to request this resource.".to_owned(),
            kind: "OAuthException",
            code: 104,
            subcode: None,
            details: None,
            user: None,
        }))
    }

    /// A token that never was one.
    pub(crate) fn bad_token() -> Self {
        Self(Box::new(Said {
            status: 401,
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            kind: "OAuthException",
            code: 190,
            subcode: None,
            details: None,
            user: None,
        }))
    }

    /// A token whose time is over.
    pub(crate) fn expired_token(now: DateTime<Utc>) -> Self {
        let shown = |time: DateTime<Utc>| time.format("%A, %d-%b-%y %H:%M:%S PST").to_string();
        let pacific = now.checked_sub_signed(Duration::hours(8)).unwrap_or(now);
        let end = pacific.checked_sub_signed(Duration::hours(26)).unwrap_or(pacific);
        Self(Box::new(Said {
            status: 401,
            message: format!(
                "Error validating access token: Session has expired on {}. The current time is {}.",
                shown(end),
                shown(pacific)
            ),
            kind: "OAuthException",
            code: 190,
            subcode: Some(463),
            details: None,
            user: None,
        }))
    }

    /// With the words for a person that the management endpoints add.
    pub(crate) fn told_user(mut self, subcode: u32, title: &str, text: &str) -> Self {
        self.0.subcode = Some(subcode);
        self.0.user = Some((title.to_owned(), text.to_owned()));
        self.0.details = None;
        self
    }

    /// With other words.
    pub(crate) fn said(mut self, message: String) -> Self {
        self.0.message = message;
        self.0.details = None;
        self
    }

    pub(crate) fn number(&self) -> u32 {
        self.0.code
    }

    /// The body as Meta writes it.
    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error =
            json!({"message": self.0.message, "type": self.0.kind, "code": self.0.code});
        if let Some(fields) = error.as_object_mut() {
            if let Some(subcode) = self.0.subcode {
                fields.insert("error_subcode".to_owned(), Value::from(subcode));
            }
            if let Some((title, text)) = &self.0.user {
                fields.insert("is_transient".to_owned(), Value::from(false));
                fields.insert("error_user_title".to_owned(), Value::from(title.clone()));
                fields.insert("error_user_msg".to_owned(), Value::from(text.clone()));
            }
            if let Some(details) = &self.0.details {
                fields.insert(
                    "error_data".to_owned(),
                    json!({"messaging_product": "whatsapp", "details": details}),
                );
            }
            fields.insert("fbtrace_id".to_owned(), Value::from(trace));
        }
        json!({ "error": error })
    }

    pub(crate) fn answer(&self, trace: &str) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, axum::Json(self.body(trace))).into_response();
        if self.0.code == 190 {
            let said =
                format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"", self.0.message);
            if let Ok(said) = HeaderValue::from_str(&said) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, said);
            }
        }
        response
    }
}

/// The error of a failed status.
pub(crate) fn in_status(code: u32) -> Value {
    let (_, title, details) = row(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details},
        "href": HREF,
    })
}

fn rows() -> impl Iterator<Item = (u32, u16, &'static str, &'static str)> {
    TABLE.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (code, status) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((code, status, fields.next()?, fields.next()?))
    })
}

fn row(code: u32) -> (u16, &'static str, &'static str) {
    match rows().find(|row| row.0 == code) {
        Some((_, status, title, details)) => (status, title, details),
        None if (201..=299).contains(&code) => row(200),
        None => (400, "Generic user error", "Message failed to send because of an unknown error."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_limit_reads_as_meta_writes_it() {
        let body = GraphError::code(131_056).body("A4O5a8RAgePwbcGSu");
        let expected = json!({"error": {
            "message": "(#131056) (Business Account, Consumer Account) pair rate limit hit",
            "type": "OAuthException",
            "code": 131_056,
            "error_data": {
                "messaging_product": "whatsapp",
                "details": "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
            },
            "fbtrace_id": "A4O5a8RAgePwbcGSu",
        }});
        assert_eq!(body, expected);
    }

    #[test]
    fn an_expired_token_is_190_with_463_and_no_data() {
        let now = DateTime::parse_from_rfc3339("2024-04-28T11:40:10Z").unwrap().to_utc();
        let error = GraphError::expired_token(now);
        let body = error.body("x");
        assert_eq!(body.pointer("/error/code"), Some(&json!(190)));
        assert_eq!(body.pointer("/error/error_subcode"), Some(&json!(463)));
        assert_eq!(
            body.pointer("/error/message"),
            Some(&json!(
                "Error validating access token: Session has expired on Saturday, 27-Apr-24 01:40:10 PST. The current time is Sunday, 28-Apr-24 03:40:10 PST."
            ))
        );
        assert_eq!(body.pointer("/error/error_data"), None);
        assert_eq!(error.answer("x").status(), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn the_table_has_each_code_once_and_in_order() {
        let codes: Vec<u32> = rows().map(|row| row.0).collect();
        assert_eq!(codes.len(), TABLE.lines().count(), "every line is read");
        assert!(codes.is_sorted_by(|a, b| a < b));
    }
}
