//! Rows out of a text page.

use super::bodies::PageBodies;
use super::metadata::Metadata;
use super::search::{self, Texts};
use super::{BODIES_TAG, LENGTHS_TAG, TIMES_TAG, times};
use crate::bits::Bits;
use crate::codec::{self, Codec};
use crate::condition::{Condition, TextCondition};
use crate::question::Question;
use crate::sample;
use crate::section::Body;
use base::{Error, Result};
use bytes::Bytes;
use model::{Fields, RowColumns, ScanStats, TimeRange};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// With fewer rows left than one in this many, their texts are read instead of searching columns.
const FEW_ROWS: usize = 16;

/// A wanted run: its position in the page and its rows in the question's time.
#[derive(Clone, Debug)]
struct Candidate {
    position: u32,
    rows: Range<usize>,
}

/// A page whose columns are decoded as far as the question needs them.
struct Open {
    times: Vec<i64>,
    ends: Vec<u32>,
    metadata: Option<Metadata>,
    candidates: Vec<Candidate>,
}

/// The rows that `question` asks for, of the runs at the positions that are `wanted` (ascending).
/// Runs without such rows are left out.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn scan(
    body: &Body<'_>,
    run_rows: &[u32],
    wanted: &[u32],
    question: &Question,
    stats: &ScanStats,
) -> Result<Vec<(u32, RowColumns)>> {
    let Some(mut page) = open(body, run_rows, wanted, question)? else { return Ok(Vec::new()) };
    count_work(&page, question, stats);
    let ends = std::mem::take(&mut page.ends);
    let mut texts = PageBodies::open(body, run_rows, &ends, question.reads_bodies())?;
    let mut passing = page.passing(&mut texts, question)?;
    page.keep_nearest(passing.as_mut(), question);
    if question.projection.body {
        page.read_given(&mut texts, passing.as_ref(), question.fields())?;
    }
    let given: usize = passing.as_ref().map_or_else(|| page.candidate_rows(), Bits::count);
    stats.rows_passed.fetch_add(given as u64, Ordering::Relaxed);
    let mut out = Vec::new();
    for candidate in page.candidates.clone() {
        let rows = page.gather(&candidate.rows, passing.as_ref(), &texts, question);
        if !rows.is_empty() {
            out.push((candidate.position, rows));
        }
    }
    texts.close();
    Ok(out)
}

/// Decodes times, and when rows are in the question's time, lengths and metadata.
fn open(body: &Body<'_>, run_rows: &[u32], wanted: &[u32], question: &Question) -> Result<Option<Open>> {
    let is_wanted = |run: usize| u32::try_from(run).is_ok_and(|run| wanted.binary_search(&run).is_ok());
    let times = read_times(body, run_rows, is_wanted)?;
    let mut candidates = Vec::new();
    let mut first = 0;
    for (position, rows) in run_rows.iter().enumerate() {
        let rows = first..first + *rows as usize;
        first = rows.end;
        if is_wanted(position) {
            let rows = rows_in(&times, rows, question.range);
            if !rows.is_empty() {
                candidates.push(Candidate { position: position as u32, rows });
            }
        }
    }
    if candidates.is_empty() {
        return Ok(None);
    }
    let ends = read_ends(body, times.len())?;
    let all = question.projection.metadata;
    let compared = |name: &str| {
        question.conditions().iter().any(|c| matches!(c, Condition::Metadata(m) if m.name == name))
    };
    let metadata = match question.reads_metadata() {
        true => Metadata::read(body, times.len(), |name| all || compared(name))?,
        false => None,
    };
    Ok(Some(Open { times, ends, metadata, candidates }))
}

