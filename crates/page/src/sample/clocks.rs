//! Times of samples. Series of one target are scraped together, so that their times are the same or a part of
//! the same: a page keeps each such column once, as a *clock*, and for each run which stretch of which clock it has.
//!
//! Bytes: number of clocks, length of each; for each run its clock and where it starts in it (varints); heads of the
//! clocks' columns, then their planes.

use super::integers::{Column, Head};
use base::{Error, Result};
use hashbrown::HashMap;
use model::varint;
use std::cmp::Reverse;
use std::ops::Range;

/// Places with the same time that are compared with the start of a run.
const COMPARED_MAX: usize = 8;

/// Appends `runs`, each not empty.
pub fn put(runs: &[&[i64]], out: &mut Vec<u8>) {
    let mut longest_first: Vec<usize> = (0..runs.len()).collect();
    longest_first.sort_by_key(|run| Reverse(runs[*run].len()));
    let mut clocks = Clocks::default();
    let mut places = vec![(0, 0); runs.len()];
    for run in longest_first {
        places[run] = clocks.place(runs[run]);
    }
    varint::put(out, clocks.clocks.len() as u64);
    for clock in &clocks.clocks {
        varint::put(out, clock.len() as u64);
    }
    for (clock, start) in places {
        varint::put(out, u64::from(clock));
        varint::put(out, u64::from(start));
    }
    let columns: Vec<Column> = clocks.clocks.iter().map(|clock| Column::new(clock)).collect();
    columns.iter().for_each(|column| column.head.put(out));
    columns.iter().for_each(|column| column.put_planes(out));
}

#[derive(Default)]
struct Clocks<'a> {
    clocks: Vec<&'a [i64]>,
    /// Where a time is, by clock and position.
    known: HashMap<i64, Vec<(u32, u32)>, foldhash::fast::RandomState>,
}

impl<'a> Clocks<'a> {
    /// The clock that has `run` as a stretch, and where it starts; `run` itself where there is none.
    fn place(&mut self, run: &'a [i64]) -> (u32, u32) {
        let known = run.first().and_then(|first| self.known.get(first));
        let fits = |(clock, start): &&(u32, u32)| {
            self.clocks[*clock as usize].get(*start as usize..).is_some_and(|rest| rest.starts_with(run))
        };
        if let Some(place) = known.and_then(|known| known.iter().find(fits)) {
            return *place;
        }
        let clock = self.clocks.len() as u32;
        self.clocks.push(run);
        for (time, at) in run.iter().zip(0..) {
            let places = self.known.entry(*time).or_default();
            if places.len() < COMPARED_MAX {
                places.push((clock, at));
            }
        }
        (clock, 0)
    }
}

/// Times of the runs of a page, found but not decoded.
#[derive(Debug)]
pub struct Times<'a> {
    /// Per run its clock and its stretch.
    places: Vec<(usize, Range<usize>)>,
    clocks: Vec<(Head, usize, &'a [u8])>,
    /// By clock; none as long as nobody asked.
    decoded: Vec<Option<Vec<i64>>>,
}

impl<'a> Times<'a> {
    /// Reads the clocks of runs of the given lengths.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(mut raw: &'a [u8], lengths: &[usize]) -> Result<Self> {
        let corrupt = || Error::corrupt("times: wrong clocks");
        let input = &mut raw;
        let mut next = |limit: usize| -> Result<usize> {
            let value = varint::take(input).and_then(|value| usize::try_from(value).ok());
            value.filter(|value| *value <= limit).ok_or_else(corrupt)
        };
        let count = next(lengths.len())?;
        // Each clock is the whole of some run.
        let mut left: usize = lengths.iter().sum();
        let mut clock_lengths = Vec::with_capacity(count);
        for _ in 0..count {
            let length = next(left)?;
            left -= length;
            clock_lengths.push(length);
        }
        let mut places = Vec::with_capacity(lengths.len());
        for length in lengths {
            let clock = next(count)?;
            let clock_length = clock_lengths.get(clock).copied().ok_or_else(corrupt)?;
            let start = next(clock_length.checked_sub(*length).ok_or_else(corrupt)?)?;
            places.push((clock, start..start + length));
        }
        let heads: Vec<Head> = (0..count).map(|_| Head::take(input)).collect::<Result<_>>()?;
        let columns = heads.into_iter().zip(clock_lengths);
        let clocks: Vec<_> = columns
            .map(|(head, length)| Ok((head, length, head.take_planes(length, input)?)))
            .collect::<Result<_>>()?;
        if !input.is_empty() {
            return Err(corrupt());
        }
        Ok(Self { places, decoded: vec![None; clocks.len()], clocks })
    }

    /// Times of the run; empty when there is no such run.
    pub fn of(&mut self, run: usize) -> &[i64] {
        let Some((clock, stretch)) = self.places.get(run) else { return &[] };
        let (Some(decoded), Some((head, length, planes))) =
            (self.decoded.get_mut(*clock), self.clocks.get(*clock))
        else {
            return &[];
        };
        let times = decoded.get_or_insert_with(|| {
            let mut times = Vec::new();
            head.decode(planes, *length, &mut times);
            times
        });
        times.get(stretch.clone()).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests;
