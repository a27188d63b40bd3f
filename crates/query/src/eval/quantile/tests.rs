use super::*;
use proptest::prelude::*;

#[test]
fn the_ends_are_the_extremes_and_beyond_is_infinite() {
    let values = [3.0, 1.0, 2.0];
    assert_eq!(quantile(0.0, &mut values.clone()), 1.0);
    assert_eq!(quantile(1.0, &mut values.clone()), 3.0);
    assert_eq!(quantile(1.5, &mut values.clone()), f64::INFINITY);
    assert_eq!(quantile(-0.1, &mut values.clone()), f64::NEG_INFINITY);
    assert!(quantile(f64::NAN, &mut values.clone()).is_nan());
    assert!(quantile(0.5, &mut []).is_nan());
    assert!(weighted_quantile(0.5, &mut []).is_nan());
    assert_eq!(weighted_quantile(1.5, &mut [(1.0, 2)]), f64::INFINITY);
    assert_eq!(weighted_quantile(-0.5, &mut [(1.0, 2)]), f64::NEG_INFINITY);
}

#[test]
fn nan_counts_as_least() {
    assert_eq!(quantile(0.5, &mut [2.0, f64::NAN, 1.0]), 1.0);
    assert!(quantile(0.0, &mut [2.0, f64::NAN]).is_nan());
}

proptest! {
    #[test]
    fn selecting_says_the_same_as_sorting(
        mut values in prop::collection::vec(-100f64..100.0, 1..40), q in 0f64..=1.0,
    ) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = q * (sorted.len() - 1) as f64;
        let (lower, upper) = (rank.floor() as usize, (rank.floor() as usize + 1).min(sorted.len() - 1));
        let weight = rank - rank.floor();
        let expected = sorted[lower] * (1.0 - weight) + sorted[upper] * weight;
        prop_assert_eq!(quantile(q, &mut values), expected);
    }

    #[test]
    fn counts_say_the_same_as_repetition(
        values in prop::collection::vec((prop::sample::select(vec![f64::NAN, -1.0, 0.0, 0.5, 2.0, 7.0]), 1u64..5), 1..40),
        q in 0f64..=1.0,
    ) {
        let mut each: Vec<f64> =
            values.iter().flat_map(|(value, count)| std::iter::repeat_n(*value, *count as usize)).collect();
        let expected = quantile(q, &mut each);
        let found = weighted_quantile(q, &mut values.clone());
        prop_assert!(found == expected || found.is_nan() && expected.is_nan(), "{} {}", found, expected);
    }
}
