//! Runs whose rows all fall into one series, so that a pane takes them at once and no row is looked
//! at: the store has checked all that the query asks of a line, and only lines or their bytes are
//! counted.

use crate::eval::window::Windows;
use crate::logql::ast::{Grouping, RangeOp, Stage};
use model::{Labels, RowColumns};

/// What a label of the metadata may be called that clashes with one of the stream.
const EXTRACTED_SUFFIX: &str = "_extracted";

/// The number that a row gives whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowValue {
    /// One.
    Count,
    /// Its bytes of text.
    Bytes,
}

impl RowValue {
    /// The number that `op` takes of a row, given the stages that the store does not check.
    pub(super) fn new(op: RangeOp, rest: &[Stage]) -> Option<Self> {
        match op {
            _ if !rest.is_empty() => None,
            RangeOp::CountOverTime | RangeOp::Rate | RangeOp::AbsentOverTime => Some(Self::Count),
            RangeOp::BytesOverTime | RangeOp::BytesRate => Some(Self::Bytes),
            _ => None,
        }
    }

    /// Calls `emit` with every pane that holds rows: the pane, the position of its last row, and the
    /// sum of its rows' numbers. Gives the number of these rows.
    pub(super) fn sums(
        self,
        lines: &RowColumns,
        windows: &Windows,
        mut emit: impl FnMut(u64, usize, f64),
    ) -> usize {
        let (mut from, mut taken) = (0, 0);
        let end_of = |row: usize| lines.ends.get(row).copied().unwrap_or(0);
        while let Some((first_ns, later)) = lines.ts_ns.get(from..).and_then(<[i64]>::split_first) {
            let pane_end_ns = windows.pane_end(*first_ns);
            let last = from + later.partition_point(|ts_ns| *ts_ns <= pane_end_ns);
            let rows = match lines.counts.get(from..=last) {
                Some(counts) => counts.iter().map(|count| *count as usize).sum(),
                None => last + 1 - from,
            };
            if let Some(pane) = windows.pane(*first_ns) {
                let start = from.checked_sub(1).map_or(0, end_of);
                let sum = match self {
                    Self::Count => rows as f64,
                    Self::Bytes => f64::from(end_of(last) - start),
                };
                emit(pane, last, sum);
                taken += rows;
            }
            from = last + 1;
        }
        taken
    }
}

/// Whether rows without stages all have the same labels in their series, whatever their metadata:
/// labels of the stream are not covered by metadata of their name, which gets a suffix.
pub(super) fn is_uniform(stream: &Labels, lines: &RowColumns, grouping: Option<&Grouping>) -> bool {
    let is_of_stream = |name: &String| !name.ends_with(EXTRACTED_SUFFIX) && stream.get(name).is_some();
    lines.metadata_ends.is_empty()
        || grouping.is_some_and(|by| !by.without && by.labels.iter().all(is_of_stream))
}

#[cfg(test)]
mod tests;
