//! Merging the rows of one stream, of which each input gives run after run.

use super::input::{Input, StreamKey};
use model::{RowColumns, Stream};
use std::sync::Arc;

/// A stream that is being merged.
pub struct Merging {
    /// Which.
    pub stream: Arc<Stream>,
    key: StreamKey,
    /// The inputs that have it, in their order.
    members: Vec<Member>,
}

/// An input of a stream.
struct Member {
    input: usize,
    /// Rows that were not given yet.
    rows: RowColumns,
}

/// What a step gave.
pub enum Merged {
    /// Some inputs have to be ready again first.
    Again,
    /// The next rows, and how many duplicates were dropped.
    Rows(RowColumns, u64),
    /// There are no more.
    End,
}

impl Merging {
    /// The first stream that any of `inputs`, all ready, has; none at the end.
    pub fn first(inputs: &[Input]) -> Option<Self> {
        let key = inputs.iter().filter_map(|input| Some(input.stream()?.1)).min()?.clone();
        let stream = inputs.iter().find(|input| has(input, &key))?.stream()?.0.clone();
        let members = inputs.iter().enumerate().filter(|(_, input)| has(input, &key));
        let members = members.map(|(input, _)| Member { input, rows: RowColumns::default() });
        Some(Self { stream, members: members.collect(), key })
    }

    /// Goes on. The inputs are ready.
    pub fn step(&mut self, inputs: &mut [Input]) -> Merged {
        let Self { key, members, .. } = self;
        if load(members, key, inputs) {
            return Merged::Again;
        }
        // What is to come of an input is not older than the last row that it gave, and may be as old.
        let limit_ns = match members.as_slice() {
            [_only] => None,
            several => {
                let going_on = several.iter().filter(|member| has(&inputs[member.input], key));
                going_on.filter_map(|member| member.rows.ts_ns.last()).min().copied()
            }
        };
        let taken: Vec<RowColumns> =
            members.iter_mut().filter_map(|member| member.take_before(limit_ns)).collect();
        match (taken.as_slice(), limit_ns) {
            ([], None) => Merged::End,
            ([], Some(limit_ns)) => {
                append(members, key, inputs, limit_ns);
                Merged::Again
            }
            (taken, _) => {
                let (rows, duplicates) = page::merge(&taken.iter().collect::<Vec<_>>());
                Merged::Rows(rows, duplicates)
            }
        }
    }
}

/// Whether the next run of `input` is of the stream of `key`.
fn has(input: &Input, key: &StreamKey) -> bool {
    input.stream().is_some_and(|(_, of_input)| of_input == key)
}

/// Gives members without rows their next run; says whether any got one.
fn load(members: &mut [Member], key: &StreamKey, inputs: &mut [Input]) -> bool {
    let mut loaded = false;
    for Member { input, rows } in members.iter_mut().filter(|member| member.rows.is_empty()) {
        if has(&inputs[*input], key)
            && let Some(run) = inputs[*input].run()
        {
            *rows = run;
            loaded = true;
        }
    }
    loaded
}

/// Gives members whose last row is of the time `limit_ns`, and that go on, one run more.
fn append(members: &mut [Member], key: &StreamKey, inputs: &mut [Input], limit_ns: i64) {
    for Member { input, rows } in members {
        if rows.ts_ns.last() == Some(&limit_ns)
            && has(&inputs[*input], key)
            && let Some(run) = inputs[*input].run()
        {
            *rows = page::concat(&[rows, &run]);
        }
    }
}

impl Member {
    /// Takes the rows older than `limit_ns`; all without a limit.
    fn take_before(&mut self, limit_ns: Option<i64>) -> Option<RowColumns> {
        let count = self.rows.ts_ns.partition_point(|ts_ns| limit_ns.is_none_or(|limit| *ts_ns < limit));
        if count == 0 {
            return None;
        }
        if count == self.rows.len() {
            return Some(std::mem::take(&mut self.rows));
        }
        let taken = page::slice(&self.rows, &(0..count));
        self.rows = page::slice(&self.rows, &(count..self.rows.len()));
        Some(taken)
    }
}
