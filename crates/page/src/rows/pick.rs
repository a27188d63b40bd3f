//! Rows out of lines that are not in a page: those of a question, and pieces put together and cut.

use super::seal::{metadata_bytes, span};
use super::search::{self, Texts};
use crate::bits::Bits;
use crate::condition::Condition;
use crate::question::Question;
use bytes::Bytes;
use model::{LabelsRef, Projection, RowColumns, ScanStats, TimeRange};
use std::ops::Range;
use std::sync::atomic::Ordering;

/// The rows of `lines`, in any order, that `question` asks for, in the same order and whole: its
/// projection is not applied, for who puts rows of several sources together needs all of them.
pub fn pick(lines: &RowColumns, question: &Question, stats: &ScanStats) -> RowColumns {
    let mut passing = Bits::new(lines.len());
    if question.range == TimeRange::ALL {
        passing.set_range(0..lines.len());
    } else {
        let in_range = |row: &usize| lines.ts_ns.get(*row).is_some_and(|ts| question.range.contains(*ts));
        (0..lines.len()).filter(in_range).for_each(|row| passing.set(row));
    }
    count_work(lines, &passing, stats);
    for condition in question.conditions() {
        if let Condition::Metadata(matcher) = condition {
            let mut holds = Bits::new(lines.len());
            let rows =
                passing.iter(0..lines.len()).filter(|row| matcher.matches_labels(lines.row(*row).metadata));
            rows.for_each(|row| holds.set(row));
            passing.keep(&holds, false);
        }
    }
    let texts = Texts { bytes: &lines.bodies, ends: &lines.ends };
    for condition in question.conditions() {
        if let Condition::Text(text) = condition
            && passing.count() > 0
        {
            search::apply(text, texts, std::slice::from_ref(&(0..lines.len())), &mut passing);
        }
    }
    stats.rows_passed.fetch_add(passing.count() as u64, Ordering::Relaxed);
    match passing.count() {
        all if all == lines.len() => lines.clone(),
        _ => RowColumns::from_rows(passing.iter(0..lines.len()).map(|row| lines.row(row))),
    }
}

/// Counts rows and bytes in the question's time.
fn count_work(lines: &RowColumns, in_range: &Bits, stats: &ScanStats) {
    let (mut text, mut metadata) = (0, 0);
    let mut last: (LabelsRef<'_>, u64) = (LabelsRef::EMPTY, 0);
    for row in in_range.iter(0..lines.len()) {
        text += lines.body_len(row) as u64;
        let set = lines.row(row).metadata;
        if set != last.0 {
            last = (set, metadata_bytes(set));
        }
        metadata += last.1;
    }
    stats.head_rows.fetch_add(in_range.count() as u64, Ordering::Relaxed);
    stats.head_bytes.fetch_add(text + metadata, Ordering::Relaxed);
    stats.metadata_bytes.fetch_add(metadata, Ordering::Relaxed);
}

/// The rows `range` of `lines`. Texts are shared; columns that a projection left out stay so.
pub fn slice(lines: &RowColumns, range: &Range<usize>) -> RowColumns {
    let end = range.end.min(lines.len());
    let range = range.start.min(end)..end;
    let cut = |bytes: &Bytes, ends: &[u32]| -> (Bytes, Vec<u32>) {
        let within = span(ends, &range);
        let ends = ends.get(range.clone()).unwrap_or(&[]).iter();
        let ends = ends.map(|end| end - within.start as u32).collect();
        let bytes = if within.end <= bytes.len() { bytes.slice(within) } else { Bytes::new() };
        (bytes, ends)
    };
    let (text, ends) = cut(&lines.bodies, &lines.ends);
    let (metadata, metadata_ends) = cut(&lines.metadata, &lines.metadata_ends);
    RowColumns {
        ts_ns: lines.ts_ns.get(range).unwrap_or(&[]).to_vec(),
        bodies: text,
        ends,
        metadata,
        metadata_ends,
    }
}

/// The rows of `inputs` one after the other. All must have the same projection.
pub fn concat(inputs: &[&RowColumns]) -> RowColumns {
    let mut out = RowColumns::default();
    let (mut text, mut metadata, mut text_end) = (Vec::new(), Vec::new(), 0u32);
    let has_metadata = inputs.iter().any(|lines| !lines.metadata_ends.is_empty());
    for lines in inputs {
        out.ts_ns.extend_from_slice(&lines.ts_ns);
        text.extend_from_slice(&lines.bodies);
        out.ends.extend(lines.ends.iter().map(|end| text_end + end));
        text_end += lines.ends.last().copied().unwrap_or(0);
        if has_metadata {
            let start = metadata.len() as u32;
            match lines.metadata_ends.is_empty() {
                true => out.metadata_ends.extend(std::iter::repeat_n(start, lines.len())),
                false => out.metadata_ends.extend(lines.metadata_ends.iter().map(|end| start + end)),
            }
            metadata.extend_from_slice(&lines.metadata);
        }
    }
    (out.bodies, out.metadata) = (text.into(), metadata.into());
    out
}

/// Leaves out what `projection` does not name.
pub fn project(lines: &mut RowColumns, projection: Projection) {
    if !projection.body {
        lines.bodies = Bytes::new();
    }
    if !projection.metadata {
        lines.metadata = Bytes::new();
        lines.metadata_ends = Vec::new();
    }
}

#[cfg(test)]
mod tests;
