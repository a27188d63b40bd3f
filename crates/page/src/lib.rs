//! Rows of one signal, encoded (`docs/format/page.md`): sealing, scanning, merging. Pure: bytes and
//! values, no I/O and no clock.
//!
//! [`seal`] makes a page of the rows of one or more streams; a [`Page`] is its entry in a block's
//! directory, which tells for a [`Question`] what to fetch ([`Page::parts`]), whether to fetch it at all
//! ([`Page::allows`]), and gives the rows ([`Page::scan`]). What a signal's pages look like inside is in
//! the module of that signal.

mod bits;
mod codec;
mod condition;
mod counts;
mod describe;
pub mod filter;
mod kept;
mod line;
mod numbered;
mod planes;
mod question;
mod rows;
mod sample;
mod sealed;
mod section;
mod seek;
mod span;
mod tag;

pub use codec::Codec;
pub use counts::{Counting, Counts, Tally};
pub use describe::Description;
pub use kept::KeptPage;
pub use line::{ColumnFacts, TemplateFacts};
pub use question::Question;
pub use rows::{
    Choice, KnownRun, MetadataSets, PAGE_BYTES, PAGE_ROWS_MAX, Piece, concat, fitting, merge, pick, project,
    raw_bytes, slice, sort, sort_rows, well_formed,
};
pub use sealed::{Page, PageKind, Sealed, decode_untrusted, seal, seal_as};
pub use section::{Section, Tag};
pub use seek::Seek;
