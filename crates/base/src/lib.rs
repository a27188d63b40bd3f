//! Words below the domain: error kinds, an injectable clock, byte budgets, units with their
//! text forms, and the process's own metrics. No word of logs, metrics or traces appears here.

pub mod budget;
pub mod clock;
pub mod error;
pub mod meter;
pub mod pool;
pub mod setting;
pub mod unit;

pub use budget::{ByteBudget, Lease};
pub use clock::Clock;
pub use error::{Error, Kind, Result};
pub use pool::Pool;
