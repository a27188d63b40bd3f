//! Collects at the edge: follows files and channels, remembers how far it came, and pushes to
//! anything that takes Loki's push. Delivery is at least once: a position moves on only after the
//! server acknowledged the lines before it; the server collapses what comes twice because the
//! lines of one read carry the same times.

pub mod outbox;
pub mod positions;
pub mod source;
pub mod tail;

pub use outbox::{Outbox, OutboxConfig};
pub use source::Chunk;
pub use tail::{Tail, TailConfig};
