//! Meta's error codes: the answer a call gets, and the words a failed status carries.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// Code, HTTP status, title, details.
type Row = (u32, u16, &'static str, &'static str);

/// In the order of the codes.
const TABLE: &[Row] = &[
    (0, 401, "AuthException", "We were unable to authenticate the app user."),
    (1, 400, "API Unknown", "Invalid request or possible server error."),
    (2, 503, "API Service", "Temporary due to downtime or due to being overloaded."),
    (3, 500, "API Method", "Capability or permissions issue."),
    (4, 400, "API Too Many Calls", "The app has reached its API call rate limit."),
    (10, 403, "Permission Denied", "Permission is either not granted or has been removed."),
    (
        100,
        400,
        "Invalid parameter",
        "The request included one or more unsupported or misspelled parameters.",
    ),
    (190, 401, "Access token has expired", "Your access token has expired."),
    (200, 403, "API Permission", "Permission is either not granted or has been removed."),
    (
        368,
        403,
        "Temporarily blocked for policies violations",
        "The WhatsApp Business Account associated with the app has been restricted or disabled for violating a platform policy.",
    ),
    (2200, 400, "Callback verification failed", "The callback could not be verified."),
    (80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    (130429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
    (
        130472,
        400,
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment",
    ),
    (
        130497,
        403,
        "Business account is restricted from messaging users in this country.",
        "Business account is restricted from messaging users in this country.",
    ),
    (131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    (131005, 403, "Access denied", "Permission is either not granted or has been removed."),
    (131008, 400, "Required parameter is missing", "The request is missing a required parameter."),
    (131009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
    (131016, 503, "Service unavailable", "A service is temporarily unavailable."),
    (131021, 400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    (131026, 400, "Message undeliverable", "Message Undeliverable."),
    (
        131030,
        400,
        "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.",
    ),
    (
        131031,
        403,
        "Business Account locked",
        "The WhatsApp Business Account associated with the app has been restricted or disabled for violating a platform policy, or we were unable to verify data included in the request.",
    ),
    (
        131037,
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
        "The WhatsApp provided number used to send the message does not have an approved display name.",
    ),
    (
        131042,
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment method.",
    ),
    (
        131045,
        500,
        "Incorrect certificate",
        "Message failed to send due to a phone number registration error.",
    ),
    (
        131047,
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
    (
        131048,
        400,
        "Spam rate limit hit",
        "Message failed to send because there are restrictions on how many messages can be sent from this phone number. This may be because too many previous messages were blocked or flagged as spam.",
    ),
    (
        131049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    (
        131050,
        400,
        "User has stopped receiving marketing messages from your business",
        "The recipient has chosen to stop receiving marketing messages on WhatsApp from your business.",
    ),
    (131051, 400, "Unsupported message type", "Message type is currently not supported."),
    (131052, 400, "Media download error", "Unable to download the media sent by the user."),
    (131053, 400, "Media upload error", "Unable to upload the media used in the message."),
    (
        131056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
    ),
    (131057, 503, "Account in maintenance mode", "Business Account is in maintenance mode."),
    (
        131062,
        400,
        "Business-scoped user ID recipients are not supported for this message",
        "This message can only be sent to a phone number.",
    ),
    (
        131063,
        400,
        "Recipient is not available",
        "The business-scoped user ID does not belong to this business portfolio.",
    ),
    (131064, 400, "Recipient lookup failed", "The recipient could not be looked up now."),
    (
        132000,
        400,
        "Number of parameters does not match the expected number of params",
        "The number of variable parameter values included in the request did not match the number of variable parameters defined in the template.",
    ),
    (
        132001,
        404,
        "Template name does not exist in the translation",
        "The template does not exist in the specified language or the template has not been approved.",
    ),
    (132005, 400, "Template Hydrated Text Too Long", "Translated text is too long."),
    (
        132007,
        400,
        "Template Format Character Policy Violated",
        "Template content violates a WhatsApp policy.",
    ),
    (
        132012,
        400,
        "Parameter format does not match format in the created template",
        "Variable parameter values formatted incorrectly.",
    ),
    (
        132015,
        400,
        "Template is Paused",
        "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
    (
        132016,
        400,
        "Template is Disabled",
        "Template has been paused too many times due to low quality and is now permanently disabled.",
    ),
    (132068, 400, "Flow is blocked", "Flow is in blocked state."),
    (
        132069,
        400,
        "Flow is throttled",
        "Flow is in throttled state and 10 messages using this flow were already sent in the last hour.",
    ),
    (133000, 500, "Incomplete Deregistration", "A previous deregistration attempt failed."),
    (133004, 503, "Server Temporarily Unavailable", "Server is temporarily unavailable."),
    (133005, 400, "Two step verification PIN Mismatch", "Two-step verification PIN incorrect."),
    (
        133006,
        400,
        "Phone number re-verification needed",
        "Phone number needs to be verified before registering.",
    ),
    (
        133008,
        400,
        "Too Many two step verification PIN Guesses",
        "Too many two-step verification PIN guesses for this phone number.",
    ),
    (
        133009,
        400,
        "Two step verification PIN Guessed Too Fast",
        "Two-step verification PIN was entered too quickly.",
    ),
    (
        133010,
        400,
        "Account not registered",
        "Phone number not registered on the WhatsApp Business Platform.",
    ),
    (
        133015,
        400,
        "Please wait a few minutes before attempting to register this phone number",
        "The phone number you are attempting to register was recently deleted, and deletion has not yet completed.",
    ),
    (
        133016,
        400,
        "Account register deregister rate limit exceeded",
        "Registration or Deregistration failed because there were too many attempts for this phone number in a short period of time.",
    ),
    (
        135000,
        400,
        "Generic user error",
        "Message failed to send because of an unknown error with your request parameters.",
    ),
    (136025, 400, "Verify code error", "The code could not be verified."),
    (137000, 400, "Message not sent", "The message could not be sent to this recipient."),
    (138002, 400, "Call limit reached", "The limit of concurrent calls has been reached."),
    (139100, 400, "Failed to block/unblock users", "Some users could not be blocked or unblocked."),
    (139101, 400, "Blocklist limit reached", "The block list holds 64,000 users at most."),
    (139102, 400, "Blocklist concurrent update", "The block list was changed by another request."),
    (139103, 400, "Internal error", "The block list could not be changed."),
];

/// Where a failed status points its reader.
pub(crate) const HREF: &str =
    "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// An answer of the Graph API that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
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
        Self {
            status,
            message: format!("(#{code}) {title}"),
            kind: "OAuthException",
            code,
            subcode: None,
            details: Some(details.to_owned()),
            user: None,
        }
    }

    /// As the table has it, about something in particular.
    pub(crate) fn about(code: u32, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::code(code) }
    }

    /// A parameter that is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self {
            message: format!("(#100) The parameter {name} is required."),
            details: None,
            ..Self::code(100)
        }
    }

    /// A parameter that cannot be.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            message: "(#100) Invalid parameter".to_owned(),
            details: Some(message),
            ..Self::code(100)
        }
    }

    /// An object that does not exist, or that the token may not see.
    pub(crate) fn no_object(method: &str, id: &str) -> Self {
        Self {
            status: 400,
            message: format!(
                "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
            ),
            kind: "GraphMethodException",
            code: 100,
            subcode: Some(33),
            details: None,
            user: None,
        }
    }

    /// A path that is none.
    pub(crate) fn no_path(path: &str) -> Self {
        Self {
            status: 400,
            message: format!("Unknown path components: {path}"),
            kind: "OAuthException",
            code: 2500,
            subcode: None,
            details: None,
            user: None,
        }
    }

    /// No token.
    pub(crate) fn no_token() -> Self {
        Self {
            status: 401,
            message: "An access token is required to request this resource.".to_owned(),
            kind: "OAuthException",
            code: 104,
            subcode: None,
            details: None,
            user: None,
        }
    }

    /// A token that never was one.
    pub(crate) fn bad_token() -> Self {
        Self {
            status: 401,
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            kind: "OAuthException",
            code: 190,
            subcode: None,
            details: None,
            user: None,
        }
    }

    /// A token whose time is over.
    pub(crate) fn expired_token(now: DateTime<Utc>) -> Self {
        let shown = |time: DateTime<Utc>| time.format("%A, %d-%b-%y %H:%M:%S PST").to_string();
        let pacific = now.checked_sub_signed(Duration::hours(8)).unwrap_or(now);
        let end = pacific.checked_sub_signed(Duration::hours(26)).unwrap_or(pacific);
        Self {
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
        }
    }

    /// With the words for a person that the management endpoints add.
    pub(crate) fn told_user(mut self, subcode: u32, title: &str, text: &str) -> Self {
        self.subcode = Some(subcode);
        self.user = Some((title.to_owned(), text.to_owned()));
        self.details = None;
        self
    }

    /// With other words.
    pub(crate) fn said(mut self, message: String) -> Self {
        self.message = message;
        self.details = None;
        self
    }

    pub(crate) fn number(&self) -> u32 {
        self.code
    }

    /// The body as Meta writes it.
    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error = json!({"message": self.message, "type": self.kind, "code": self.code});
        if let Some(fields) = error.as_object_mut() {
            if let Some(subcode) = self.subcode {
                fields.insert("error_subcode".to_owned(), Value::from(subcode));
            }
            if let Some((title, text)) = &self.user {
                fields.insert("is_transient".to_owned(), Value::from(false));
                fields.insert("error_user_title".to_owned(), Value::from(title.clone()));
                fields.insert("error_user_msg".to_owned(), Value::from(text.clone()));
            }
            if let Some(details) = &self.details {
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
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, axum::Json(self.body(trace))).into_response();
        if self.code == 190 {
            let said =
                format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"", self.message);
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

fn row(code: u32) -> (u16, &'static str, &'static str) {
    let found = TABLE.iter().find(|row| row.0 == code);
    match found {
        Some((_, status, title, details)) => (*status, title, details),
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
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
