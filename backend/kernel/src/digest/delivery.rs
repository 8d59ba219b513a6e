//! The words of a delivery's own stream; `events::intake` holds their catalogue, and a test compares.

use std::sync::Arc;

use serde_json::json;
use shared::stored::{Actor, ConfigText};
use uuid::Uuid;

use super::ParseError;
use crate::{
    commit::{Append, Context, Expected, NewEvent, Stream},
    ids::{Ids, PLATFORM},
    intake::Delivery,
};

pub(super) const STREAM: &str = "delivery";
pub(super) const QUARANTINED: &str = "intake.delivery.quarantined";
pub(super) const DIGESTED: &str = "intake.delivery.digested";
pub(super) const OPENED: &str = "intake.delivery.opened";

/// In whose chain it stands what becomes of a delivery: the company's whose address it came to, or
/// the platform's for what nobody owns (D10).
pub(super) fn owner(delivery: &Delivery) -> Uuid {
    delivery.route.company.unwrap_or(PLATFORM)
}

/// The context of what comes of a delivery.
#[must_use]
pub(super) fn context(delivery: &Delivery) -> Arc<Context> {
    let actor = Actor::Provider(ConfigText((*delivery.provider).to_owned()));
    Arc::new(Context::new(actor, delivery.id, delivery.id.into_bytes()))
}

fn event(
    ids: &dyn Ids,
    delivery: &Delivery,
    (expected, context): (Expected, Arc<Context>),
    event_type: &'static str,
    payload: &serde_json::Value,
) -> Append {
    let event = NewEvent {
        id: ids.v7(),
        event_type,
        version: 1,
        payload: payload.to_string(),
        undoes: None,
    };
    Append {
        company: owner(delivery),
        stream: Stream { kind: STREAM, id: delivery.id },
        expected,
        context,
        events: vec![event],
    }
}

pub(super) fn quarantined(ids: &dyn Ids, delivery: &Delivery, reason: ParseError) -> Append {
    let payload = json!({
        "position": delivery.position,
        "provider": &*delivery.provider,
        "reason": reason.0,
        "route": delivery.route.id,
        "received_at": delivery.received_at,
    });
    event(ids, delivery, (Expected::Any, context(delivery)), QUARANTINED, &payload)
}

/// It was understood; `by` is who asked for another try.
pub(super) fn digested(
    ids: &dyn Ids,
    delivery: &Delivery,
    (version, by): (i64, &Arc<Context>),
    n_events: usize,
) -> Append {
    let payload = json!({ "n_events": n_events });
    event(ids, delivery, (Expected::Exact(version), Arc::clone(by)), DIGESTED, &payload)
}

/// Somebody looked at its bytes.
pub(super) fn opened(
    ids: &dyn Ids,
    delivery: &Delivery,
    by: &Arc<Context>,
    reason: Option<&str>,
) -> Append {
    let payload = json!({ "reason": reason });
    event(ids, delivery, (Expected::Any, Arc::clone(by)), OPENED, &payload)
}
