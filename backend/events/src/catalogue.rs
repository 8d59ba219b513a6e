//! All families together: what docs/EVENTS.md is made of, and what golden files are held against.

use shared::stored::{Entry, Event as _};

use crate::{channels, contacts, conversations, files, intake, messaging, tenancy};

/// Every event type, by context.
#[must_use]
pub fn all() -> Vec<(&'static str, &'static [Entry])> {
    vec![
        ("intake", intake::DeliveryEvent::CATALOGUE),
        ("tenancy", tenancy::CompanyEvent::CATALOGUE),
        ("tenancy", tenancy::UserEvent::CATALOGUE),
        ("tenancy", tenancy::MembershipEvent::CATALOGUE),
        ("tenancy", tenancy::ApiKeyEvent::CATALOGUE),
        ("channels", channels::ChannelEvent::CATALOGUE),
        ("contacts", contacts::ContactEvent::CATALOGUE),
        ("conversations", conversations::ConversationEvent::CATALOGUE),
        ("messaging", messaging::MessageEvent::CATALOGUE),
        ("messaging", messaging::LaneEvent::CATALOGUE),
        ("files", files::FileEvent::CATALOGUE),
    ]
}
