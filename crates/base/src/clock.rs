//! Time of day behind one door, so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time of day. Cloning gives the same clock.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it; holds Unix nanoseconds.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock for tests, standing at `now_ns` Unix nanoseconds.
    pub fn manual(now_ns: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now_ns)))
    }

    /// Unix nanoseconds.
    pub fn now_ns(&self) -> i64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)),
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Moves a manual clock forward; does nothing to the machine's clock.
    pub fn advance(&self, by_ns: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(by_ns, Ordering::Relaxed);
        }
    }
}
