//! Where in the program one is, as the address bar has it.
//!
//! A company is always in the address, so that a copied link opens in the right one. Invariants: an
//! address is parsed here and nowhere else; what is not known is a page of its own; a link of the
//! page is followed without loading it anew, and everything else is left to the browser.

mod way;

use std::fmt;

use shared::ids::{CompanyId, ConversationId};

pub(crate) use way::{Way, go, way};

/// A part of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Members and roles.
    Team,
    /// API keys.
    Keys,
    /// What could not be understood.
    Quarantine,
    /// One's own sessions.
    Sessions,
}

impl Part {
    /// All of them, in the order of the menu.
    pub(crate) const ALL: [Self; 4] = [Self::Team, Self::Keys, Self::Quarantine, Self::Sessions];

    const fn word(self) -> &'static str {
        match self {
            Self::Team => "equipe",
            Self::Keys => "chaves",
            Self::Quarantine => "quarentena",
            Self::Sessions => "seguranca",
        }
    }
}

/// A page of a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The inbox, and the open thread.
    Talks(Option<ConversationId>),
    /// The channels.
    Channels,
    /// A part of the settings.
    Settings(Part),
}

/// A place in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Nothing was asked for.
    Home,
    /// Signing in.
    SignIn,
    /// A page of a company.
    Company(CompanyId, Page),
    /// The platform's console.
    Platform,
    /// Nothing that we know.
    Unknown,
}

impl Address {
    /// The address of a path.
    pub(crate) fn of(path: &str) -> Self {
        let words: Vec<_> = path.split('/').filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Self::Home,
            ["entrar"] => Self::SignIn,
            ["plataforma"] | ["plataforma", "empresas"] => Self::Platform,
            ["e", company, rest @ ..] => match (company.parse(), page_of(rest)) {
                (Ok(company), Some(page)) => Self::Company(company, page),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

fn page_of(words: &[&str]) -> Option<Page> {
    match words {
        [] | ["conversas"] => Some(Page::Talks(None)),
        ["conversas", thread] => thread.parse().ok().map(|thread| Page::Talks(Some(thread))),
        ["canais"] => Some(Page::Channels),
        ["config"] => Some(Page::Settings(Part::Team)),
        ["config", word] => {
            Part::ALL.into_iter().find(|part| part.word() == *word).map(Page::Settings)
        }
        _ => None,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home | Self::Unknown => formatter.write_str("/"),
            Self::SignIn => formatter.write_str("/entrar"),
            Self::Platform => formatter.write_str("/plataforma/empresas"),
            Self::Company(company, page) => {
                write!(formatter, "/e/{company}/")?;
                match page {
                    Page::Talks(None) => formatter.write_str("conversas"),
                    Page::Talks(Some(thread)) => write!(formatter, "conversas/{thread}"),
                    Page::Channels => formatter.write_str("canais"),
                    Page::Settings(part) => write!(formatter, "config/{}", part.word()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Page, Part};
    use uuid::Uuid;

    #[test]
    fn an_address_comes_back_from_its_path() {
        let company = Uuid::from_u128(1).into();
        let thread = Uuid::from_u128(2).into();
        let pages = [Page::Talks(None), Page::Talks(Some(thread)), Page::Channels];
        let settings = Part::ALL.map(Page::Settings);
        for page in pages.into_iter().chain(settings) {
            let address = Address::Company(company, page);
            assert_eq!(Address::of(&address.to_string()), address);
        }
        for address in [Address::Home, Address::SignIn, Address::Platform] {
            assert_eq!(Address::of(&address.to_string()), address);
        }
    }

    #[test]
    fn a_company_alone_is_its_inbox_and_slashes_at_the_end_mean_nothing() {
        let company = Uuid::from_u128(1).into();
        let inbox = Address::Company(company, Page::Talks(None));
        assert_eq!(Address::of(&format!("/e/{company}")), inbox);
        assert_eq!(Address::of(&format!("/e/{company}/conversas/")), inbox);
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let company: shared::ids::CompanyId = Uuid::from_u128(1).into();
        for path in ["/x", "/e", "/e/x/conversas", "/e/user_1/canais"] {
            assert_eq!(Address::of(path), Address::Unknown, "{path}");
        }
        for path in ["nada", "conversas/x", "canais/1", "config/x"] {
            assert_eq!(Address::of(&format!("/e/{company}/{path}")), Address::Unknown, "{path}");
        }
    }
}
