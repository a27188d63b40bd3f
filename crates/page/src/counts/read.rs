//! Reading COUNTS.

use super::{LEVELS_MAX, MINUTE_NS, NAMES_MAX, WIDTHS};
use base::{Error, Result};
use model::varint;
use std::ops::Range;

/// Cells from the first to the last one of all classes of runs that are added up, at most.
const SPAN_MAX: usize = 1 << 14;

/// The section COUNTS of a page, decoded.
#[derive(Debug, PartialEq, Eq)]
pub struct Counts {
    /// All names of the page's metadata, ascending.
    pub(super) names: Vec<String>,
    /// Values of the level.
    pub(super) levels: Vec<String>,
    pub(super) width_ns: i64,
    /// Where the cells of each run end.
    run_ends: Vec<u32>,
    /// Numbers of cells, ascending within a run: a cell has the times after number · width, up to the next cell's
    /// and this included.
    cells: Vec<i64>,
    /// For each cell the rows without level, then those of each level, with those of the cells before it in the run.
    sums: Vec<u32>,
    /// Of each cell the sum of these.
    totals: Vec<u32>,
}

/// The cells of a run, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunCells<'a> {
    /// Their numbers, ascending.
    pub numbers: &'a [i64],
    sums: &'a [u32],
    totals: &'a [u32],
    stride: usize,
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("counts: {what}"))
}

impl Counts {
    /// Decodes the section of a page with so many rows in each run.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`], also when it counts other rows than the page has.
    pub fn read(mut raw: &[u8], run_rows: &[u32]) -> Result<Self> {
        let input = &mut raw;
        let names = take_texts(input, NAMES_MAX)?;
        let levels = take_texts(input, LEVELS_MAX)?;
        let minutes = take(input)?;
        let known = WIDTHS.iter().find(|width| width.unsigned_abs() == minutes);
        let width_ns = MINUTE_NS * known.ok_or_else(|| corrupt("unknown width of cells"))?;
        if !names.is_sorted_by(|a, b| a < b) {
            return Err(corrupt("names not ascending"));
        }
        let mut counts = Self {
            names,
            levels,
            width_ns,
            run_ends: Vec::new(),
            cells: Vec::new(),
            sums: Vec::new(),
            totals: Vec::new(),
        };
        counts.take_cells(input, run_rows)?;
        counts.take_counts(input)?;
        if !input.is_empty() || !counts.are_of(run_rows) {
            return Err(corrupt("of other rows than the page has"));
        }
        Ok(counts)
    }

    fn take_cells(&mut self, input: &mut &[u8], run_rows: &[u32]) -> Result<()> {
        let mut first_of_last = 0i64;
        for rows in run_rows {
            let count = take(input)?;
            if count == 0 || count > u64::from(*rows) {
                return Err(corrupt("wrong number of cells"));
            }
            let step = take(input)?;
            let mut cell = first_of_last.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
            first_of_last = cell;
            self.cells.push(cell);
            for _ in 1..count {
                let gap = i64::try_from(take(input)?).ok().and_then(|gap| gap.checked_add(1));
                cell = gap.and_then(|gap| cell.checked_add(gap)).ok_or_else(|| corrupt("wrong cell"))?;
                self.cells.push(cell);
            }
            self.run_ends.push(self.cells.len() as u32);
        }
        Ok(())
    }

    fn take_counts(&mut self, input: &mut &[u8]) -> Result<()> {
        let stride = self.stride();
        self.sums = vec![0; stride * self.cells.len()];
        for level in 0..stride {
            for count in self.sums.iter_mut().skip(level).step_by(stride) {
                *count = u32::try_from(take(input)?).map_err(|_| corrupt("wrong count"))?;
            }
        }
        self.add_up()
    }

    /// From rows of each cell to sums within each run.
    fn add_up(&mut self) -> Result<()> {
        let stride = self.stride();
        let mut cells = self.sums.chunks_exact_mut(stride);
        let mut start = 0;
        for end in &self.run_ends {
            let mut before: Option<&mut [u32]> = None;
            for cell in cells.by_ref().take(*end as usize - start) {
                for (sum, before) in cell.iter_mut().zip(before.iter().flat_map(|before| before.iter())) {
                    *sum =
                        sum.checked_add(*before).ok_or_else(|| corrupt("more rows than a run may have"))?;
                }
                before = Some(cell);
            }
            start = *end as usize;
        }
        let total = |cell: &[u32]| u32::try_from(cell.iter().map(|sum| u64::from(*sum)).sum::<u64>());
        let totals = self.sums.chunks_exact(stride).map(total).collect::<Result<_, _>>();
        self.totals = totals.map_err(|_| corrupt("more rows than a run may have"))?;
        Ok(())
    }

    fn are_of(&self, run_rows: &[u32]) -> bool {
        let rows_of = |run| {
            let cells = self.cells_of(run);
            cells.rows(0..cells.numbers.len()).map(u64::from).sum::<u64>()
        };
        run_rows.iter().enumerate().all(|(run, rows)| u64::from(*rows) == rows_of(run))
    }

