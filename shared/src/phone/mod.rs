//! A telephone number as a value.
//!
//! **Invariants.** A `Phone` holds 7 to 15 digits that begin with a known country code. It prints masked;
//! the digits leave only through `digits` and `e164`. Two spellings of one mobile line have one `canonical`
//! form, except the Argentinian number without its 9, which may be a landline: see `also_known_as`.

mod countries;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

const FEWEST_DIGITS: usize = 7;
const MOST_DIGITS: usize = 15;

/// A number in E.164, as it was written: no ninth digit is added or taken.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone {
    digits: String,
}

/// Why a text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// A letter or another sign that no number is written with.
    #[error("a telephone number has only digits, spaces and + ( ) - . /")]
    Sign,
    /// Too few or too many digits.
    #[error("a telephone number with its country code has 7 to 15 digits")]
    Length,
    /// The first digits are no country's.
    #[error("a telephone number begins with a country code")]
    Country,
}

impl Phone {
    /// Reads a number with its country code; a leading `+` or `00` and the usual separators are ignored.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let mut digits = String::with_capacity(MOST_DIGITS);
        for (index, sign) in text.trim().chars().enumerate() {
            match sign {
                '0'..='9' => digits.push(sign),
                '+' if index == 0 => {}
                ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/' => {}
                _ => return Err(PhoneError::Sign),
            }
        }
        if let Some(rest) = digits.strip_prefix("00") {
            digits = rest.to_owned();
        }
        if !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        if countries::country_code(&digits).is_none() {
            return Err(PhoneError::Country);
        }
        Ok(Self { digits })
    }

    /// The digits as providers take them: `5541988887777`.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The digits with a plus sign: `+5541988887777`.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}", self.digits)
    }

    /// One form for all spellings of a line: Brazilian mobiles with the ninth digit, Mexican numbers without
    /// the 1 after the country code, Argentinian mobiles with the 9 before the area code and without the 15
    /// after it.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let digits = match self.country_code() {
            "55" => self.brazilian(),
            "52" => self.mexican(),
            "54" => self.argentinian(),
            _ => None,
        };
        digits.map_or_else(|| self.clone(), |digits| Self { digits })
    }

    /// Other canonical forms under which the same line may have been filed: an Argentinian mobile may be
    /// written without its 9. Not the other way round: without the 9 it may be a landline, and then it is
    /// somebody else's.
    #[must_use]
    pub fn also_known_as(&self) -> Option<Self> {
        let canonical = self.canonical();
        let national = canonical.digits.strip_prefix("549")?;
        (national.len() == 10).then(|| Self { digits: format!("54{national}") })
    }

    /// The digits of the country code: `55`.
    #[must_use]
    pub fn country_code(&self) -> &str {
        countries::country_code(&self.digits).unwrap_or("")
    }

    /// The country as ISO 3166-1 alpha-2; for codes that several share, the one that the digits tell.
    #[must_use]
    pub fn country(&self) -> &'static str {
        countries::country(&self.digits).unwrap_or("ZZ")
    }

    /// The area code, where the country's numbers have one of a known length: Brazil's DDD, the three digits
    /// of North America, Argentina's and Mexico's.
    #[must_use]
    pub fn area_code(&self) -> Option<&str> {
        let national = self.national();
        match self.country_code() {
            "55" if matches!(national.len(), 10 | 11) => national.get(..2),
            "1" if national.len() == 10 => national.get(..3),
            "52" => {
                let national =
                    if national.len() == 11 { national.strip_prefix('1')? } else { national };
                countries::mexican_area(national)
            }
            "54" => countries::argentinian_area(national.strip_prefix('9').unwrap_or(national)),
            _ => None,
        }
    }

    /// The number as people read it: `+55 41 98888-7777`.
    #[must_use]
    pub fn display(&self) -> String {
        let national = self.national();
        match (self.country_code(), national.len()) {
            ("55", 10 | 11) => {
                let (area, local) = national.split_at(2);
                let (head, tail) = local.split_at(local.len() - 4);
                format!("+55 {area} {head}-{tail}")
            }
            ("1", 10) => {
                let (area, local) = national.split_at(3);
                let (head, tail) = local.split_at(3);
                format!("+1 {area} {head}-{tail}")
            }
            (code, _) => format!("+{code} {national}"),
        }
    }

    fn national(&self) -> &str {
        self.digits.get(self.country_code().len()..).unwrap_or("")
    }

    /// A mobile of eight digits (they begin with 6 to 9; landlines with 2 to 5) gets its ninth.
    fn brazilian(&self) -> Option<String> {
        let national = self.national();
        let (area, local) = national.split_at_checked(2)?;
        let is_old_mobile = local.len() == 8 && local.starts_with(['6', '7', '8', '9']);
        is_old_mobile.then(|| format!("55{area}9{local}"))
    }

    /// The 1 that mobiles had until 2019 goes.
    fn mexican(&self) -> Option<String> {
        let national = self.national().strip_prefix('1')?;
        (national.len() == 10).then(|| format!("52{national}"))
    }

    /// `54 11 15 1234 5678`, as mobiles are dialled inside the country, becomes `54 9 11 1234 5678`.
    fn argentinian(&self) -> Option<String> {
        let national = self.national();
        let national = national.strip_prefix('9').unwrap_or(national);
        if national.len() != 12 {
            return None;
        }
        let area = countries::argentinian_area(national)?;
        let local = national.get(area.len()..)?.strip_prefix("15")?;
        Some(format!("549{area}{local}"))
    }
}

impl fmt::Display for Phone {
    /// Masked, so that a log or an error text never tells a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.digits.get(self.digits.len().saturating_sub(4)..).unwrap_or("");
        write!(f, "+{}•••••{last}", self.country_code())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.e164())
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
