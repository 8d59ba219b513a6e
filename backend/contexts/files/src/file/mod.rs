//! A file: kept once, removed once.

use events::files::FileEvent;
use kernel::decider::{Decider, Rejection};
use shared::{ids::ContactId, problem::Kind};

/// The decider of the stream `file`.
#[derive(Clone, Copy, Debug)]
pub struct File;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its bytes are kept.
    pub is_stored: bool,
    /// Its bytes were removed.
    pub is_removed: bool,
    /// The person it is about.
    pub contact: Option<ContactId>,
}

/// What may be asked of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Its bytes are in the blob store: a [`FileEvent::Stored`].
    Store(Box<FileEvent>),
    /// Its bytes are to go.
    Remove,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Not there.
    #[error("the file does not exist")]
    Missing,
    /// The event is not one that this command takes.
    #[error("the event does not belong to this command")]
    WrongEvent,
}

impl Rejection for FileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::WrongEvent => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::WrongEvent => "internal",
        }
    }
}

impl Decider for File {
    const STREAM: &'static str = "file";
    type State = State;
    type Command = Command;
    type Event = FileEvent;
    type Facts = ();
    type Rejection = FileError;

    fn decide(state: &State, command: &Command, (): &()) -> Result<Vec<FileEvent>, FileError> {
        match command {
            Command::Store(event) => match event.as_ref() {
                FileEvent::Stored { .. } if state.is_stored => Ok(vec![]),
                FileEvent::Stored { .. } => Ok(vec![event.as_ref().clone()]),
                FileEvent::Removed {} => Err(FileError::WrongEvent),
            },
            Command::Remove if !state.is_stored => Err(FileError::Missing),
            Command::Remove if state.is_removed => Ok(vec![]),
            Command::Remove => Ok(vec![FileEvent::Removed {}]),
        }
    }

    fn evolve(mut state: State, event: &FileEvent) -> State {
        match event {
            FileEvent::Stored { contact, .. } => {
                state.is_stored = true;
                state.contact = *contact;
            }
            FileEvent::Removed {} => state.is_removed = true,
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use events::files::FileEvent;
    use kernel::decider::Decider as _;
    use shared::stored::{KeyClass, Mac, Sealed};
    use uuid::Uuid;

    use super::{Command, File, FileError, State};

    fn stored() -> FileEvent {
        FileEvent::Stored {
            mime_type: "image/png".into(),
            size_bytes: 7,
            digest: Mac("00".into()),
            contact: None,
            place: Sealed::new(Uuid::nil(), KeyClass::Content, 0, 1, String::new()),
        }
    }

    fn after(events: &[FileEvent]) -> State {
        events.iter().fold(State::default(), File::evolve)
    }

    #[test]
    fn a_file_is_stored_once() {
        let store = Command::Store(Box::new(stored()));
        assert_eq!(File::decide(&after(&[]), &store, &()), Ok(vec![stored()]));
        assert_eq!(File::decide(&after(&[stored()]), &store, &()), Ok(vec![]));
        let wrong = Command::Store(Box::new(FileEvent::Removed {}));
        assert_eq!(File::decide(&after(&[]), &wrong, &()), Err(FileError::WrongEvent));
    }

    #[test]
    fn a_file_is_removed_once_and_only_if_it_was_there() {
        assert_eq!(File::decide(&after(&[]), &Command::Remove, &()), Err(FileError::Missing));
        let removed = FileEvent::Removed {};
        let state = after(&[stored()]);
        assert_eq!(File::decide(&state, &Command::Remove, &()), Ok(vec![removed.clone()]));
        assert_eq!(File::decide(&after(&[stored(), removed]), &Command::Remove, &()), Ok(vec![]));
    }
}
