use super::*;
use model::sample::ResetHint;
use proptest::prelude::*;

fn with(schema: i32, positive: &[(i64, f64)]) -> Histogram {
    let positive = buckets(positive.iter().copied()).unwrap();
    let count = positive.counts.iter().sum();
    Histogram {
        schema,
        integer: true,
        reset: ResetHint::Unknown,
        zero_threshold: 0.0,
        zero_count: 0.0,
        count,
        sum: 0.0,
        positive,
        negative: Buckets::default(),
        custom_values: Vec::new(),
    }
}

#[test]
fn spans_are_runs_of_indices() {
    let built = buckets([(-2, 1.0), (-1, 2.0), (3, 4.0)]).unwrap();
    assert_eq!(built, Buckets { spans: vec![(-2, 2), (3, 1)], counts: vec![1.0, 2.0, 4.0] });
    assert_eq!(buckets([]).unwrap(), Buckets::default());
    assert_eq!(buckets([(0, 1.0), (1, 1.0)]).unwrap().spans, [(0, 2)]);
    assert_eq!(buckets([(i64::from(i32::MAX) + 1, 1.0)]), None);
    assert_eq!(buckets([(i64::MIN, 1.0), (i64::MAX, 1.0)]), None);
}

#[test]
fn a_schema_less_joins_the_buckets_that_end_at_its_bounds() {
    // Schema 1 ends at 2^(i/2): buckets 1 and 2 end at √2 and 2, which is bucket 1 of schema 0.
    let mut histogram = with(1, &[(-1, 1.0), (0, 2.0), (1, 4.0), (2, 8.0), (3, 16.0)]);
    reduce(&mut histogram, 0);
    assert_eq!(histogram.schema, 0);
    assert_eq!(indexed(&histogram.positive).collect::<Vec<_>>(), [(0, 3.0), (1, 12.0), (2, 16.0)]);
    let before = histogram.clone();
    reduce(&mut histogram, 3);
    assert_eq!(histogram, before);
}

/// Index of the bucket that ends at or above the end of `index`, found by the bounds themselves.
fn naive(index: i64, schema: i32, coarse: i32) -> i64 {
    let exponent = index as f64 * (-f64::from(schema)).exp2();
    (exponent / (-f64::from(coarse)).exp2()).ceil() as i64
}

proptest! {
    #[test]
    fn reduced_buckets_hold_what_their_bounds_say(
        schema in -3i32..20,
        steps in 1i32..8,
        counts in proptest::collection::btree_map(-5000i64..5000, 1u32..100, 0..50),
    ) {
        let pairs: Vec<_> = counts.iter().map(|(index, count)| (*index, f64::from(*count))).collect();
        let mut histogram = with(schema, &pairs);
        prop_assert_eq!(indexed(&histogram.positive).collect::<Vec<_>>(), pairs);
        let mut expected = std::collections::BTreeMap::new();
        for (index, count) in counts {
            *expected.entry(naive(index, schema, schema - steps)).or_insert(0.0) += f64::from(count);
        }
        reduce(&mut histogram, schema - steps);
        prop_assert_eq!(indexed(&histogram.positive).collect::<std::collections::BTreeMap<_, _>>(), expected);
    }
}
