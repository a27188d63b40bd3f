//! About how many different values there were, in bounded memory: the smallest hashes are kept, and
//! beyond those the count follows from how densely they lie (a "k minimum values" sketch; exact up
//! to k, about 3 % off beyond).

use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// Hashes that are kept.
const KEPT: usize = 1024;

/// A count of different values.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
}

impl Distinct {
    /// Counts `value` unless it was counted before.
    pub fn add(&mut self, value: &[u8]) {
        self.smallest.insert(xxh3_64(value));
        if self.smallest.len() > KEPT {
            self.smallest.pop_last();
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        match self.smallest.last() {
            Some(largest) if self.smallest.len() == KEPT => {
                let density = *largest as f64 / u64::MAX as f64;
                ((KEPT - 1) as f64 / density).round() as u64
            }
            _ => self.smallest.len() as u64,
        }
    }
}
