//! A message of an operator or a program on its way into the queue.
//!
//! **Invariants.** The id comes from who asks and her key, so a repeat is the same message (IN04,
//! WB13). What may not be sent is refused and the refusal is kept, text and all (IN05, J2).

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use events::{
    contacts::Address,
    conversations::ConversationEvent,
    messaging::{MessageEvent, Origin, Outbound, Purpose, Recipient},
};
use kernel::{
    commit::{Append, Claim, Expected, NewEvent, Stream},
    db,
    execute::{Executed, Request},
    http::{Answer, Body, Can, Path, Problem, right, right::Right},
    vault::{Opened as Value, Place, Wanted},
};
use shared::{
    ids::{ChannelId, ContactId, ConversationId, FileId, MessageId},
    messages::{Content, MessageState, Queued, SendMessage, SendTo, SuppressReason},
    problem::Kind,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{Messages, not_found};
use crate::{
    message::{Command, Message, content, outbound_id},
    outside::{Addressee, NoThread},
    queries, said,
};

/// A message before it is queued.
pub(super) struct Draft {
    pub(super) conversation: ConversationId,
    pub(super) channel: ChannelId,
    pub(super) contact: ContactId,
    pub(super) to: Recipient,
    pub(super) window: Option<DateTime<Utc>>,
    pub(super) is_off: bool,
    pub(super) purpose: Purpose,
    pub(super) about: Option<MessageId>,
    pub(super) retry_of: Option<MessageId>,
    pub(super) quotes: Option<(MessageId, String)>,
    pub(super) content: Content,
    pub(super) appends: Vec<Append>,
    pub(super) claims: Vec<Claim>,
}

pub(super) async fn answer(
    State(app): State<Messages>,
    can: Can<right::SendMessages>,
    Path(conversation): Path<ConversationId>,
    Body(body): Body<SendMessage>,
) -> Result<Answer<Queued>, Problem> {
    app.check(can.company(), &body.content).await?;
    let mut draft = app.draft(can.company(), conversation, body.content).await?;
    if let Some(quoted) = body.reply_to {
        let wamid = app.provider_id(can.company(), quoted, conversation).await?;
        let wamid = wamid.ok_or_else(|| Problem::invalid("/reply_to", "not_found"))?;
        draft.quotes = Some((quoted, wamid));
    }
    app.queue(&can, draft).await
}

pub(super) async fn begin(
    State(app): State<Messages>,
    can: Can<right::SendMessages>,
    Body(body): Body<SendTo>,
) -> Result<Answer<Queued>, Problem> {
    app.check(can.company(), &body.content).await?;
    let addressee = match (body.to, body.contact) {
        (Some(phone), None) => Addressee::Phone(phone),
        (None, Some(contact)) => Addressee::Contact(contact),
        _ => return Err(Problem::invalid("/to", "one_of_to_and_contact")),
    };
    let company = can.company();
    let context = can.context();
    let opened = app.threads.open(company, body.channel, &addressee, &context).await;
    let opened = opened.map_err(|none| match none {
        NoThread::NotANumber => Problem::invalid("/to", "not_a_phone_number"),
        NoThread::Unreachable => not_found(),
        NoThread::Kernel(error) => error.into(),
    })?;
    let mut tx = db::reading_as(&app.ledger.pools().reader, company).await?;
    let known = queries::threads::one(&mut tx, opened.conversation.into()).await?;
    drop(tx);
    let draft = Draft {
        conversation: opened.conversation,
        channel: body.channel,
        contact: opened.contact,
        to: opened.to,
        window: known.as_ref().and_then(|thread| thread.window_closes_at),
        is_off: known.is_some_and(|thread| thread.is_off),
        purpose: Purpose::Message,
        about: None,
        retry_of: None,
        quotes: None,
        content: body.content,
        appends: opened.appends,
        claims: opened.claims,
    };
    app.queue(&can, draft).await
}

impl Messages {
    /// Whether the content can be sent at all.
    pub(super) async fn check(&self, company: Uuid, content: &Content) -> Result<(), Problem> {
        content::check(content).map_err(|refused| {
            let (code, part, most) = refused.parts();
            let problem = Problem::invalid(&format!("/content/{}", part.replace(' ', "_")), code);
            match most {
                Some(most) => problem.value("most", most),
                None => problem,
            }
        })?;
        if let Content::Media(media) = content
            && let Some(file) = media.file
        {
            let found = self.files.look(company, file).await?;
            let (mime_type, size) =
                found.ok_or_else(|| Problem::invalid("/content/file", "not_found"))?;
            content::check_file(media.media, &mime_type, size)
                .map_err(|code| Problem::invalid("/content/file", code))?;
        }
        Ok(())
    }

    /// A draft in a thread of the company.
    pub(super) async fn draft(
        &self,
        company: Uuid,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Draft, Problem> {
        let mut tx = db::reading_as(&self.ledger.pools().reader, company).await?;
        let found = queries::threads::one(&mut tx, conversation.into()).await?;
        drop(tx);
        let thread = found.ok_or_else(not_found)?;
        let sealed = thread.sealed.ok_or_else(erased)?;
        let sealed: Sealed<Address> =
            serde_json::from_str(&sealed).map_err(|error| Problem::internal(&error))?;
        let place =
            Place { company, event_type: "contacts.contact.identity_added", field: "address" };
        let Value::Value(address) = self.vault.open(place, &sealed).await? else {
            return Err(erased());
        };
        let to = match thread.kind.as_deref() {
            Some("phone") => Recipient::Phone(digits(&address.written)),
            _ => Recipient::Bsuid(address.canonical),
        };
        Ok(Draft {
            conversation,
            channel: thread.channel_id.into(),
            contact: thread.contact_id.into(),
            to,
            window: thread.window_closes_at,
            is_off: thread.is_off,
            purpose: Purpose::Message,
            about: None,
            retry_of: None,
            quotes: None,
            content,
            appends: vec![],
            claims: vec![],
        })
    }

    /// The provider's id of a message of the thread, if it has one.
    pub(super) async fn provider_id(
        &self,
        company: Uuid,
        message: MessageId,
        conversation: ConversationId,
    ) -> Result<Option<String>, Problem> {
        let events = self.ledger.read_stream(company, message.into(), 0).await?;
        Ok(said::provider_id(&self.vault, company, Some(conversation), &events).await?)
    }

    /// Queues a draft, or keeps why it may not be sent.
    pub(super) async fn queue<P: Right>(
        &self,
        can: &Can<P>,
        draft: Draft,
    ) -> Result<Answer<Queued>, Problem> {
        let (company, now) = (can.company(), self.ground.clock.now());
        let key = can.client_key().unwrap_or_default();
        let index = self.vault.index(company).await?;
        let message = outbound_id(&index, can.principal().id(), key);
        let needs_window = content::needs_window(&draft.content);
        let reason = if draft.is_off {
            Some(SuppressReason::ChannelDisconnected)
        } else if needs_window && draft.window.is_none_or(|until| until <= now) {
            Some(SuppressReason::WindowClosed)
        } else {
            None
        };
        let queued = Queued { message, conversation: draft.conversation };
        let request = self.request(can, message, draft, reason, now).await?;
        let done = self.ledger.execute::<Message>(&request).await?;
        let is_new = matches!(done, Executed::Stored(..));
        let reason = if is_new {
            reason
        } else {
            // What was decided then holds: the answer is the same.
            let (_, state) = self.ledger.load::<Message>(company, message.into()).await?;
            let is_suppressed = state.progress.state() == MessageState::Suppressed;
            state.progress.suppressed.filter(|_| is_suppressed)
        };
        match reason {
            Some(SuppressReason::WindowClosed) => {
                Err(Problem::new(Kind::Invalid, "window_closed")
                    .value("message", message.to_string()))
            }
            Some(SuppressReason::ChannelDisconnected) => {
                Err(Problem::new(Kind::Conflict, "channel_disconnected"))
            }
            _ => Ok(Answer::accepted(queued).after(&done)),
        }
    }

    async fn request<P: Right>(
        &self,
        can: &Can<P>,
        message: MessageId,
        draft: Draft,
        reason: Option<SuppressReason>,
        now: DateTime<Utc>,
    ) -> Result<Request<Message>, Problem> {
        let (company, subject) = (can.company(), draft.contact.into_uuid());
        let class = KeyClass::Content;
        let keys = self.vault.keys(&[Wanted { company, subject, class, at: now }]).await?;
        let said = Outbound {
            to: draft.to,
            content: draft.content.clone(),
            answers: draft.quotes.as_ref().map(|(_, wamid)| wamid.clone()),
        };
        let place = Place { company, event_type: "messaging.message.queued", field: "said" };
        let said = keys.seal(place, subject, class, now, &said)?;
        let origin = match can.user() {
            Some(user) => Origin::Operator(user),
            None => Origin::ApiKey(can.principal().id().into()),
        };
        let needs_window = content::needs_window(&draft.content);
        let event = MessageEvent::Queued {
            conversation: draft.conversation,
            channel: draft.channel,
            contact: draft.contact,
            purpose: draft.purpose,
            about: draft.about,
            kind: content::kind(&draft.content),
            origin,
            n_characters: content::n_characters(&draft.content),
            template: template(&draft.content),
            quotes: draft.quotes.map(|(quoted, _)| quoted),
            file: file(&draft.content),
            window: draft.window.filter(|_| needs_window),
            retry_of: draft.retry_of,
            said,
        };
        let context = can.context();
        let mut also = draft.appends;
        if draft.purpose == Purpose::Message {
            let sent = ConversationEvent::MessageSent { message };
            also.push(Append {
                company,
                stream: Stream { kind: "conversation", id: draft.conversation.into() },
                expected: Expected::Any,
                context: Arc::clone(&context),
                events: vec![
                    NewEvent::of(&*self.ground.ids, &sent).map_err(kernel::error::Error::from)?,
                ],
            });
        }
        Ok(Request {
            company,
            id: message.into(),
            command: Command::Queue(Box::new(event), reason),
            facts: now,
            context,
            seen: None,
            fingerprint: can.fingerprint(),
            also,
            more_claims: draft.claims,
        })
    }
}

fn erased() -> Problem {
    Problem::new(Kind::Conflict, "erased")
}

fn digits(written: &str) -> String {
    written.chars().filter(char::is_ascii_digit).collect()
}

fn template(content: &Content) -> Option<shared::stored::ConfigText> {
    match content {
        Content::Template(template) => Some(template.name.clone().into()),
        _ => None,
    }
}

fn file(content: &Content) -> Option<FileId> {
    match content {
        Content::Media(media) => media.file,
        _ => None,
    }
}
