//! What a context hands to the house, as a table of contents.

use std::sync::Arc;

use crate::{policy::Policy, projection::Projection, timers::TimerHandler};

/// A context's parts. Its routes come beside it, from `kernel::http`.
#[derive(Default)]
pub struct Module {
    /// The context.
    pub name: &'static str,
    /// Its read models.
    pub projections: Vec<Arc<dyn Projection>>,
    /// What its events cause.
    pub policies: Vec<Arc<dyn Policy>>,
    /// What its timers do.
    pub timers: Vec<Arc<dyn TimerHandler>>,
}
