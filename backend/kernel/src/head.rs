//! The cursor toward clients, feeds and webhooks (D13): opaque, of one company and one incarnation.
//!
//! Invariants: a cursor of another incarnation, or one ahead of the company's head, is never taken
//! for a place to go on from; its text is no number that somebody could count with.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// The first byte of the text form.
const FORM: u8 = 1;

/// A place in a company's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The installation's life in which it was given (D12).
    pub incarnation: Uuid,
    /// The last event of the company that was seen; 0 before the first.
    pub company_seq: i64,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(self.incarnation.as_bytes());
        bytes.extend_from_slice(&self.company_seq.to_be_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| NotACursor)?;
        let Some((&FORM, rest)) = bytes.split_first() else { return Err(NotACursor) };
        let (incarnation, seq) = rest.split_first_chunk::<16>().ok_or(NotACursor)?;
        let seq: [u8; 8] = seq.try_into().map_err(|_wrong_length| NotACursor)?;
        let company_seq = i64::from_be_bytes(seq);
        if company_seq < 0 {
            return Err(NotACursor);
        }
        Ok(Self { incarnation: Uuid::from_bytes(*incarnation), company_seq })
    }
}

/// What a cursor that a client sends is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A place to go on from.
    Known(i64),
    /// It comes from another incarnation: everything must be loaded again.
    OtherLife,
    /// It is ahead of the company's head: 400 `position_unknown`.
    Ahead,
}

impl Cursor {
    /// Judges a cursor against the ledger's incarnation and the company's head.
    #[must_use]
    pub fn standing(self, incarnation: Uuid, head: i64) -> Standing {
        if self.incarnation != incarnation {
            Standing::OtherLife
        } else if self.company_seq > head {
            Standing::Ahead
        } else {
            Standing::Known(self.company_seq)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, NotACursor, Standing};
    use uuid::Uuid;

    #[test]
    fn d13_a_cursor_comes_back_from_its_text_and_is_judged() {
        let life = Uuid::from_u128(7);
        let cursor = Cursor { incarnation: life, company_seq: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "42", "AQ", "!!", &"A".repeat(34), &format!("{cursor}A")] {
            assert_eq!(wrong.parse::<Cursor>(), Err(NotACursor), "{wrong}");
        }
        assert_eq!(cursor.standing(life, 42), Standing::Known(42));
        assert_eq!(cursor.standing(life, 41), Standing::Ahead);
        assert_eq!(cursor.standing(Uuid::nil(), 42), Standing::OtherLife);
    }
}
