//! Parts of a page that know nothing of the product: they take texts and say what was done.
//!
//! Invariants: names follow the stylesheet's classes; state lives in ARIA and never in a class of
//! its own; values reach the style through custom properties and never through an attribute,
//! which the content security policy would refuse.

mod avatar;
mod banner;
mod copy_field;
mod dialog;
mod field;
mod icon;
mod live;
mod menu;
mod seg;
mod states;
mod toast;
mod window;

pub(crate) use avatar::{Avatar, Pin};
pub(crate) use banner::{Banner, Tone};
pub(crate) use copy_field::CopyField;
pub(crate) use dialog::{Confirm, Dialog, DialogHead};
pub(crate) use field::{Field, FieldKind, FormError};
pub(crate) use icon::{Icon, Mark, glyph};
pub(crate) use live::{live, told};
pub(crate) use menu::{Menu, MenuItem};
pub(crate) use seg::Seg;
pub(crate) use states::{Empty, RowSkeletons};
pub(crate) use toast::{ToastShelf, Toasts, toast};
pub(crate) use window::{rows_in_page, scroll_to_row};
