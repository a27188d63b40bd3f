//! Searching rows in one block of text: conditions to bits.

use crate::condition::{Sought, TextCondition};
use std::ops::Range;

/// With fewer rows left than one in this many, each is tested by itself instead of searching all
/// of the text.
const SPARSE: usize = 8;

/// One bit per row.
#[derive(Clone, Debug)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// `rows` bits, all unset.
    pub fn new(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)] }
    }

    /// Sets the bit of `row`; a row beyond the end has none.
    pub fn set(&mut self, row: usize) {
        if let Some(word) = self.words.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Sets all bits of `rows`.
    pub fn set_range(&mut self, rows: Range<usize>) {
        for at in rows.start / 64..rows.end.div_ceil(64).min(self.words.len()) {
            let (low, high) = (rows.start.saturating_sub(at * 64), (rows.end - at * 64).min(64));
            self.words[at] |= (u64::MAX << low) & (u64::MAX >> (64 - high));
        }
    }

    /// Whether the bit of `row` is set.
    pub fn has(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    /// Number of set bits.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps the bits that `other` has too, or with `negated` those that it has not.
    pub fn keep(&mut self, other: &Self, negated: bool) {
        let flip = if negated { u64::MAX } else { 0 };
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= theirs ^ flip;
        }
    }

    /// The set bits in `rows`, ascending.
    pub fn iter(&self, rows: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let last = rows.end.div_ceil(64).min(self.words.len());
        (rows.start / 64..last)
            .flat_map(move |at| {
                let mut word = self.words[at];
                std::iter::from_fn(move || {
                    let bit = word.trailing_zeros() as usize;
                    (bit < 64).then(|| {
                        word &= word - 1;
                        at * 64 + bit
                    })
                })
            })
            .filter(move |row| rows.contains(row))
    }
}

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

    /// Where the texts of `rows` lie.
    pub fn span(&self, rows: &Range<usize>) -> Range<usize> {
        let start = self.start(rows.start);
        start..self.start(rows.end).max(start)
    }
}

/// Unsets in `passing` the rows for which `condition` does not hold. All set bits lie in `ranges`.
pub fn apply(condition: &TextCondition, texts: Texts<'_>, ranges: &[Range<usize>], passing: &mut Bits) {
    let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
    let mut hits = Bits { words: vec![0; passing.words.len()] };
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
                Sought::Regex(regex, Some(literals)) => {
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
                Sought::Regex(_, None) => test_rows(sought, texts, passing.iter(range.clone()), &mut hits),
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
