//! An emoji on a message.

use axum::extract::State;
use events::messaging::Purpose;
use kernel::http::{Answer, Body, Can, Path, Problem, right};
use shared::{
    ids::MessageId,
    messages::{Content, Queued, React},
};

use super::{Messages, not_found};
use crate::message::Message;

/// An emoji may be made of several parts; more than this is none.
const LONGEST: usize = 16;

pub(super) async fn react(
    State(app): State<Messages>,
    can: Can<right::TouchConversations>,
    Path(message): Path<MessageId>,
    Body(body): Body<React>,
) -> Result<Answer<Queued>, Problem> {
    if !is_emoji(&body.emoji) {
        return Err(Problem::invalid("/emoji", "not_an_emoji"));
    }
    let company = can.company();
    let (_, state) = app.ledger.load::<Message>(company, message.into()).await?;
    let conversation = state.conversation.ok_or_else(not_found)?;
    let wamid = app.provider_id(company, message, conversation).await?;
    let wamid = wamid.ok_or_else(|| Problem::invalid("/emoji", "message_not_sent"))?;
    let content = Content::Text { body: body.emoji };
    let mut draft = app.draft(company, conversation, content).await?;
    draft.purpose = Purpose::Reaction;
    draft.about = Some(message);
    draft.quotes = Some((message, wamid));
    app.queue(&can, draft).await
}

/// Whether a text can be a reaction; nothing takes it back.
fn is_emoji(text: &str) -> bool {
    text.chars().nth(LONGEST).is_none()
        && !text
            .chars()
            .any(|sign| sign.is_alphabetic() || sign.is_whitespace() || sign.is_control())
        && (text.is_empty() || !text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::is_emoji;

    #[test]
    fn an_emoji_is_one_and_a_word_is_not() {
        for emoji in ["", "👍", "👩🏽‍🚀", "❤️", "1️⃣", "🇧🇷"] {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for other in ["sim", "👍 ok", "<b>", "7", &"👍".repeat(17)] {
            assert!(!is_emoji(other), "{other}");
        }
    }
}
