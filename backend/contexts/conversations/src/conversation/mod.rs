//! A conversation: what is said between one channel and one person's address, in its own order (D38).
//!
//! **Invariants.** It is opened once, for the channel and contact that it keeps for ever. What was
//! said in it is appended at any sequence, so that nothing is loaded for it; a decision that must not
//! be passed by anything said (a bot's answer) is taken at an exact one.

use events::conversations::ConversationEvent;
use kernel::decider::{Decider, Rejection};
use shared::{
    ids::{ChannelId, ContactId, IdentityId},
    problem::Kind,
};

/// The kind of claim under which a channel and an address lead to their conversation.
pub const THREAD: &str = "conversations.thread";

/// The decider of the stream `conversation`.
#[derive(Clone, Copy, Debug)]
pub struct Conversation;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Between whom; absent: it does not exist.
    pub between: Option<(ChannelId, ContactId)>,
    /// The address that answers go to.
    pub identity: Option<IdentityId>,
}

/// What may be asked of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// It begins.
    Open {
        /// The channel.
        channel: ChannelId,
        /// The contact whose address it is.
        contact: ContactId,
        /// The address.
        identity: IdentityId,
    },
    /// The person has another address.
    ChangeIdentity {
        /// The new one.
        identity: IdentityId,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// Not there.
    #[error("the conversation does not exist")]
    Missing,
    /// There is one between others.
    #[error("the conversation is between others")]
    BetweenOthers,
}

impl Rejection for ConversationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::BetweenOthers => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "conversation_missing",
            Self::BetweenOthers => "conversation_between_others",
        }
    }
}

impl Decider for Conversation {
    const STREAM: &'static str = "conversation";
    type State = State;
    type Command = Command;
    type Event = ConversationEvent;
    type Facts = ();
    type Rejection = ConversationError;

    fn decide(
        state: &State,
        command: &Command,
        (): &(),
    ) -> Result<Vec<ConversationEvent>, ConversationError> {
        match command {
            Command::Open { channel, contact, identity } => match state.between {
                None => Ok(vec![ConversationEvent::Opened {
                    channel: *channel,
                    contact: *contact,
                    identity: *identity,
                }]),
                Some(between) if between == (*channel, *contact) => Ok(vec![]),
                Some(_) => Err(ConversationError::BetweenOthers),
            },
            Command::ChangeIdentity { identity } => {
                if state.between.is_none() {
                    return Err(ConversationError::Missing);
                }
                let event = ConversationEvent::IdentityChanged { identity: *identity };
                Ok(if state.identity == Some(*identity) { vec![] } else { vec![event] })
            }
        }
    }

    fn evolve(mut state: State, event: &ConversationEvent) -> State {
        match event {
            ConversationEvent::Opened { channel, contact, identity } => {
                state.between = Some((*channel, *contact));
                state.identity = Some(*identity);
            }
            ConversationEvent::IdentityChanged { identity } => state.identity = Some(*identity),
            ConversationEvent::MessageReceived { .. } | ConversationEvent::MessageSent { .. } => {}
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use events::conversations::ConversationEvent;
    use kernel::decider::Decider as _;
    use shared::ids::{ChannelId, ContactId, IdentityId};
    use uuid::Uuid;

    use super::{Command, Conversation, ConversationError, State};

    fn open(contact: u128, identity: u128) -> Command {
        Command::Open {
            channel: ChannelId::from_uuid(Uuid::from_u128(1)),
            contact: ContactId::from_uuid(Uuid::from_u128(contact)),
            identity: IdentityId::from_uuid(Uuid::from_u128(identity)),
        }
    }

    fn change(identity: u128) -> Command {
        Command::ChangeIdentity { identity: IdentityId::from_uuid(Uuid::from_u128(identity)) }
    }

    fn given(commands: &[Command]) -> State {
        commands.iter().fold(State::default(), |state, command| {
            let events = Conversation::decide(&state, command, &()).expect("a decision");
            events.iter().fold(state, Conversation::evolve)
        })
    }

    #[test]
    fn a_conversation_is_opened_once() {
        let opened = Conversation::decide(&State::default(), &open(2, 3), &()).expect("opened");
        assert!(matches!(opened.as_slice(), [ConversationEvent::Opened { .. }]));
        assert_eq!(Conversation::decide(&given(&[open(2, 3)]), &open(2, 4), &()), Ok(vec![]));
    }

    #[test]
    fn it_keeps_its_channel_and_contact() {
        let decided = Conversation::decide(&given(&[open(2, 3)]), &open(9, 3), &());
        assert_eq!(decided, Err(ConversationError::BetweenOthers));
    }

    #[test]
    fn answers_go_to_the_newest_address() {
        let state = given(&[open(2, 3), change(4)]);
        assert_eq!(state.identity, Some(IdentityId::from_uuid(Uuid::from_u128(4))));
        assert_eq!(Conversation::decide(&state, &change(4), &()), Ok(vec![]));
        let missing = Conversation::decide(&State::default(), &change(4), &());
        assert_eq!(missing, Err(ConversationError::Missing));
    }
}
