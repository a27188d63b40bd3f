//! A page that is being scanned: which of its rows are in question, and their times and metadata as far as needed.

use super::metadata::Metadata;
use super::{TIMES_TAG, times};
use crate::bits::Bits;
use crate::codec::{self, Codec};
use crate::condition::Condition;
use crate::kept::Item;
use crate::question::Question;
use crate::sample;
use crate::section::Body;
use base::Result;
use model::{Cells, Direction, RunFacts, TimeRange};
use std::ops::Range;
use std::sync::Arc;

/// What is known of a run before it is read.
#[derive(Clone, Copy, Debug)]
pub struct KnownRun {
    /// Its times, rows and bytes.
    pub facts: RunFacts,
    /// Runs with the same number may be given as one of them where rows are counted in cells of time
    /// ([`model::Digest`]).
    pub alike: u32,
}

/// Which runs of a page are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Rows of each run of the page.
    pub run_rows: &'w [u32],
    /// Positions of those that are wanted, ascending.
    pub positions: &'w [u32],
    /// What is known of each of these; empty where nothing is.
    pub known: &'w [KnownRun],
}

impl Wanted<'_> {
    /// Rows of all runs.
    pub fn rows(&self) -> usize {
        self.run_rows.iter().map(|rows| *rows as usize).sum()
    }

    fn has(&self, run: usize) -> bool {
        u32::try_from(run).is_ok_and(|run| self.positions.binary_search(&run).is_ok())
    }

    /// Each wanted run and its rows, with what is known of it.
    pub fn runs(&self) -> impl Iterator<Item = (u32, Range<usize>, Option<&KnownRun>)> {
        let mut first = 0;
        let mut left = self.positions.iter().enumerate().peekable();
        (0u32..).zip(self.run_rows).filter_map(move |(position, rows)| {
            let rows = first..first + *rows as usize;
            first = rows.end;
            let (at, _) = left.next_if(|(_, wanted)| **wanted == position)?;
            Some((position, rows, self.known.get(at)))
        })
    }
}

/// A wanted run: its position in the page and its rows in the question's time.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub position: u32,
    pub rows: Range<usize>,
    /// Bytes of their text and metadata, where that is known.
    pub bytes: Option<u64>,
    /// Where its rows lie when they are known to lie in one cell of time.
    pub together: Option<Together>,
}

/// Rows that lie in one cell of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// The last nanosecond of the cell.
    cell_ns: i64,
    /// As in [`KnownRun`].
    alike: u32,
    /// A time that may stand for those of all the rows.
    pub ts_ns: i64,
}

impl Together {
    /// What rows have in common that may be given as those of one run.
    pub fn group(&self) -> (i64, u32) {
        (self.cell_ns, self.alike)
    }
}

impl KnownRun {
    fn together(&self, cells: Cells) -> Option<Together> {
        let RunFacts { min_ns, max_ns, .. } = self.facts;
        let together = Together { cell_ns: cells.end_ns(min_ns), alike: self.alike, ts_ns: min_ns };
        cells.are_together(min_ns, max_ns).then_some(together)
    }
}

/// A page whose columns are decoded as far as the question needs them.
pub struct Open {
    /// Number of rows.
    pub rows: usize,
    /// Their times, once they were read; 0 where they are not needed.
    pub times: Arc<Vec<i64>>,
    pub metadata: Option<Metadata>,
    /// The wanted runs with rows in the question's time.
    pub candidates: Vec<Candidate>,
}

impl Open {
    /// Finds the rows in the question's time, and when there are any, reads metadata. Times are read when they
    /// say which rows these are.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn new(body: &Body<'_>, wanted: &Wanted<'_>, question: &Question) -> Result<Option<Self>> {
        let rows = wanted.rows();
        let by_times = |condition: &Condition| matches!(condition, Condition::Times(_));
        let mut times = Arc::default();
        if question.range != TimeRange::ALL || question.conditions().iter().any(by_times) {
            times = read_times(body, wanted.run_rows, |run| wanted.has(run))?;
        }
        let cells = question.digest().and_then(|digest| digest.cells);
        let mut candidates = Vec::new();
        for (position, rows, known) in wanted.runs() {
            let of_run = rows.len();
            let rows = rows_in(&times, rows, question.range);
            let bytes = known.filter(|_| rows.len() == of_run).map(|known| known.facts.bytes);
            let covered =
                known.filter(|KnownRun { facts, .. }| question.range.covers(facts.min_ns, facts.max_ns));
            let together = covered.zip(cells).and_then(|(known, cells)| known.together(cells));
            if !rows.is_empty() {
                candidates.push(Candidate { position, rows, bytes, together });
            }
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        let metadata = match question.reads_metadata() {
            true => Metadata::read(body, rows, question)?,
            false => None,
        };
        Ok(Some(Self { rows, times, metadata, candidates }))
    }

