//! Rows of one stream as they came: a run that grows, and a full one.
//!
//! The texts of a run lie one after the other, so that a search goes over them in one sweep. The first room is little
//! more than what came, and grows while it is small: most of many streams have hardly a line. A larger room is taken at once and
//! never moves; the next one is twice as large, so that a busy stream has few runs. Sizes are powers of two, which
//! allocators serve without waste; slabs of our own were tried on paper and only repeat what the allocator does.
//!
//! What belongs to a row is in one place while the run grows, so that a row touches few lines of cache, and
//! in columns when it is full.

use super::incoming::Incoming;
use super::sets::OpenSets;
use bytes::Bytes;
use model::{RowColumns, RowRef, RunFacts, ScanStats};
use page::{MetadataSets, Question, Seek};

/// Room for texts is a multiple of this.
const ROOM_STEP_BYTES: usize = 64;
/// Where less comes, there is room for as much once more: growing leaves a hole behind.
const ROOM_TWICE_BYTES: usize = 512;
/// Up to so much, a run's room grows with its texts: copying them costs less than a run more.
const ROOM_GROWS_BYTES: usize = 4 << 10;
/// The largest room for texts; a longer text has a run of its own.
const ROOM_MAX_BYTES: usize = 64 << 10;
/// The most rows in a run, for short texts.
const ROWS_MAX: usize = 8192;

/// A full run. It never changes, so questions share it.
#[derive(Debug)]
pub struct Run {
    /// Its rows in the order they came, without their metadata.
    rows: RowColumns,
    sets: MetadataSets,
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
    rows: Vec<OpenRow>,
    text: Vec<u8>,
    sets: OpenSets,
    facts: RunFacts,
    ascending: bool,
}

/// A row of a run that grows.
#[derive(Clone, Copy, Debug)]
struct OpenRow {
    ts_ns: i64,
    /// Where its text ends.
    end: u32,
    /// The number of its metadata.
    set: u16,
}

impl Default for OpenRun {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            text: Vec::new(),
            sets: OpenSets::default(),
            facts: RunFacts { min_ns: i64::MAX, max_ns: i64::MIN, rows: 0, bytes: 0 },
            ascending: true,
        }
    }
}

