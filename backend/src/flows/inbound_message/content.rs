//! What a provider's message says, in our words.

use events::messaging::MediaRef;
use providers::meta::inbound::{
    Body, Card, FlowAnswer, Media, MediaKind, Message, Order, OrderItem, Referral, Reply,
};
use serde_json::{Value, json};
use shared::messages::{self, Content, MessageKind};

/// A body as it is sealed, and what stands in clear beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spoken {
    pub(super) kind: MessageKind,
    pub(super) content: Content,
    pub(super) media: Option<MediaRef>,
    pub(super) n_characters: u32,
}

/// What a body says; reactions, edits and revocations say nothing by themselves.
pub(super) fn of(message: &Message, body: &Body) -> Option<Spoken> {
    let (kind, content, media) = match body {
        Body::Text { body } => (MessageKind::Text, Content::Text { body: body.clone() }, None),
        Body::Media(media) => file(media),
        Body::Location(place) => {
            let content = Content::Location {
                latitude: place.latitude,
                longitude: place.longitude,
                name: place.name.clone(),
                address: place.address.clone(),
            };
            (MessageKind::Location, content, None)
        }
        Body::Contacts(cards) => {
            let cards = cards.iter().map(card).collect();
            (MessageKind::Contacts, Content::Contacts { cards }, None)
        }
        Body::Order(order) => (MessageKind::Order, ordered(order), None),
        Body::Button { payload, text } => {
            let text = text.clone().unwrap_or_default();
            (MessageKind::Button, Content::Button { text, payload: payload.clone() }, None)
        }
        Body::Interactive(reply) => (MessageKind::InteractiveReply, answer(reply), None),
        Body::System(system) => {
            let content =
                Content::System { event: message.kind.clone(), body: system.text.clone() };
            (MessageKind::System, content, None)
        }
        Body::Welcome => {
            let content = Content::System { event: message.kind.clone(), body: None };
            (MessageKind::RequestWelcome, content, None)
        }
        Body::NotPassedOn { kind } => {
            let claimed = kind.clone().unwrap_or_else(|| message.kind.clone());
            let errors: Vec<Value> = message
                .errors
                .iter()
                .map(|error| json!({ "code": error.code, "title": error.title }))
                .collect();
            let raw = json!({ "type": message.kind, "errors": errors }).to_string();
            (MessageKind::Unsupported, Content::Unsupported { claimed, raw }, None)
        }
        Body::Unsupported(kept) => {
            let (claimed, raw) = (kept.kind.clone(), kept.raw.get().to_owned());
            (MessageKind::Unsupported, Content::Unsupported { claimed, raw }, None)
        }
        Body::Reaction { .. } | Body::Edit { .. } | Body::Revoke { .. } => return None,
    };
    let n_characters = text(&content).map_or(0, |text| text.chars().count());
    let n_characters = u32::try_from(n_characters).unwrap_or(u32::MAX);
    Some(Spoken { kind, content, media, n_characters })
}

fn text(content: &Content) -> Option<&String> {
    match content {
        Content::Text { body } => Some(body),
        Content::Media(media) => media.caption.as_ref(),
        Content::Button { text, .. } => Some(text),
        Content::InteractiveReply { title, .. } => title.as_ref(),
        Content::Order { text, .. } => text.as_ref(),
        _ => None,
    }
}

fn file(media: &Media) -> (MessageKind, Content, Option<MediaRef>) {
    let kind = match media.kind {
        MediaKind::Image => MessageKind::Image,
        MediaKind::Video => MessageKind::Video,
        MediaKind::Audio => MessageKind::Audio,
        MediaKind::Document => MessageKind::Document,
        MediaKind::Sticker => MessageKind::Sticker,
    };
    let content = Content::Media(messages::Media {
        media: kind,
        file: None,
        mime_type: media.mime_type.clone(),
        file_name: media.filename.clone(),
        caption: media.caption.clone(),
        is_voice: media.is_voice,
        is_animated: media.is_animated,
        size_bytes: None,
        missing: None,
    });
    let reference = MediaRef { id: media.id.clone(), sha256: media.sha256.clone() };
    (kind, content, Some(reference))
}

