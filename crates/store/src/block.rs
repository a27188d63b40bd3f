//! A block: one immutable object that describes itself (`docs/format/block.md`).
//!
//! Pages, then their filters, then the tail: label index, run table, page directory, facts, footer.
//! Building and reading are plain functions over bytes; who holds the bucket fetches:
//!
//! 1. the tail ([`BlockMeta::tail_range`]), once, for [`Block::open`];
//! 2. [`Block::plan`] names the pages and the ranges to fetch; where [`Plan::filters`] is some, fetch
//!    that range first and let [`Block::prune`] drop pages that cannot hold what is looked for;
//! 3. where a question only counts, [`Block::count`] answers pages from their counts and names those to fetch for that, and
//!    [`Block::count_all`] all of them at once, once they are kept;
//! 4. the ranges of each page left ([`PagePlan::parts`]), for [`Block::scan_page`].

mod build;
mod count;
mod meta;
mod open;
mod order;
mod scan;
mod tail;

pub use build::{Builder, build};
pub use count::{Counted, UnreadCounts};
pub use meta::BlockMeta;
pub use open::{Block, decode_untrusted, describe};
pub(crate) use order::order_key;
pub use order::stream_order;
pub use scan::{PagePlan, Plan, PlannedRun, Search};
pub use tail::{FOOTER_BYTES, tail_len, tail_parts};

#[cfg(test)]
mod tests;
