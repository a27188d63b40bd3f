//! The metadata of a run that grows: each set once where rows repeat sets, as they do with a line's level.

use bytes::Bytes;
use model::{LabelsRef, varint};

/// Only the first sets are looked through for one that is known: levels and the like. Ids that come a few times each would
/// make every row look through all of them.
const SOUGHT_SETS: usize = 16;

/// Sets, numbered from 1.
#[derive(Debug, Default)]
pub struct OpenSets {
    /// Of each set the bytes of its pairs, and itself after its length.
    bytes: Vec<u8>,
    count: u16,
    /// The number of the set asked for last, 0 for none, and where it is: the next row mostly has the same.
    last: u16,
    last_at: u32,
}

impl OpenSets {
    /// Bytes of memory.
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The sets, one after the other, each behind lengths.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of sets.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The number of `set` and the bytes of its pairs. It is added unless it is known. At most
    /// `u16::MAX` may be added.
    pub fn number(&mut self, set: LabelsRef<'_>) -> (u16, u64) {
        if self.last > 0
            && let Some((known, pair_bytes)) = self.starting_at(self.last_at).next()
            && known == set.bytes()
        {
            return (self.last, pair_bytes);
        }
        let mut at = 0;
        for number in (1..=self.count).take(SOUGHT_SETS) {
            let mut rest = self.bytes.get(at..).unwrap_or(&[]);
            let Some((known, pair_bytes)) = take_set(&mut rest) else { break };
            if known == set.bytes() {
                (self.last, self.last_at) = (number, at as u32);
                return (number, pair_bytes);
            }
            at = self.bytes.len() - rest.len();
        }
        let pair_bytes = set.pair_bytes();
        self.count += 1;
        if self.bytes.is_empty() {
            // Most runs have few sets: no more room than the first one takes.
            self.bytes.reserve_exact(set.bytes().len() + 4);
        }
        (self.last, self.last_at) = (self.count, self.bytes.len() as u32);
        varint::put(&mut self.bytes, pair_bytes);
        varint::put_bytes(&mut self.bytes, set.bytes());
        (self.count, pair_bytes)
    }

    /// Set `number`; the empty one is 0.
    pub fn get(&self, number: u16) -> &[u8] {
        let at = usize::from(number).checked_sub(1);
        at.and_then(|at| self.iter().nth(at)).map_or(&[], |(set, _)| set)
    }

    /// The sets one after the other, and where each ends.
    pub fn columns(&self) -> (Bytes, Vec<u32>) {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::with_capacity(usize::from(self.count));
        for (set, _) in self.iter() {
            bytes.extend_from_slice(set);
            ends.push(bytes.len() as u32);
        }
        (bytes.into(), ends)
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.starting_at(0)
    }

    fn starting_at(&self, at: u32) -> impl Iterator<Item = (&[u8], u64)> {
        let mut rest = self.bytes.get(at as usize..).unwrap_or(&[]);
        std::iter::from_fn(move || take_set(&mut rest))
    }
}

/// Takes a set and the bytes of its pairs off the front of `rest`.
fn take_set<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], u64)> {
    let pair_bytes = varint::take(rest)?;
    Some((varint::take_bytes(rest)?, pair_bytes))
}
