//! Sizes from what is known about streams, without reading rows: `index/stats` and `index/volume`.
//!
//! A stored run that lies partly in the asked range counts by the part of its time that does, as if
//! its rows were spread evenly.

use hashbrown::HashMap;
use model::{Labels, RunFacts, StreamFacts, TimeRange};
use std::cmp::Reverse;

/// What streams hold in a range of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Streams.
    pub streams: u64,
    /// Stored runs of rows.
    pub runs: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of text and structured metadata.
    pub bytes: u64,
}

/// Sums what `facts` say about `range`.
pub fn holding(facts: &[StreamFacts], range: TimeRange) -> Holding {
    let (mut held, mut rows, mut bytes) = (Holding::default(), 0.0, 0.0);
    for stream in facts {
        let touching: Vec<_> =
            stream.runs.iter().filter(|run| range.overlaps(run.min_ns, run.max_ns)).collect();
        held.streams += u64::from(!touching.is_empty());
        held.runs += touching.len() as u64;
        for run in touching {
            rows += run.rows as f64 * share(run, range);
            bytes += run.bytes as f64 * share(run, range);
        }
    }
    Holding { rows: rows.round() as u64, bytes: bytes.round() as u64, ..held }
}

/// The part of a run's time that lies in `range`, from 0 to 1.
fn share(run: &RunFacts, range: TimeRange) -> f64 {
    if !range.overlaps(run.min_ns, run.max_ns) {
        return 0.0;
    }
    let from_ns = run.min_ns.max(range.start_ns);
    let to_ns = run.max_ns.min(range.end_ns);
    let length_ns = run.max_ns.saturating_sub(run.min_ns);
    if length_ns == 0 { 1.0 } else { to_ns.saturating_sub(from_ns) as f64 / length_ns as f64 }
}

/// What volumes are summed by.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupBy {
    /// By the whole label set of each stream.
    Stream,
    /// By the values of these labels.
    Series(Vec<String>),
    /// By the names of labels alone: only these, or every one when empty.
    Names(Vec<String>),
}

/// Bytes of one group in each of the asked ranges that it touches.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// The group's labels; with [`GroupBy::Names`] one label without value.
    pub labels: Labels,
    /// Position of a range and bytes in it, by position.
    pub bytes: Vec<(usize, f64)>,
}

impl Volume {
    /// Bytes in all ranges.
    pub fn total(&self) -> f64 {
        self.bytes.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Sums the bytes of streams by group for each of `ranges`, which do not overlap; the largest groups
/// first, then by name.
pub fn volumes(facts: &[StreamFacts], ranges: &[TimeRange], group_by: &GroupBy) -> Vec<Volume> {
    let mut groups: HashMap<Labels, Vec<Option<f64>>> = HashMap::new();
    for stream in facts {
        let held = held_in(stream, ranges);
        for labels in group_by.groups_of(&stream.stream.labels) {
            let sums = groups.entry(labels).or_insert_with(|| vec![None; ranges.len()]);
            for (sum, bytes) in sums.iter_mut().zip(&held) {
                *sum = sum.map_or(*bytes, |sum| Some(sum + bytes.unwrap_or(0.0)));
            }
        }
    }
    let mut volumes: Vec<Volume> = groups
        .into_iter()
        .map(|(labels, sums)| {
            let bytes = sums.into_iter().enumerate().filter_map(|(at, sum)| Some((at, sum?))).collect();
            Volume { labels, bytes }
        })
        .filter(|volume: &Volume| !volume.bytes.is_empty())
        .collect();
    volumes.sort_by_cached_key(|volume| (Reverse(volume.total().round() as u64), volume.labels.clone()));
    volumes
}

/// Bytes of a stream in each range, `None` where it has no run.
fn held_in(stream: &StreamFacts, ranges: &[TimeRange]) -> Vec<Option<f64>> {
    let held = |range: &TimeRange| {
        let touching = stream.runs.iter().filter(|run| range.overlaps(run.min_ns, run.max_ns));
        touching.map(|run| run.bytes as f64 * share(run, *range)).reduce(|a, b| a + b)
    };
    ranges.iter().map(held).collect()
}

impl GroupBy {
    /// The groups that a stream belongs to.
    fn groups_of(&self, labels: &Labels) -> Vec<Labels> {
        let wanted = |names: &[String], name: &str| names.iter().any(|n| n == name);
        match self {
            Self::Stream => vec![labels.clone()],
            Self::Series(names) => {
                let kept: Vec<_> = labels.iter().filter(|(name, _)| wanted(names, name)).collect();
                if kept.is_empty() { Vec::new() } else { vec![Labels::from_pairs(kept)] }
            }
            Self::Names(names) => labels
                .iter()
                .filter(|(name, _)| names.is_empty() || wanted(names, name))
                .map(|(name, _)| Labels::from_pairs([(name, "")]))
                .collect(),
        }
    }
}

/// Cuts `range` at multiples of `step_ns`, as steps of a query are aligned.
pub fn aligned_ranges(range: TimeRange, step_ns: i64) -> Vec<TimeRange> {
    let mut ranges = Vec::new();
    let mut start_ns = range.start_ns;
    while start_ns < range.end_ns {
        let next_ns = start_ns.saturating_sub(start_ns.rem_euclid(step_ns)).saturating_add(step_ns);
        let end_ns = next_ns.min(range.end_ns);
        ranges.push(TimeRange::new(start_ns, end_ns));
        start_ns = end_ns;
    }
    ranges
}

#[cfg(test)]
mod tests;
