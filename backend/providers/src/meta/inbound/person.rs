//! Who a message is from or to, and what Meta tells about people.

use chrono::{DateTime, Utc};

use super::fields::Fields;

/// A person as one delivery names her. Any of the ids may be missing: a user with a username may show no
/// number, an old delivery no user id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The WhatsApp id: a telephone number without plus, mostly.
    pub wa_id: Option<String>,
    /// The business-scoped user id (BSUID).
    pub user_id: Option<String>,
    /// The id over all businesses of a parent.
    pub parent_user_id: Option<String>,
    /// The name that she gave herself.
    pub profile_name: Option<String>,
    /// Her handle; it can change and is no id.
    pub username: Option<String>,
}

impl Person {
    pub(super) fn read(mut contact: Fields<'_>) -> Self {
        let mut profile = contact.object("profile").unwrap_or_default();
        Self {
            wa_id: contact.text("wa_id"),
            user_id: contact.text("user_id"),
            parent_user_id: contact.text("parent_user_id"),
            profile_name: profile.text("name"),
            username: profile.text("username").or_else(|| contact.text("username")),
        }
    }

    /// Whether nothing is known by which she could be found again.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        self.wa_id.is_none() && self.user_id.is_none() && self.parent_user_id.is_none()
    }

    fn is_same_as(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        same(&self.wa_id, &other.wa_id)
            || same(&self.user_id, &other.user_id)
            || same(&self.parent_user_id, &other.parent_user_id)
    }

    /// Adds what the delivery's list of people tells about her. A list of one is about her even when it
    /// names her by another id, unless both have an id of the same kind.
    pub(super) fn completed_from(mut self, people: &[Self]) -> Self {
        let clash = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        let known =
            people.iter().find(|person| person.is_same_as(&self)).or_else(|| match people {
                [only]
                    if !clash(&only.wa_id, &self.wa_id) && !clash(&only.user_id, &self.user_id) =>
                {
                    Some(only)
                }
                _ => None,
            });
        if let Some(known) = known {
            let add = |mine: &mut Option<String>, theirs: &Option<String>| {
                if mine.is_none() {
                    mine.clone_from(theirs);
                }
            };
            add(&mut self.wa_id, &known.wa_id);
            add(&mut self.user_id, &known.user_id);
            add(&mut self.parent_user_id, &known.parent_user_id);
            add(&mut self.profile_name, &known.profile_name);
            add(&mut self.username, &known.username);
        }
        self
    }
}

/// What a person wants to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// Who.
    pub person: Person,
    /// Of which kind of message: `marketing_messages`.
    pub category: String,
    /// `stop`, `resume`, `signup`.
    pub value: String,
    /// Meta's sentence.
    pub detail: Option<String>,
    /// Which sign-up link she came by.
    pub signup_id: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

impl Preference {
    pub(super) fn read(mut wire: Fields<'_>, people: &[Person]) -> Option<Self> {
        let person = Person {
            wa_id: wire.text("wa_id"),
            user_id: wire.text("user_id"),
            parent_user_id: wire.text("parent_user_id"),
            ..Person::default()
        };
        let person = if person.is_nobody() {
            person.completed_from(people)
        } else {
            let known = people.iter().any(|other| other.is_same_as(&person));
            if known { person.completed_from(people) } else { person }
        };
        Some(Self {
            person,
            category: wire.text("category")?,
            value: wire.text("value")?,
            detail: wire.text("detail"),
            signup_id: wire.text("signup_id"),
            at: wire.time("timestamp"),
        })
    }

    /// Whether she wants marketing messages, where that is what it is about.
    #[must_use]
    pub fn wants_marketing(&self) -> Option<bool> {
        match (self.category.as_str(), self.value.as_str()) {
            ("marketing_messages", "stop") => Some(false),
            ("marketing_messages", "resume" | "signup") => Some(true),
            _ => None,
        }
    }
}

/// A person's user id became another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdChange {
    /// Who, by the ids that are now hers.
    pub person: Person,
    /// The user id that she had.
    pub previous: Option<String>,
    /// The user id over all businesses that she had.
    pub previous_parent: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

impl UserIdChange {
    pub(super) fn read(mut wire: Fields<'_>) -> Option<Self> {
        let mut user = wire.object("user_id").unwrap_or_default();
        let mut parent = wire.object("parent_user_id").unwrap_or_default();
        let person = Person {
            wa_id: wire.text("wa_id"),
            user_id: user.text("current"),
            parent_user_id: parent.text("current"),
            ..Person::default()
        };
        let change = Self {
            previous: user.text("previous"),
            previous_parent: parent.text("previous"),
            at: wire.time("timestamp"),
            person,
        };
        (!change.person.is_nobody()).then_some(change)
    }
}
