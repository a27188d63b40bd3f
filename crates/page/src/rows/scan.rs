//! Rows out of a text page.

use super::bodies::{self, PageBodies};
use super::digest::{Asked, Contents};
use super::lengths::Lengths;
use super::metadata::Metadata;
use super::open::{Candidate, Open, Wanted};
use super::search::{self, Texts};
use super::told::{FEW_ROWS, Told};
use crate::bits::Bits;
use crate::condition::{Condition, TextCondition};
use crate::question::Question;
use crate::section::Body;
use base::Result;
use bytes::Bytes;
use model::{Projection, RowColumns, ScanStats};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// The rows that `question` asks for, of the runs that are `wanted`. Runs without such rows are left out.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn scan(
    body: &Body<'_>,
    wanted: &Wanted<'_>,
    question: &Question,
    stats: &ScanStats,
) -> Result<Vec<(u32, RowColumns)>> {
    let lines = if question.reads_bodies() { bodies::lines(body)? } else { None };
    let asked = lines.as_ref().map(|lines| Told::ask(lines, wanted, question));
    let told = asked.transpose()?.unwrap_or_default();
    if told.none_passes {
        return count_ruled_out(body, wanted, question, stats).map(|()| Vec::new());
    }
    let Some(mut page) = Open::new(body, wanted, question)? else { return Ok(Vec::new()) };
    let lengths = Lengths::new(body, page.rows);
    if !question.ignores_lengths() && page.candidate_rows() < page.rows {
        lengths.ends()?;
    }
    count_work(&page, &lengths, question, stats);
    let mut texts = PageBodies::open(body, wanted.run_rows, &lengths, lines, question.reads_bodies())?;
    let mut passing = page.passing(&mut texts, told, question)?;
    page.keep_nearest(passing.as_mut(), question);
    if page.given_rows(passing.as_ref()) == 0 {
        texts.close();
        return Ok(Vec::new());
    }
    let contents = page.contents(passing.as_ref(), &texts, question)?;
    page.read_times(body, wanted, |candidate| {
        let is_given = passing.as_ref().is_none_or(|bits| bits.iter(candidate.rows.clone()).next().is_some());
        is_given && (contents.is_none() || candidate.together.is_none())
    })?;
    if contents.is_none() {
        page.keep_nearest_of_all(passing.as_mut(), question);
    }
    stats.rows_passed.fetch_add(page.given_rows(passing.as_ref()) as u64, Ordering::Relaxed);
    let out = match contents {
        Some(contents) => page.give_contents(contents),
        None => {
            match question.projection.body {
                true => page.read_given(&mut texts, passing.as_ref())?,
                false => texts.read_ends()?,
            }
            page.give(|page, run| page.gather(&run.rows, passing.as_ref(), &texts, question))
        }
    };
    texts.close();
    Ok(out)
}

impl Open {
    /// What the rows that are given have in common, where the question asks for that and it can be told.
    fn contents(
        &mut self,
        passing: Option<&Bits>,
        texts: &PageBodies<'_>,
        question: &Question,
    ) -> Result<Option<Contents>> {
        let Some(digest) = question.digest() else { return Ok(None) };
        let asked = Asked::new(passing, self.candidates.iter().map(|one| &one.rows), self.rows);
        let metadata = self.metadata.as_mut().filter(|_| question.projection.metadata);
        Contents::read(digest, asked, question.projection.body.then_some(texts), metadata)
    }

    /// What the runs have of `contents`; those that are together and alike as one of them.
    fn give_contents(&mut self, mut contents: Contents) -> Vec<(u32, RowColumns)> {
        let mut candidates = std::mem::take(&mut self.candidates);
        let group = |run: &Candidate| run.together.filter(|_| contents.are_shared()).map(|one| one.group());
        candidates.sort_by_key(&group);
        let groups: Vec<&[Candidate]> =
            candidates.chunk_by(|a, b| group(a).is_some() && group(a) == group(b)).collect();
        let runs = groups.into_iter().filter_map(|runs| {
            let first = runs.first()?;
            let rows = match (first.together, runs) {
                (together, [run]) => contents.run(&run.rows, &self.times, together.map(|one| one.ts_ns)),
                (together, _) => contents.counted(runs.iter().map(|run| &run.rows), together?.ts_ns),
            };
            Some((first.position, rows))
        });
        let mut runs: Vec<_> = runs.filter(|(_, rows)| !rows.is_empty()).collect();
        runs.sort_unstable_by_key(|(position, _)| *position);
        runs
    }

