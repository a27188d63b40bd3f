//! Times of a page in columns: a long run has one of its own, short neighbours share one.
//!
//! Bytes: number of columns, then per column the number of runs in it and its length (varints), then
//! the columns. What a column is, the section's codec says: a pco file of times ([`Codec::Pco`], no longer written), or how
//! the times of each run rise ([`Codec::Rises`]).

use crate::codec::{self, Codec};
use base::{Error, Result};
use model::attribute::{unzigzag, zigzag};
use model::varint;
use std::ops::Range;

/// Rows from which a run has a column of its own. Each column costs 15 us and some 40 bytes: below
/// this, that is more than its better fit is worth.
const OWN_COLUMN_ROWS: usize = 512;

/// Appends the columns of `runs`, none empty and each ascending, to `out`.
///
/// # Errors
/// [`base::Kind::Bug`] when pco fails.
pub fn put<'a>(runs: impl IntoIterator<Item = &'a [i64]>, out: &mut Vec<u8>) -> Result<Codec> {
    let mut columns = Columns::default();
    let mut shared = Rises::default();
    for run in runs {
        if run.len() >= OWN_COLUMN_ROWS {
            columns.add(&mut shared)?;
        }
        shared.add(run);
        if run.len() >= OWN_COLUMN_ROWS {
            columns.add(&mut shared)?;
        }
    }
    columns.add(&mut shared)?;
    varint::put(out, columns.count);
    out.extend_from_slice(&columns.heads);
    out.extend_from_slice(&columns.bodies);
    Ok(Codec::Rises)
}

#[derive(Default)]
struct Columns {
    count: u64,
    heads: Vec<u8>,
    bodies: Vec<u8>,
}

/// Runs of a column.
#[derive(Default)]
struct Rises {
    runs: u64,
    /// Of each run its first time, as difference to that of the run before, and the least difference between neighbours.
    heads: Vec<u8>,
    first_ns: i64,
    /// The other differences, less that.
    numbers: Vec<u64>,
}

impl Rises {
    fn add(&mut self, run: &[i64]) {
        let Some(first_ns) = run.first() else { return };
        varint::put(&mut self.heads, zigzag(first_ns.wrapping_sub(self.first_ns)));
        (self.first_ns, self.runs) = (*first_ns, self.runs + 1);
        let rises = || run.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]) as u64);
        if let Some(least) = rises().min() {
            varint::put(&mut self.heads, least);
            self.numbers.extend(rises().map(|rise| rise - least));
        }
    }
}

impl Columns {
    /// Adds a column and empties it, unless it is empty.
    fn add(&mut self, rises: &mut Rises) -> Result<()> {
        if rises.runs > 0 {
            let start = self.bodies.len();
            self.bodies.extend_from_slice(&rises.heads);
            if !rises.numbers.is_empty() {
                codec::compress_multiples(&rises.numbers, unit(&rises.numbers), &mut self.bodies)?;
            }
            self.count += 1;
            varint::put(&mut self.heads, rises.runs);
            varint::put(&mut self.heads, (self.bodies.len() - start) as u64);
            *rises = Rises::default();
        }
        Ok(())
    }
}

/// The greatest number that all `numbers` are multiples of; times may be whole milliseconds.
fn unit(numbers: &[u64]) -> u64 {
    let mut unit = 0;
    for number in numbers {
        let mut rest = *number;
        while rest != 0 {
            (unit, rest) = (rest, unit % rest);
        }
        if unit == 1 {
            break;
        }
    }
    unit
}

/// Times of all rows, of which those outside the `wanted` runs may be left 0. `run_rows` is the
/// number of rows of each run, `wanted` says of a run whether it is needed, `layout` what columns are.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn take(
    mut stored: &[u8],
    layout: Codec,
    run_rows: &[u32],
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<i64>> {
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
    for (runs, length) in heads {
        let (column, tail) = input.split_at_checked(length).ok_or_else(corrupt)?;
        *input = tail;
        let (values, after) = rest.split_at_mut(rows(run_rows.get(runs.clone()).ok_or_else(corrupt)?));
        rest = after;
        if !runs.clone().any(&wanted) {
            continue;
        }
        match layout {
            Codec::Rises => {
                let of_runs = run_rows.get(runs.clone()).ok_or_else(corrupt)?;
                take_rises(column, of_runs, values, |run| wanted(runs.start + run))?;
            }
            _ => codec::decompress_numbers(column, values)?,
        }
    }
    Ok(times)
}

fn corrupt() -> Error {
    Error::corrupt("times: wrong columns")
}

/// Puts the times of the runs that are `wanted` into `times`, which has room for those of all runs of the column.
fn take_rises(
    mut column: &[u8],
    run_rows: &[u32],
    times: &mut [i64],
    wanted: impl Fn(usize) -> bool,
) -> Result<()> {
    let mut first_ns = 0i64;
    let mut heads = Vec::with_capacity(run_rows.len());
    for rows in run_rows {
        first_ns = first_ns.wrapping_add(unzigzag(varint::take(&mut column).ok_or_else(corrupt)?));
        let least = if *rows > 1 { varint::take(&mut column).ok_or_else(corrupt)? } else { 0 };
        heads.push((first_ns, least));
    }
    let mut numbers = vec![0u64; times.len().saturating_sub(run_rows.len())];
    match numbers.is_empty() {
        true if column.is_empty() => {}
        true => return Err(corrupt()),
        false => codec::decompress_numbers(column, &mut numbers)?,
    }
    let (mut times, mut numbers) = (times, numbers.as_slice());
    for (run, (rows, (first_ns, least))) in run_rows.iter().zip(heads).enumerate() {
        let (of_run, after) = times.split_at_mut_checked(*rows as usize).ok_or_else(corrupt)?;
        let (rises, others) = numbers.split_at_checked(of_run.len().saturating_sub(1)).ok_or_else(corrupt)?;
        (times, numbers) = (after, others);
        let Some((first, of_run)) = of_run.split_first_mut().filter(|_| wanted(run)) else { continue };
        *first = first_ns;
        let mut now_ns = first_ns;
        for (time, rise) in of_run.iter_mut().zip(rises) {
            now_ns = now_ns.wrapping_add(least.wrapping_add(*rise) as i64);
            *time = now_ns;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
