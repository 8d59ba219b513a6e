//! A label that a company puts on conversations.
//!
//! **Invariants.** No two labels of a company have the same name, whatever its case. A label that was
//! removed stays removed; conversations keep that they bore it, and show it no longer.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use events::conversations::LabelEvent;
use kernel::{
    commit::Claim,
    decider::{Decider, Rejection},
};
use serde_json::Value;
use shared::{conversations::LabelColour, problem::Kind, stored::ConfigText};
use uuid::Uuid;

/// The kind of claim that a name is.
pub const NAME: &str = "conversations.label";

/// The longest name, in characters.
const LONGEST: usize = 40;

/// The decider of the stream `label`.
#[derive(Clone, Copy, Debug)]
pub struct LabelStream;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What it says and how it looks; absent: it does not exist.
    pub looks: Option<(ConfigText, LabelColour)>,
    /// It is gone.
    pub is_removed: bool,
}

/// What may be asked of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// There shall be one.
    Create {
        /// What it says.
        name: String,
        /// Its colour.
        colour: LabelColour,
    },
    /// It shall say something else, or look different.
    Change {
        /// What it says.
        name: String,
        /// Its colour.
        colour: LabelColour,
    },
    /// It shall go.
    Remove,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not there, or not any more.
    #[error("the label does not exist")]
    Missing,
    /// Empty, too long, or more than a line.
    #[error("the name does not fit")]
    Name,
}

impl Rejection for LabelError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Name => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::Name => "label_name_unfit",
        }
    }

    fn values(&self) -> BTreeMap<String, Value> {
        match self {
            Self::Name => BTreeMap::from([("most".to_owned(), LONGEST.into())]),
            Self::Missing => BTreeMap::new(),
        }
    }
}

impl Decider for LabelStream {
    const STREAM: &'static str = "label";
    type State = State;
    type Command = Command;
    type Event = LabelEvent;
    type Facts = ();
    type Rejection = LabelError;

    fn decide(state: &State, command: &Command, (): &()) -> Result<Vec<LabelEvent>, LabelError> {
        if let Command::Create { name, colour } = command {
            let name = fit(name).ok_or(LabelError::Name)?;
            let created = LabelEvent::Created { name, colour: *colour };
            return Ok(if state.looks.is_some() { vec![] } else { vec![created] });
        }
        if state.looks.is_none() || state.is_removed {
            return Err(LabelError::Missing);
        }
        match command {
            Command::Change { name, colour } => {
                let name = fit(name).ok_or(LabelError::Name)?;
                if state.looks.as_ref() == Some(&(name.clone(), *colour)) {
                    return Ok(vec![]);
                }
                Ok(vec![LabelEvent::Changed { name, colour: *colour }])
            }
            Command::Create { .. } | Command::Remove => Ok(vec![LabelEvent::Removed {}]),
        }
    }

    fn evolve(mut state: State, event: &LabelEvent) -> State {
        match event {
            LabelEvent::Created { name, colour } | LabelEvent::Changed { name, colour } => {
                state.looks = Some((name.clone(), *colour));
            }
            LabelEvent::Removed {} => state.is_removed = true,
        }
        state
    }

    fn claims(company: Uuid, id: Uuid, state: &State, event: &LabelEvent) -> Vec<Claim> {
        let (kind, owner) = (NAME, id);
        let held = state.looks.as_ref().map(|(name, _)| name_key(&name.0));
        let wanted = match event {
            LabelEvent::Created { name, .. } | LabelEvent::Changed { name, .. } => {
                Some(name_key(&name.0))
            }
            LabelEvent::Removed {} => None,
        };
        if held == wanted {
            return vec![];
        }
        let release = held.map(|key| Claim::Release { company, kind, key, owner });
        let take = wanted.map(|key| Claim::Take { company, kind, key, owner });
        release.into_iter().chain(take).collect()
    }
}

/// A name that fits, without blanks around it.
fn fit(name: &str) -> Option<ConfigText> {
    let name = name.trim();
    let is_fit =
        !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
    is_fit.then(|| name.into())
}

/// The key of a name's claim. It is the company's own word, not a person's.
fn name_key(name: &str) -> [u8; 16] {
    Claim::plain_key(&name.to_lowercase())
}
