//! Merging sorted lines of one stream, and sorting lines that came in any order.

use hashbrown::HashSet;
use model::row::RowColumnsBuilder;
use model::{RowColumns, RowRef};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// More rows of one time than this are compared by hash instead of one by one.
const COMPARED_ROWS_MAX: usize = 16;

/// The rows of `inputs` (each sorted by time and without duplicates) in one, and how many duplicates
/// were dropped. Rows of one time keep the order of the inputs, and within an input their own.
/// All inputs must hold texts and metadata: rows are equal only when these are.
pub fn merge(inputs: &[&RowColumns]) -> (RowColumns, u64) {
    let inputs: Vec<&RowColumns> = inputs.iter().copied().filter(|input| !input.is_empty()).collect();
    if let [only] = inputs.as_slice() {
        return ((*only).clone(), 0);
    }
    let mut heads = vec![0usize; inputs.len()];
    let time = |at: usize, head: usize| inputs[at].ts_ns.get(head).map(|ts| Reverse((*ts, at)));
    let mut waiting: BinaryHeap<_> = (0..inputs.len()).filter_map(|at| time(at, 0)).collect();
    let mut out = RowColumnsBuilder::default();
    let mut duplicates = 0;
    let mut group: Vec<RowRef<'_>> = Vec::new();
    while let Some(Reverse((now, first))) = waiting.pop() {
        match waiting.peek() {
            Some(Reverse((next, _))) if *next == now => {
                waiting.push(Reverse((now, first)));
                group.clear();
                while let Some(Reverse((_, at))) = waiting.peek().copied().filter(|head| head.0.0 == now) {
                    waiting.pop();
                    heads[at] =
                        take_while(inputs[at], heads[at], |row| row.ts_ns == now, |row| group.push(row));
                    waiting.extend(time(at, heads[at]));
                }
                duplicates += push_distinct(&group, &mut out);
            }
            next => {
                let next = next.map(|head| head.0.0);
                let before = |row: &RowRef<'_>| next.is_none_or(|next| row.ts_ns < next);
                heads[first] = take_while(inputs[first], heads[first], before, |row| out.push(row));
                waiting.extend(time(first, heads[first]));
            }
        }
    }
    (out.build(), duplicates)
}

/// Gives the rows from `head` on to `take` as long as `wanted`; returns the first one left.
fn take_while<'a>(
    input: &'a RowColumns,
    head: usize,
    wanted: impl Fn(&RowRef<'a>) -> bool,
    mut take: impl FnMut(RowRef<'a>),
) -> usize {
    let rows = (head..input.len()).map(|row| input.row(row)).take_while(wanted);
    head + rows.map(&mut take).count()
}

/// The rows of several pieces of one stream, in any order, in one: sorted by time, those of one time as
/// they came, without duplicates; and how many duplicates were dropped. All must hold bodies and metadata.
pub fn sort(inputs: &[&RowColumns]) -> (RowColumns, u64) {
    sort_rows(inputs.iter().flat_map(|rows| rows.rows()).collect())
}

/// As [`sort`], of rows one by one.
pub fn sort_rows(mut rows: Vec<RowRef<'_>>) -> (RowColumns, u64) {
    if !rows.is_sorted_by_key(|row| row.ts_ns) {
        rows.sort_by_key(|row| row.ts_ns);
    }
    let mut out = RowColumnsBuilder::default();
    let duplicates =
        rows.chunk_by(|a, b| a.ts_ns == b.ts_ns).map(|group| push_distinct(group, &mut out)).sum();
    (out.build(), duplicates)
}

/// Appends rows of one time without repeating one; gives the number of those dropped.
fn push_distinct(group: &[RowRef<'_>], out: &mut RowColumnsBuilder) -> u64 {
    let mut dropped = 0;
    if group.len() <= COMPARED_ROWS_MAX {
        for (at, row) in group.iter().enumerate() {
            if group[..at].contains(row) {
                dropped += 1;
            } else {
                out.push(*row);
            }
        }
        return dropped;
    }
    let mut seen: HashSet<(&[u8], &[u8]), foldhash::fast::RandomState> = HashSet::default();
    for row in group {
        if seen.insert((row.body, row.metadata.bytes())) {
            out.push(*row);
        } else {
            dropped += 1;
        }
    }
    dropped
}
