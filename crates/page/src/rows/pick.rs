//! Rows out of rows that are not in a page: those of a question, and pieces put together and cut.

use super::seal::span;
use super::search::{self, Texts};
use super::sets::MetadataSets;
use crate::bits::Bits;
use crate::condition::Condition;
use crate::question::Question;
use bytes::Bytes;
use model::{LabelsRef, Numbers, Projection, RowColumns, RowRef, RunFacts, ScanStats, TimeRange};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The rows of `rows`, in any order, that `question` asks for, in the same order and whole: its
/// projection is not applied, for who puts rows of several sources together needs all of them. Their metadata is in
/// `sets` where there are any. What is known of the rows need not be found out.
pub fn pick(
    rows: &RowColumns,
    sets: Option<&MetadataSets>,
    known: Option<&RunFacts>,
    question: &Question,
    stats: &ScanStats,
) -> RowColumns {
    let mut passing = Bits::new(rows.len());
    let covered = known.filter(|facts| question.range.covers(facts.min_ns, facts.max_ns));
    if question.range == TimeRange::ALL || covered.is_some() {
        passing.set_range(0..rows.len());
    } else {
        let in_range = |row: &usize| rows.ts_ns.get(*row).is_some_and(|ts| question.range.contains(*ts));
        (0..rows.len()).filter(in_range).for_each(|row| passing.set(row));
    }
    count_work(rows, sets, covered, &passing, stats);
    for condition in question.conditions() {
        if let Condition::Metadata(matcher) = condition {
            let mut holds = Bits::new(rows.len());
            let of_sets = sets.map(|sets| (sets, sets.each(|set| matcher.matches_labels(set))));
            let matches = |row: &usize| match &of_sets {
                Some((sets, matching)) => matching.get(sets.number(*row)) == Some(&true),
                None => matcher.matches_labels(rows.row(*row).metadata),
            };
            passing.iter(0..rows.len()).filter(matches).for_each(|row| holds.set(row));
            passing.keep(&holds, false);
        }
    }
    let texts = Texts { bytes: &rows.bodies, ends: &rows.ends };
    for condition in question.conditions() {
        if let Condition::Text(text) = condition
            && passing.count() > 0
        {
            search::apply(text, texts, std::slice::from_ref(&(0..rows.len())), &mut passing);
        }
    }
    for condition in question.conditions() {
        if let Condition::Times(times) = condition {
            let mut holds = passing.unset();
            let rows = passing.iter(0..rows.len()).filter(|row| times.has(rows.ts_ns[*row]));
            rows.for_each(|row| holds.set(row));
            passing.keep(&holds, false);
        }
        if let Condition::Key(key) = condition {
            search::apply_key(key, rows.len(), |row| texts.row(row), &mut passing);
        }
    }
    stats.rows_passed.fetch_add(passing.count() as u64, Ordering::Relaxed);
    if passing.count() == rows.len() {
        return sets.map_or_else(|| rows.clone(), |sets| sets.joined(rows));
    }
    let passing = passing.iter(0..rows.len());
    match sets {
        Some(sets) => {
            RowColumns::from_rows(passing.map(|row| RowRef { metadata: sets.of(row), ..rows.row(row) }))
        }
        None => RowColumns::from_rows(passing.map(|row| rows.row(row))),
    }
}

