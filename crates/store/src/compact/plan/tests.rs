use super::*;
use model::{Signal, Tenant};
use proptest::prelude::*;

const FULL: u64 = 1000;

/// A block of so many bytes with rows in these seconds, received when the last was written.
fn block(number: usize, raw_bytes: u64, start_s: i64, end_s: i64) -> Arc<BlockMeta> {
    let second = 1_000_000_000;
    Arc::new(BlockMeta {
        name: format!("fake/logs/1970-01-01/{number}.block"),
        tenant: Tenant::single(),
        signal: Signal::Line,
        min_ns: start_s * second,
        max_ns: end_s * second,
        received_min_ns: start_s * second,
        received_max_ns: end_s * second,
        rows: 1,
        streams: 1,
        raw_bytes,
        size_bytes: raw_bytes,
        tail_bytes: 1,
    })
}

/// Blocks of these bytes, one after the other, ten seconds each.
fn row_of(bytes: &[u64]) -> Vec<Arc<BlockMeta>> {
    let block = |(at, bytes): (usize, &u64)| block(at, *bytes, 10 * at as i64, 10 * at as i64 + 9);
    bytes.iter().enumerate().map(block).collect()
}

/// A policy `after_s` seconds after 1970 began.
fn policy(after_s: i64) -> Policy {
    Policy { block_bytes: FULL, now_ns: after_s * 1_000_000_000, fresh_ns: 0, forced: false }
}

fn chosen(blocks: &[Arc<BlockMeta>], policy: Policy) -> Vec<usize> {
    let chosen = choose(blocks, &HashSet::new(), policy).unwrap_or_default();
    chosen.iter().map(|meta| blocks.iter().position(|known| known == meta).unwrap()).collect()
}

#[test]
fn four_alike_are_merged_and_three_wait() {
    assert_eq!(chosen(&row_of(&[10, 10, 10]), policy(100)), [0; 0]);
    assert_eq!(chosen(&row_of(&[10, 10, 10, 10]), policy(100)), [0, 1, 2, 3]);
    assert_eq!(chosen(&row_of(&[100, 10, 10, 10, 10]), policy(100)), [1, 2, 3, 4], "not the large one yet");
    assert_eq!(chosen(&row_of(&[30, 10, 10, 10, 10]), policy(100)), [0, 1, 2, 3, 4]);
}

#[test]
fn full_blocks_are_left_and_the_sum_is_bounded() {
    assert_eq!(chosen(&row_of(&[500, 10, 10, 600, 10, 10]), policy(100)), [1, 2, 4, 5]);
    assert_eq!(chosen(&row_of(&[400; 20]), policy(1000)).len(), 10, "four full blocks");
    assert_eq!(chosen(&row_of(&[1; 50]), policy(1000)).len(), INPUTS_MAX);
}

#[test]
fn what_is_fresh_waits() {
    let fresh = Policy { fresh_ns: 25_000_000_000, ..policy(60) };
    let blocks = row_of(&[10; 6]);
    assert_eq!(chosen(&blocks, fresh), [0; 0], "three are old enough");
    assert_eq!(chosen(&blocks, Policy { now_ns: 70_000_000_000, ..fresh }), [0, 1, 2, 3]);
    assert_eq!(chosen(&blocks, Policy { forced: true, ..fresh }), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_cold_day_is_finished() {
    let cold = policy(3 * 3600);
    assert_eq!(chosen(&row_of(&[10, 10]), cold), [0, 1]);
    assert_eq!(chosen(&row_of(&[40, 10]), cold), [0, 1]);
    assert_eq!(chosen(&row_of(&[41, 10]), cold), [0; 0], "not worth it");
    let next_day = block(2, 10, 86_400, 86_401);
    let blocks = [row_of(&[10]), vec![next_day]].concat();
    assert_eq!(chosen(&blocks, policy(200_000)), [0; 0], "days are not mixed");
}

#[test]
fn what_stands_between_and_shares_time_keeps_them_apart() {
    let order = |middle: Arc<BlockMeta>| {
        let forced = Policy { forced: true, ..policy(100) };
        chosen(&[block(0, 10, 0, 9), middle, block(2, 10, 10, 19)], forced)
    };
    assert_eq!(order(block(1, 900, 30, 39)), [0, 2]);
    assert_eq!(order(block(1, 900, 0, 9)), [0, 2], "it stays behind the first one");
    assert_eq!(order(block(1, 900, 15, 30)), [0; 0], "it would come behind the last one's rows");
}

#[test]
fn what_is_aside_is_not_chosen() {
    let blocks = row_of(&[10; 6]);
    let aside = HashSet::from_iter([blocks[1].name.clone()]);
    let chosen = choose(&blocks, &aside, policy(100)).unwrap();
    assert_eq!(chosen.len(), 5);
    assert!(chosen.iter().all(|meta| meta.name != blocks[1].name));
}

proptest! {
    /// Merging again and again ends, in few blocks, and rewrites each byte a few times only.
    #[test]
    fn it_ends_with_few_blocks(sizes in prop::collection::vec(1u64..600, 1..300)) {
        let mut blocks: Vec<Arc<BlockMeta>> = Vec::new();
        let (mut written, mut rewritten, mut next) = (0u64, 0u64, sizes.len());
        for (at, bytes) in sizes.iter().enumerate() {
            blocks.push(block(at, *bytes, at as i64, at as i64));
            written += bytes;
            while let Some(inputs) = choose(&blocks, &HashSet::new(), policy(300)) {
                let sum: u64 = inputs.iter().map(|meta| meta.raw_bytes).sum();
                rewritten += sum;
                let first = blocks.iter().position(|meta| *meta == inputs[0]).unwrap();
                let last = &inputs[inputs.len() - 1];
                let outputs = (0..sum.div_ceil(FULL)).map(|part| {
                    next += 1;
                    let bytes = (sum - part * FULL).min(FULL);
                    block(next, bytes, inputs[0].min_ns / 1_000_000_000, last.max_ns / 1_000_000_000)
                });
                let outputs: Vec<_> = outputs.collect();
                prop_assert!(outputs.len() < inputs.len());
                blocks.retain(|meta| !inputs.contains(meta));
                blocks.splice(first..first, outputs);
            }
        }
        prop_assert!(rewritten <= written * 8, "{rewritten} of {written}");
        let small = blocks.iter().filter(|meta| meta.raw_bytes < FULL / 2).count() as u64;
        prop_assert!(small <= 40, "{small} small blocks");
    }
}
