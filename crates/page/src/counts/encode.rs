//! Counting the rows of a page that is sealed.

use super::{LEVELS_MAX, MINUTE_NS, NAMES_MAX, WIDTHS};
use crate::codec::{self, Codec};
use crate::section::{SectionWriter, Tag};
use base::Result;
use hashbrown::HashSet;
use model::{DETECTED_LEVEL, varint};

/// Raw bytes beyond so many times what they may take as stored are not even compressed.
const RATIO_MAX: usize = 16;

/// The section COUNTS of runs with these `times`, each ascending, with the finest cells that take at most `limit` bytes
/// as stored; none when all cells take more. `of_rows` says of each row of all runs which of the `sets` of metadata
/// (names and values) it has, counted from 1; 0: none.
///
/// # Errors
/// [`base::Kind::Bug`] when a codec fails.
pub fn encode<'t, 's, 'a: 's>(
    times: impl Iterator<Item = &'t [i64]>,
    sets: impl Iterator<Item = &'s [(&'a str, &'a str)]>,
    of_rows: &[u32],
    limit: usize,
) -> Result<Option<SectionWriter>> {
    let Some(known) = Known::of(sets) else { return Ok(None) };
    let mut table = Table::of(times, of_rows, &known);
    let mut last_minutes = 1;
    for minutes in WIDTHS {
        table = table.coarser(minutes / last_minutes);
        last_minutes = minutes;
        // A byte for each cell and for each of its counts, at least.
        if table.cells.len() * (1 + table.stride) > limit.saturating_mul(RATIO_MAX) {
            continue;
        }
        let raw = raw_bytes(&known, &table, minutes);
        if raw.len() > limit.saturating_mul(RATIO_MAX) {
            continue;
        }
        let mut stored = Vec::new();
        let codec: Codec = codec::compress(&raw, &mut stored)?;
        if stored.len() <= limit {
            let mut writer = SectionWriter::default();
            writer.add(Tag::COUNTS, raw.len(), |out| {
                out.append(&mut stored);
                Ok(codec)
            })?;
            return Ok(Some(writer));
        }
    }
    Ok(None)
}

/// What the metadata of a page says.
struct Known<'a> {
    /// All names, ascending.
    names: Vec<&'a str>,
    levels: Vec<&'a str>,
    /// Of no set and of each set 0 without a level, else 1 + its position in `levels`.
    of_sets: Vec<u8>,
}

impl<'a> Known<'a> {
    /// None when there are too many names or levels.
    fn of<'s>(sets: impl Iterator<Item = &'s [(&'a str, &'a str)]>) -> Option<Self>
    where
        'a: 's,
    {
        let mut known = Self { names: Vec::new(), levels: Vec::new(), of_sets: vec![0] };
        let mut seen: HashSet<&str, foldhash::fast::RandomState> = HashSet::default();
        for set in sets {
            let mut level = None;
            for (at, (name, value)) in set.iter().copied().enumerate() {
                // Most sets have the names of the first one.
                if known.names.get(at) != Some(&name) && seen.insert(name) {
                    known.names.push(name);
                }
                if name == DETECTED_LEVEL {
                    level = Some(value);
                }
            }
            if known.names.len() > NAMES_MAX {
                return None;
            }
            let number = known.number(level)?;
            known.of_sets.push(number);
        }
        known.names.sort_unstable();
        Some(known)
    }

    fn number(&mut self, level: Option<&'a str>) -> Option<u8> {
        let Some(level) = level else { return Some(0) };
        let at = self.levels.iter().position(|known| *known == level).unwrap_or_else(|| {
            self.levels.push(level);
            self.levels.len() - 1
        });
        (at < LEVELS_MAX).then_some(at as u8 + 1)
    }
}

