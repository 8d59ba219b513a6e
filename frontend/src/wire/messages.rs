//! Threads and what is said in them.

use serde_json::Value;
use shared::{
    conversations::{Assignee, Label, LabelColour, LastMessage, Priority, Status, Thread},
    files::{FileLink, StoredFile},
    messages::{
        Choice, ContactCard, Content, DeliveryState, Failure, Interactive, InteractiveAction,
        Media, Message, MessageKind, MessageState, OrderItem, Queued, Quote, Reaction, Section,
        SuppressReason, Template,
    },
};

use super::{FromTree, fields, words};

fields! {
    Thread {
        id, channel, contact, name, address, last, n_unread, window_closes_at, active_at, status,
        snoozed_until, assignee, priority, labels,
    }
    Assignee { user, name }
    Label { id, name, colour, version }
    LastMessage { is_outbound, kind, preview, state, at }
    Message {
        id, conversation, channel, contact, is_outbound, kind, content, at, order, quotes,
        reactions, earlier, deleted_at, is_forwarded, is_erased, delivery, author, author_name,
        is_from_phone,
    }
    DeliveryState { state, times, failure, suppressed, can_retry, n_attempts }
    Failure { code, title }
    Quote { id, is_outbound, kind, preview }
    Reaction { is_outbound, emoji }
    Media {
        media, file, mime_type, file_name, caption, is_voice, is_animated, size_bytes, missing,
    }
    ContactCard { name, phones, emails, organization }
    OrderItem { product, quantity, price_micros, currency }
    Interactive { body, header, footer, action }
    Choice { id, title, description }
    Section { title, rows }
    Template { name, language, components, preview }
    Queued { message, conversation }
    StoredFile { id, mime_type, name, size_bytes }
    FileLink { url, mime_type, name, size_bytes }
}

words! {
    LabelColour {
        Petrol = "petrol", Orange = "orange", Gold = "gold", Purple = "purple", Green = "green",
        Grey = "grey",
    }
    MessageKind {
        Text = "text", Image = "image", Video = "video", Audio = "audio", Document = "document",
        Sticker = "sticker", Location = "location", Contacts = "contacts",
        Interactive = "interactive", InteractiveReply = "interactive_reply", Button = "button",
        Order = "order", Template = "template", System = "system",
        RequestWelcome = "request_welcome", Unsupported = "unsupported",
    }
    MessageState {
        Queued = "queued", Picked = "picked", Unknown = "unknown", Accepted = "accepted",
        Sent = "sent", Failed = "failed", Delivered = "delivered", Read = "read",
        Played = "played", Withdrawn = "withdrawn", Suppressed = "suppressed",
    }
    SuppressReason {
        WindowClosed = "window_closed", Erased = "erased", Quota = "quota",
        CompanySuspended = "company_suspended", ChannelDisconnected = "channel_disconnected",
        OptedOut = "opted_out", AlreadySent = "already_sent",
    }
}

impl FromTree for Status {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree.map_or(Some(Self::default()), |word| Self::from_word(word.as_str()?))
    }
}

impl FromTree for Priority {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        tree.map_or(Some(Self::default()), |word| Self::from_word(word.as_str()?))
    }
}

impl FromTree for Content {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        let of = |name: &str| fields.get(name);
        Some(match of("kind")?.as_str()? {
            "text" => Self::Text { body: FromTree::from_tree(of("body"))? },
            "media" => Self::Media(FromTree::from_tree(tree)?),
            "location" => Self::Location {
                latitude: FromTree::from_tree(of("latitude"))?,
                longitude: FromTree::from_tree(of("longitude"))?,
                name: FromTree::from_tree(of("name"))?,
                address: FromTree::from_tree(of("address"))?,
            },
            "contacts" => Self::Contacts { cards: FromTree::from_tree(of("cards"))? },
            "interactive" => Self::Interactive(FromTree::from_tree(tree)?),
            "interactive_reply" => Self::InteractiveReply {
                reply: FromTree::from_tree(of("reply"))?,
                id: FromTree::from_tree(of("id"))?,
                title: FromTree::from_tree(of("title"))?,
                description: FromTree::from_tree(of("description"))?,
                fields: FromTree::from_tree(of("fields"))?,
                raw: FromTree::from_tree(of("raw"))?,
            },
            "button" => Self::Button {
                text: FromTree::from_tree(of("text"))?,
                payload: FromTree::from_tree(of("payload"))?,
            },
            "order" => Self::Order {
                catalog: FromTree::from_tree(of("catalog"))?,
                text: FromTree::from_tree(of("text"))?,
                items: FromTree::from_tree(of("items"))?,
            },
            "template" => Self::Template(FromTree::from_tree(tree)?),
            "system" => Self::System {
                event: FromTree::from_tree(of("event"))?,
                body: FromTree::from_tree(of("body"))?,
            },
            "unsupported" => Self::Unsupported {
                claimed: FromTree::from_tree(of("claimed"))?,
                raw: FromTree::from_tree(of("raw"))?,
            },
            _ => return None,
        })
    }
}

