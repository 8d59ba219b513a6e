//! Users as people: found by address, registered, their names opened for lists.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use events::tenancy::{Person, UserEvent};
use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream},
    db,
    decider::Decider as _,
    error::Error,
    http::Problem,
    ids::PLATFORM,
    vault::{Opened, Place, Wanted},
};
use shared::{
    ids::UserId,
    permission::{Permission, Role},
    stored::{KeyClass, Sealed},
};
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::{
    Tenancy,
    user::{EMAIL, User, UserCommand, UserStream},
};

/// Where a person's name and address are sealed for.
const PERSON: Place =
    Place { company: PLATFORM, event_type: "tenancy.user.registered", field: "person" };
/// The longest address.
const LONGEST: usize = 254;

/// An address as it is compared; `None` if it cannot be one.
#[must_use]
pub(crate) fn canonical(email: &str) -> Option<String> {
    let email = email.trim();
    let (local, domain) = email.rsplit_once('@')?;
    let is_plain = |text: &str| {
        !text.is_empty()
            && !text.contains('@')
            && !text.chars().any(|character| character.is_whitespace() || character.is_control())
    };
    (email.len() <= LONGEST && is_plain(local) && is_plain(domain)).then(|| email.to_lowercase())
}

/// A new user on the way into a commit.
pub(crate) struct Registering {
    pub(crate) append: Append,
    pub(crate) claim: Claim,
}

impl Tenancy {
    /// The key of an address in the platform's claims.
    async fn email_key(&self, canonical: &str) -> Result<[u8; 16], Error> {
        Ok(self.vault.index(PLATFORM).await?.blind(EMAIL, canonical))
    }

    /// The user who signs in with an address.
    pub(crate) async fn user_of(&self, canonical: &str) -> Result<Option<Uuid>, Error> {
        let key = self.email_key(canonical).await?;
        let owners = self.ledger.claims(&[(PLATFORM, EMAIL, key)]).await?;
        Ok(owners.into_iter().next().flatten())
    }

    /// Decides a registration, to be committed with what goes along.
    pub(crate) async fn registering(
        &self,
        user: UserId,
        person: Person,
        is_super_admin: bool,
        context: &Arc<Context>,
    ) -> Result<Registering, Problem> {
        let email =
            canonical(&person.email).ok_or_else(|| Problem::invalid("/email", "invalid"))?;
        let at = self.ground.clock.now();
        let (subject, class) = (user.into_uuid(), KeyClass::Identity);
        let keys = self.vault.keys(&[Wanted { company: PLATFORM, subject, class, at }]).await?;
        let person = keys.seal(PERSON, subject, class, at, &person)?;
        let command = UserCommand::Register { person, locale: "pt-BR", is_super_admin };
        let events = UserStream::decide(&User::default(), &command, &())
            .map_err(|_exists| Problem::new(shared::problem::Kind::Conflict, "conflict"))?;
        let ids = &*self.ground.ids;
        let events: Result<Vec<_>, _> =
            events.iter().map(|event: &UserEvent| NewEvent::of(ids, event)).collect();
        let append = Append {
            company: PLATFORM,
            stream: Stream { kind: UserStream::STREAM, id: subject },
            expected: Expected::Empty,
            context: Arc::clone(context),
            events: events.map_err(Error::from)?,
        };
        let key = self.email_key(&email).await?;
        let claim = Claim::Take { company: PLATFORM, kind: EMAIL, key, owner: subject };
        Ok(Registering { append, claim })
    }

    /// The names and addresses of users. Who was erased has none.
    pub(crate) async fn persons(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Listed>, Error> {
        self.persons_by(&self.pools.reader, users).await
    }

    async fn persons_by(
        &self,
        pool: &PgPool,
        users: &[Uuid],
    ) -> Result<HashMap<Uuid, Listed>, Error> {
        let mut tx = db::reading_as(pool, PLATFORM).await?;
        let rows: Vec<(Uuid, Json<Sealed<Person>>, bool)> = sqlx::query_as(
            r"
            select user_id, person, is_disabled
            from tenancy_directory.users
            where company_id = $1 and user_id = any($2)
            ",
        )
        .bind(PLATFORM)
        .bind(users)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let sealed: Vec<_> = rows.iter().map(|(_, person, _)| (PERSON, &person.0)).collect();
        let opened = self.vault.open_many(&sealed).await?;
        let listed = rows.iter().zip(opened).map(|((user, _, is_disabled), person)| {
            (*user, Listed { person: value(person), is_disabled: *is_disabled })
        });
        Ok(listed.collect())
    }

    /// The names of users, for whoever shows what they did. Who was erased has none. Names are at most a
    /// minute old; what is not known is asked for by another way than readers take, because a reader may
    /// hold a connection of theirs meanwhile.
    ///
    /// # Errors
    /// If Postgres or the vault fails.
    pub async fn names(&self, users: &BTreeSet<UserId>) -> Result<HashMap<UserId, String>, Error> {
        let mut names = HashMap::new();
        let mut unknown = vec![];
        for user in users {
            match self.names.get(user).await {
                Some(name) => {
                    names.insert(*user, name);
                }
                None => unknown.push(user.into_uuid()),
            }
        }
        if !unknown.is_empty() {
            for (user, listed) in self.persons_by(&self.pools.app, &unknown).await? {
                let (user, name) = (UserId::from_uuid(user), listed.person.name);
                self.names.insert(user, name.clone()).await;
                names.insert(user, name);
            }
        }
        names.retain(|_, name| !name.is_empty());
        Ok(names)
    }

    /// The members of a company who may do something, with their names, by name.
    ///
    /// # Errors
    /// If Postgres or the vault fails.
    pub async fn who_may(
        &self,
        company: Uuid,
        permission: Permission,
    ) -> Result<Vec<(UserId, String)>, Error> {
        let mut tx = db::reading_as(&self.pools.reader, company).await?;
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            r"
            select user_id, role
            from tenancy_directory.members
            where company_id = $1
            limit 1000
            ",
        )
        .bind(company)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let may = |role: &str| Role::from_word(role).is_some_and(|role| role.may(permission));
        let users: Vec<Uuid> =
            rows.iter().filter(|(_, role)| may(role)).map(|(user, _)| *user).collect();
        let persons = self.persons(&users).await?.into_iter();
        let active = persons.filter(|(_, listed)| !listed.is_disabled);
        let mut named: Vec<_> = active
            .map(|(user, listed)| (UserId::from_uuid(user), listed.person.name))
            .filter(|(_, name)| !name.is_empty())
            .collect();
        named.sort_by(|(one, a), (other, b)| a.cmp(b).then(one.cmp(other)));
        Ok(named)
    }

    /// The name and address of one user, as of now.
    pub(crate) async fn person(&self, sealed: &Sealed<Person>) -> Result<Person, Error> {
        Ok(value(self.vault.open(PERSON, sealed).await?))
    }
}

/// A user in a list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) person: Person,
    pub(crate) is_disabled: bool,
}

fn value(opened: Opened<Person>) -> Person {
    match opened {
        Opened::Value(person) => person,
        Opened::Erased => Person { name: String::new(), email: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn an_address_is_compared_without_case_and_blanks() {
        assert_eq!(canonical(" Ana@Exemplo.com.br "), Some("ana@exemplo.com.br".to_owned()));
        for wrong in ["", "ana", "@x", "ana@", "a b@x", "a@b@c", "a@b\u{0}c"] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }
}
