//! Counting the rows of a page that is sealed.

use super::{LEVELS_MAX, MINUTE_NS, NAMES_MAX, WIDTHS};
use crate::codec::{self, Codec};
use crate::section::{SectionWriter, Tag};
use base::Result;
use hashbrown::HashSet;
use model::{DETECTED_LEVEL, RowColumns, varint};
use std::ops::Range;

/// Raw bytes beyond so many times what they may take as stored are not even compressed.
const RATIO_MAX: usize = 16;

/// The section COUNTS of `runs`, each sorted by time, with the finest cells that take at most `limit` bytes as stored;
/// none when all cells take more.
///
/// # Errors
/// [`base::Kind::Bug`] when a codec fails.
pub fn encode<'a>(
    runs: impl Iterator<Item = (&'a RowColumns, Range<usize>)> + Clone,
    limit: usize,
) -> Result<Option<SectionWriter>> {
    let Some(known) = Known::of(runs.clone()) else { return Ok(None) };
    let mut table = Table::of(runs, &known);
    let mut last_minutes = 1;
    for minutes in WIDTHS {
        table = table.coarser(minutes / last_minutes);
        last_minutes = minutes;
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
    /// Per row 0 without a level, else 1 + its position in `levels`.
    of_rows: Vec<u8>,
}

impl<'a> Known<'a> {
    /// None when there are too many names or levels.
    fn of(runs: impl Iterator<Item = (&'a RowColumns, Range<usize>)>) -> Option<Self> {
        let mut names: HashSet<&str, foldhash::fast::RandomState> = HashSet::default();
        let mut known = Self { names: Vec::new(), levels: Vec::new(), of_rows: Vec::new() };
        let mut last = (&[][..], 0);
        for (rows, range) in runs {
            for row in range {
                let set = rows.row(row).metadata;
                if set.bytes() != last.0 {
                    names.extend(set.iter().map(|(name, _)| name));
                    last = (set.bytes(), known.number(set.get(DETECTED_LEVEL))?);
                }
                known.of_rows.push(last.1);
            }
            if names.len() > NAMES_MAX {
                return None;
            }
        }
        known.names = names.into_iter().collect();
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
    fn of<'a>(runs: impl Iterator<Item = (&'a RowColumns, Range<usize>)>, known: &Known<'_>) -> Self {
        let mut levels = known.of_rows.iter();
        let mut table = Self::empty(known.levels.len() + 1);
        for (rows, range) in runs {
            let times = rows.ts_ns.get(range).unwrap_or(&[]);
            for (ts_ns, level) in times.iter().zip(levels.by_ref()) {
                let counts = table.counts_of(ts_ns.saturating_sub(1).div_euclid(MINUTE_NS));
                if let Some(count) = counts.get_mut(usize::from(*level)) {
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

    /// The counts of `cell` of the run that is being filled, which has none later.
    fn counts_of(&mut self, cell: i64) -> &mut [u32] {
        let first = self.run_ends.last().copied().unwrap_or(0);
        if self.cells.len() == first || self.cells.last() != Some(&cell) {
            self.cells.push(cell);
            self.counts.resize(self.cells.len() * self.stride, 0);
        }
        let start = self.counts.len() - self.stride;
        &mut self.counts[start..]
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
                let sums = out.counts_of(cell.div_euclid(factor));
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
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
        let of_level = table.counts.iter().skip(level).step_by(table.stride);
        of_level.for_each(|count| varint::put(&mut out, u64::from(*count)));
    }
    out
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}
