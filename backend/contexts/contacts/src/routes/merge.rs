//! Two contacts as one person, and back.

use std::sync::Arc;

use axum::extract::State;
use kernel::{
    commit::{Append, Context, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::Error,
    execute::{Failure, Request},
    http::{Answer, Body, Can, IfMatch, Path, Problem, right::MergeContacts},
};
use shared::contacts::MergeContact;
use uuid::Uuid;

use super::{Contacts, id};
use crate::contact::{Command, Contact, ContactError};

pub(super) async fn merge(
    State(contacts): State<Contacts>,
    can: Can<MergeContacts>,
    Path(text): Path<String>,
    seen: IfMatch,
    Body(body): Body<MergeContact>,
) -> Result<Answer<()>, Problem> {
    let contact = id(&text)?;
    if contact == body.into {
        return Err(Failure::Rejected(ContactError::Itself).into());
    }
    let company = can.company();
    let absorb = Command::Absorb { contact };
    let other = contacts.other(company, body.into.into_uuid(), &absorb, &can.context()).await?;
    let command = Command::Merge { into: body.into };
    let mut request =
        Request::<Contact>::new(company, contact.into_uuid(), command, (), can.context());
    request.seen = seen.version();
    request.fingerprint = can.fingerprint();
    request.also = other.into_iter().collect();
    let executed = contacts.ledger.execute(&request).await?;
    Ok(Answer::empty().after(&executed))
}

pub(super) async fn unmerge(
    State(contacts): State<Contacts>,
    can: Can<MergeContacts>,
    Path(text): Path<String>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    let contact = id(&text)?;
    let company = can.company();
    let (_, state) = contacts.ledger.load::<Contact>(company, contact.into_uuid()).await?;
    let release = Command::Release { contact };
    let other = match state.merged_into {
        Some(root) => contacts.other(company, root.into_uuid(), &release, &can.context()).await?,
        None => None,
    };
    let mut request =
        Request::<Contact>::new(company, contact.into_uuid(), Command::Unmerge, (), can.context());
    request.seen = seen.version();
    request.fingerprint = can.fingerprint();
    request.also = other.into_iter().collect();
    let executed = contacts.ledger.execute(&request).await?;
    Ok(Answer::empty().after(&executed))
}

impl Contacts {
    /// What happens to the other contact, at exactly the version it has now.
    async fn other(
        &self,
        company: Uuid,
        id: Uuid,
        command: &Command,
        context: &Arc<Context>,
    ) -> Result<Option<Append>, Problem> {
        let (version, state) = self.ledger.load::<Contact>(company, id).await?;
        let events = Contact::decide(&state, command, &()).map_err(Failure::Rejected)?;
        if events.is_empty() {
            return Ok(None);
        }
        let events = events.iter().map(|event| NewEvent::of(&*self.ground.ids, event));
        let events = events.collect::<Result<_, _>>().map_err(Error::from)?;
        Ok(Some(Append {
            company,
            stream: Stream { kind: Contact::STREAM, id },
            expected: Expected::at(version),
            context: Arc::clone(context),
            events,
        }))
    }
}
