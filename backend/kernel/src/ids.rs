//! New ids as an argument, and what stands on both: the ground.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use crate::clock::{Clock, SystemClock};

/// The platform's company (D10): users, platform-wide claims, super-admin acts, deliveries that
/// nobody owns.
pub const PLATFORM: Uuid = Uuid::from_u128(0x0000_0000_0000_8000_8000_6d61_7374_6572);

/// Where new ids come from.
pub trait Ids: Send + Sync + 'static {
    /// A new id, ordered by time.
    fn v7(&self) -> Uuid;
}

/// Ids of time and chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn v7(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "this is the source that others ask")]
        Uuid::now_v7()
    }
}

/// Time and ids, handed to whatever needs them.
#[derive(Clone)]
pub struct Ground {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

impl Ground {
    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) }
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ground")
    }
}