/// Counts rows and bytes in the question's time.
fn count_work(
    rows: &RowColumns,
    sets: Option<&MetadataSets>,
    covered: Option<&RunFacts>,
    in_range: &Bits,
    stats: &ScanStats,
) {
    let count = in_range.count();
    let text = match count == rows.len() {
        true => rows.ends.last().map_or(0, |end| u64::from(*end)),
        false => in_range.iter(0..rows.len()).map(|row| rows.body_len(row) as u64).sum(),
    };
    let mut metadata = covered.map_or(0, |facts| facts.bytes.saturating_sub(text));
    let mut last: (LabelsRef<'_>, u64) = (LabelsRef::EMPTY, 0);
    if covered.is_none()
        && let Some(sets) = sets
    {
        let of_sets = sets.each(|set| set.pair_bytes());
        metadata += in_range.iter(0..rows.len()).filter_map(|row| of_sets.get(sets.number(row))).sum::<u64>();
    } else if covered.is_none() && !rows.metadata_ends.is_empty() {
        for row in in_range.iter(0..rows.len()) {
            let set = rows.row(row).metadata;
            if set.bytes() != last.0.bytes() {
                last = (set, set.pair_bytes());
            }
            metadata += last.1;
        }
    }
    stats.head_rows.fetch_add(count as u64, Ordering::Relaxed);
    stats.head_bytes.fetch_add(text + metadata, Ordering::Relaxed);
    stats.metadata_bytes.fetch_add(metadata, Ordering::Relaxed);
}

/// The rows `range` of `rows`. Texts are shared; columns that a projection left out stay so.
pub fn slice(rows: &RowColumns, range: &Range<usize>) -> RowColumns {
    let end = range.end.min(rows.len());
    let range = range.start.min(end)..end;
    let cut = |bytes: &Bytes, ends: &[u32]| -> (Bytes, Vec<u32>) {
        let within = span(ends, &range);
        let ends = ends.get(range.clone()).unwrap_or(&[]).iter();
        let ends = ends.map(|end| end - within.start as u32).collect();
        let bytes = if within.end <= bytes.len() { bytes.slice(within) } else { Bytes::new() };
        (bytes, ends)
    };
    let part = |numbers: &[u32]| numbers.get(range.clone()).unwrap_or(&[]).to_vec();
    let ts_ns = rows.ts_ns.get(range.clone()).unwrap_or(&[]).to_vec();
    let counts = part(&rows.counts);
    if !rows.contents.is_empty() {
        // What rows share is not cut.
        return RowColumns {
            ts_ns,
            bodies: rows.bodies.clone(),
            ends: rows.ends.clone(),
            metadata: rows.metadata.clone(),
            metadata_ends: rows.metadata_ends.clone(),
            contents: part(&rows.contents),
            counts,
            numbers: rows.numbers.clone(),
        };
    }
    let numbers = rows.numbers.as_deref().map(|Numbers { form, of }| {
        let of = of.get(range.clone()).unwrap_or(&[]).to_vec();
        Arc::new(Numbers { form: form.clone(), of })
    });
    let (bodies, ends) = cut(&rows.bodies, &rows.ends);
    let (metadata, metadata_ends) = cut(&rows.metadata, &rows.metadata_ends);
    RowColumns { ts_ns, bodies, ends, metadata, metadata_ends, contents: Vec::new(), counts, numbers }
}

/// The rows of `inputs` one after the other. All must have the same projection; some may be digests.
pub fn concat(inputs: &[&RowColumns]) -> RowColumns {
    if inputs.iter().any(|rows| rows.numbers.is_some()) {
        let texts: Vec<RowColumns> = inputs.iter().map(|rows| (*rows).clone().with_texts()).collect();
        return concat(&texts.iter().collect::<Vec<_>>());
    }
    let mut out = RowColumns::default();
    let (mut text, mut metadata, mut text_end) = (Vec::new(), Vec::new(), 0u32);
    let has_metadata = inputs.iter().any(|rows| !rows.metadata_ends.is_empty());
    let has_contents = inputs.iter().any(|rows| !rows.contents.is_empty());
    let has_counts = inputs.iter().any(|rows| !rows.counts.is_empty());
    let sum = |of: fn(&RowColumns) -> usize| inputs.iter().map(|rows| of(rows)).sum::<usize>();
    let count = sum(RowColumns::len);
    out.ts_ns.reserve_exact(count);
    out.ends.reserve_exact(count);
    text.reserve_exact(sum(|rows| rows.bodies.len()));
    if has_metadata {
        out.metadata_ends.reserve_exact(count);
        metadata.reserve_exact(sum(|rows| rows.metadata.len()));
    }
    for rows in inputs {
        if has_contents {
            let first = out.ends.len() as u32;
            out.contents.extend((0..rows.len()).map(|row| first + rows.content(row) as u32));
        }
        if has_counts {
            out.counts.extend((0..rows.len()).map(|row| rows.count(row)));
        }
        out.ts_ns.extend_from_slice(&rows.ts_ns);
        text.extend_from_slice(&rows.bodies);
        out.ends.extend(rows.ends.iter().map(|end| text_end + end));
        text_end += rows.ends.last().copied().unwrap_or(0);
        if has_metadata {
            let start = metadata.len() as u32;
            match rows.metadata_ends.is_empty() {
                true => out.metadata_ends.extend(std::iter::repeat_n(start, rows.content_count())),
                false => out.metadata_ends.extend(rows.metadata_ends.iter().map(|end| start + end)),
            }
            metadata.extend_from_slice(&rows.metadata);
        }
    }
    (out.bodies, out.metadata) = (text.into(), metadata.into());
    out
}

/// Leaves out what `projection` does not name.
pub fn project(rows: &mut RowColumns, projection: Projection) {
    if !projection.body {
        rows.bodies = Bytes::new();
    }
    if !projection.metadata {
        rows.metadata = Bytes::new();
        rows.metadata_ends = Vec::new();
    }
}

#[cfg(test)]
mod tests;
