//! What this context asks of others.

use kernel::http::Caller;
use shared::ids::ContactId;
use uuid::Uuid;

/// Takes note of who is shown a person's file.
pub trait Readers: Send + Sync + 'static {
    /// Somebody is shown a file of a company's contact.
    fn saw(&self, caller: &Caller, company: Uuid, contact: ContactId);
}
