//! The browser, in the few words the rest of the program needs.
//!
//! Invariants: nothing outside this folder reads the clock, the storage or the locale of the
//! browser; a private window without storage works, it only forgets.

pub(crate) mod clock;
pub(crate) mod dom;
pub(crate) mod format;
pub(crate) mod letters;
pub(crate) mod number;
pub(crate) mod size;
pub(crate) mod storage;
