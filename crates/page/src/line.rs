//! Pages of log lines (`docs/format/page.md`, "text page" and "column page").
//!
//! Times, lengths and metadata are columns. The texts of a text page are one zstd frame; those of a column
//! page are cut into templates and columns ([`crate::template`]). Both are searched as one block of memory.

mod merge;
mod metadata;
mod pick;
mod scan;
mod seal;
mod search;
mod texts;
mod times;

pub use merge::{merge, sort};
pub(crate) use pick::{concat, pick, project, slice};
pub(crate) use scan::scan;
pub use seal::Choice;
pub(crate) use seal::{Piece, raw_bytes, seal};

use crate::question::Question;
use crate::section::Tag;
use crate::template;
use model::LineColumns;
use std::ops::Range;

/// Times of all rows: pco columns, see [`times`].
const TIMES_TAG: Tag = Tag::body(1);
/// Length of each text: one pco column of `u32`.
const LENGTHS_TAG: Tag = Tag::body(2);
/// Which metadata set each row has: one pco column of `u32`.
const SETS_TAG: Tag = Tag::body(3);
/// Names of the metadata columns.
const NAMES_TAG: Tag = Tag::body(4);
/// Pairs of metadata sets that have no column.
const REST_TAG: Tag = Tag::body(5);
/// The texts, one after the other; in a column page only their length.
const TEXT_TAG: Tag = Tag::body(6);
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
        TIMES_TAG | LENGTHS_TAG => Some(true),
        TEXT_TAG => Some(question.reads_text()),
        SETS_TAG | NAMES_TAG | REST_TAG => Some(question.reads_metadata()),
        tag if tag == Tag::body(tag.number()) && COLUMNS.contains(&tag.number()) => {
            Some(question.reads_metadata())
        }
        tag if template::is_section(tag) => Some(question.reads_text()),
        _ => None,
    }
}

/// Whether `sealed` are the rows `range` of `given`.
pub(crate) fn equal(sealed: &LineColumns, given: &LineColumns, range: &Range<usize>) -> bool {
    let all = 0..sealed.len();
    let texts =
        sealed.text.get(seal::span(&sealed.ends, &all)) == given.text.get(seal::span(&given.ends, range));
    let metadata = sealed.metadata.get(seal::span(&sealed.metadata_ends, &all))
        == given.metadata.get(seal::span(&given.metadata_ends, range));
    let lengths = range.clone().zip(all).all(|(theirs, ours)| {
        given.text_len(theirs) == sealed.text_len(ours)
            && given.row(theirs).metadata.bytes().len() == sealed.row(ours).metadata.bytes().len()
    });
    given.ts_ns.get(range.clone()) == Some(sealed.ts_ns.as_slice()) && texts && metadata && lengths
}

/// Whether the columns fit together and are sorted by time.
pub(crate) fn well_formed(lines: &LineColumns) -> bool {
    let ends_fit = |ends: &[u32], bytes: &[u8]| {
        ends.is_sorted() && ends.last().is_none_or(|end| *end as usize == bytes.len())
    };
    lines.ends.len() == lines.len()
        && (lines.metadata_ends.is_empty() || lines.metadata_ends.len() == lines.len())
        && ends_fit(&lines.ends, &lines.text)
        && ends_fit(&lines.metadata_ends, &lines.metadata)
        && lines.ts_ns.is_sorted()
}

#[cfg(test)]
mod tests;
