//! The addresses by which a delivery names a person, and the keys they are looked up by.

use contacts::contact::{IDENTITY, address_text};
use conversations::conversation::THREAD;
use events::contacts::Address as Sealable;
use kernel::vault::IndexKey;
use providers::meta::inbound::Person;
use shared::{
    contacts::AddressKind,
    ids::ChannelId,
    phone::Phone,
    stored::{ConfigText, Mac},
};

/// A blind index.
pub(super) type BlindKey = [u8; 16];

/// An address of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// What kind.
    pub(super) kind: AddressKind,
    /// What it is looked up by.
    pub(super) canonical: String,
    /// As people write it.
    pub(super) written: String,
    /// Another form under which the same line may have been filed.
    pub(super) alias: Option<String>,
    /// The country and area of a telephone number.
    pub(super) place: Option<(ConfigText, Option<ConfigText>)>,
}

/// The addresses of a person, the most telling first: her business-scoped id, her number, and what else
/// there is.
pub(super) fn of(person: &Person) -> Vec<Address> {
    let mut addresses = Vec::with_capacity(3);
    if let Some(id) = &person.user_id {
        addresses.push(plain(AddressKind::Bsuid, id));
    }
    if let Some(wa_id) = &person.wa_id {
        addresses.push(number(wa_id));
    }
    if let Some(id) = &person.parent_user_id {
        addresses.push(plain(AddressKind::ParentBsuid, id));
    }
    addresses
}

/// A WhatsApp id: a telephone number, or else an opaque id.
fn number(wa_id: &str) -> Address {
    let Ok(phone) = Phone::parse(wa_id) else {
        return plain(AddressKind::Lid, wa_id);
    };
    let area = phone.area_code().map(ConfigText::from);
    Address {
        kind: AddressKind::Phone,
        canonical: phone.canonical().digits().to_owned(),
        written: phone.e164(),
        alias: phone.also_known_as().map(|other| other.digits().to_owned()),
        place: Some((ConfigText::from(phone.country()), area)),
    }
}

fn plain(kind: AddressKind, id: &str) -> Address {
    let canonical = id.to_owned();
    Address { kind, written: canonical.clone(), canonical, alias: None, place: None }
}

impl Address {
    /// The key of its claim, under which the contact is found that owns it.
    pub(super) fn key(&self, index: &IndexKey) -> BlindKey {
        identity_key(index, self.kind, &self.canonical)
    }

    /// The key of the claim of its other form.
    pub(super) fn alias_key(&self, index: &IndexKey) -> Option<BlindKey> {
        self.alias.as_ref().map(|alias| identity_key(index, self.kind, alias))
    }

    /// As it is sealed.
    pub(super) fn sealable(&self) -> Sealable {
        Sealable { canonical: self.canonical.clone(), written: self.written.clone() }
    }
}

/// The key of an address' claim.
#[must_use]
pub fn identity_key(index: &IndexKey, kind: AddressKind, canonical: &str) -> BlindKey {
    index.blind(IDENTITY, &address_text(kind, canonical))
}

/// The key of the claim of a conversation, made of the channel and the key of the address, so that it
/// can also be found where the address is not known in clear.
#[must_use]
pub fn thread_key(index: &IndexKey, channel: ChannelId, identity: &BlindKey) -> BlindKey {
    let channel = channel.into_uuid().simple();
    index.blind(THREAD, &format!("{channel}\u{1f}{}", hex::encode(identity)))
}

/// A key as events hold it.
pub(super) fn mac(key: &BlindKey) -> Mac {
    Mac(hex::encode(key))
}

#[cfg(test)]
mod tests {
    use providers::meta::inbound::Person;
    use shared::contacts::AddressKind;

    use super::of;

    fn person(wa_id: Option<&str>, user_id: Option<&str>) -> Person {
        Person {
            wa_id: wa_id.map(str::to_owned),
            user_id: user_id.map(str::to_owned),
            ..Person::default()
        }
    }

    #[test]
    fn the_business_scoped_id_comes_before_the_number() {
        let addresses = of(&person(Some("919745786257"), Some("IN.2081978709342942")));
        let kinds: Vec<_> = addresses.iter().map(|address| address.kind).collect();
        assert_eq!(kinds, [AddressKind::Bsuid, AddressKind::Phone]);
        assert_eq!(addresses[1].written, "+919745786257");
    }

    #[test]
    fn spellings_of_a_number_are_one_address() {
        let one = |wa_id| of(&person(Some(wa_id), None)).remove(0);
        assert_eq!(one("554188887777").canonical, one("5541988887777").canonical);
        assert_eq!(one("5215512345678").canonical, one("525512345678").canonical);
        assert_eq!(one("5491112345678").alias, Some(one("541112345678").canonical));
        assert_eq!(one("541112345678").alias, None);
    }

    #[test]
    fn a_whatsapp_id_that_is_no_number_is_opaque() {
        let addresses = of(&person(Some("fowefinoewcnw"), None));
        assert_eq!(addresses[0].kind, AddressKind::Lid);
        assert_eq!(of(&person(None, None)), []);
    }
}
