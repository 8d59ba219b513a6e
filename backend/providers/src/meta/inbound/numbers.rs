//! What happens to numbers, and what an account may do with them.

use super::{Extra, fields::Fields};

/// A decision of Meta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// Granted.
    Approved,
    /// Refused.
    Rejected,
    /// A word that we do not know: `PENDING`, `DEFERRED` …
    Other(String),
}

/// What happened to a number or to what the account may do.
#[derive(Debug)]
pub enum NumberUpdate {
    /// Its throughput or daily limit changed.
    Quality {
        /// As people read it.
        display: Option<String>,
        /// `ONBOARDING`, `UPGRADE`, `DOWNGRADE`, `THROUGHPUT_UPGRADE`, `FLAGGED`, `UNFLAGGED` …
        event: String,
        /// `TIER_250` …, as it was.
        old_limit: Option<String>,
        /// `TIER_2K` …, as it is: the newer member's value where there are two.
        limit: Option<String>,
    },
    /// Its name was judged.
    Name {
        /// As people read it.
        display: Option<String>,
        /// The decision.
        decision: Review,
        /// The name that was asked for.
        requested: Option<String>,
        /// Why it was refused.
        reason: Option<String>,
    },
    /// Its handle changed.
    Username {
        /// As people read it.
        display: Option<String>,
        /// The handle.
        username: Option<String>,
        /// `approved`, `deleted`, `reserved`.
        status: Option<String>,
    },
    /// What the account may do.
    Capability {
        /// People a day over all numbers: a number or a tier.
        daily_limit: Option<String>,
        /// How many numbers there may be.
        most_numbers: Option<i64>,
    },
    /// The account was judged.
    Review {
        /// The decision.
        decision: Review,
    },
    /// Something that an administrator should see.
    Alert {
        /// What kind of thing it is about.
        entity_kind: Option<String>,
        /// Its id.
        entity_id: Option<String>,
        /// `CRITICAL`, `WARNING`, `INFORMATIONAL`.
        severity: Option<String>,
        /// What it is.
        kind: Option<String>,
        /// Meta's sentence.
        description: Option<String>,
    },
    /// The two-step PIN was changed or asked for.
    Security {
        /// As people read it.
        display: Option<String>,
        /// `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_RESET_SUCCESS`.
        event: String,
        /// Meta's id of who asked.
        requester: Option<String>,
    },
    /// A flow changed, or does badly.
    Flow {
        /// Meta's id of it.
        id: Option<String>,
        /// `FLOW_STATUS_CHANGE`, `ENDPOINT_ERROR_RATE` …
        event: String,
        /// What it was.
        old_status: Option<String>,
        /// What it is.
        new_status: Option<String>,
        /// Meta's sentence.
        message: Option<String>,
        /// What we do not know.
        extra: Extra,
    },
}

impl NumberUpdate {
    pub(super) fn read(field: &str, mut value: Fields<'_>) -> Option<Self> {
        let display = value.text("display_phone_number");
        Some(match field {
            "phone_number_quality_update" => {
                let current = value.text("current_limit");
                Self::Quality {
                    display,
                    event: value.text("event")?,
                    old_limit: value.text("old_limit"),
                    limit: value.text("max_daily_conversations_per_business").or(current),
                }
            }
            "phone_number_name_update" => Self::Name {
                display,
                decision: review(value.text("decision")?),
                requested: value.text("requested_verified_name"),
                reason: value.text("rejection_reason"),
            },
            "business_username_update" => Self::Username {
                display,
                username: value.text("username"),
                status: value.text("status"),
            },
            "business_capability_update" => {
                let per_phone = value.text("max_daily_conversation_per_phone");
                let per_business = value.text("max_daily_conversations_per_business");
                let most_per_business = value.number("max_phone_numbers_per_business");
                let most_per_waba = value.number("max_phone_numbers_per_waba");
                Self::Capability {
                    daily_limit: per_business.or(per_phone),
                    most_numbers: most_per_waba.or(most_per_business),
                }
            }
            "account_review_update" => Self::Review { decision: review(value.text("decision")?) },
            "account_alerts" => {
                let mut info = value.object("alert_info").unwrap_or_default();
                let mut either = |name: &str| info.text(name).or_else(|| value.text(name));
                let severity = either("alert_severity");
                let kind = either("alert_type");
                let description = either("alert_description");
                Self::Alert {
                    severity,
                    kind,
                    description,
                    entity_kind: value.text("entity_type"),
                    entity_id: value.text("entity_id"),
                }
            }
            "security" => Self::Security {
                display,
                event: value.text("event")?,
                requester: value.text("requester"),
            },
            "flows" => Self::Flow {
                id: value.text("flow_id"),
                event: value.text("event")?,
                old_status: value.text("old_status"),
                new_status: value.text("new_status"),
                message: value.text("message"),
                extra: value.rest(),
            },
            _ => return None,
        })
    }
}

fn review(word: String) -> Review {
    match word.as_str() {
        "APPROVED" => Review::Approved,
        "REJECTED" => Review::Rejected,
        _ => Review::Other(word),
    }
}
