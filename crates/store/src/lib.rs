//! One node's engine for one signal.
//!
//! ```text
//! append   limits ─▶ memory ─▶ write-ahead log ─▶ head ─▶ acknowledged
//! flush    head ─▶ blocks ─▶ bucket ─▶ catalogue ─▶ log truncated
//! select   heads ∪ blocks of the catalogue ─▶ runs without duplicates
//! compact  small blocks ─▶ fewer blocks ─▶ bucket ─▶ catalogue
//! start    catalogue ─▶ log replayed into heads ─▶ ready
//! ```
//!
//! What was acknowledged is in the log until the catalogue names the blocks that have it; what the
//! catalogue says a log's rows are covered up to is not replayed. So a crash at any point loses nothing, and what a
//! client sends twice collapses. Which signal it stores is a setting; rows are understood in `model` and `page`.

mod admission;
mod append;
mod background;
pub mod block;
pub mod catalogue;
mod compact;
mod config;
mod engine;
mod flush;
mod follow;
mod head;
pub mod inspect;
mod meters;
mod open_blocks;
mod passes;
mod replay;
mod retain;
mod select;
mod shared;
mod store;
mod tenant;
mod writer_name;

pub use compact::{Compacted, Pace};
pub use config::StoreConfig;
pub use engine::Phase;
pub use retain::Retained;
pub use shared::Shared;
pub use store::Store;