impl FromTree for InteractiveAction {
    fn from_tree(tree: Option<&Value>) -> Option<Self> {
        let fields = tree?.as_object()?;
        Some(match fields.get("action")?.as_str()? {
            "buttons" => Self::Buttons { buttons: FromTree::from_tree(fields.get("buttons"))? },
            "list" => Self::List {
                button: FromTree::from_tree(fields.get("button"))?,
                sections: FromTree::from_tree(fields.get("sections"))?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        stores::{sample_message, sample_thread},
        wire::{check, same},
    };
    use shared::{
        conversations::Thread,
        messages::{Content, Message},
    };

    const ID: &str = "0192ab0192ab0192ab0192ab0192ab01";

    #[test]
    fn threads_and_messages_come_back_as_they_were() {
        check::<Thread>(&sample_thread());
        check::<Message>(&sample_message());
    }

    #[test]
    fn every_kind_of_content_is_read_as_serde_reads_it() {
        for content in [
            r#"{"kind":"text","body":"Olá 👍"}"#,
            r#"{"kind":"media","media":"image","size_bytes":12,"is_voice":true,"caption":"c"}"#,
            r#"{"kind":"location","latitude":-23.5,"longitude":1,"name":"n"}"#,
            r#"{"kind":"contacts","cards":[{"name":"A","phones":["1"]}]}"#,
            r#"{"kind":"interactive","body":"b","action":{"action":"list","button":"x",
                "sections":[{"title":"t","rows":[{"id":"1","title":"r","description":"d"}]}]}}"#,
            r#"{"kind":"interactive","body":"b","header":"h","footer":"f",
                "action":{"action":"buttons","buttons":[{"id":"1","title":"r"}]}}"#,
            r#"{"kind":"interactive_reply","reply":"nfm_reply","fields":{"a":[1,null,"x"]}}"#,
            r#"{"kind":"button","text":"t","payload":"p"}"#,
            r#"{"kind":"template","name":"n","language":"pt_BR","components":[{"type":"body"}]}"#,
            r#"{"kind":"order","catalog":"c","items":[{"product":"p","quantity":1.5,
                "price_micros":9,"currency":"BRL"}]}"#,
            r#"{"kind":"system","event":"user_changed_number","body":null}"#,
            r#"{"kind":"unsupported","claimed":"x","raw":"{}"}"#,
        ] {
            same::<Content>(content);
        }
    }

    #[test]
    fn a_full_message_is_read_as_serde_reads_it() {
        same::<Message>(&format!(
            r#"{{"id":"message_{ID}","conversation":"conversation_{ID}","channel":"channel_{ID}",
            "contact":"contact_{ID}","is_outbound":true,"kind":"document","content":null,
            "at":"2026-11-24T09:14:00Z","order":"1","unknown":[1,{{}}],
            "quotes":{{"is_outbound":false,"kind":"audio","preview":"p"}},
            "reactions":[{{"is_outbound":true,"emoji":"👍"}}],
            "earlier":[{{"kind":"text","body":"antes"}}],"author":"user_{ID}","is_erased":true,
            "delivery":{{"state":"failed","times":{{"queued":"2026-11-24T09:14:00.5Z"}},
            "failure":{{"code":131053,"title":"t"}},"suppressed":"quota","n_attempts":2}}}}"#
        ));
    }
}
