use super::*;
use proptest::prelude::*;

fn exponential_of(schema: i32, positive: &[(i32, f64)], zero: (f64, f64)) -> Histogram {
    let count = zero.1 + positive.iter().map(|bucket| bucket.1).sum::<f64>();
    Histogram {
        schema,
        zero_threshold: zero.0,
        zero_count: zero.1,
        count,
        sum: count,
        positive: positive.to_vec(),
        ..Histogram::default()
    }
}

fn quiet(_: Remark) {}

#[test]
fn buckets_end_at_powers() {
    let histogram = exponential_of(0, &[(0, 1.0), (1, 2.0)], (0.0, 0.0));
    let bounds: Vec<(f64, f64)> = histogram.buckets().iter().map(|b| (b.lower, b.upper)).collect();
    assert_eq!(bounds, [(0.5, 1.0), (1.0, 2.0)]);
    assert_eq!(exponential(0, 1024), f64::MAX);
    assert_eq!(exponential(0, 1025), f64::INFINITY);
    assert_eq!(histogram.to_string(), "{count:3, sum:3, (0.5,1]:1, (1,2]:2}");
}

#[test]
fn sums_take_the_coarser_schema_and_the_wider_zero_bucket() {
    let fine = exponential_of(1, &[(1, 1.0), (2, 2.0), (3, 4.0)], (0.0, 0.0));
    let coarse = exponential_of(0, &[(1, 10.0)], (0.0, 0.0));
    let sum = fine.plus(&coarse, &mut quiet).unwrap();
    assert_eq!((sum.schema, sum.positive), (0, vec![(1, 13.0), (2, 4.0)]));
    // A zero bucket up to 0.75 would cut the bucket (0.5, 1], so it reaches to 1.
    let narrow = exponential_of(0, &[(0, 3.0), (1, 1.0)], (0.0, 0.0));
    let wide = exponential_of(0, &[(1, 1.0)], (0.75, 2.0));
    let sum = narrow.plus(&wide, &mut quiet).unwrap();
    assert_eq!((sum.zero_threshold, sum.zero_count, sum.positive), (1.0, 5.0, vec![(1, 2.0)]));
}

#[test]
fn custom_bounds_are_brought_to_those_that_both_have() {
    let custom = |bounds: &[f64], positive: &[(i32, f64)]| Histogram {
        bounds: bounds.to_vec(),
        ..exponential_of(CUSTOM_SCHEMA, positive, (0.0, 0.0))
    };
    let mut remarks = Vec::new();
    let a = custom(&[1.0, 2.0, 3.0], &[(0, 1.0), (1, 2.0), (3, 4.0)]);
    let sum = a.plus(&custom(&[2.0], &[(0, 10.0), (1, 20.0)]), &mut |remark| remarks.push(remark)).unwrap();
    assert_eq!((sum.bounds, sum.positive), (vec![2.0], vec![(0, 13.0), (1, 24.0)]));
    assert_eq!(remarks, [Remark::BoundsReconciled(Combining::Addition)]);
    assert_eq!(a.plus(&exponential_of(0, &[], (0.0, 0.0)), &mut quiet), Err(Incompatible));
}

#[test]
fn resets_are_told_by_hints_and_by_falling_counts() {
    let before = exponential_of(0, &[(0, 2.0), (1, 3.0)], (0.0, 0.0));
    let grown = exponential_of(0, &[(0, 2.0), (1, 4.0)], (0.0, 0.0));
    let moved = exponential_of(0, &[(0, 1.0), (1, 5.0)], (0.0, 0.0));
    assert!(!grown.is_reset_after(&before));
    assert!(moved.is_reset_after(&before));
    assert!(before.is_reset_after(&grown));
    assert!(!Histogram { hint: ResetHint::No, ..moved.clone() }.is_reset_after(&before));
    assert!(Histogram { hint: ResetHint::Yes, ..grown.clone() }.is_reset_after(&before));
    assert!(Histogram { schema: 1, ..grown }.is_reset_after(&before), "a finer schema is a new start");
}

#[test]
fn spans_that_claim_too_much_give_what_is_there() {
    let stored = StoredBuckets { spans: vec![(2, u32::MAX), (i32::MAX, 3)], counts: vec![1.0, 2.0] };
    assert_eq!(spread(&stored), [(2, 1.0), (3, 2.0)]);
}

proptest! {
    /// What is added can be taken away again, whatever the layouts.
    #[test]
    fn differences_undo_sums(
        a in prop::collection::btree_map(-20i32..20, 0u8..9, 0..10),
        b in prop::collection::btree_map(-20i32..20, 0u8..9, 0..10),
    ) {
        let of = |counts: &std::collections::BTreeMap<i32, u8>| {
            let buckets: Vec<(i32, f64)> = counts.iter().map(|(i, c)| (*i, f64::from(*c))).collect();
            exponential_of(2, &buckets, (0.0, 0.0))
        };
        let (a, b) = (of(&a), of(&b));
        let sum = a.plus(&b, &mut quiet).unwrap();
        prop_assert!(sum.minus(&b, &mut quiet).unwrap().same(&a));
        let counted: f64 = sum.with_schema(-1).positive.iter().map(|bucket| bucket.1).sum();
        prop_assert_eq!(counted, sum.count);
    }
}
