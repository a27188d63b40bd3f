//! Rows of a digest: what many of them have in common is found once for a page, and given once for each run.

use super::bodies::PageBodies;
use super::metadata::Metadata;
use super::seal::span;
use crate::bits::Bits;
use crate::line;
use crate::numbered::Numbered;
use base::Result;
use bytes::Bytes;
use model::{Cells, Digest, Numbers, RowColumns};
use std::ops::Range;
use std::sync::Arc;

/// What the rows of a page that are asked for have in common.
pub struct Contents {
    asked: Asked,
    cells: Option<Cells>,
    /// Which content each of them has.
    numbered: Arc<Numbered>,
    bodies: Bodies,
    metadata: Texts,
    runs: u32,
    /// Of each content the last run that had it, counted from 1, and its number there.
    met: Vec<(u32, u32)>,
    /// Of each content how many rows have it, while a run is counted; else 0.
    counts: Vec<u32>,
}

/// Which rows of a page are asked for.
pub struct Asked {
    /// Their positions, ascending; none: all of them.
    rows: Option<Vec<u32>>,
    count: usize,
}

/// Of each content a text; nothing, where there are none at all.
#[derive(Clone, Default)]
struct Texts {
    bytes: Bytes,
    ends: Arc<Vec<u32>>,
}

/// Of each content what its body says.
#[derive(Clone)]
enum Bodies {
    Texts(Texts),
    Numbers(Arc<Numbers>),
}

impl Asked {
    /// The `passing` ones of `rows` rows; none: all that lie in `candidates`, which follow each other.
    pub fn new<'r>(
        passing: Option<&Bits>,
        candidates: impl Iterator<Item = &'r Range<usize>> + Clone,
        rows: usize,
    ) -> Self {
        let count = match passing {
            Some(bits) => bits.count(),
            None => candidates.clone().map(ExactSizeIterator::len).sum(),
        };
        let asked = || match passing {
            Some(bits) => bits.iter(0..rows).map(|row| row as u32).collect(),
            None => candidates.flat_map(Clone::clone).map(|row| row as u32).collect(),
        };
        Self { rows: (count < rows).then(asked), count }
    }

    /// Where those in `range` are among them.
    fn within(&self, range: &Range<usize>) -> Range<usize> {
        let Some(rows) = &self.rows else { return range.clone() };
        let before = |end: usize| rows.partition_point(|row| (*row as usize) < end);
        before(range.start)..before(range.end)
    }

    /// The time of the one at `place`, of the `times` of all rows.
    fn time(&self, times: &[i64], place: usize) -> i64 {
        let row = self.rows.as_ref().map_or(Some(place), |rows| rows.get(place).map(|row| *row as usize));
        row.and_then(|row| times.get(row)).copied().unwrap_or(0)
    }

    /// What `of` has for each of them.
    fn pick<T: Copy>(&self, of: &[T], within: &Range<usize>) -> Vec<T> {
        match &self.rows {
            None => of.get(within.clone()).unwrap_or(&[]).to_vec(),
            Some(rows) => {
                let rows = rows.get(within.clone()).unwrap_or(&[]).iter();
                rows.filter_map(|row| of.get(*row as usize)).copied().collect()
            }
        }
    }
}

impl Texts {
    fn get(&self, at: usize) -> &[u8] {
        self.bytes.get(span(&self.ends, &(at..at + 1))).unwrap_or(&[])
    }

    /// Those at these positions.
    fn pick(&self, positions: impl Iterator<Item = usize>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        if !self.ends.is_empty() {
            for at in positions {
                bytes.extend_from_slice(self.get(at));
                ends.push(bytes.len() as u32);
            }
        }
        Self { bytes: bytes.into(), ends: Arc::new(ends) }
    }

    /// The neighbours `range`.
    fn cut(&self, range: &Range<usize>) -> Self {
        let within = span(&self.ends, range);
        let ends = self.ends.get(range.clone()).unwrap_or(&[]).iter();
        let ends = Arc::new(ends.map(|end| end - within.start as u32).collect());
        let bytes = if within.end <= self.bytes.len() { self.bytes.slice(within) } else { Bytes::new() };
        Self { bytes, ends }
    }
}

