//! From a frozen head to blocks, in steps short enough for compute threads that have other work, too.

use crate::block::{BlockMeta, Builder, order_key};
use crate::head::{Head, Run, StreamKey};
use base::Result;
use bytes::Bytes;
use model::{RowColumns, Signal, Stream, Tenant};
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Bytes of rows that one step handles, about.
const STEP_BYTES: u64 = 8 << 20;
/// Most bytes of labels in a block, far below what its index can hold.
const LABEL_BYTES_MAX: usize = 32 << 20;

/// Runs of one stream that share times with each other and with no other run of it.
type Group = Vec<Arc<Run>>;

/// Cuts the rows of a head into blocks.
pub struct Cutter {
    tenant: Tenant,
    signal: Signal,
    received_ns: RangeInclusive<i64>,
    limit_bytes: u64,
    head: Arc<Head>,
    /// Streams to come, in the order of a block.
    streams: VecDeque<(StreamKey, Arc<Stream>)>,
    /// What is left of the stream before them: groups of runs, the oldest rows first.
    groups: Option<(Arc<Stream>, VecDeque<Group>)>,
    builder: Option<Builder>,
    /// Bytes of labels in the builder, about.
    label_bytes: usize,
    duplicates: u64,
}

/// What a step gave.
pub enum Cut {
    /// Nothing yet.
    More,
    /// A block.
    Block(Box<BlockMeta>, Bytes),
    /// All blocks were given.
    End,
}

impl Cutter {
    /// Blocks of at most about `limit_bytes` of rows of `head`, which was frozen.
    pub fn new(
        tenant: Tenant,
        signal: Signal,
        head: Arc<Head>,
        received_ns: RangeInclusive<i64>,
        limit_bytes: u64,
    ) -> Self {
        let mut streams = head.streams();
        streams.sort_by_cached_key(|(_, stream)| order_key(&stream.labels));
        let streams = streams.into();
        Self {
            tenant,
            signal,
            received_ns,
            limit_bytes,
            head,
            streams,
            groups: None,
            builder: None,
            label_bytes: 0,
            duplicates: 0,
        }
    }

    /// Rows dropped as duplicates so far.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Does the next step; gives itself back.
    pub fn step(mut self) -> (Self, Result<Cut>) {
        let cut = self.advance();
        (self, cut)
    }

    fn advance(&mut self) -> Result<Cut> {
        let mut done_bytes = 0;
        while done_bytes < STEP_BYTES {
            let Some((stream, groups)) = self.next_groups() else {
                return match self.builder.take() {
                    Some(builder) => finish(builder),
                    None => Ok(Cut::End),
                };
            };
            let rows = self.rows_of(&groups);
            done_bytes += rows.held_bytes();
            let builder = self.builder.get_or_insert_with(|| {
                Builder::new(self.tenant.clone(), self.signal, self.received_ns.clone())
            });
            builder.push(&stream, rows)?;
            self.label_bytes += stream.labels.bytes().len();
            let is_full = builder.raw_bytes() >= self.limit_bytes || self.label_bytes >= LABEL_BYTES_MAX;
            if is_full && let Some(builder) = self.builder.take() {
                self.label_bytes = 0;
                return finish(builder);
            }
        }
        Ok(Cut::More)
    }

    /// The next groups of one stream: all, or as many as one step handles. A block sees long pieces
    /// then, and cuts them where its pages are full.
    fn next_groups(&mut self) -> Option<(Arc<Stream>, Vec<Group>)> {
        loop {
            if let Some((stream, left)) = &mut self.groups {
                let (mut taken, mut bytes) = (Vec::new(), 0);
                while bytes < STEP_BYTES
                    && let Some(group) = left.pop_front()
                {
                    bytes += group.iter().map(|run| run.held_bytes).sum::<u64>();
                    taken.push(group);
                }
                if !taken.is_empty() {
                    return Some((stream.clone(), taken));
                }
                self.groups = None;
            }
            let (key, stream) = self.streams.pop_front()?;
            self.groups = Some((stream, groups(self.head.runs(key)).into()));
        }
    }

    /// The rows of groups that follow each other, sorted and without duplicates.
    fn rows_of(&mut self, groups: &[Group]) -> RowColumns {
        let in_order = groups.iter().all(|group| matches!(group.as_slice(), [run] if run.ascending));
        let rows: Vec<RowColumns> = groups.iter().flatten().map(|run| run.columns()).collect();
        let rows: Vec<&RowColumns> = rows.iter().collect();
        match rows.as_slice() {
            [only] if in_order => (*only).clone(),
            several if in_order => page::concat(several),
            several => {
                let (sorted, duplicates) = page::sort(several);
                self.duplicates += duplicates;
                sorted
            }
        }
    }
}

fn finish(builder: Builder) -> Result<Cut> {
    let (meta, bytes) = builder.finish()?;
    Ok(Cut::Block(Box::new(meta), bytes))
}

/// Runs that share a time go into one group, in the order they came; groups by time.
fn groups(runs: Vec<Arc<Run>>) -> Vec<Group> {
    let mut by_time: Vec<(usize, Arc<Run>)> = runs.into_iter().enumerate().collect();
    by_time.sort_by_key(|(came, run)| (run.facts.min_ns, *came));
    let mut groups: Vec<Vec<(usize, Arc<Run>)>> = Vec::new();
    let mut max_ns = None;
    for (came, run) in by_time {
        let apart = max_ns.is_none_or(|max_ns| max_ns < run.facts.min_ns);
        max_ns = max_ns.max(Some(run.facts.max_ns));
        match groups.last_mut() {
            Some(group) if !apart => group.push((came, run)),
            _ => groups.push(vec![(came, run)]),
        }
    }
    for group in &mut groups {
        group.sort_unstable_by_key(|(came, _)| *came);
    }
    groups.into_iter().map(|group| group.into_iter().map(|(_, run)| run).collect()).collect()
}

#[cfg(test)]
mod tests;