    /// Reads the times of the runs that `needs` them, if none were read yet.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read_times(
        &mut self,
        body: &Body<'_>,
        wanted: &Wanted<'_>,
        needs: impl Fn(&Candidate) -> bool,
    ) -> Result<()> {
        let needed = self.candidates.iter().filter(|candidate| needs(candidate));
        let positions: Vec<u32> = needed.map(|candidate| candidate.position).collect();
        if self.times.is_empty() && !positions.is_empty() {
            let needed = Wanted { positions: &positions, ..*wanted };
            self.times = read_times(body, wanted.run_rows, |run| needed.has(run))?;
        }
        Ok(())
    }

    /// Leaves out what is more than the rows of each run that suffice.
    pub fn keep_nearest(&mut self, passing: Option<&mut Bits>, question: &Question) {
        let Some(passing) = passing else {
            for Candidate { rows, .. } in &mut self.candidates {
                let kept = question.nearest_of(rows.len());
                *rows = rows.start + kept.start..rows.start + kept.end;
            }
            return;
        };
        if question.nearest().is_none() {
            return;
        }
        for Candidate { rows, .. } in &mut self.candidates {
            let kept = question.nearest_of(passing.iter(rows.clone()).count());
            let mut places = passing.iter(rows.clone()).skip(kept.start).take(kept.len());
            let (first, last) = (places.next(), places.last());
            *rows = first.map_or(rows.start..rows.start, |first| first..last.unwrap_or(first) + 1);
        }
        self.keep_candidates(passing);
    }

    /// Leaves out what is more than the rows of the page that suffice, of those that suffice of each run. The times of all
    /// that are given must have been read. Of the last of their times all are kept: which streams come first there is not
    /// known.
    pub fn keep_nearest_of_all(&mut self, passing: Option<&mut Bits>, question: &Question) {
        let Some((direction, most)) = question.nearest() else { return };
        let key = |ts_ns: &i64| if direction == Direction::Backward { *ts_ns } else { !*ts_ns };
        let mut keys: Vec<i64> = Vec::with_capacity(self.candidate_rows());
        for Candidate { rows, .. } in &self.candidates {
            match &passing {
                None => keys.extend(self.times.get(rows.clone()).unwrap_or(&[]).iter().map(key)),
                Some(bits) => {
                    keys.extend(bits.iter(rows.clone()).filter_map(|row| self.times.get(row)).map(key))
                }
            }
        }
        if most == 0 || keys.len() <= most {
            return;
        }
        let place = keys.len() - most;
        let (_, farthest, _) = keys.select_nth_unstable(place);
        let farthest = *farthest;
        for Candidate { rows, .. } in &mut self.candidates {
            let times = self.times.get(rows.clone()).unwrap_or(&[]);
            *rows = match direction {
                Direction::Backward => {
                    rows.start + times.partition_point(|ts_ns| key(ts_ns) < farthest)..rows.end
                }
                Direction::Forward => {
                    rows.start..rows.start + times.partition_point(|ts_ns| key(ts_ns) >= farthest)
                }
            };
        }
        self.candidates.retain(|candidate| !candidate.rows.is_empty());
        if let Some(passing) = passing {
            self.keep_candidates(passing);
        }
    }

    /// Unsets the rows that are in no candidate.
    fn keep_candidates(&self, passing: &mut Bits) {
        let mut kept = passing.unset();
        self.candidates.iter().for_each(|candidate| kept.set_range(candidate.rows.clone()));
        passing.keep(&kept, false);
    }

    /// Number of rows that are given: of those in question the ones that are `passing`.
    pub fn given_rows(&self, passing: Option<&Bits>) -> usize {
        passing.map_or_else(|| self.candidate_rows(), Bits::count)
    }

    /// Number of rows in question.
    pub fn candidate_rows(&self) -> usize {
        self.candidates.iter().map(|candidate| candidate.rows.len()).sum()
    }
}

/// Times of all rows, of which those outside the `wanted` runs may be left 0.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn read_times(
    body: &Body<'_>,
    run_rows: &[u32],
    wanted: impl Fn(usize) -> bool,
) -> Result<Arc<Vec<i64>>> {
    if let Some(known) = body.known(&Item::Times) {
        return Ok(known);
    }
    let rows = |of: &dyn Fn(usize) -> bool| -> u64 {
        let runs = run_rows.iter().enumerate().filter(|(run, _)| of(*run));
        runs.map(|(_, rows)| u64::from(*rows)).sum()
    };
    // The rest of a page that is mostly wanted costs little, and all of it can be kept.
    match body.kept.is_some() && rows(&wanted) * 2 >= rows(&|_| true) {
        true => body.keep(Item::Times, || decode_times(body, run_rows, |_| true)),
        false => decode_times(body, run_rows, wanted).map(Arc::new),
    }
}

fn decode_times(body: &Body<'_>, run_rows: &[u32], wanted: impl Fn(usize) -> bool) -> Result<Vec<i64>> {
    let (section, stored) = body.needed(TIMES_TAG)?;
    if matches!(section.codec, Codec::Pco | Codec::Rises) {
        return times::take(stored, section.codec, run_rows, wanted);
    }
    let mut raw = Vec::new();
    codec::decompress(section.codec, stored, section.raw_len as usize, &mut raw)?;
    sample::times(&raw, body, run_rows, wanted)
}

/// The part of `rows`, sorted by time, that lies in `range`.
fn rows_in(times: &[i64], rows: Range<usize>, range: TimeRange) -> Range<usize> {
    // All of time has no end, though a half-open range cannot say so.
    if range == TimeRange::ALL {
        return rows;
    }
    let of_run = times.get(rows.clone()).unwrap_or(&[]);
    let start = rows.start + of_run.partition_point(|ts| *ts < range.start_ns);
    let end = rows.start + of_run.partition_point(|ts| *ts < range.end_ns);
    start..end.max(start)
}
