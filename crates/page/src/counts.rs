//! COUNTS of a page (`docs/format/page.md`): how many rows each run has per cell of time and level, so that who only
//! counts rows reads nothing else of the page.
//!
//! ```text
//! seal ─▶ encode: the finest cells that are cheap ─▶ section in the search region ─▶ Counts::read
//! Counting::new(page, question): may its names and conditions be answered? ─▶ Counting::add ─▶ Tally::given: rows that stand for many
//! ```

mod count;
mod encode;
mod read;

pub use count::{Counting, Tally};
pub use encode::encode;
pub use read::Counts;

const MINUTE_NS: i64 = 60_000_000_000;

/// Minutes of the widths of cells, the finest first; each is a multiple of the one before.
const WIDTHS: [i64; 5] = [1, 5, 15, 60, 360];

/// The most levels of a page; who has more makes names of something else.
const LEVELS_MAX: usize = 15;

/// The most names of metadata of a page.
const NAMES_MAX: usize = 256;

#[cfg(test)]
mod tests;
