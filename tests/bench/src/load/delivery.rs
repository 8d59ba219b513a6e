//! One delivery: who writes to whom, signed.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Chance, Load};

/// Somebody who gets deliveries.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) secret: String,
    pub(crate) waba: String,
    pub(crate) number: String,
}

/// Writes requests, one after the other, into the same memory.
pub(crate) struct Writer<'a> {
    load: &'a Load,
    keys: Vec<Option<Hmac<Sha256>>>,
    body: Vec<u8>,
    request: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(load: &'a Load) -> Self {
        let key = |target: &Target| Hmac::new_from_slice(target.secret.as_bytes()).ok();
        Self {
            load,
            keys: load.targets.iter().map(key).collect(),
            body: Vec::with_capacity(2_048),
            request: Vec::with_capacity(4_096),
        }
    }

    /// The whole request of a delivery; the same number gives the same message of the same person.
    pub(crate) fn write(&mut self, id: u64, is_forged: bool, intended: Instant) -> &[u8] {
        let person = Chance(id).next().checked_rem(self.load.people).unwrap_or(0);
        let n = u64::try_from(self.load.targets.len()).unwrap_or(1);
        let turn = id.wrapping_mul(0x9E37_79B9_7F4A_7C15).checked_rem(n).unwrap_or(0);
        self.request(turn, &[(person, id)], is_forged, intended)
    }

    /// The request in which the next so many people write to the next number, each once.
    pub(crate) fn write_in_turn(&mut self, nth: u64, people: u64) -> &[u8] {
        let n = u64::try_from(self.load.targets.len()).unwrap_or(1).max(1);
        let (round, turn) = (nth / n, nth % n);
        let messages: Vec<_> =
            (0..people).map(|one| (round * people + one, nth * people + one)).collect();
        self.request(turn, &messages, false, Instant::now())
    }

    /// The messages: who, and the number of the message.
    fn request(
        &mut self,
        turn: u64,
        messages: &[(u64, u64)],
        is_forged: bool,
        intended: Instant,
    ) -> &[u8] {
        let turn = usize::try_from(turn).unwrap_or(0);
        let (Some(target), Some(Some(key))) = (self.load.targets.get(turn), self.keys.get(turn))
        else {
            return &[];
        };
        let run = &self.load.run;
        let now = now_ns().saturating_sub(intended.elapsed().as_nanos());
        self.body.clear();
        // Writing to memory does not fail.
        let _ = write!(
            self.body,
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{}","changes":["#,
            target.waba,
        );
        for (nth, (person, id)) in messages.iter().enumerate() {
            let _ = write!(
                self.body,
                r#"{comma}{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"551130000000","phone_number_id":"{number}"}},"contacts":[{{"profile":{{"name":"Cliente {person}"}},"wa_id":"5511{wa:09}"}}],"messages":[{{"from":"5511{wa:09}","id":"wamid.{run}{id:016x}","timestamp":"{seconds}","text":{{"body":"Ola, gostaria de saber o status do meu pedido. t={now} n={run}.{id:016x}"}},"type":"text"}}]}},"field":"messages"}}"#,
                comma = if nth == 0 { "" } else { "," },
                number = target.number,
                wa = 900_000_000 + person,
                seconds = now / 1_000_000_000,
            );
        }
        self.body.extend_from_slice(b"]}]}");
        let mut mac = key.clone();
        mac.update(&self.body);
        let mut signature = hex::encode(mac.finalize().into_bytes());
        if is_forged {
            let other = if signature.starts_with('0') { "1" } else { "0" };
            signature.replace_range(0..1, other);
        }
        self.request.clear();
        let _ = write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nuser-agent: facebookexternalua\r\nx-hub-signature-256: sha256={signature}\r\ncontent-length: {length}\r\n\r\n",
            path = target.path,
            host = self.load.address,
            length = self.body.len(),
        );
        self.request.extend_from_slice(&self.body);
        &self.request
    }
}

/// The number of a delivery of a run, from the text of its message or its provider's id.
pub(crate) fn identify(text: &str, run: &str) -> Option<u64> {
    let after = |mark: &str| {
        let rest = text.split_once(mark)?.1;
        u64::from_str_radix(rest.get(..16)?, 16).ok()
    };
    after(&format!(" n={run}.")).or_else(|| after(&format!("wamid.{run}")))
}

/// A message that somebody sees, and when it should have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) id: u64,
    /// Since 1970.
    pub(crate) intended: Duration,
}

/// Every message of a run in a text.
pub(crate) fn sighted<'a>(text: &'a str, run: &'a str) -> impl Iterator<Item = Sighting> + 'a {
    text.split(" t=").skip(1).filter_map(move |rest| {
        let (time, _) = rest.split_once(' ')?;
        let end = rest.len().min(time.len() + 64);
        let id = identify(rest.get(..end).unwrap_or(rest), run)?;
        Some(Sighting { id, intended: Duration::from_nanos(time.parse().ok()?) })
    })
}

#[expect(clippy::disallowed_methods, reason = "the time that a delivery carries is the world's")]
fn now_ns() -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_known_by_its_text_and_by_its_id() {
        assert_eq!(identify("pedido. t=12 n=ab1.00000000000000ff", "ab1"), Some(255));
        assert_eq!(identify("wamid.ab100000000000000ff", "ab1"), Some(255));
        assert_eq!(identify("pedido. t=12 n=ab1.00000000000000ff", "other"), None);
    }
    #[test]
    fn messages_are_found_in_a_frame() {
        let frame = r#"{"a":"x t=1500 n=r.0000000000000001","b":"x t=2500 n=r.0000000000000002"}"#;
        let found: Vec<_> = sighted(frame, "r").collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], Sighting { id: 2, intended: Duration::from_nanos(2_500) });
    }
}