impl OpenRun {
    /// An empty run with room for `expected_rows` that say `expected_bytes`, twice where they are few, or for twice the
    /// room of the run `before` it when that is more, and surely for a text of `first_bytes`.
    pub fn with_room(expected_bytes: usize, expected_rows: usize, before: usize, first_bytes: usize) -> Self {
        let times = if expected_bytes < ROOM_TWICE_BYTES { 2 } else { 1 };
        let room = (times * expected_bytes).max(2 * before).min(ROOM_MAX_BYTES).max(first_bytes);
        let room = rounded(room);
        let rows = (room * expected_rows).checked_div(expected_bytes).unwrap_or(expected_rows);
        let rows = Vec::with_capacity(rows.clamp(1, ROWS_MAX));
        Self { rows, text: Vec::with_capacity(room), ..Self::default() }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What is known about it so far.
    pub fn facts(&self) -> RunFacts {
        self.facts
    }

    /// Bytes of text that it has room for.
    pub fn room(&self) -> usize {
        self.text.capacity()
    }

    /// Whether `row` is the same as the last one.
    fn repeats(&self, row: &RowRef<'_>) -> bool {
        let Some((last, before)) = self.rows.split_last() else { return false };
        let start = before.last().map_or(0, |row| row.end as usize);
        last.ts_ns == row.ts_ns
            && self.text.get(start..) == Some(row.body)
            && self.sets.get(last.set) == row.metadata.bytes()
    }

    /// Takes rows off the front of `rows` as long as there is room for them. Gives how many it dropped because they
    /// repeat the row before them. A run made [`OpenRun::with_room`] for the first of `rows` takes that at least.
    pub fn take(&mut self, rows: &mut Incoming<'_>) -> u64 {
        let most = self.room().max(ROOM_GROWS_BYTES);
        let (mut repeated, mut facts, mut ascending) = (0, self.facts, self.ascending);
        rows.forget_numbers();
        while let Some(row) = rows.next() {
            if !self.is_empty() && row.ts_ns == self.last_ns() {
                self.copy_text(rows.passed());
                if self.repeats(&rows.whole(&row)) {
                    rows.skip();
                    repeated += 1;
                    continue;
                }
            }
            let end = self.text.len() + rows.passed_bytes() + row.len;
            if self.room() == 0 || end > most || self.sets.len() > most || self.rows.len() == ROWS_MAX {
                break;
            }
            let (set, pair_bytes) = rows.number(row.set, &mut self.sets);
            ascending &= self.is_empty() || row.ts_ns > facts.max_ns;
            facts.min_ns = facts.min_ns.min(row.ts_ns);
            facts.max_ns = facts.max_ns.max(row.ts_ns);
            facts.rows += 1;
            facts.bytes += row.len as u64 + pair_bytes;
            self.rows.push(OpenRow { ts_ns: row.ts_ns, end: end as u32, set });
            rows.pass();
        }
        (self.facts, self.ascending) = (facts, ascending);
        self.copy_text(rows.passed());
        repeated
    }

    fn last_ns(&self) -> i64 {
        self.rows.last().map_or(i64::MIN, |row| row.ts_ns)
    }

    /// Appends the texts of rows that it has.
    fn copy_text(&mut self, text: &[u8]) {
        let end = self.text.len() + text.len();
        if end > self.room() {
            let room = rounded(end.max((self.room() + self.room() / 2).min(ROOM_GROWS_BYTES)));
            self.text.reserve_exact(room - self.text.len());
        }
        self.text.extend_from_slice(text);
    }

    /// Bytes of memory.
    pub fn held_bytes(&self) -> u64 {
        (size_of::<OpenRow>() * self.rows.capacity() + self.room() + self.sets.held_bytes()) as u64
    }

    /// Whether some row may have what `seek` looks for.
    pub fn may_hold(&self, seek: &Seek<'_>) -> bool {
        seek.is_in(if seek.in_metadata() { self.sets.bytes() } else { &self.text })
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> u64 {
        self.text.len() as u64
    }

    /// Closes it.
    pub fn close(mut self) -> Run {
        let text = std::mem::take(&mut self.text);
        let spare_bytes = (text.capacity() - text.len()) as u64;
        let mut run = self.full(self.rows.len(), text.into());
        run.held_bytes += spare_bytes;
        run
    }

    /// A copy of its first `rows` rows.
    pub fn copy(&self, rows: usize) -> Run {
        let rows = rows.min(self.rows.len());
        let end = rows.checked_sub(1).map_or(0, |last| self.rows[last].end as usize);
        self.full(rows, Bytes::copy_from_slice(&self.text[..end]))
    }

    /// Its first `rows` rows, which say `text`.
    fn full(&self, rows: usize, text: Bytes) -> Run {
        let first = &self.rows[..rows];
        let columns = RowColumns {
            ts_ns: first.iter().map(|row| row.ts_ns).collect(),
            bodies: text,
            ends: first.iter().map(|row| row.end).collect(),
            ..RowColumns::default()
        };
        let sets = if first.iter().any(|row| row.set > 0) {
            let (bytes, ends) = self.sets.columns();
            MetadataSets::new(bytes, ends, first.iter().map(|row| row.set))
        } else {
            MetadataSets::default()
        };
        Run::new(columns, sets, self.facts, self.ascending)
    }
}

impl Run {
    fn new(rows: RowColumns, sets: MetadataSets, facts: RunFacts, ascending: bool) -> Self {
        let held_bytes = rows.held_bytes() + sets.held_bytes();
        Self { rows, sets, facts, ascending, held_bytes }
    }

    /// All rows; texts are shared.
    pub fn columns(&self) -> RowColumns {
        self.sets.joined(&self.rows)
    }

    /// Whether some row may have what `seek` looks for.
    pub fn may_hold(&self, seek: &Seek<'_>) -> bool {
        seek.is_in(if seek.in_metadata() { self.sets.bytes() } else { &self.rows.bodies })
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> u64 {
        self.rows.bodies.len() as u64
    }

    /// The rows that `question` asks for, in their order.
    pub fn pick(&self, question: &Question, stats: &ScanStats) -> RowColumns {
        // Facts of a part of a run are those of the whole.
        let known = (self.facts.rows == self.rows.len() as u64).then_some(&self.facts);
        page::pick(&self.rows, Some(&self.sets), known, question, stats)
    }

    /// Its first `rows` rows; texts are shared.
    pub fn first(&self, rows: usize) -> Self {
        let columns = page::slice(&self.rows, &(0..rows));
        Self::new(columns, self.sets.front(rows), self.facts, self.ascending)
    }
}

/// The next multiple of the step, or power of two where that grows no more.
fn rounded(room: usize) -> usize {
    if room <= ROOM_GROWS_BYTES {
        room.next_multiple_of(ROOM_STEP_BYTES).max(ROOM_STEP_BYTES)
    } else if room <= ROOM_MAX_BYTES {
        room.next_power_of_two()
    } else {
        room
    }
}

#[cfg(test)]
mod tests;