/// Times of all rows, of which those outside the `wanted` runs may be left 0.
fn read_times(body: &Body<'_>, run_rows: &[u32], wanted: impl Fn(usize) -> bool) -> Result<Vec<i64>> {
    let (section, stored) = body.needed(TIMES_TAG)?;
    if section.codec == Codec::Pco {
        return times::take(stored, run_rows, wanted);
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

/// Lengths to ends; they fill the text exactly.
fn read_ends(body: &Body<'_>, row_count: usize) -> Result<Vec<u32>> {
    let (_, stored) = body.needed(LENGTHS_TAG)?;
    let mut ends = vec![0u32; row_count];
    codec::decompress_numbers(stored, &mut ends)?;
    let mut sum = 0u64;
    for end in &mut ends {
        sum += u64::from(*end);
        *end = sum as u32;
    }
    let text_len =
        body.sections.iter().find(|section| section.tag == BODIES_TAG).map(|s| u64::from(s.raw_len));
    if text_len != Some(sum) {
        return Err(Error::corrupt(format!("lengths sum to {sum}, text has {text_len:?} bytes")));
    }
    Ok(ends)
}

impl Open {
    /// Leaves out what is more than the rows of each run that suffice.
    fn keep_nearest(&mut self, passing: Option<&mut Bits>, question: &Question) {
        let Some(passing) = passing else {
            for Candidate { rows, .. } in &mut self.candidates {
                let kept = question.nearest_of(rows.len());
                *rows = rows.start + kept.start..rows.start + kept.end;
            }
            return;
        };
        for Candidate { rows, .. } in &mut self.candidates {
            let kept = question.nearest_of(passing.iter(rows.clone()).count());
            let mut places = passing.iter(rows.clone()).skip(kept.start).take(kept.len());
            let (first, last) = (places.next(), places.last());
            *rows = first.map_or(rows.start..rows.start, |first| first..last.unwrap_or(first) + 1);
        }
        let mut kept = passing.unset();
        self.candidates.iter().for_each(|candidate| kept.set_range(candidate.rows.clone()));
        passing.keep(&kept, false);
    }

    fn candidate_rows(&self) -> usize {
        self.candidates.iter().map(|candidate| candidate.rows.len()).sum()
    }

    /// Reads the texts that are given. Most of the page as it is: then without a copy. Otherwise into the
    /// scratch buffer, so that a few rows do not hold a whole page in memory.
    fn read_given(
        &self,
        texts: &mut PageBodies<'_>,
        passing: Option<&Bits>,
        fields: Option<&Fields>,
    ) -> Result<()> {
        let of_candidates = || {
            let mut rows = Bits::new(self.times.len());
            self.candidates.iter().for_each(|candidate| rows.set_range(candidate.rows.clone()));
            rows
        };
        let rows = passing.map_or_else(|| Cow::Owned(of_candidates()), Cow::Borrowed);
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(fields) = fields {
            texts.read_fields(&rows, fields)?;
        }
        let block = texts.block();
        let given: usize = self.candidates.iter().map(|c| block.span(&c.rows).len()).sum();
        let all = block.ends.last().map_or(0, |end| *end as usize);
        texts.read(&rows, passing.is_none() && given * 2 >= all)
    }

    /// The rows for which all conditions hold; none when there is no condition.
    fn passing(&self, texts: &mut PageBodies<'_>, question: &Question) -> Result<Option<Bits>> {
        if question.conditions().is_empty() {
            return Ok(None);
        }
        let mut passing = Bits::new(self.times.len());
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for candidate in &self.candidates {
            passing.set_range(candidate.rows.clone());
            match ranges.last_mut() {
                Some(last) if last.end == candidate.rows.start => last.end = candidate.rows.end,
                _ => ranges.push(candidate.rows.clone()),
            }
        }
        for condition in question.conditions() {
            if let Condition::Times(times) = condition {
                let mut holds = passing.unset();
                let rows = ranges.iter().flat_map(Clone::clone).filter(|row| times.has(self.times[*row]));
                rows.for_each(|row| holds.set(row));
                passing.keep(&holds, false);
            }
        }
        // Keys that columns tell first, for few rows have one.
        let keys = question.conditions().iter().filter_map(Condition::key);
        let mut keys_left = Vec::new();
        for key in keys {
            match texts.find_key(key) {
                Some(rows) => passing.keep(&rows, false),
                None => keys_left.push(key),
            }
        }
        // Then metadata: it is cheap, and texts are searched only where rows are left.
        for condition in question.conditions() {
            if let Condition::Metadata(matcher) = condition {
                self.test_metadata(&matcher.name, |value| matcher.matches(value), &ranges, &mut passing);
            }
        }
        // Then what columns can tell, and only for what is left the texts themselves.
        let mut left: Vec<&TextCondition> = Vec::new();
        for condition in question.conditions() {
            let Condition::Text(text) = condition else { continue };
            let few = passing.count() * FEW_ROWS < self.times.len();
            let found = if few { None } else { texts.find(text)? };
            let exact = found.as_ref().is_some_and(|found| found.exact);
            if let Some(found) = found.filter(|found| found.exact || !text.negated) {
                passing.keep(&found.rows, text.negated);
            }
            if !exact {
                left.push(text);
            }
        }
        for text in left {
            if !passing.is_empty() {
                texts.read(&passing, false)?;
                texts.apply(text, &ranges, &mut passing);
            }
        }
        for key in keys_left {
            if !passing.is_empty() {
                texts.read(&passing, false)?;
                search::apply_key(key, self.times.len(), |row| texts.row(row), &mut passing);
            }
        }
        Ok(Some(passing))
    }

    fn test_metadata(
        &self,
        name: &str,
        matches: impl Fn(&str) -> bool,
        ranges: &[Range<usize>],
        passing: &mut Bits,
    ) {
        let Some(metadata) = &self.metadata else {
            if !matches("") {
                *passing = Bits::new(self.times.len());
            }
            return;
        };
        let verdicts = metadata.test_sets(name, matches);
        let mut holds = Bits::new(self.times.len());
        for row in ranges.iter().flat_map(Clone::clone) {
            if verdicts.get(metadata.number(row)).is_some_and(|holds| *holds) {
                holds.set(row);
            }
        }
        passing.keep(&holds, false);
    }

    /// Rows of one run, oldest first.
    fn gather(
        &mut self,
        range: &Range<usize>,
        passing: Option<&Bits>,
        texts: &PageBodies<'_>,
        question: &Question,
    ) -> RowColumns {
        let mut out = RowColumns::default();
        match passing {
            None => out.ts_ns.extend_from_slice(&self.times[range.clone()]),
            Some(bits) => out.ts_ns.extend(bits.iter(range.clone()).map(|row| self.times[row])),
        }
        if out.is_empty() {
            return out;
        }
        let rows = || -> Box<dyn Iterator<Item = usize> + '_> {
            match passing {
                None => Box::new(range.clone()),
                Some(bits) => Box::new(bits.iter(range.clone())),
            }
        };
        (out.bodies, out.ends) = match texts.fields(range) {
            Some(fields) => fields,
            None => {
                let ends = gather_ends(texts.block(), range, passing);
                let end = ends.last().copied().unwrap_or(0);
                let unbroken = passing.is_none() || out.len() == range.len();
                let together = if unbroken { texts.span(range) } else { None };
                let one_by_one = || {
                    let mut text = Vec::with_capacity(end as usize);
                    rows().for_each(|row| text.extend_from_slice(texts.row(row)));
                    text.into()
                };
                let bodies = question.projection.body.then(|| together.unwrap_or_else(one_by_one));
                (bodies.unwrap_or_default(), ends)
            }
        };
        if question.projection.metadata
            && let Some(metadata) = &mut self.metadata
        {
            (out.metadata, out.metadata_ends) = gather_metadata(metadata, rows());
        }
        out
    }
}

/// Where the texts of the rows `range` end that are `passing`, by their lengths in `texts`.
fn gather_ends(texts: Texts<'_>, range: &Range<usize>, passing: Option<&Bits>) -> Vec<u32> {
    let Some(passing) = passing else {
        let start = texts.span(range).start as u32;
        return texts.ends.get(range.clone()).unwrap_or(&[]).iter().map(|end| end - start).collect();
    };
    let mut end = 0;
    let ends = passing.iter(range.clone()).map(|row| {
        end += texts.span(&(row..row + 1)).len() as u32;
        end
    });
    ends.collect()
}

/// Metadata of `rows`; without any, no ends either.
fn gather_metadata(metadata: &mut Metadata, rows: impl Iterator<Item = usize>) -> (Bytes, Vec<u32>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for row in rows {
        bytes.extend_from_slice(metadata.bytes(metadata.number(row)));
        ends.push(bytes.len() as u32);
    }
    if bytes.is_empty() {
        ends = Vec::new();
    }
    (bytes.into(), ends)
}

/// Counts rows and bytes in the question's time; metadata only where it is decoded in whole.
fn count_work(page: &Open, question: &Question, stats: &ScanStats) {
    let texts = Texts { bytes: &[], ends: &page.ends };
    let text_bytes: usize = page.candidates.iter().map(|c| texts.span(&c.rows).len()).sum();
    let mut metadata_bytes = 0;
    if question.projection.metadata
        && let Some(metadata) = &page.metadata
    {
        let mut sizes: Vec<Option<u64>> = vec![None; metadata.set_count() + 1];
        for row in page.candidates.iter().flat_map(|candidate| candidate.rows.clone()) {
            let number = metadata.number(row);
            if let Some(size) = sizes.get_mut(number) {
                metadata_bytes += *size.get_or_insert_with(|| metadata.pair_bytes(number));
            }
        }
    }
    stats.block_rows.fetch_add(page.candidate_rows() as u64, Ordering::Relaxed);
    stats.block_bytes.fetch_add(text_bytes as u64 + metadata_bytes, Ordering::Relaxed);
    stats.metadata_bytes.fetch_add(metadata_bytes, Ordering::Relaxed);
}
