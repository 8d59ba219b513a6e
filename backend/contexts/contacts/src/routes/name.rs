//! Naming a person.

use axum::extract::State;
use events::contacts::NameOrigin;
use kernel::{
    execute::Request,
    http::{Answer, Body, Can, IfMatch, Path, Problem, right::EditContacts},
    vault::{Place, Wanted},
};
use shared::{
    contacts::NameContact,
    stored::{KeyClass, Mac},
};

use super::{Contacts, id};
use crate::contact::{Command, Contact, NAME, Name};

/// The longest name, in characters.
const LONGEST: usize = 120;

pub(super) async fn name(
    State(contacts): State<Contacts>,
    can: Can<EditContacts>,
    Path(text): Path<String>,
    seen: IfMatch,
    Body(body): Body<NameContact>,
) -> Result<Answer<()>, Problem> {
    let contact = id(&text)?.into_uuid();
    let company = can.company();
    let name = fit(&body.name).ok_or_else(|| Problem::invalid("/name", "invalid"))?;
    let (_, state) = contacts.ledger.load::<Contact>(company, contact).await?;
    if !state.is_known {
        return Err(Problem::not_found());
    }
    let (class, at) = (KeyClass::Identity, contacts.ground.clock.now());
    let wanted = Wanted { company, subject: contact, class, at };
    let keys = contacts.vault.keys(&[wanted]).await?;
    let digest = Mac(hex::encode(keys.digest(wanted, NAME, name.as_bytes())?));
    let place = Place { company, event_type: "contacts.contact.named", field: "name" };
    let name = keys.seal(place, contact, class, at, &name)?;
    let command = Command::Name(Name { name, digest, origin: NameOrigin::Operator });
    let mut request = Request::<Contact>::new(company, contact, command, (), can.context());
    request.seen = seen.version();
    request.fingerprint = can.fingerprint();
    let executed = contacts.ledger.execute(&request).await?;
    Ok(Answer::empty().after(&executed))
}

/// A name without blanks around it and without control characters; none when it is empty or too long.
fn fit(name: &str) -> Option<String> {
    let name = name.trim();
    let is_fit =
        !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
    is_fit.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_name_has_something_in_it_and_no_control_characters() {
        assert_eq!(fit(" Ana ").as_deref(), Some("Ana"));
        assert_eq!(fit(&"ç".repeat(120)).map(|name| name.chars().count()), Some(120));
        for name in ["", "  ", "a\nb", "\u{0}", &"x".repeat(121)] {
            assert_eq!(fit(name), None, "{name:?}");
        }
    }
}
