//! Rows of a digest: what many of them have in common is found once for a page, and given once for each run.

use super::bodies::PageBodies;
use super::metadata::Metadata;
use super::seal::span;
use crate::bits::Bits;
use crate::line;
use crate::numbered::Numbered;
use base::Result;
use bytes::Bytes;
use model::{Cells, Digest, RowColumns};
use std::ops::Range;

/// What the rows of a page that are asked for have in common.
pub struct Contents {
    asked: Asked,
    cells: Option<Cells>,
    /// Which content each of them has.
    numbered: Numbered,
    bodies: Texts,
    metadata: Texts,
    runs: u32,
    /// Of each content the last run that had it, counted from 1, and its number there.
    met: Vec<(u32, u32)>,
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
    ends: Vec<u32>,
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
        Self { bytes: bytes.into(), ends }
    }

    /// The neighbours `range`.
    fn cut(&self, range: &Range<usize>) -> Self {
        let within = span(&self.ends, range);
        let ends = self.ends.get(range.clone()).unwrap_or(&[]).iter();
        let ends = ends.map(|end| end - within.start as u32).collect();
        let bytes = if within.end <= self.bytes.len() { self.bytes.slice(within) } else { Bytes::new() };
        Self { bytes, ends }
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
            (None, _) => (Numbered::equal(asked.count), Texts::default()),
            (Some(_), None) => return Ok(None),
            (Some(texts), Some(fields)) => match texts.contents(fields, asked.rows.as_deref())? {
                None => return Ok(None),
                Some(line::Contents { numbered, bytes, ends }) => {
                    (numbered, Texts { bytes: bytes.into(), ends })
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
        };
        if let Some(metadata) = metadata {
            contents.add_metadata(metadata);
        }
        if contents.bodies.ends.is_empty() {
            contents.bodies.ends = vec![0; contents.numbered.firsts.len()];
        }
        contents.met = vec![(0, 0); contents.numbered.firsts.len()];
        Ok(Some(contents))
    }

    fn add_metadata(&mut self, metadata: &mut Metadata) {
        let distinct = metadata.distinct();
        let sets = self.asked.pick(metadata.numbers(), &(0..self.asked.count));
        let of_set = |number: &u32| distinct.of.get(*number as usize).copied().unwrap_or(0);
        let of_rows: Vec<u32> = sets.iter().map(of_set).collect();
        let numbered = self.numbered.clone().and(&Numbered::keys(&of_rows, distinct.firsts.len()));
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
            self.metadata = Texts { bytes: bytes.into(), ends };
        }
        self.numbered = numbered;
    }

    /// The rows of a run that lies at `range` of the page, whose times are `times`, oldest first.
    pub fn run(&mut self, range: &Range<usize>, times: &[i64]) -> RowColumns {
        let within = self.asked.within(range);
        let ts_ns = self.asked.pick(times, &within);
        let (Some(first), Some(last)) = (ts_ns.first(), ts_ns.last()) else { return RowColumns::default() };
        if self.numbered.is_different() {
            return columns(ts_ns, self.bodies.cut(&within), self.metadata.cut(&within));
        }
        let together = self.cells.is_some_and(|cells| cells.are_together(*first, *last));
        if !together && self.numbered.firsts.len() <= ts_ns.len() {
            let contents = self.numbered.of.get(within).unwrap_or(&[]).to_vec();
            return RowColumns { contents, ..columns(ts_ns, self.bodies.clone(), self.metadata.clone()) };
        }
        let (contents, firsts) = self.renumbered(&within);
        let of = |first: &usize| self.numbered.of.get(within.start + first).map_or(0, |at| *at as usize);
        let bodies = self.bodies.pick(firsts.iter().map(of));
        let metadata = self.metadata.pick(firsts.iter().map(of));
        if !together {
            return RowColumns { contents, ..columns(ts_ns, bodies, metadata) };
        }
        let mut counts = vec![0; firsts.len()];
        for number in contents {
            counts.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1);
        }
        let ts_ns = firsts.iter().filter_map(|first| ts_ns.get(*first)).copied().collect();
        RowColumns { counts, ..columns(ts_ns, bodies, metadata) }
    }

    /// The contents of the rows `within`, numbered anew, and the position of the first row of each.
    fn renumbered(&mut self, within: &Range<usize>) -> (Vec<u32>, Vec<usize>) {
        self.runs += 1;
        let numbers = self.numbered.of.get(within.clone()).unwrap_or(&[]);
        let (mut contents, mut firsts) = (Vec::with_capacity(numbers.len()), Vec::new());
        for (position, number) in numbers.iter().enumerate() {
            let Some(met) = self.met.get_mut(*number as usize) else { continue };
            if met.0 != self.runs {
                *met = (self.runs, firsts.len() as u32);
                firsts.push(position);
            }
            contents.push(met.1);
        }
        (contents, firsts)
    }
}

fn columns(ts_ns: Vec<i64>, bodies: Texts, metadata: Texts) -> RowColumns {
    RowColumns {
        ts_ns,
        bodies: bodies.bytes,
        ends: bodies.ends,
        metadata: metadata.bytes,
        metadata_ends: metadata.ends,
        ..RowColumns::default()
    }
}

#[cfg(test)]
mod tests;