    /// The counts of classes of runs, as if each class were a run: `classes` are those of the runs, by position, all
    /// below `count`. None where the runs of a class lie far apart.
    pub fn together(&self, classes: &[u32], count: usize) -> Option<Self> {
        // Of each class its first cell, and the one behind its last.
        let mut spans = vec![(i64::MAX, i64::MIN); count];
        for (run, class) in classes.iter().enumerate() {
            let (numbers, span) = (self.cells_of(run).numbers, spans.get_mut(*class as usize)?);
            *span = (span.0.min(*numbers.first()?), span.1.max(numbers.last()?.checked_add(1)?));
        }
        let mut ends = Vec::with_capacity(count);
        let mut width = 0usize;
        for (first, end) in &spans {
            width += usize::try_from(end.checked_sub(*first)?).ok()?;
            ends.push(width);
        }
        if width > SPAN_MAX {
            return None;
        }
        // Of each cell of each span its rows, by level.
        let stride = self.stride();
        let mut rows = vec![0u32; width * stride];
        for (run, class) in classes.iter().enumerate() {
            let ((_, end_number), end) = (spans.get(*class as usize)?, ends.get(*class as usize)?);
            let (cells, mut before) = (self.cells_of(run), None::<&[u32]>);
            for (number, until) in cells.numbers.iter().zip(cells.sums.chunks_exact(stride)) {
                let place = end.checked_sub(usize::try_from(end_number - number).ok()?)?;
                let sums = rows.get_mut(place * stride..(place + 1) * stride)?;
                for (level, (sum, until)) in sums.iter_mut().zip(until).enumerate() {
                    let before = before.and_then(|before| before.get(level)).copied().unwrap_or(0);
                    *sum = sum.saturating_add(until.saturating_sub(before));
                }
                before = Some(until);
            }
        }
        let mut together = Self {
            names: self.names.clone(),
            levels: self.levels.clone(),
            width_ns: self.width_ns,
            run_ends: Vec::with_capacity(count),
            cells: Vec::new(),
            sums: Vec::new(),
            totals: Vec::new(),
        };
        let mut cells = rows.chunks_exact(stride);
        for (first, end) in spans {
            let (mut sums, mut total) = (vec![0u32; stride], 0u32);
            for (number, rows) in (first..end).zip(cells.by_ref()) {
                if rows.iter().any(|rows| *rows > 0) {
                    sums.iter_mut().zip(rows).for_each(|(sum, rows)| *sum = sum.saturating_add(*rows));
                    total = rows.iter().fold(total, |total, rows| total.saturating_add(*rows));
                    together.cells.push(number);
                    together.sums.extend_from_slice(&sums);
                    together.totals.push(total);
                }
            }
            together.run_ends.push(together.cells.len() as u32);
        }
        Some(together)
    }

    /// Number of cells of all runs.
    pub fn cell_count(&self) -> usize {
        self.cells.len()
    }

    fn stride(&self) -> usize {
        1 + self.levels.len()
    }

    /// The cells of the run at position `run`.
    pub(super) fn cells_of(&self, run: usize) -> RunCells<'_> {
        let end = |run: usize| self.run_ends.get(run).map_or(0, |end| *end as usize);
        let (start, end) = (run.checked_sub(1).map_or(0, end), end(run));
        let (start, stride) = (start.min(end), self.stride());
        RunCells {
            numbers: self.cells.get(start..end).unwrap_or(&[]),
            sums: self.sums.get(start * stride..end * stride).unwrap_or(&[]),
            totals: self.totals.get(start..end).unwrap_or(&[]),
            stride,
        }
    }
}

impl RunCells<'_> {
    /// The rows without level, then of each level, in the cells at these positions, at least one.
    pub fn rows(&self, cells: Range<usize>) -> impl Iterator<Item = u32> {
        let of_cell = |cell: usize| self.sums.get(cell * self.stride..(cell + 1) * self.stride);
        let until = cells.end.checked_sub(1).and_then(of_cell).unwrap_or(&[]);
        let before = cells.start.checked_sub(1).and_then(of_cell).unwrap_or(&[]);
        let before = before.iter().copied().chain(std::iter::repeat(0));
        until.iter().zip(before).map(|(until, before)| until.saturating_sub(before))
    }

    /// All rows in the cells at these positions, at least one.
    pub fn all_rows(&self, cells: Range<usize>) -> u32 {
        let until =
            |end: usize| end.checked_sub(1).and_then(|last| self.totals.get(last)).copied().unwrap_or(0);
        until(cells.end).saturating_sub(until(cells.start))
    }

    /// Where the cells after the one at `from` begin whose numbers are `number` or more.
    pub fn first_from(&self, from: usize, number: i64) -> usize {
        let Some(first) = self.numbers.get(from) else { return from };
        // Numbers ascend: were none left out, it would be this one.
        let most = usize::try_from(number.saturating_sub(*first)).unwrap_or(0).saturating_add(from);
        let most = most.min(self.numbers.len());
        let is_before = |at: usize| self.numbers.get(at).is_none_or(|cell| *cell < number);
        if most == 0 || is_before(most - 1) {
            return most;
        }
        let within = self.numbers.get(from..most).unwrap_or(&[]);
        from + within.partition_point(|cell| *cell < number)
    }
}

fn take(input: &mut &[u8]) -> Result<u64> {
    varint::take(input).ok_or_else(|| corrupt("cut"))
}

fn take_texts(input: &mut &[u8], most: usize) -> Result<Vec<String>> {
    let count = take(input)?;
    if count > most as u64 {
        return Err(corrupt("too many names"));
    }
    let text = |_| {
        let bytes = varint::take_bytes(input).ok_or_else(|| corrupt("cut"))?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| corrupt("not UTF-8"))
    };
    (0..count).map(text).collect()
}
