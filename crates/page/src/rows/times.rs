//! Times of a page as pco columns: a long run has one of its own, short neighbours share one.
//!
//! Bytes: number of columns, then per column the number of runs in it and its length (varints), then
//! the columns.

use crate::codec;
use base::{Error, Result};
use model::varint;
use std::ops::Range;

/// Rows from which a run has a column of its own. Each column costs 15 us and some 40 bytes: below
/// this, that is more than its better fit is worth.
const OWN_COLUMN_ROWS: usize = 512;

/// Appends the columns of `runs` to `out`.
///
/// # Errors
/// [`base::Kind::Bug`] when pco fails.
pub fn put<'a>(runs: impl IntoIterator<Item = &'a [i64]>, out: &mut Vec<u8>) -> Result<()> {
    let mut columns = Columns::default();
    let mut shared: Vec<i64> = Vec::new();
    let mut shared_runs = 0;
    for run in runs {
        if run.len() >= OWN_COLUMN_ROWS {
            columns.add(&shared, shared_runs)?;
            shared.clear();
            shared_runs = 0;
            columns.add(run, 1)?;
        } else {
            shared.extend_from_slice(run);
            shared_runs += 1;
        }
    }
    columns.add(&shared, shared_runs)?;
    varint::put(out, columns.count);
    out.extend_from_slice(&columns.heads);
    out.extend_from_slice(&columns.bodies);
    Ok(())
}

#[derive(Default)]
struct Columns {
    count: u64,
    heads: Vec<u8>,
    bodies: Vec<u8>,
}

impl Columns {
    fn add(&mut self, values: &[i64], runs: u64) -> Result<()> {
        if runs > 0 {
            let start = self.bodies.len();
            codec::compress_numbers(values, true, &mut self.bodies)?;
            self.count += 1;
            varint::put(&mut self.heads, runs);
            varint::put(&mut self.heads, (self.bodies.len() - start) as u64);
        }
        Ok(())
    }
}

/// Times of all rows, of which those outside the `wanted` runs may be left 0. `run_rows` is the
/// number of rows of each run, `wanted` says of a run whether it is needed.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn take(mut stored: &[u8], run_rows: &[u32], wanted: impl Fn(usize) -> bool) -> Result<Vec<i64>> {
    let corrupt = || Error::corrupt("times: wrong columns");
    let input = &mut stored;
    let count = varint::take(input).filter(|count| *count <= run_rows.len() as u64).ok_or_else(corrupt)?;
    let mut heads: Vec<(Range<usize>, usize)> = Vec::new();
    let mut next = 0usize;
    for _ in 0..count {
        let runs = varint::take(input).and_then(|v| usize::try_from(v).ok()).ok_or_else(corrupt)?;
        let length = varint::take(input).and_then(|v| usize::try_from(v).ok()).ok_or_else(corrupt)?;
        let end = next.checked_add(runs).filter(|end| *end <= run_rows.len()).ok_or_else(corrupt)?;
        heads.push((next..end, length));
        next = end;
    }
    if next != run_rows.len() {
        return Err(corrupt());
    }
    let rows = |runs: &[u32]| runs.iter().map(|rows| *rows as usize).sum::<usize>();
    let mut times = vec![0; rows(run_rows)];
    let mut rest = times.as_mut_slice();
    for (mut runs, length) in heads {
        let (column, tail) = input.split_at_checked(length).ok_or_else(corrupt)?;
        *input = tail;
        let (values, after) = rest.split_at_mut(rows(run_rows.get(runs.clone()).ok_or_else(corrupt)?));
        rest = after;
        if runs.any(&wanted) {
            codec::decompress_numbers(column, values)?;
        }
    }
    Ok(times)
}
