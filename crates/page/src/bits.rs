//! Sets of rows.

use std::ops::Range;

/// One bit per row or value.
#[derive(Clone, Debug)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// `rows` bits, all unset.
    pub fn new(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)] }
    }

    /// `rows` bits, those set for which `has` holds.
    pub fn from_fn(rows: usize, mut has: impl FnMut(usize) -> bool) -> Self {
        let word = |at: usize| {
            let rows = at * 64..rows.min(at * 64 + 64);
            rows.fold(0, |word, row| word | u64::from(has(row)) << (row % 64))
        };
        Self { words: (0..rows.div_ceil(64)).map(word).collect() }
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

    /// As many bits, all unset.
    pub fn unset(&self) -> Self {
        Self { words: vec![0; self.words.len()] }
    }

    /// Sets the bits that `other` has.
    pub fn join(&mut self, other: &Self) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word |= theirs;
        }
    }

    /// Whether no bit is set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
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
