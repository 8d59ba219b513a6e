//! The customers: who they are, by phone in all its spellings and by business-scoped user id.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// A customer's place in the list.
pub(crate) type PersonId = usize;

/// A person with a phone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// None: the person hides the number, and only the user id is told.
    pub(crate) wa_id: Option<String>,
    pub(crate) user_id: String,
    pub(crate) username: Option<String>,
    /// Shown on the phone page, which then says what was read.
    pub(crate) on_phone: bool,
    /// Last message to each number, by its id, in milliseconds.
    pub(crate) wrote_ms: HashMap<String, i64>,
    /// Until when answers to an advertisement are free, by number.
    pub(crate) free_until_ms: HashMap<String, i64>,
    /// Each number's debt: when the pair has paid back.
    #[serde(skip)]
    pub(crate) paid_us: HashMap<String, u64>,
    /// Calls that tried to send to this person.
    #[serde(skip)]
    pub(crate) calls: u64,
    /// Calls that were accepted.
    #[serde(skip)]
    pub(crate) accepted: u64,
}

impl Person {
    /// As lists name the person: the phone, else the user id.
    pub(crate) fn address(&self) -> &str {
        self.wa_id.as_deref().unwrap_or(&self.user_id)
    }
}

/// All customers.
#[derive(Debug, Default)]
pub(crate) struct People {
    list: Vec<Person>,
    by_phone: HashMap<String, PersonId>,
    by_user: HashMap<String, PersonId>,
}

impl People {
    pub(crate) fn get(&self, id: PersonId) -> Option<&Person> {
        self.list.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: PersonId) -> Option<&mut Person> {
        self.list.get_mut(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PersonId, &Person)> {
        self.list.iter().enumerate()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Person> {
        self.list.iter_mut()
    }

    /// The person of a phone in any of its spellings, made on the way.
    pub(crate) fn by_phone(&mut self, phone: &str) -> PersonId {
        let key = canonical(phone);
        if let Some(id) = self.by_phone.get(&key) {
            return *id;
        }
        let user_id = user_id_of(&key);
        let person = Person { wa_id: Some(digits(phone)), user_id, ..Person::default() };
        self.add(person)
    }

    /// The person of a user id, made on the way.
    pub(crate) fn by_user(&mut self, user: &str) -> PersonId {
        match self.by_user.get(user) {
            Some(id) => *id,
            None => self.add(Person { user_id: user.to_owned(), ..Person::default() }),
        }
    }

    pub(crate) fn find_phone(&self, phone: &str) -> Option<PersonId> {
        self.by_phone.get(&canonical(phone)).copied()
    }

    pub(crate) fn find_user(&self, user: &str) -> Option<PersonId> {
        self.by_user.get(user).copied()
    }

    pub(crate) fn add(&mut self, person: Person) -> PersonId {
        let id = self.list.len();
        if let Some(phone) = &person.wa_id {
            self.by_phone.insert(canonical(phone), id);
        }
        self.by_user.insert(person.user_id.clone(), id);
        self.list.push(person);
        id
    }

    /// A new number; who asks for the old one from now on finds nobody.
    pub(crate) fn change_phone(&mut self, id: PersonId, phone: &str) {
        let Some(person) = self.list.get_mut(id) else { return };
        if let Some(old) = person.wa_id.replace(digits(phone)) {
            self.by_phone.remove(&canonical(&old));
        }
        self.by_phone.insert(canonical(phone), id);
    }

    /// Shows or hides the phone.
    pub(crate) fn change_user(&mut self, id: PersonId, user: &str) {
        let Some(person) = self.list.get_mut(id) else { return };
        let old = std::mem::replace(&mut person.user_id, user.to_owned());
        self.by_user.remove(&old);
        self.by_user.insert(user.to_owned(), id);
    }
}

/// A user id for someone who has none yet; the same for the same phone.
pub(crate) fn user_id_of(phone: &str) -> String {
    let country = match phone {
        phone if phone.starts_with("55") => "BR",
        phone if phone.starts_with("54") => "AR",
        phone if phone.starts_with("52") => "MX",
        phone if phone.starts_with("351") => "PT",
        _ => "US",
    };
    format!("{country}.{}", Chance::of(0, "user", phone, 0).digits(17))
}

/// Only the digits.
pub(crate) fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// One spelling for a phone that has several: without Brazil's ninth digit, Argentina's 9, Mexico's 1.
pub(crate) fn canonical(phone: &str) -> String {
    let phone = digits(phone);
    let without = |country: &str, skip: usize, extra: char| {
        let rest = phone.strip_prefix(country)?;
        let mut kept: String = rest.chars().take(skip).collect();
        let mut tail = rest.chars().skip(skip);
        (phone.len() == 13 && tail.next() == Some(extra)).then(|| {
            kept.extend(tail);
            format!("{country}{kept}")
        })
    };
    without("55", 2, '9')
        .or_else(|| without("54", 0, '9'))
        .or_else(|| without("52", 0, '1'))
        .unwrap_or(phone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_phone_are_one_person() {
        for (a, b) in [
            ("+55 11 98765-4321", "551187654321"),
            ("5491123456789", "541123456789"),
            ("5215512345678", "525512345678"),
        ] {
            let mut people = People::default();
            assert_eq!(people.by_phone(a), people.by_phone(b), "{a} {b}");
        }
    }

    #[test]
    fn other_phones_stay_as_they_are() {
        for phone in ["447911123456", "919745786257", "16505550001"] {
            assert_eq!(canonical(phone), phone);
        }
    }

    #[test]
    fn a_changed_number_leaves_the_old_one() {
        let mut people = People::default();
        let id = people.by_phone("5511987654321");
        people.change_phone(id, "5511912345678");
        assert_eq!(people.find_phone("5511987654321"), None);
        assert_eq!(people.find_phone("5511912345678"), Some(id));
    }
}
