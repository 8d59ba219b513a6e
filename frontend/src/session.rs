//! Who is signed in, and for which company this tab works.

use leptos::prelude::*;
use shared::{
    ids::CompanyId,
    permission::{Feature, Permission},
    session::{Me, MyCompany},
};

use crate::{
    api::{Api, Failure},
    browser::{clock, storage},
};

/// What is known about who sits there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Who {
    /// The server has not answered yet.
    Asking,
    /// The server could not be reached.
    NoAnswer,
    /// Nobody is signed in; `true` when a session ended under somebody's hands.
    Nobody(bool),
    /// Somebody.
    Somebody(Box<Me>),
}

/// The session of this tab.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// Who sits there.
    pub who: RwSignal<Who>,
    api: Api,
}

impl Session {
    /// Nobody has been asked for yet.
    pub(crate) fn new(api: Api) -> Self {
        Self { who: RwSignal::new(Who::Asking), api }
    }

    /// Asks the server who is signed in.
    pub(crate) async fn ask(self) {
        match self.api.me().await {
            Ok(me) => self.enter(me),
            Err(Failure::Refused(problem)) if problem.status == 401 => self.leave(),
            Err(_no_answer) => {
                // Somebody who works goes on working without an answer.
                if !matches!(self.who.get_untracked(), Who::Somebody(_)) {
                    self.who.set(Who::NoAnswer);
                }
            }
        }
    }

    /// Somebody has signed in.
    pub(crate) fn enter(self, me: Me) {
        clock::learn(me.now);
        storage::write("signed_in", "yes");
        let is_same = matches!(self.who.get_untracked(), Who::Somebody(known) if *known == me);
        if !is_same {
            self.who.set(Who::Somebody(Box::new(me)));
        }
    }

    /// Nobody is signed in any more.
    pub(crate) fn leave(self) {
        let had_somebody = matches!(self.who.get_untracked(), Who::Somebody(_));
        storage::forget("signed_in");
        self.who.set(Who::Nobody(had_somebody));
    }

    /// Signs out.
    pub(crate) async fn sign_out(self) {
        let Some(me) = self.me() else { return };
        // Also when the server cannot be told: this tab shows nothing any more.
        let _told = self.api.end_session(me.session).await;
        storage::forget("signed_in");
        self.who.set(Who::Nobody(false));
    }

    /// Who sits there, if somebody does.
    pub(crate) fn me(self) -> Option<Me> {
        match self.who.get() {
            Who::Somebody(me) => Some(*me),
            _ => None,
        }
    }

    /// The company that a start without an address opens: the last one, else the first.
    pub(crate) fn home(self) -> Option<CompanyId> {
        let me = self.me()?;
        let last = storage::read("company").and_then(|text| text.parse().ok());
        let is_member = |id: &CompanyId| me.companies.iter().any(|company| company.id == *id);
        last.filter(is_member).or_else(|| me.companies.first().map(|company| company.id))
    }

    /// A company by its id, if she works there.
    pub(crate) fn company(self, id: CompanyId) -> Option<MyCompany> {
        self.me()?.companies.into_iter().find(|company| company.id == id)
    }
}

/// The session, from anywhere.
pub(crate) fn session() -> Session {
    expect_context()
}

/// The company of the page, as its member sees it.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    /// The company.
    pub company: Signal<MyCompany>,
}

impl Here {
    /// Whether the person may do something in it.
    pub(crate) fn may(self, permission: Permission) -> bool {
        self.company.with(|company| company.may(permission))
    }

    /// Whether the company may use something, as a signal that moves with it.
    pub(crate) fn has_always(self, feature: Feature) -> Memo<bool> {
        Memo::new(move |_| self.company.with(|company| company.has(feature)))
    }

    /// As [`Self::may`], as a signal that moves when her rights change.
    pub(crate) fn may_always(self, permission: Permission) -> Memo<bool> {
        Memo::new(move |_| self.may(permission))
    }
}

/// The company of the page.
pub(crate) fn here() -> Here {
    expect_context()
}