    /// What `rows` gives of each run, as far as that is anything.
    fn give(&mut self, mut rows: impl FnMut(&mut Self, &Candidate) -> RowColumns) -> Vec<(u32, RowColumns)> {
        let candidates = std::mem::take(&mut self.candidates);
        let runs = candidates.iter().map(|run| (run.position, rows(self, run)));
        runs.filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// Reads the texts that are given. Most of the page as it is: then without a copy. Otherwise into the
    /// scratch buffer, so that a few rows do not hold a whole page in memory.
    fn read_given(&self, texts: &mut PageBodies<'_>, passing: Option<&Bits>) -> Result<()> {
        let of_candidates = || {
            let mut rows = Bits::new(self.rows);
            self.candidates.iter().for_each(|candidate| rows.set_range(candidate.rows.clone()));
            rows
        };
        let rows = passing.map_or_else(|| Cow::Owned(of_candidates()), Cow::Borrowed);
        if rows.is_empty() {
            return Ok(());
        }
        texts.read(&rows, passing.is_none() && self.candidate_rows() * 2 >= self.rows)
    }

    /// The rows for which all conditions hold, of which columns may have `told` some already; none when there
    /// is no condition.
    fn passing(&self, texts: &mut PageBodies<'_>, told: Told, question: &Question) -> Result<Option<Bits>> {
        if question.conditions().is_empty() {
            return Ok(None);
        }
        let mut passing = Bits::new(self.rows);
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
                let rows = ranges
                    .iter()
                    .flat_map(Clone::clone)
                    .filter(|row| self.times.get(*row).is_some_and(|ts| times.has(*ts)));
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
        let mut left: Vec<(&TextCondition, Option<Bits>)> = Vec::new();
        let mut told = told.into_found();
        for condition in question.conditions() {
            let Condition::Text(text) = condition else { continue };
            let few = passing.count() * FEW_ROWS < self.rows;
            let found = match told.next() {
                Some(found) => found,
                None if few => None,
                None => texts.find(text)?,
            };
            if let Some(found) = &found {
                found.keep(text.negated, &mut passing);
            }
            left.push((text, found.map(|found| found.undecided)));
        }
        let reads_all = question.projection.body || !keys_left.is_empty();
        test_left(&left, texts, reads_all, &ranges, &mut passing)?;
        for key in keys_left {
            if !passing.is_empty() {
                texts.read(&passing, false)?;
                search::apply_key(key, self.rows, |row| texts.row(row), &mut passing);
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
                *passing = passing.unset();
            }
            return;
        };
        let verdicts = metadata.test_sets(name, matches);
        let mut holds = passing.unset();
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
            None => out.ts_ns.extend_from_slice(self.times.get(range.clone()).unwrap_or(&[])),
            Some(bits) => {
                out.ts_ns.extend(bits.iter(range.clone()).filter_map(|row| self.times.get(row)).copied());
            }
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
        out.ends = gather_ends(texts, range, passing);
        if question.projection.body {
            let unbroken = passing.is_none() || out.len() == range.len();
            let together = if unbroken { texts.span(range) } else { None };
            let one_by_one = || {
                let mut text = Vec::with_capacity(out.ends.last().map_or(0, |end| *end as usize));
                rows().for_each(|row| text.extend_from_slice(texts.row(row)));
                text.into()
            };
            out.bodies = together.unwrap_or_else(one_by_one);
        }
        if question.projection.metadata
            && let Some(metadata) = &mut self.metadata
        {
            (out.metadata, out.metadata_ends) = gather_metadata(metadata, rows());
        }
        out
    }
}

/// Unsets in `passing` the rows for which a condition does not hold, of those rows for which that is undecided, or
/// of all. With `reads_all` the texts of all that pass until now are read.
fn test_left(
    left: &[(&TextCondition, Option<Bits>)],
    texts: &mut PageBodies<'_>,
    reads_all: bool,
    ranges: &[Range<usize>],
    passing: &mut Bits,
) -> Result<()> {
    let tested = |undecided: &Option<Bits>, passing: &Bits| {
        let mut tested = passing.clone();
        if let Some(undecided) = undecided {
            tested.keep(undecided, false);
        }
        tested
    };
    let mut needed = passing.unset();
    left.iter().for_each(|(_, undecided)| needed.join(&tested(undecided, passing)));
    if needed.is_empty() {
        return Ok(());
    }
    texts.read(if reads_all { passing } else { &needed }, false)?;
    for (text, undecided) in left {
        let before = tested(undecided, passing);
        if !before.is_empty() {
            let mut holding = before.clone();
            texts.apply(text, ranges, &mut holding);
            passing.keep(&before, true);
            passing.join(&holding);
        }
    }
    Ok(())
}

/// Where the texts of the rows `range` end that are `passing`.
fn gather_ends(texts: &PageBodies<'_>, range: &Range<usize>, passing: Option<&Bits>) -> Vec<u32> {
    let mut end = 0;
    let mut add = |row: usize| {
        end += texts.length(row);
        end
    };
    match passing {
        None => range.clone().map(add).collect(),
        Some(passing) => passing.iter(range.clone()).map(&mut add).collect(),
    }
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

/// Counts rows and bytes of a page of which columns have told that no row passes; metadata is not read.
fn count_ruled_out(
    body: &Body<'_>,
    wanted: &Wanted<'_>,
    question: &Question,
    stats: &ScanStats,
) -> Result<()> {
    let question = question.with_projection(Projection { body: false, metadata: false });
    if let Some(page) = Open::new(body, wanted, &question)? {
        let lengths = Lengths::new(body, page.rows);
        if page.candidate_rows() < page.rows {
            lengths.ends()?;
        }
        count_work(&page, &lengths, &question, stats);
    }
    Ok(())
}

/// Bytes of names and values of the metadata of `candidates`.
fn metadata_bytes(metadata: &Metadata, candidates: &[Candidate]) -> u64 {
    let mut sizes: Vec<Option<u64>> = vec![None; metadata.set_count() + 1];
    let rows = candidates.iter().flat_map(|candidate| candidate.rows.clone());
    let of_row = |row| {
        let number = metadata.number(row);
        sizes.get_mut(number).map_or(0, |size| *size.get_or_insert_with(|| metadata.pair_bytes(number)))
    };
    rows.map(of_row).sum()
}

/// Counts rows and bytes in the question's time; metadata only where it is decoded in whole, and in proportion where
/// lengths of texts are not known.
fn count_work(page: &Open, lengths: &Lengths<'_>, question: &Question, stats: &ScanStats) {
    let rows = page.candidate_rows() as u64;
    let text_bytes = match lengths.known() {
        None => lengths.bytes() * rows / (lengths.rows() as u64).max(1),
        Some(ends) => {
            let texts = Texts { bytes: &[], ends };
            page.candidates.iter().map(|c| texts.span(&c.rows).len() as u64).sum()
        }
    };
    let metadata = page.metadata.as_ref().filter(|metadata| metadata.is_whole());
    let metadata_bytes = metadata.filter(|_| question.projection.metadata).map_or(0, |metadata| {
        let all: Option<u64> = page.candidates.iter().map(|candidate| candidate.bytes).sum();
        let is_exact = lengths.known().is_some() || rows == lengths.rows() as u64;
        match all.filter(|_| is_exact) {
            Some(all) => all.saturating_sub(text_bytes),
            None => metadata_bytes(metadata, &page.candidates),
        }
    });
    stats.block_rows.fetch_add(rows, Ordering::Relaxed);
    stats.block_bytes.fetch_add(text_bytes + metadata_bytes, Ordering::Relaxed);
    stats.metadata_bytes.fetch_add(metadata_bytes, Ordering::Relaxed);
}
