//! Rows of any signal: pieces of them, merging, sorting.

use crate::line;
use crate::question::Question;
use model::{Projection, Rows, ScanStats, Signal};
use std::ops::Range;

/// Bytes of text and metadata that a page aims at.
pub const PAGE_BYTES: u64 = 2 << 20;

/// The most rows in a page.
pub const PAGE_ROWS_MAX: usize = 65_536;

/// Consecutive rows of one stream.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// The stream's rows.
    pub rows: &'a Rows,
    /// Which of them.
    pub range: Range<usize>,
}

/// What kind of rows they are.
pub fn signal(rows: &Rows) -> Signal {
    let Rows::Lines(_) = rows;
    Signal::Line
}

/// Number of rows.
pub fn count(rows: &Rows) -> usize {
    let Rows::Lines(lines) = rows;
    lines.len()
}

/// Whether they are sorted by time and their columns fit together.
pub fn well_formed(rows: &Rows) -> bool {
    let Rows::Lines(lines) = rows;
    line::well_formed(lines)
}

/// Bytes of text and encoded metadata in a piece: what pages are cut by.
pub fn raw_bytes(piece: &Piece<'_>) -> u64 {
    let Rows::Lines(lines) = piece.rows;
    line::raw_bytes(lines, &piece.range)
}

/// The end of the longest piece from row `from` on that still fits in a page that has
/// `used_bytes` and `used_rows`; `from` when none does.
pub fn fitting(rows: &Rows, from: usize, used_bytes: u64, used_rows: usize) -> usize {
    let most = count(rows).min(from.saturating_add(PAGE_ROWS_MAX.saturating_sub(used_rows)));
    let fits = |end: usize| used_bytes + raw_bytes(&Piece { rows, range: from..end }) <= PAGE_BYTES;
    let (mut low, mut high) = (from, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// The rows of several pieces of one stream, each sorted by time and without duplicates, in one; and
/// how many duplicates were dropped. Rows of one time keep the order of `inputs`. All must hold texts
/// and metadata, for rows are equal only when these are.
pub fn merge(inputs: &[&Rows]) -> (Rows, u64) {
    let lines: Vec<_> = inputs
        .iter()
        .map(|rows| {
            let Rows::Lines(lines) = rows;
            lines
        })
        .collect();
    let (merged, duplicates) = line::merge(&lines);
    (Rows::Lines(merged), duplicates)
}

/// The rows of several pieces of one stream, in any order, in one: sorted by time, those of one time as
/// they came, without duplicates; and how many duplicates were dropped. All must hold texts and metadata.
pub fn sort(inputs: &[&Rows]) -> (Rows, u64) {
    let rows = inputs.iter().flat_map(|rows| {
        let Rows::Lines(lines) = rows;
        lines.rows()
    });
    let (sorted, duplicates) = line::sort(rows.collect());
    (Rows::Lines(sorted), duplicates)
}

/// The rows, in any order, that `question` asks for, in the same order and whole: its projection is
/// not applied. `stats` counts the work as done in a head.
pub fn pick(rows: &Rows, question: &Question, stats: &ScanStats) -> Rows {
    let Rows::Lines(lines) = rows;
    Rows::Lines(line::pick(lines, question, stats))
}

/// The rows `range` of `rows`. Texts are shared.
pub fn slice(rows: &Rows, range: &Range<usize>) -> Rows {
    let Rows::Lines(lines) = rows;
    Rows::Lines(line::slice(lines, range))
}

/// The rows of `inputs`, all of the same projection, one after the other.
pub fn concat(inputs: &[&Rows]) -> Rows {
    let lines: Vec<_> = inputs
        .iter()
        .map(|rows| {
            let Rows::Lines(lines) = rows;
            lines
        })
        .collect();
    Rows::Lines(line::concat(&lines))
}

/// Leaves out what `projection` does not name.
pub fn project(rows: &mut Rows, projection: Projection) {
    let Rows::Lines(lines) = rows;
    line::project(lines, projection);
}

/// Times of the rows.
pub fn times(rows: &Rows) -> &[i64] {
    let Rows::Lines(lines) = rows;
    &lines.ts_ns
}

/// Bytes held in memory, for budgets.
pub fn held_bytes(rows: &Rows) -> u64 {
    let Rows::Lines(lines) = rows;
    lines.held_bytes()
}
