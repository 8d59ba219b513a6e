//! Commands to one conversation.

use axum::extract::State;
use kernel::{
    execute::Request,
    http::{Answer, Body, Can, Path, Problem, right::CareForConversations},
};
use shared::{
    conversations::{Assign, LabelConversation, Prioritise, Snooze},
    ids::ConversationId,
    problem::Kind,
};

use super::{Conversations, id};
use crate::{
    conversation::{Command, Conversation},
    label::LabelStream,
};

type Caring = Can<CareForConversations>;

impl Conversations {
    async fn execute(
        &self,
        can: &Caring,
        text: &str,
        command: Command,
    ) -> Result<Answer<()>, Problem> {
        let conversation: ConversationId = id(text)?;
        let now = self.ground.clock.now();
        let (company, context) = (can.company(), can.context());
        let mut request =
            Request::<Conversation>::new(company, conversation.into_uuid(), command, now, context);
        request.fingerprint = can.fingerprint();
        let executed = self.ledger.execute(&request).await?;
        Ok(Answer::empty().after(&executed))
    }
}

pub(super) async fn assign(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
    Body(body): Body<Assign>,
) -> Result<Answer<()>, Problem> {
    if let Some(to) = body.to
        && !app.team.may_answer(can.company(), to).await?
    {
        return Err(Problem::new(Kind::Invalid, "assignee_not_a_member"));
    }
    app.execute(&can, &text, Command::Assign { to: body.to, from: body.from }).await
}

pub(super) async fn resolve(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, &text, Command::Resolve).await
}

pub(super) async fn reopen(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, &text, Command::Reopen).await
}

pub(super) async fn snooze(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
    Body(body): Body<Snooze>,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, &text, Command::Snooze { until: body.until }).await
}

pub(super) async fn prioritise(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
    Body(body): Body<Prioritise>,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, &text, Command::Prioritise(body.priority)).await
}

pub(super) async fn label(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
    Body(body): Body<LabelConversation>,
) -> Result<Answer<()>, Problem> {
    let (_, label) = app.ledger.load::<LabelStream>(can.company(), body.label.into_uuid()).await?;
    if label.looks.is_none() || label.is_removed {
        return Err(Problem::not_found());
    }
    app.execute(&can, &text, Command::Label(body.label)).await
}

pub(super) async fn unlabel(
    State(app): State<Conversations>,
    can: Caring,
    Path(text): Path<String>,
    Body(body): Body<LabelConversation>,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, &text, Command::Unlabel(body.label)).await
}
