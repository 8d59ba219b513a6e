//! What is around every page: the menu, the bar at the top, the palette, one's account.
//!
//! Invariants: what a person may not do is not shown to her; the company is always in the address.

mod account;
mod company;
mod frame;
mod freshness;
mod keys;
mod palette;
mod platform;
mod preferences;
mod shortcuts;
mod sidebar;
mod states;
mod topbar;

pub(crate) use company::CompanyShell;
pub(crate) use frame::page;
pub(crate) use palette::Palette;
pub(crate) use platform::PlatformShell;
pub(crate) use preferences::Preferences;
pub(crate) use shortcuts::Shortcuts;
pub(crate) use states::{Home, NoAnswer, NoPermission, NotFound};
