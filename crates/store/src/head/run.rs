//! Rows of one stream as they came: a run that grows, and a full one.
//!
//! The texts of a run lie one after the other, so that a search goes over them in one sweep. A run's
//! room is taken at once and never moves; the next one is twice as large, so that a stream of few rows
//! takes little and a busy one few runs. Sizes are powers of two, which allocators serve without waste;
//! slabs of our own were tried on paper and only repeat what the allocator does.

use bytes::Bytes;
use model::{RowColumns, RowRef, RunFacts};

/// The smallest room for texts.
const ROOM_MIN_BYTES: usize = 256;
/// The largest room for texts; a longer text has a run of its own.
const ROOM_MAX_BYTES: usize = 64 << 10;
/// The most rows in a run, for short texts.
const ROWS_MAX: usize = 8192;

/// A full run. It never changes, so questions share it.
#[derive(Debug)]
pub struct Run {
    /// Its rows in the order they came.
    pub rows: RowColumns,
    /// What is known about it.
    pub facts: RunFacts,
    /// Whether each row is newer than the one before.
    pub ascending: bool,
    /// Bytes of memory.
    pub held_bytes: u64,
}

/// A run that grows.
#[derive(Debug)]
pub struct OpenRun {
    ts_ns: Vec<i64>,
    text: Vec<u8>,
    ends: Vec<u32>,
    metadata: Vec<u8>,
    metadata_ends: Vec<u32>,
    facts: RunFacts,
    ascending: bool,
}

impl Default for OpenRun {
    fn default() -> Self {
        Self {
            ts_ns: Vec::new(),
            text: Vec::new(),
            ends: Vec::new(),
            metadata: Vec::new(),
            metadata_ends: Vec::new(),
            facts: RunFacts { min_ns: i64::MAX, max_ns: i64::MIN, rows: 0, bytes: 0 },
            ascending: true,
        }
    }
}

impl OpenRun {
    /// An empty run with room for `expected_bytes` of text, or twice the room of the run `before`
    /// it when that is more, and surely for a text of `first_bytes`.
    pub fn with_room(expected_bytes: usize, before: usize, first_bytes: usize) -> Self {
        let room = expected_bytes.max(2 * before).clamp(ROOM_MIN_BYTES, ROOM_MAX_BYTES).next_power_of_two();
        Self { text: Vec::with_capacity(room.max(first_bytes)), ..Self::default() }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ts_ns.is_empty()
    }

    /// What is known about it so far.
    pub fn facts(&self) -> RunFacts {
        self.facts
    }

    /// Bytes of text that it has room for.
    pub fn room(&self) -> usize {
        self.text.capacity()
    }

    /// Whether `row` still goes in.
    pub fn fits(&self, row: &RowRef<'_>) -> bool {
        self.text.capacity() > 0
            && self.text.len() + row.body.len() <= self.text.capacity()
            && self.metadata.len() <= self.text.capacity()
            && self.ts_ns.len() < ROWS_MAX
    }

    /// Whether `row` is the same as the last one.
    pub fn repeats(&self, row: &RowRef<'_>) -> bool {
        let Some(last) = self.ts_ns.len().checked_sub(1) else { return false };
        self.ts_ns[last] == row.ts_ns
            && tail(&self.text, &self.ends) == row.body
            && tail(&self.metadata, &self.metadata_ends) == row.metadata.bytes()
    }

    /// Appends `row`, which [`OpenRun::fits`].
    pub fn push(&mut self, row: &RowRef<'_>) {
        self.ascending &= self.is_empty() || row.ts_ns > self.facts.max_ns;
        self.facts.min_ns = self.facts.min_ns.min(row.ts_ns);
        self.facts.max_ns = self.facts.max_ns.max(row.ts_ns);
        self.facts.rows += 1;
        self.facts.bytes += row.body.len() as u64;
        self.text.extend_from_slice(row.body);
        self.ends.push(self.text.len() as u32);
        if !row.metadata.is_empty() {
            self.facts.bytes += row.metadata.pair_bytes();
            self.metadata_ends.resize(self.ts_ns.len(), self.metadata.len() as u32);
            self.metadata.extend_from_slice(row.metadata.bytes());
        }
        self.ts_ns.push(row.ts_ns);
        if !self.metadata.is_empty() {
            self.metadata_ends.push(self.metadata.len() as u32);
        }
    }

    /// Bytes of memory.
    pub fn held_bytes(&self) -> u64 {
        (8 * self.ts_ns.capacity()
            + self.text.capacity()
            + 4 * (self.ends.capacity() + self.metadata_ends.capacity())
            + self.metadata.capacity()) as u64
    }

    /// Closes it.
    pub fn close(mut self) -> Run {
        self.ts_ns.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.metadata.shrink_to_fit();
        self.metadata_ends.shrink_to_fit();
        let held_bytes = self.held_bytes();
        let rows = RowColumns {
            ts_ns: self.ts_ns,
            bodies: self.text.into(),
            ends: self.ends,
            metadata: self.metadata.into(),
            metadata_ends: self.metadata_ends,
            ..RowColumns::default()
        };
        Run { rows, facts: self.facts, ascending: self.ascending, held_bytes }
    }

    /// A copy of its first `rows` rows.
    pub fn copy(&self, rows: usize) -> Run {
        let rows = rows.min(self.ts_ns.len());
        let text_end = end(&self.ends, rows);
        let metadata_end = end(&self.metadata_ends, rows);
        let metadata_ends = if metadata_end == 0 { &[] } else { &self.metadata_ends[..rows] };
        let columns = RowColumns {
            ts_ns: self.ts_ns[..rows].to_vec(),
            bodies: Bytes::copy_from_slice(&self.text[..text_end]),
            ends: self.ends[..rows].to_vec(),
            metadata: Bytes::copy_from_slice(&self.metadata[..metadata_end]),
            metadata_ends: metadata_ends.to_vec(),
            ..RowColumns::default()
        };
        let held_bytes = columns.held_bytes();
        Run { rows: columns, facts: self.facts, ascending: self.ascending, held_bytes }
    }
}

impl Run {
    /// Its first `rows` rows; texts are shared.
    pub fn first(&self, rows: usize) -> Self {
        let rows = page::slice(&self.rows, &(0..rows));
        Self { held_bytes: rows.held_bytes(), facts: self.facts, ascending: self.ascending, rows }
    }
}

/// Where the first `rows` rows end.
fn end(ends: &[u32], rows: usize) -> usize {
    rows.checked_sub(1).and_then(|last| ends.get(last)).map_or(0, |end| *end as usize)
}

/// The bytes of the last row.
fn tail<'a>(bytes: &'a [u8], ends: &[u32]) -> &'a [u8] {
    bytes.get(end(ends, ends.len().saturating_sub(1))..).unwrap_or(&[])
}

#[cfg(test)]
mod tests;
