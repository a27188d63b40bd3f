//! Searching rows in one block of text: conditions to bits.

use crate::bits::Bits;
use crate::condition::{Expression, Sought, TextCondition};
use model::filter::Key;
use std::ops::Range;

/// With fewer rows left than one in this many, each is tested by itself instead of searching all
/// of the text.
const SPARSE: usize = 8;

/// Texts of rows in one block.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// The block.
    pub bytes: &'a [u8],
    /// Where the text of each row ends in it; ascending and within it.
    pub ends: &'a [u32],
}

impl<'a> Texts<'a> {
    /// Where the text of `row` starts.
    pub fn start(&self, row: usize) -> usize {
        row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize)
    }

    /// The text of `row`.
    pub fn row(&self, row: usize) -> &'a [u8] {
        let end = self.ends.get(row).map_or(0, |end| *end as usize);
        self.bytes.get(self.start(row)..end).unwrap_or(&[])
    }

    /// Bytes of the text of `row`.
    pub fn length(&self, row: usize) -> u32 {
        let end = self.ends.get(row).map_or(0, |end| *end as usize);
        end.saturating_sub(self.start(row)) as u32
    }

    /// Where the texts of `rows` lie.
    pub fn span(&self, rows: &Range<usize>) -> Range<usize> {
        let start = self.start(rows.start);
        start..self.start(rows.end).max(start)
    }
}

/// Unsets in `passing`, of so many rows, those whose body does not begin with `key`.
pub fn apply_key<'a>(key: &Key, rows: usize, body: impl Fn(usize) -> &'a [u8], passing: &mut Bits) {
    let mut hits = passing.unset();
    for row in passing.iter(0..rows) {
        if body(row).starts_with(key) {
            hits.set(row);
        }
    }
    passing.keep(&hits, false);
}

/// Unsets in `passing` the rows for which `condition` does not hold. All set bits lie in `ranges`.
pub fn apply(condition: &TextCondition, texts: Texts<'_>, ranges: &[Range<usize>], passing: &mut Bits) {
    let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
    let mut hits = passing.unset();
    let sparse = passing.count() * SPARSE < rows;
    for range in ranges {
        for sought in &condition.any {
            match sought {
                // The empty text is in every row.
                Sought::Text(needle) if needle.bytes().is_empty() => hits.set_range(range.clone()),
                _ if sparse => test_rows(sought, texts, passing.iter(range.clone()), &mut hits),
                Sought::Text(needle) => {
                    let find = |text: &[u8]| needle.finder().find(text);
                    search(find, texts, range, |row, at| {
                        if at + needle.bytes().len() <= texts.start(row + 1) {
                            hits.set(row);
                        }
                    });
                }
                Sought::Regex(Expression { regex, literals: Some(literals), .. }) => {
                    search(
                        |text| literals.find(text),
                        texts,
                        range,
                        |row, _| {
                            if passing.has(row) && !hits.has(row) && regex.is_match(texts.row(row)) {
                                hits.set(row);
                            }
                        },
                    );
                }
                Sought::Regex(_) => test_rows(sought, texts, passing.iter(range.clone()), &mut hits),
            }
        }
    }
    passing.keep(&hits, condition.negated);
}

fn test_rows(sought: &Sought, texts: Texts<'_>, rows: impl Iterator<Item = usize>, hits: &mut Bits) {
    for row in rows {
        if sought.is_in(texts.row(row)) {
            hits.set(row);
        }
    }
}

/// Calls `found` with each row of `range` in whose text something that `find` finds starts, and
/// where. It may reach into the next row; then nothing shorter-reaching starts behind it in the same
/// row, so going on at the next row loses nothing.
fn search(
    find: impl Fn(&[u8]) -> Option<usize>,
    texts: Texts<'_>,
    range: &Range<usize>,
    mut found: impl FnMut(usize, usize),
) {
    let span = texts.span(range);
    let (mut at, mut row) = (span.start, range.start);
    while let Some(offset) = texts.bytes.get(at..span.end).and_then(&find) {
        let start = at + offset;
        row += texts.ends.get(row..range.end).map_or(0, |ends| rows_before(ends, start));
        found(row, start);
        row += 1;
        at = texts.start(row);
        if row >= range.end {
            return;
        }
    }
}

/// How many of `ends` are not beyond `start`: looks near the front first, where dense hits are.
fn rows_before(ends: &[u32], start: usize) -> usize {
    let not_beyond = |end: &u32| *end as usize <= start;
    let near = ends.len().min(8);
    let count = ends[..near].iter().take_while(|end| not_beyond(end)).count();
    if count < near { count } else { near + ends[near..].partition_point(not_beyond) }
}
