//! What a person does with a channel that is there.

use axum::extract::State;
use kernel::http::{Answer, Body, Can, IfMatch, Path, Problem, right};
use shared::{
    channels::{PauseReason, RenameChannel},
    ids::ChannelId,
};

use super::Channels;
use crate::{channel::Command, tables::hooks};

pub(super) async fn test(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
) -> Result<Answer<()>, Problem> {
    let answer = app.execute(&can, channel.into(), Command::StartProof, None).await?;
    app.prover.begin(can.company(), channel.into());
    Ok(answer)
}

pub(super) async fn pause(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    let command = Command::Pause(PauseReason::Person, None);
    app.execute(&can, channel.into(), command, seen.version()).await
}

pub(super) async fn resume(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, channel.into(), Command::Resume, seen.version()).await
}

pub(super) async fn disconnect(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    let command = Command::Disconnect;
    let answer = app.execute(&can, channel.into(), command, seen.version()).await?;
    let pool = &app.prover.ledger.pools().app;
    hooks::remove_all(pool, can.company(), channel.into()).await?;
    Ok(answer)
}

pub(super) async fn release(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    app.execute(&can, channel.into(), Command::Release(None), seen.version()).await
}

pub(super) async fn rename(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
    Body(body): Body<RenameChannel>,
) -> Result<Answer<()>, Problem> {
    let name = super::connect::name(&body.name)?;
    app.execute(&can, channel.into(), Command::Rename(name), seen.version()).await
}
