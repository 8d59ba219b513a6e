//! The ids of messages, fixed before they exist (D1).

use std::str::FromStr as _;

use kernel::vault::IndexKey;
use shared::ids::MessageId;
use uuid::Uuid;

/// The kind of claim under which a provider's id leads to a message.
pub const PROVIDER_ID: &str = "messaging.provider_id";

/// The id of a message that came in: of the channel and the provider's id, keyed.
#[must_use]
pub fn inbound_id(index: &IndexKey, provider_ms: u64, channel: Uuid, wamid: &str) -> MessageId {
    index.id(provider_ms, "message", &[channel.as_bytes(), wamid.as_bytes()]).into()
}

/// The id of a message that goes out: of who wants it and her key, so that a repeat is the same.
#[must_use]
pub fn outbound_id(index: &IndexKey, principal: Uuid, client_key: &str) -> MessageId {
    index.id(0, "outbound", &[principal.as_bytes(), client_key.as_bytes()]).into()
}

/// The key of the claim under which a provider's id leads to a message.
#[must_use]
pub fn provider_key(index: &IndexKey, wamid: &str) -> [u8; 16] {
    index.blind(PROVIDER_ID, wamid)
}

/// Our id in the provider's field: message and attempt (D21).
#[must_use]
pub fn attempt_id(message: MessageId, attempt: u16) -> String {
    format!("{}.{attempt}", message.into_uuid().simple())
}

/// The other way round; nothing for what is not ours.
#[must_use]
pub fn parse_attempt_id(text: &str) -> Option<(MessageId, u16)> {
    let (digits, attempt) = text.split_once('.')?;
    let message = (digits.len() == 32).then(|| Uuid::try_parse(digits).ok())??;
    Some((MessageId::from_uuid(message), u16::from_str(attempt).ok()?))
}

#[cfg(test)]
mod tests {
    use shared::ids::MessageId;
    use uuid::Uuid;

    use super::{attempt_id, parse_attempt_id};

    #[test]
    fn our_id_comes_back_and_nothing_else_is_ours() {
        let message = MessageId::from_uuid(Uuid::from_u128(7));
        let text = attempt_id(message, 2);
        assert_eq!(text, "00000000000000000000000000000007.2");
        assert_eq!(parse_attempt_id(&text), Some((message, 2)));
        for foreign in ["", "7.1", "order-7", "00000000000000000000000000000007", "a.b"] {
            assert_eq!(parse_attempt_id(foreign), None, "{foreign}");
        }
    }
}