/// Rows of each run by cell and level.
struct Table {
    /// Where the cells of each run end.
    run_ends: Vec<usize>,
    /// Numbers of cells, ascending within a run.
    cells: Vec<i64>,
    /// For each cell the rows without level, then those of each level.
    counts: Vec<u32>,
    /// Counts of a cell.
    stride: usize,
}

impl Table {
    /// In cells of a minute.
    fn of<'a>(times: impl Iterator<Item = &'a [i64]>, of_rows: &[u32], known: &Known<'_>) -> Self {
        let mut sets = of_rows.iter();
        let mut table = Self::empty(known.levels.len() + 1);
        for times in times {
            // Times after `after` up to `through` are in the cell that is being filled.
            let (mut after, mut through) = (i64::MAX, i64::MIN);
            for (ts_ns, set) in times.iter().zip(sets.by_ref()) {
                let level = known.of_sets.get(*set as usize).copied().unwrap_or_default();
                if *ts_ns <= after || *ts_ns > through {
                    let cell = ts_ns.saturating_sub(1).div_euclid(MINUTE_NS);
                    (after, through) = (cell.saturating_mul(MINUTE_NS), (cell + 1).saturating_mul(MINUTE_NS));
                    table.start(cell);
                }
                if let Some(count) = table.last_counts().get_mut(usize::from(level)) {
                    *count += 1;
                }
            }
            table.run_ends.push(table.cells.len());
        }
        table
    }

    fn empty(stride: usize) -> Self {
        Self { run_ends: Vec::new(), cells: Vec::new(), counts: Vec::new(), stride }
    }

    /// Starts `cell` of the run that is being filled, which has none later, unless it is started.
    fn start(&mut self, cell: i64) {
        let first = self.run_ends.last().copied().unwrap_or(0);
        if self.cells.len() == first || self.cells.last() != Some(&cell) {
            self.cells.push(cell);
            self.counts.extend(std::iter::repeat_n(0, self.stride));
        }
    }

    /// The counts of the cell started last.
    fn last_counts(&mut self) -> &mut [u32] {
        let start = self.counts.len().saturating_sub(self.stride);
        self.counts.get_mut(start..).unwrap_or_default()
    }

    /// The same with cells of `factor` of these.
    fn coarser(self, factor: i64) -> Self {
        if factor == 1 {
            return self;
        }
        let mut out = Self::empty(self.stride);
        let mut from = 0;
        for end in &self.run_ends {
            let cells = self.cells.iter().zip(self.counts.chunks_exact(self.stride));
            for (cell, counts) in cells.take(*end).skip(from) {
                out.start(cell.div_euclid(factor));
                out.last_counts().iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
            out.run_ends.push(out.cells.len());
            from = *end;
        }
        out
    }
}

fn raw_bytes(known: &Known<'_>, table: &Table, minutes: i64) -> Vec<u8> {
    let mut out = Vec::new();
    for list in [&known.names, &known.levels] {
        varint::put(&mut out, list.len() as u64);
        list.iter().for_each(|text| varint::put_bytes(&mut out, text.as_bytes()));
    }
    varint::put(&mut out, minutes.unsigned_abs());
    let (mut from, mut first_of_last) = (0, 0i64);
    for end in &table.run_ends {
        let cells = table.cells.get(from..*end).unwrap_or(&[]);
        from = *end;
        varint::put(&mut out, cells.len() as u64);
        let Some(first) = cells.first() else { continue };
        varint::put(&mut out, zigzag(first.wrapping_sub(first_of_last)));
        first_of_last = *first;
        for pair in cells.windows(2) {
            varint::put(&mut out, pair[1].wrapping_sub(pair[0]) as u64 - 1);
        }
    }
    // Level by level: levels without rows are zeros side by side.
    for level in 0..table.stride {
        for counts in table.counts.chunks_exact(table.stride) {
            match counts.get(level).copied().unwrap_or_default() {
                few @ ..0x80 => out.push(few as u8),
                many => varint::put(&mut out, u64::from(many)),
            }
        }
    }
    out
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}
