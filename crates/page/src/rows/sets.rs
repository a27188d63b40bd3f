//! Metadata of rows that are not in a page yet. Most rows repeat a set that others have (a line's level), so each
//! set is there once.

use bytes::Bytes;
use model::{LabelsRef, RowColumns};

/// The metadata of rows: sets, and which one each row has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataSets {
    /// Canonical bytes of the sets, one after the other.
    bytes: Bytes,
    /// Where each set ends in them.
    ends: Vec<u32>,
    /// Which set each row has, counted from 1; 0 is the empty set. Nothing when no row has any.
    of_rows: OfRows,
}

/// Numbers of rows: a byte each where that suffices.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OfRows {
    Few(Vec<u8>),
    Many(Vec<u16>),
}

impl Default for OfRows {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl MetadataSets {
    /// Sets that end at `ends` in `bytes`; row `r` has the one before position `of_rows[r]`, or none where that is 0.
    pub fn new(bytes: Bytes, ends: Vec<u32>, of_rows: impl Iterator<Item = u16> + Clone) -> Self {
        let of_rows = match ends.len() <= usize::from(u8::MAX) {
            true => OfRows::Few(of_rows.map(|number| number as u8).collect()),
            false => OfRows::Many(of_rows.collect()),
        };
        Self { bytes, ends, of_rows }
    }

    /// Number of sets besides the empty one.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Canonical bytes of all sets, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The set of `row`.
    pub fn of(&self, row: usize) -> LabelsRef<'_> {
        self.set(self.number(row))
    }

    /// The number of the set of `row`, at most [`MetadataSets::count`].
    pub(super) fn number(&self, row: usize) -> usize {
        let number = match &self.of_rows {
            OfRows::Few(of_rows) => of_rows.get(row).copied().map(u16::from),
            OfRows::Many(of_rows) => of_rows.get(row).copied(),
        };
        usize::from(number.unwrap_or(0))
    }

    /// Set `number`; the empty one is 0.
    pub(super) fn set(&self, number: usize) -> LabelsRef<'_> {
        let Some(at) = number.checked_sub(1) else { return LabelsRef::EMPTY };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let end = self.ends.get(at).map_or(0, |end| *end as usize);
        LabelsRef::trusted(self.bytes.get(start..end).unwrap_or(&[]))
    }

    /// What holds for each set, the empty one first.
    pub(super) fn each<T>(&self, of: impl Fn(LabelsRef<'_>) -> T) -> Vec<T> {
        (0..=self.count()).map(|number| of(self.set(number))).collect()
    }

    /// Those of the first `rows` rows.
    pub fn front(&self, rows: usize) -> Self {
        let of_rows = match &self.of_rows {
            OfRows::Few(of_rows) => OfRows::Few(of_rows.get(..rows).unwrap_or(of_rows).to_vec()),
            OfRows::Many(of_rows) => OfRows::Many(of_rows.get(..rows).unwrap_or(of_rows).to_vec()),
        };
        Self { bytes: self.bytes.clone(), ends: self.ends.clone(), of_rows }
    }

    /// `rows`, which have no metadata, with theirs. Texts are shared.
    pub fn joined(&self, rows: &RowColumns) -> RowColumns {
        let mut joined = rows.clone();
        if self.is_empty() {
            return joined;
        }
        let lengths = self.each(|set| set.bytes().len());
        let length: usize = (0..rows.len()).filter_map(|row| lengths.get(self.number(row))).sum();
        let mut metadata = Vec::with_capacity(length);
        joined.metadata_ends = (0..rows.len())
            .map(|row| {
                metadata.extend_from_slice(self.of(row).bytes());
                metadata.len() as u32
            })
            .collect();
        joined.metadata = metadata.into();
        joined
    }

    /// Bytes of memory.
    pub fn held_bytes(&self) -> u64 {
        let of_rows = match &self.of_rows {
            OfRows::Few(of_rows) => of_rows.len(),
            OfRows::Many(of_rows) => 2 * of_rows.len(),
        };
        (self.bytes.len() + 4 * self.ends.len() + of_rows) as u64
    }

    fn is_empty(&self) -> bool {
        match &self.of_rows {
            OfRows::Few(of_rows) => of_rows.is_empty(),
            OfRows::Many(of_rows) => of_rows.is_empty(),
        }
    }
}
