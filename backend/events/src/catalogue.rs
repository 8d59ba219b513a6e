//! All families together: what docs/EVENTS.md is made of, and what golden files are held against.

use std::fmt::Write as _;

use shared::stored::{Entry, Event};

use crate::{
    channels, contacts, conversations, files, intake, messaging, platform, policies, tenancy,
    timers,
};

/// A family in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The stream it is stored in.
    pub stream: &'static str,
    /// Its types.
    pub entries: &'static [Entry],
    read_back: fn(&str, i16, &str) -> serde_json::Result<String>,
}

impl Family {
    const fn of<E: Event>(stream: &'static str) -> Self {
        Self { stream, entries: E::CATALOGUE, read_back: read_back::<E> }
    }

    /// Reads a stored payload of any version, and writes what was understood as today's version.
    ///
    /// # Errors
    /// If the payload does not load.
    pub fn read_back(
        &self,
        event_type: &str,
        version: i16,
        payload: &str,
    ) -> serde_json::Result<String> {
        (self.read_back)(event_type, version, payload)
    }
}

fn read_back<E: Event>(
    event_type: &str,
    version: i16,
    payload: &str,
) -> serde_json::Result<String> {
    let payload = E::upcast(event_type, version, payload);
    let event: E = serde_json::from_str(&format!("{{\"{event_type}\":{payload}}}"))?;
    serde_json::to_string(&event)
}

/// Every family.
pub const FAMILIES: &[Family] = &[
    Family::of::<platform::InstallationEvent>("installation"),
    Family::of::<intake::DeliveryEvent>("delivery"),
    Family::of::<tenancy::CompanyEvent>("company"),
    Family::of::<tenancy::UserEvent>("user"),
    Family::of::<tenancy::MembershipEvent>("membership"),
    Family::of::<tenancy::ApiKeyEvent>("api_key"),
    Family::of::<channels::ChannelEvent>("channel"),
    Family::of::<contacts::ContactEvent>("contact"),
    Family::of::<conversations::ConversationEvent>("conversation"),
    Family::of::<conversations::LabelEvent>("label"),
    Family::of::<messaging::MessageEvent>("message"),
    Family::of::<messaging::LaneEvent>("lane"),
    Family::of::<files::FileEvent>("file"),
    Family::of::<policies::ReactionEvent>("reaction"),
    Family::of::<timers::TimerEvent>("timer"),
];

/// The catalogue as a page for people. Writing to a text cannot fail.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(PREAMBLE);
    for family in FAMILIES {
        let _ = writeln!(page, "\n## Stream `{}`", family.stream);
        for entry in family.entries {
            let _ = writeln!(page, "\n### `{}` v{}\n", entry.event_type, entry.version);
            let _ = writeln!(page, "{}", sentence(entry.meaning));
            if !entry.fields.is_empty() {
                page += "\n| field | type | meaning |\n|---|---|---|\n";
            }
            for (field, kind, meaning) in entry.fields {
                let _ = writeln!(page, "| `{field}` | `{kind}` | {} |", sentence(meaning));
            }
        }
    }
    page
}

fn sentence(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

const PREAMBLE: &str = "\
# Events

Every event that the ledger can hold. This page is made from the types in `backend/events`; a test
fails when it is not what they say (`UPDATE=1 cargo xtask test -E 'package(events)'` writes it).

`Sealed<T>` is a value that only the vault opens, until its key is destroyed. `ConfigText` is the
company's own text, never about a person. What every event carries besides (company, numbers,
actor, causes, hash) is the envelope, see LEDGER.md.
";