impl Bodies {
    /// Those at these positions.
    fn pick(&self, positions: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Texts(texts) => Self::Texts(texts.pick(positions)),
            Self::Numbers(numbers) => {
                let of = positions.map(|at| numbers.of.get(at).copied().unwrap_or(0)).collect();
                Self::Numbers(Arc::new(Numbers { form: numbers.form.clone(), of }))
            }
        }
    }

    /// The neighbours `range`.
    fn cut(&self, range: &Range<usize>) -> Self {
        match self {
            Self::Texts(texts) => Self::Texts(texts.cut(range)),
            Self::Numbers(_) => self.pick(range.clone()),
        }
    }

    /// Whether who judges them may meet them again in other pages, and so wants to know them by number.
    fn are_judged(&self) -> bool {
        matches!(self, Self::Texts(texts) if !texts.bytes.is_empty())
    }
}

impl Contents {
    /// What the rows `asked` have in common in bodies and metadata, where these are wanted; none where whole bodies
    /// are, or columns do not tell.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(
        digest: &Digest,
        asked: Asked,
        texts: Option<&PageBodies<'_>>,
        metadata: Option<&mut Metadata>,
    ) -> Result<Option<Self>> {
        let (numbered, bodies) = match (texts, &digest.fields) {
            (None, _) => (Arc::new(Numbered::equal(asked.count)), Bodies::Texts(Texts::default())),
            (Some(_), None) => return Ok(None),
            (Some(texts), Some(fields)) => match texts.contents(fields, asked.rows.as_deref())? {
                None => return Ok(None),
                Some(line::Contents { numbered, numbers: Some(numbers), .. }) if digest.numbers => {
                    (numbered, Bodies::Numbers(numbers))
                }
                Some(line::Contents { numbered, bytes, ends, .. }) => {
                    (numbered, Bodies::Texts(Texts { bytes, ends }))
                }
            },
        };
        let mut contents = Self {
            asked,
            cells: digest.cells,
            numbered,
            bodies,
            metadata: Texts::default(),
            runs: 0,
            met: Vec::new(),
            counts: Vec::new(),
        };
        if let Some(metadata) = metadata {
            contents.add_metadata(metadata);
        }
        if let Bodies::Texts(texts) = &mut contents.bodies
            && texts.ends.is_empty()
        {
            texts.ends = Arc::new(vec![0; contents.numbered.firsts.len()]);
        }
        contents.met = vec![(0, 0); contents.numbered.firsts.len()];
        contents.counts = vec![0; contents.numbered.firsts.len()];
        Ok(Some(contents))
    }

    fn add_metadata(&mut self, metadata: &mut Metadata) {
        let distinct = metadata.distinct();
        let sets = self.asked.pick(metadata.numbers(), &(0..self.asked.count));
        let of_set = |number: &u32| distinct.of.get(*number as usize).copied().unwrap_or(0);
        let of_rows: Vec<u32> = sets.iter().map(of_set).collect();
        let numbered =
            Numbered::clone(&self.numbered).and(Numbered::keys(of_rows.into_iter(), distinct.firsts.len()));
        let number = |of: &[u32], first: &u32| of.get(*first as usize).map_or(0, |number| *number as usize);
        if numbered.firsts.len() > self.numbered.firsts.len() {
            let of_bodies = numbered.firsts.iter().map(|first| number(&self.numbered.of, first));
            self.bodies = self.bodies.pick(of_bodies);
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for first in &numbered.firsts {
            bytes.extend_from_slice(metadata.bytes(number(&sets, first)));
            ends.push(bytes.len() as u32);
        }
        if !bytes.is_empty() {
            self.metadata = Texts { bytes: bytes.into(), ends: Arc::new(ends) };
        }
        self.numbered = Arc::new(numbered);
    }

    /// Whether there may be rows with equal contents.
    pub fn are_shared(&self) -> bool {
        !self.numbered.is_different()
    }

    /// The rows of a run that lies at `range` of the page, whose times are `times`, oldest first; `together_ns` is a time
    /// that may stand for all of the run's, whose times are not read then.
    pub fn run(&mut self, range: &Range<usize>, times: &[i64], together_ns: Option<i64>) -> RowColumns {
        let within = self.asked.within(range);
        if within.is_empty() {
            return RowColumns::default();
        }
        if self.are_shared()
            && let Some(ts_ns) = together_ns.or_else(|| self.together_ns(&within, times))
        {
            return self.counted(std::iter::once(range), ts_ns);
        }
        let ts_ns = match together_ns {
            Some(ts_ns) => vec![ts_ns; within.len()],
            None => self.asked.pick(times, &within),
        };
        if !self.are_shared() {
            // Only a row that says what it counts for may have another time than its own.
            let counts = together_ns.map_or_else(Vec::new, |_| vec![1; within.len()]);
            return RowColumns {
                counts,
                ..columns(ts_ns, self.bodies.cut(&within), self.metadata.cut(&within))
            };
        }
        if self.numbered.firsts.len() <= ts_ns.len() {
            let contents = self.numbered.of.get(within).unwrap_or(&[]).to_vec();
            return RowColumns { contents, ..columns(ts_ns, self.bodies.clone(), self.metadata.clone()) };
        }
        let (contents, numbers) = self.renumbered(&within);
        RowColumns { contents, ..self.columns(ts_ns, &numbers) }
    }

    /// A row for each content of the runs at `ranges`, whose rows all lie in the cell of `ts_ns`.
    pub fn counted<'r>(&mut self, ranges: impl Iterator<Item = &'r Range<usize>>, ts_ns: i64) -> RowColumns {
        let ranges: Vec<&Range<usize>> = ranges.collect();
        let mut numbers: Vec<u32> = Vec::new();
        // Where most contents are met anyway, all are looked at afterwards.
        let rows: usize = ranges.iter().map(|range| range.len()).sum();
        let most = rows >= self.counts.len();
        for range in ranges {
            for number in self.numbered.of.get(self.asked.within(range)).unwrap_or(&[]) {
                let Some(count) = self.counts.get_mut(*number as usize) else { continue };
                if *count == 0 && !most {
                    numbers.push(*number);
                }
                *count += 1;
            }
        }
        if most {
            numbers
                .extend((0..).zip(&self.counts).filter(|(_, count)| **count > 0).map(|(number, _)| number));
        }
        let mut count_of = |number: &u32| self.counts.get_mut(*number as usize).map(std::mem::take);
        let counts = numbers.iter().filter_map(&mut count_of).collect();
        // Bodies are numbered though each is there once: who judges them may meet them again in other pages.
        let contents = if self.bodies.are_judged() { 0..numbers.len() as u32 } else { 0..0 };
        RowColumns {
            contents: contents.collect(),
            counts,
            ..self.columns(vec![ts_ns; numbers.len()], &numbers)
        }
    }

    /// The time of the first of the rows `within`, if all lie in one cell.
    fn together_ns(&self, within: &Range<usize>, times: &[i64]) -> Option<i64> {
        let (first, last) = (self.asked.time(times, within.start), self.asked.time(times, within.end - 1));
        self.cells.filter(|cells| cells.are_together(first, last)).map(|_| first)
    }

    /// Rows at these times of the contents `numbers`.
    fn columns(&self, ts_ns: Vec<i64>, numbers: &[u32]) -> RowColumns {
        let numbers = || numbers.iter().map(|number| *number as usize);
        columns(ts_ns, self.bodies.pick(numbers()), self.metadata.pick(numbers()))
    }

    /// The contents of the rows `within`, numbered anew, and the former number of each.
    fn renumbered(&mut self, within: &Range<usize>) -> (Vec<u32>, Vec<u32>) {
        self.runs += 1;
        let numbers = self.numbered.of.get(within.clone()).unwrap_or(&[]);
        let (mut contents, mut former) = (Vec::with_capacity(numbers.len()), Vec::new());
        for number in numbers {
            let Some(met) = self.met.get_mut(*number as usize) else { continue };
            if met.0 != self.runs {
                *met = (self.runs, former.len() as u32);
                former.push(*number);
            }
            contents.push(met.1);
        }
        (contents, former)
    }
}

fn columns(ts_ns: Vec<i64>, bodies: Bodies, metadata: Texts) -> RowColumns {
    let (bodies, numbers) = match bodies {
        Bodies::Texts(texts) => (texts, None),
        Bodies::Numbers(numbers) => (Texts::default(), Some(numbers)),
    };
    RowColumns {
        ts_ns,
        bodies: bodies.bytes,
        ends: Arc::unwrap_or_clone(bodies.ends),
        metadata: metadata.bytes,
        metadata_ends: Arc::unwrap_or_clone(metadata.ends),
        numbers,
        ..RowColumns::default()
    }
}

#[cfg(test)]
mod tests;
