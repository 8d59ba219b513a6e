//! The company's labels.

use axum::extract::State;
use kernel::{
    commit::Refused,
    db,
    error::Error,
    execute::{Executed, Failure, Request},
    http::{
        Answer, Body, Can, IfMatch, Path, Problem,
        right::{ManageLabels, ReadConversations},
    },
};
use shared::{
    conversations::{DescribeLabel, Label},
    ids::LabelId,
    page::Page,
    problem::Kind,
};

use super::{Conversations, id};
use crate::{
    label::{Command, LabelError, LabelStream},
    queries::{QueryError, labels},
};

pub(super) async fn all(
    State(app): State<Conversations>,
    can: Can<ReadConversations>,
) -> Result<Answer<Page<Label>>, Problem> {
    let mut tx = db::reading_as(&app.ledger.pools().reader, can.company()).await?;
    let items = labels::all(&mut tx).await.map_err(|error| match error {
        QueryError::Database(error) => error.into(),
        row @ QueryError::Row { .. } => Problem::internal(&row),
    })?;
    tx.commit().await?;
    Ok(Answer::ok(Page { items, next: None }))
}

pub(super) async fn create(
    State(app): State<Conversations>,
    can: Can<ManageLabels>,
    Body(body): Body<DescribeLabel>,
) -> Result<Answer<Label>, Problem> {
    let label = LabelId::from_uuid(can.command_id());
    let name = body.name.trim().to_owned();
    let command = Command::Create { name: body.name, colour: body.colour };
    let executed = app.change(&can, label, command, IfMatch::default()).await?;
    let made = Label { id: label, name, colour: body.colour, version: 1 };
    Ok(Answer::created(made).after(&executed))
}

pub(super) async fn change(
    State(app): State<Conversations>,
    can: Can<ManageLabels>,
    Path(text): Path<String>,
    seen: IfMatch,
    Body(body): Body<DescribeLabel>,
) -> Result<Answer<()>, Problem> {
    let command = Command::Change { name: body.name, colour: body.colour };
    let executed = app.change(&can, id(&text)?, command, seen).await?;
    Ok(Answer::empty().after(&executed))
}

pub(super) async fn remove(
    State(app): State<Conversations>,
    can: Can<ManageLabels>,
    Path(text): Path<String>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    let executed = app.change(&can, id(&text)?, Command::Remove, seen).await?;
    Ok(Answer::empty().after(&executed))
}

impl Conversations {
    async fn change(
        &self,
        can: &Can<ManageLabels>,
        label: LabelId,
        command: Command,
        seen: IfMatch,
    ) -> Result<Executed, Problem> {
        let (company, context) = (can.company(), can.context());
        let mut request =
            Request::<LabelStream>::new(company, label.into_uuid(), command, (), context);
        request.seen = seen.version();
        request.fingerprint = can.fingerprint();
        self.ledger.execute(&request).await.map_err(|failure: Failure<LabelError>| match failure {
            Failure::Kernel(Error::Refused(Refused::ClaimTaken { .. })) => {
                Problem::new(Kind::Conflict, "label_name_taken")
            }
            other => other.into(),
        })
    }
}
