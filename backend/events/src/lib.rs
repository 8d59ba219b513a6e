//! The words of the ledger.
