//! A message's body, by its type.

use super::{
    super::Person, Body, Card, CardPhone, FlowAnswer, Media, MediaKind, Order, OrderItem, Place,
    Reply, System, SystemKind, Why, ids,
};
use crate::meta::inbound::fields::Fields;

/// Reads the body of a message of this type; an edit holds another message, which may be no edit again.
pub(super) fn read(kind: &str, wire: &mut Fields<'_>, may_edit: bool) -> Result<Body, Why> {
    let body = match kind {
        "text" => part(wire, "text")
            .and_then(|mut text| Some(Body::Text { body: text.any_text("body")? })),
        "image" => media(wire, kind, MediaKind::Image),
        "video" => media(wire, kind, MediaKind::Video),
        "audio" | "voice" => media(wire, kind, MediaKind::Audio),
        "document" => media(wire, kind, MediaKind::Document),
        "sticker" => media(wire, kind, MediaKind::Sticker),
        "reaction" => part(wire, "reaction").and_then(|mut reaction| {
            let emoji = reaction.text("emoji");
            Some(Body::Reaction { target: reaction.text("message_id")?, emoji })
        }),
        "location" => part(wire, "location").and_then(location),
        "contacts" => {
            let cards: Vec<_> = wire.objects("contacts").map(card).collect();
            (!cards.is_empty()).then_some(Body::Contacts(cards))
        }
        "order" => part(wire, "order").map(order),
        "button" => part(wire, "button").map(|mut button| Body::Button {
            payload: button.text("payload"),
            text: button.text("text"),
        }),
        "interactive" => return interactive(wire),
        "system" => part(wire, "system").map(|system| Body::System(read_system(system))),
        "edit" if may_edit => part(wire, "edit").and_then(edit),
        "revoke" => part(wire, "revoke").and_then(|mut revoke| {
            Some(Body::Revoke { target: revoke.text("original_message_id")? })
        }),
        "request_welcome" => Some(Body::Welcome),
        "unsupported" => {
            let kind = wire.object("unsupported").and_then(|mut original| original.text("type"));
            Some(Body::NotPassedOn { kind })
        }
        _ => return Err(Why::Unknown),
    };
    body.ok_or(Why::Malformed)
}

fn part<'a>(wire: &mut Fields<'a>, name: &str) -> Option<Fields<'a>> {
    wire.object(name)
}

fn media(wire: &mut Fields<'_>, name: &str, kind: MediaKind) -> Option<Body> {
    let mut media = part(wire, name)?;
    Some(Body::Media(Media {
        kind,
        id: media.text("id")?,
        mime_type: media.text("mime_type"),
        sha256: media.text("sha256"),
        caption: media.text("caption"),
        filename: media.text("filename"),
        is_voice: name == "voice" || media.flag("voice").unwrap_or(false),
        is_animated: media.flag("animated").unwrap_or(false),
    }))
}

fn location(mut place: Fields<'_>) -> Option<Body> {
    Some(Body::Location(Place {
        latitude: place.float("latitude")?,
        longitude: place.float("longitude")?,
        name: place.text("name"),
        address: place.text("address"),
        url: place.text("url"),
    }))
}

fn card(mut wire: Fields<'_>) -> Card {
    let mut name = wire.object("name").unwrap_or_default();
    let mut org = wire.object("org").unwrap_or_default();
    let phones = wire.objects("phones").map(|mut phone| CardPhone {
        phone: phone.text("phone"),
        wa_id: phone.text("wa_id"),
        kind: phone.text("type"),
    });
    let phones = phones.collect();
    let emails = wire.objects("emails").filter_map(|mut email| email.text("email")).collect();
    let urls = wire.objects("urls").filter_map(|mut url| url.text("url")).collect();
    Card {
        name: name.text("formatted_name"),
        first_name: name.text("first_name"),
        last_name: name.text("last_name"),
        company: org.text("company"),
        phones,
        emails,
        urls,
    }
}

fn order(mut wire: Fields<'_>) -> Body {
    let items = wire.objects("product_items").map(|mut item| OrderItem {
        product_id: item.text("product_retailer_id"),
        quantity: item.number("quantity"),
        price: item.text("item_price"),
        currency: item.text("currency"),
    });
    let items = items.collect();
    Body::Order(Order { catalog_id: wire.text("catalog_id"), text: wire.text("text"), items })
}

fn interactive(wire: &mut Fields<'_>) -> Result<Body, Why> {
    let Some(mut interactive) = part(wire, "interactive") else {
        return Ok(Body::Interactive(Reply::Missing));
    };
    let kind = interactive.text("type").ok_or(Why::Malformed)?;
    let mut reply = interactive.object(&kind).unwrap_or_default();
    let reply = match kind.as_str() {
        "button_reply" => Reply::Button {
            id: reply.any_text("id").ok_or(Why::Malformed)?,
            title: reply.text("title"),
        },
        "list_reply" => Reply::Row {
            id: reply.any_text("id").ok_or(Why::Malformed)?,
            title: reply.text("title"),
            description: reply.text("description"),
        },
        "nfm_reply" => Reply::Flow {
            name: reply.text("name"),
            text: reply.text("body"),
            answer: flow_answer(&mut reply),
        },
        "call_permission_reply" => Reply::CallPermission {
            is_granted: reply.text("response").as_deref() == Some("accept"),
            is_permanent: reply.flag("is_permanent").unwrap_or(false),
            expires_at: reply.time("expiration_timestamp"),
            source: reply.text("response_source"),
        },
        _ => return Err(Why::Unknown),
    };
    Ok(Body::Interactive(reply))
}

/// JSON in a text, as documented; an object in its place is taken too.
fn flow_answer(reply: &mut Fields<'_>) -> FlowAnswer {
    let Some(raw) = reply.raw("response_json") else {
        return FlowAnswer::Missing;
    };
    let text = serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    match serde_json::from_str(&text) {
        Ok(serde_json::Value::Object(fields)) => FlowAnswer::Fields(fields),
        _ => FlowAnswer::Raw(text),
    }
}

fn read_system(mut system: Fields<'_>) -> System {
    let word = system.text("type").unwrap_or_default();
    let kind = match word.as_str() {
        "user_changed_number" | "customer_changed_number" => SystemKind::NumberChanged,
        "user_changed_user_id" => SystemKind::UserIdChanged,
        "customer_identity_changed" | "user_identity_changed" => SystemKind::IdentityChanged,
        _ => SystemKind::Other(word),
    };
    let newer = system.text("new_wa_id");
    let current = ids(&mut system, ["wa_id", "user_id", "parent_user_id"]);
    System {
        kind,
        text: system.text("body"),
        current: Person { wa_id: newer.or(current.wa_id), ..current },
        previous_user_id: system.text("previous_user_id"),
        previous_parent_user_id: system.text("previous_parent_user_id"),
        identity: None,
    }
}

fn edit(mut edit: Fields<'_>) -> Option<Body> {
    let target = edit.text("original_message_id")?;
    let raw = edit.raw("message")?;
    let mut message = Fields::of(raw)?;
    let kind = message.text("type").unwrap_or_default();
    let body = read(&kind, &mut message, false).unwrap_or_else(|why| {
        Body::Unsupported(super::Unsupported { kind, why, raw: raw.to_owned() })
    });
    Some(Body::Edit { target, body: Box::new(body) })
}
