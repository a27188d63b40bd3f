//! Rows of any signal in a page (`docs/format/page.md`), and rows that are not in a page yet: pieces of them,
//! merging, sorting, picking.
//!
//! Times, lengths and metadata are columns, the same for all signals. How the bodies are stored is the matter of
//! [`crate::line`], [`crate::sample`] and [`crate::span`]; any of them can be one zstd frame instead.

mod bodies;
mod digest;
mod lengths;
mod merge;
mod metadata;
mod open;
mod pick;
mod scan;
mod seal;
mod search;
mod sets;
mod times;
mod told;
mod verify;

pub use merge::{merge, sort, sort_rows};
pub(crate) use metadata::names as metadata_names;
pub use open::KnownRun;
pub(crate) use open::Wanted;
pub use pick::{concat, pick, project, slice};
pub(crate) use scan::scan;
pub use seal::Choice;
pub(crate) use seal::seal;
pub use sets::MetadataSets;
pub(crate) use verify::holds;

use crate::line;
use crate::question::Question;
use crate::sample;
use crate::section::Tag;
use crate::span;
use model::RowColumns;
use std::ops::Range;

/// Bytes of bodies and metadata that a page aims at.
pub const PAGE_BYTES: u64 = 2 << 20;

/// The most rows in a page.
pub const PAGE_ROWS_MAX: usize = 65_536;

/// Consecutive rows of one stream.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// The stream's rows.
    pub rows: &'a RowColumns,
    /// Which of them.
    pub range: Range<usize>,
}

/// Times of all rows: columns, see [`times`].
const TIMES_TAG: Tag = Tag::body(1);
/// Length of each body: byte planes.
const LENGTHS_TAG: Tag = Tag::body(2);
/// Which metadata set each row has: byte planes.
pub(crate) const SETS_TAG: Tag = Tag::body(3);
/// Names of the metadata columns.
const NAMES_TAG: Tag = Tag::body(4);
/// Pairs of metadata sets that have no column.
const REST_TAG: Tag = Tag::body(5);
/// The bodies, one after the other; where they are in columns only their length.
pub(crate) const BODIES_TAG: Tag = Tag::body(6);
/// Number of the first metadata column; the others follow.
const COLUMN_NUMBER: u16 = 32;
/// The most metadata columns; rarer names go to the rest.
const COLUMNS_MAX: usize = 64;

/// The tag of a metadata column.
fn column_tag(column: usize) -> Tag {
    Tag::body(COLUMN_NUMBER + column as u16)
}

/// Whether `question` needs section `tag`; none when this version does not know it.
pub(crate) fn needs(tag: Tag, question: &Question) -> Option<bool> {
    const COLUMNS: Range<u16> = COLUMN_NUMBER..COLUMN_NUMBER + COLUMNS_MAX as u16;
    match tag {
        TIMES_TAG => Some(true),
        LENGTHS_TAG => Some(question.reads_bodies() || !question.ignores_lengths()),
        BODIES_TAG => Some(question.reads_bodies()),
        SETS_TAG | NAMES_TAG | REST_TAG => Some(question.reads_metadata()),
        tag if tag == Tag::body(tag.number()) && COLUMNS.contains(&tag.number()) => {
            Some(question.reads_metadata())
        }
        line::ALPHABETS_TAG => Some(question.fields().is_some()),
        tag if line::is_section(tag) => Some(question.reads_bodies()),
        tag => match (sample::section(tag), span::section(tag)) {
            (Some(always), _) => Some(always || question.reads_bodies()),
            (_, Some(for_keys)) => Some(question.reads_texts() || for_keys && question.reads_bodies()),
            (None, None) => None,
        },
    }
}

/// Which metadata column `tag` is.
pub(crate) fn metadata_column(tag: Tag) -> Option<usize> {
    let at = usize::from(tag.number().checked_sub(COLUMN_NUMBER)?);
    (at < COLUMNS_MAX && tag == column_tag(at)).then_some(at)
}

/// Bytes of bodies and encoded metadata in a piece: what pages are cut by.
pub fn raw_bytes(piece: &Piece<'_>) -> u64 {
    seal::raw_bytes(piece.rows, &piece.range)
}

/// The end of the longest piece from row `from` on that still fits in a page that has
/// `used_bytes` and `used_rows`; `from` when none does.
pub fn fitting(rows: &RowColumns, from: usize, used_bytes: u64, used_rows: usize) -> usize {
    let most = rows.len().min(from.saturating_add(PAGE_ROWS_MAX.saturating_sub(used_rows)));
    let fits = |end: usize| used_bytes + raw_bytes(&Piece { rows, range: from..end }) <= PAGE_BYTES;
    let (mut low, mut high) = (from, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// Whether the columns fit together and are sorted by time.
pub fn well_formed(rows: &RowColumns) -> bool {
    let ends_fit = |ends: &[u32], bytes: &[u8]| {
        ends.is_sorted() && ends.last().is_none_or(|end| *end as usize == bytes.len())
    };
    rows.ends.len() == rows.len()
        && (rows.metadata_ends.is_empty() || rows.metadata_ends.len() == rows.len())
        && ends_fit(&rows.ends, &rows.bodies)
        && ends_fit(&rows.metadata_ends, &rows.metadata)
        && rows.ts_ns.is_sorted()
}

#[cfg(test)]
mod tests;
