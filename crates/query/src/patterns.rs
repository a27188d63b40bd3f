//! Finds the patterns that lines follow, as they come: an online clustering after Drain (He et al.,
//! "Drain: An Online Log Parsing Approach with Fixed Depth Tree", 2017).
//!
//! Lines of one stream and level that have as many tokens and begin alike are compared token by
//! token; similar ones become one pattern, in which the tokens that differ are `<_>`. Every
//! pattern counts its lines in buckets of ten seconds. Memory is bounded by the numbers below.

mod cluster;
mod tokens;

use cluster::Clusters;
use hashbrown::HashMap;
use model::{Labels, Matcher, TimeRange};
use std::collections::BTreeMap;

/// Width of a bucket of counts.
pub const BUCKET_NS: i64 = 10_000_000_000;
/// Counts older than this are forgotten.
pub const KEPT_NS: i64 = 3 * 3600 * 1_000_000_000;
/// Longer lines have no pattern.
const LINE_BYTES_MAX: usize = 3000;
/// Streams and levels of one tenant that are followed; further ones have no patterns.
const STREAMS_MAX: usize = 5000;
/// Patterns in an answer.
const ANSWERED_MAX: usize = 300;

/// The patterns of one tenant.
#[derive(Debug, Default)]
pub struct Miner {
    streams: HashMap<(Labels, String), Clusters>,
}

/// A pattern with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Tokens, `<_>` where they differ.
    pub text: String,
    /// Level of its lines; empty when none is known.
    pub level: String,
    /// Start of each step (Unix nanoseconds) with the number of lines in it; ascending.
    pub samples: Vec<(i64, u64)>,
}

impl Miner {
    /// Learns from a line of `stream`.
    pub fn observe(&mut self, stream: &Labels, level: &str, ts_ns: i64, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else { return };
        if text.is_empty() || text.len() > LINE_BYTES_MAX {
            return;
        }
        let full = self.streams.len() >= STREAMS_MAX;
        let key = (stream.clone(), level.to_owned());
        let clusters = match self.streams.get_mut(&key) {
            Some(clusters) => clusters,
            None if full => return,
            None => self.streams.entry(key).or_default(),
        };
        clusters.observe(ts_ns.div_euclid(BUCKET_NS), text);
    }

    /// Forgets counts older than [`KEPT_NS`] before `now_ns`, and patterns that have none left.
    pub fn forget(&mut self, now_ns: i64) {
        let oldest = (now_ns - KEPT_NS).div_euclid(BUCKET_NS);
        self.streams.retain(|_, clusters| clusters.forget(oldest));
    }

    /// Patterns of the streams that match in `range`, those with most lines first, counted in steps
    /// of `step_ns` (at least one bucket).
    pub fn find(&self, matchers: &[Matcher], range: TimeRange, step_ns: i64) -> Vec<Pattern> {
        let step = (step_ns / BUCKET_NS).max(1);
        let mut found: BTreeMap<(String, &str), BTreeMap<i64, u64>> = BTreeMap::new();
        let wanted = |stream: &Labels| matchers.iter().all(|matcher| matcher.matches_labels(stream.as_ref()));
        for ((_, level), clusters) in self.streams.iter().filter(|((stream, _), _)| wanted(stream)) {
            for (text, counts) in clusters.patterns() {
                let inside = counts.iter().filter(|(bucket, _)| range.contains(**bucket * BUCKET_NS));
                let mut inside = inside.peekable();
                if inside.peek().is_none() {
                    continue;
                }
                let samples = found.entry((text, level.as_str())).or_default();
                for (bucket, count) in inside {
                    *samples.entry(bucket.div_euclid(step) * step).or_default() += count;
                }
            }
        }
        let mut patterns: Vec<Pattern> = found
            .into_iter()
            .map(|((text, level), samples)| Pattern {
                text,
                level: level.to_owned(),
                samples: samples.into_iter().map(|(bucket, count)| (bucket * BUCKET_NS, count)).collect(),
            })
            .collect();
        let lines = |pattern: &Pattern| pattern.samples.iter().map(|(_, count)| count).sum::<u64>();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(lines(pattern)));
        patterns.truncate(ANSWERED_MAX);
        patterns
    }
}

#[cfg(test)]
mod tests;