fn card(card: &Card) -> messages::ContactCard {
    let parts = [card.first_name.as_deref(), card.last_name.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    messages::ContactCard {
        name: card.name.clone().unwrap_or_else(|| parts.join(" ")),
        phones: card
            .phones
            .iter()
            .filter_map(|phone| phone.phone.clone().or_else(|| phone.wa_id.clone()))
            .collect(),
        emails: card.emails.clone(),
        organization: card.company.clone(),
    }
}

fn ordered(order: &Order) -> Content {
    Content::Order {
        catalog: order.catalog_id.clone().unwrap_or_default(),
        text: order.text.clone(),
        items: order.items.iter().map(item).collect(),
    }
}

fn item(item: &OrderItem) -> messages::OrderItem {
    let quantity = item.quantity.and_then(|n| i32::try_from(n).ok()).map_or(0.0, f64::from);
    messages::OrderItem {
        product: item.product_id.clone().unwrap_or_default(),
        quantity,
        price_micros: item.price.as_deref().and_then(micros).unwrap_or(0),
        currency: item.currency.clone().unwrap_or_default(),
    }
}

/// A decimal as millionths: `12.5` is 12,500,000.
fn micros(decimal: &str) -> Option<i64> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let is_negative = whole.starts_with('-');
    let whole: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: i64 = digits.parse().ok()?;
    let whole = whole.checked_mul(1_000_000)?;
    if is_negative { whole.checked_sub(fraction) } else { whole.checked_add(fraction) }
}

fn answer(reply: &Reply) -> Content {
    let (word, id, title, description, fields, raw) = match reply {
        Reply::Button { id, title } => {
            ("button_reply", Some(id.clone()), title.clone(), None, None, None)
        }
        Reply::Row { id, title, description } => {
            ("list_reply", Some(id.clone()), title.clone(), description.clone(), None, None)
        }
        Reply::Flow { name, text, answer } => {
            let (fields, raw) = match answer {
                FlowAnswer::Fields(fields) => (Some(Value::Object(fields.clone())), None),
                FlowAnswer::Raw(raw) => (None, Some(raw.clone())),
                FlowAnswer::Missing => (None, None),
            };
            ("nfm_reply", name.clone(), text.clone(), None, fields, raw)
        }
        Reply::CallPermission { is_granted, is_permanent, expires_at, .. } => {
            let id = if *is_granted { "accept" } else { "reject" };
            let fields = json!({
                "is_permanent": is_permanent,
                "expires_at": expires_at.map(|time| time.to_rfc3339()),
            });
            ("call_permission_reply", Some(id.to_owned()), None, None, Some(fields), None)
        }
        Reply::Missing => ("interactive", None, None, None, None, None),
    };
    Content::InteractiveReply { reply: word.to_owned(), id, title, description, fields, raw }
}

/// The advertisement as it is sealed.
pub(super) fn referral(referral: &Referral) -> Value {
    let members = [
        ("source_type", &referral.source_type),
        ("source_id", &referral.source_id),
        ("source_url", &referral.source_url),
        ("headline", &referral.headline),
        ("body", &referral.body),
        ("media_type", &referral.media_type),
        ("image_url", &referral.image_url),
        ("video_url", &referral.video_url),
        ("thumbnail_url", &referral.thumbnail_url),
        ("ctwa_clid", &referral.ctwa_clid),
        ("welcome_text", &referral.welcome_text),
    ];
    let known = members.into_iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some((name.to_owned(), Value::from(value.clone())))
    });
    Value::Object(known.collect())
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn d7_a_price_is_read_without_rounding() {
        for (decimal, expected) in [
            ("30", Some(30_000_000)),
            ("12.5", Some(12_500_000)),
            ("0.1234567", Some(123_456)),
            ("-1.5", Some(-1_500_000)),
            ("1e3", None),
            ("", None),
            ("1.x", None),
        ] {
            assert_eq!(micros(decimal), expected, "{decimal}");
        }
    }
}
