//! What stands around the inbox, through HTTP: quarantine, names, limits, search, channels.

mod authors;
mod care;
mod channels;
mod foreign;
mod identities;
mod limits;
mod quarantine;
mod search;
mod support;
