//! The words of a delivery's own stream; `events::intake` holds their catalogue, and a test compares.

use std::sync::Arc;

use serde_json::json;
use shared::stored::{Actor, ConfigText};

use super::ParseError;
use crate::{
    commit::{Append, Context, Expected, NewEvent, Stream},
    ids::{Ids, PLATFORM},
    intake::Delivery,
};

pub(super) const QUARANTINED: &str = "intake.delivery.quarantined";
pub(super) const DIGESTED: &str = "intake.delivery.digested";

/// The context of what comes of a delivery.
#[must_use]
pub(super) fn context(delivery: &Delivery) -> Arc<Context> {
    let actor = Actor::Provider(ConfigText((*delivery.provider).to_owned()));
    Arc::new(Context::new(actor, delivery.id, delivery.id.into_bytes()))
}

fn event(
    ids: &dyn Ids,
    delivery: &Delivery,
    expected: Expected,
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
        company: PLATFORM,
        stream: Stream { kind: "delivery", id: delivery.id },
        expected,
        context: context(delivery),
        events: vec![event],
    }
}

pub(super) fn quarantined(ids: &dyn Ids, delivery: &Delivery, reason: ParseError) -> Append {
    let payload = json!({
        "position": delivery.position,
        "provider": &*delivery.provider,
        "reason": reason.0,
    });
    event(ids, delivery, Expected::Any, QUARANTINED, &payload)
}

pub(super) fn digested(
    ids: &dyn Ids,
    delivery: &Delivery,
    version: i64,
    n_events: usize,
) -> Append {
    event(ids, delivery, Expected::Exact(version), DIGESTED, &json!({ "n_events": n_events }))
}
