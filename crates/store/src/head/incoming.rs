//! Rows of one stream of a batch on their way into runs.

use super::sets::OpenSets;
use model::batch::{BatchRow, BatchStream, Said};
use model::{LabelsRef, RowRef};

/// Rows that are looked at one by one, and whose texts go into a run many at once.
#[derive(Debug)]
pub struct Incoming<'b> {
    said: Said<'b>,
    next: Option<BatchRow<'b>>,
    /// Texts from the first row on that [`Incoming::passed`] has not given yet.
    bodies: &'b [u8],
    /// Bytes of the texts of rows that are passed since.
    passed_bytes: usize,
    sets: Vec<Told<'b>>,
}

/// A metadata set that the batch has told.
#[derive(Debug)]
struct Told<'b> {
    set: LabelsRef<'b>,
    /// Its number in the run that takes rows, and the bytes of its pairs; 0 when it is not in there yet.
    number: u16,
    pair_bytes: u64,
}

impl<'b> Incoming<'b> {
    /// All rows of `stream`.
    pub fn new(stream: &BatchStream<'b>) -> Self {
        let mut incoming = Self {
            said: stream.said(),
            next: None,
            bodies: stream.bodies,
            passed_bytes: 0,
            sets: Vec::new(),
        };
        incoming.advance();
        incoming
    }

    fn advance(&mut self) {
        self.next = self.said.next();
        if let Some(set) = self.next.and_then(|row| row.new_set) {
            self.sets.push(Told { set, number: 0, pair_bytes: 0 });
        }
    }

    /// The row that comes next.
    #[inline]
    pub fn next(&self) -> Option<BatchRow<'b>> {
        self.next
    }

    /// Goes on to the row behind the next one, whose text stays to be given.
    #[inline]
    pub fn pass(&mut self) {
        self.passed_bytes += self.next.map_or(0, |row| row.len);
        self.advance();
    }

    /// Goes on to the row behind the next one; its text is not wanted. No text may be left to be given.
    pub fn skip(&mut self) {
        let len = self.next.map_or(0, |row| row.len);
        self.bodies = self.bodies.get(len..).unwrap_or(&[]);
        self.advance();
    }

    /// Bytes that [`Incoming::passed`] would give.
    #[inline]
    pub fn passed_bytes(&self) -> usize {
        self.passed_bytes
    }

    /// The texts of the rows that were passed since it was asked last.
    pub fn passed(&mut self) -> &'b [u8] {
        let (passed, rest) = self.bodies.split_at_checked(self.passed_bytes).unwrap_or((self.bodies, &[]));
        (self.bodies, self.passed_bytes) = (rest, 0);
        passed
    }

    /// The next row as a whole. No text may be left to be given.
    pub fn whole(&self, row: &BatchRow<'b>) -> RowRef<'b> {
        let set = (row.set as usize).checked_sub(1).and_then(|at| self.sets.get(at));
        RowRef {
            ts_ns: row.ts_ns,
            body: self.bodies.get(..row.len).unwrap_or(&[]),
            metadata: set.map_or(LabelsRef::EMPTY, |told| told.set),
        }
    }

    /// Another run takes rows from now on, which numbers sets anew.
    pub fn forget_numbers(&mut self) {
        self.sets.iter_mut().for_each(|told| told.number = 0);
    }

    /// The number that `sets` give to set `set` of the batch, and the bytes of its pairs.
    #[inline]
    pub fn number(&mut self, set: u32, sets: &mut OpenSets) -> (u16, u64) {
        let Some(told) = (set as usize).checked_sub(1).and_then(|at| self.sets.get_mut(at)) else {
            return (0, 0);
        };
        if told.number == 0 {
            (told.number, told.pair_bytes) = sets.number(told.set);
        }
        (told.number, told.pair_bytes)
    }
}
