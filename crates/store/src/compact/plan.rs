//! Which blocks are merged next. Pure: blocks in, blocks out.

use crate::block::BlockMeta;
use base::unit::{DAY_NS, HOUR_NS};
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Blocks of one merge: each holds a page or two in memory.
const INPUTS_MAX: usize = 32;
/// Rows of one merge, in full blocks.
const FULL_BLOCKS_MAX: u64 = 4;
/// So many neighbours are worth a merge while more may come.
const INPUTS_MIN: usize = 4;
/// When nothing was received for a day for so long, little more will come.
const COLD_NS: i64 = 2 * HOUR_NS;
/// In a day that is cold, the largest block may be so many times the others together.
const COLD_RATIO: u64 = 4;

/// What the choice depends on besides the blocks.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Bytes of rows of a full block.
    pub block_bytes: u64,
    /// The time.
    pub now_ns: i64,
    /// Blocks that got rows so shortly ago are left alone.
    pub fresh_ns: i64,
    /// Somebody asked: merge what can be merged, worth it or not.
    pub forced: bool,
}

/// How many blocks are worth a merge, and how much larger than the others the largest may be.
#[derive(Clone, Copy, Debug)]
struct Worth {
    inputs_min: usize,
    ratio: u64,
}

/// The blocks to merge next, of all `blocks` of a tenant in their order. Those in `aside` are not touched.
pub fn choose(
    blocks: &[Arc<BlockMeta>],
    aside: &HashSet<String>,
    policy: Policy,
) -> Option<Vec<Arc<BlockMeta>>> {
    let mut days: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, meta) in blocks.iter().enumerate() {
        days.entry(meta.min_ns.div_euclid(DAY_NS)).or_default().push(at);
    }
    days.values().find_map(|day| {
        let last_ns = day.iter().filter_map(|at| Some(blocks.get(*at)?.received_max_ns)).max();
        let is_cold = last_ns.is_some_and(|last_ns| policy.now_ns.saturating_sub(last_ns) >= COLD_NS);
        let worth = match (policy.forced, is_cold) {
            (true, _) => Worth { inputs_min: 2, ratio: u64::MAX },
            (false, true) => Worth { inputs_min: 2, ratio: COLD_RATIO },
            (false, false) => Worth { inputs_min: INPUTS_MIN, ratio: 1 },
        };
        let small: Vec<usize> =
            day.iter().copied().filter(|at| is_open(&blocks[*at], aside, policy)).collect();
        longest(blocks, &small, worth, policy)
    })
}

/// Whether a block may be merged.
fn is_open(meta: &BlockMeta, aside: &HashSet<String>, policy: Policy) -> bool {
    let is_fresh = policy.now_ns.saturating_sub(meta.received_max_ns) < policy.fresh_ns;
    meta.raw_bytes < policy.block_bytes / 2 && (policy.forced || !is_fresh) && !aside.contains(&meta.name)
}

/// The longest worthy group of neighbours among the blocks at `small` (ascending); the first of these.
fn longest(
    blocks: &[Arc<BlockMeta>],
    small: &[usize],
    worth: Worth,
    policy: Policy,
) -> Option<Vec<Arc<BlockMeta>>> {
    let bytes_max = policy.block_bytes.saturating_mul(FULL_BLOCKS_MAX);
    let mut best: &[usize] = &[];
    for (start, first) in small.iter().enumerate() {
        let (mut sum, mut largest, mut last) = (0u64, 0u64, *first);
        for (length, at) in (1..=INPUTS_MAX).zip(small.iter().skip(start)) {
            let bytes = blocks[*at].raw_bytes;
            sum = sum.saturating_add(bytes);
            largest = largest.max(bytes);
            if sum > bytes_max || !follows(blocks, small, *first, *at, last) {
                break;
            }
            last = *at;
            let is_worth = largest <= (sum - largest).saturating_mul(worth.ratio);
            if length >= worth.inputs_min && length > best.len() && is_worth {
                best = small.get(start..start + length).unwrap_or(&[]);
            }
        }
    }
    (!best.is_empty()).then(|| best.iter().map(|at| blocks[*at].clone()).collect())
}

/// Whether the block at `at` may join a group that goes from `first` to `last`: no block between them that
/// is not of the group shares time with it, or rows of one time would change their order.
fn follows(blocks: &[Arc<BlockMeta>], small: &[usize], first: usize, at: usize, last: usize) -> bool {
    let joining = &blocks[at];
    let shares_time = |other: &BlockMeta| other.min_ns <= joining.max_ns && joining.min_ns <= other.max_ns;
    (first..at).all(|between| {
        let is_member = between <= last && small.binary_search(&between).is_ok();
        is_member || !shares_time(&blocks[between])
    })
}

#[cfg(test)]
mod tests;
