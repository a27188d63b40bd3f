use super::*;

fn classic(buckets: &[(f64, f64)]) -> Vec<Cumulative> {
    buckets.iter().map(|(upper, count)| Cumulative { upper: *upper, count: *count }).collect()
}

#[test]
fn quantiles_are_interpolated_within_their_bucket() {
    let buckets = || classic(&[(1.0, 5.0), (2.0, 10.0), (f64::INFINITY, 20.0)]);
    assert_eq!(quantile(0.125, buckets()).value, 0.5);
    assert_eq!(quantile(0.375, buckets()).value, 1.5);
    assert_eq!(quantile(0.9, buckets()).value, 2.0, "of the endless bucket the lower bound");
    assert_eq!(quantile(-0.1, buckets()).value, f64::NEG_INFINITY);
    assert!(quantile(0.5, classic(&[(1.0, 5.0)])).value.is_nan(), "without an endless bucket");
    assert!(quantile(0.5, classic(&[(1.0, 0.0), (f64::INFINITY, 0.0)])).value.is_nan());
}

#[test]
fn counts_that_fall_are_raised_and_told_unless_it_is_rounding() {
    let fallen = quantile(0.5, classic(&[(1.0, 5.0), (2.0, 4.0), (f64::INFINITY, 6.0)]));
    assert_eq!((fallen.value, fallen.was_raised), (0.6, true));
    let rounded = quantile(0.5, classic(&[(1.0, 5.0), (2.0, 5.0 - 1e-14), (f64::INFINITY, 6.0)]));
    assert_eq!((rounded.value, rounded.was_raised), (0.6, false));
}

#[test]
fn fractions_are_the_other_way_round() {
    let buckets = || classic(&[(1.0, 5.0), (2.0, 10.0), (f64::INFINITY, 20.0)]);
    assert_eq!(fraction(0.0, 1.5, buckets()), 0.375);
    assert_eq!(fraction(1.0, 2.0, buckets()), 0.25);
    assert_eq!(fraction(2.0, 1.0, buckets()), 0.0);
    assert_eq!(fraction(f64::NEG_INFINITY, f64::INFINITY, buckets()), 1.0);
}

#[test]
fn native_quantiles_and_fractions_agree() {
    let histogram = Histogram {
        count: 12.0,
        sum: 100.0,
        zero_count: 2.0,
        zero_threshold: 0.001,
        positive: vec![(0, 2.0), (1, 3.0), (3, 1.0), (4, 4.0)],
        ..Histogram::default()
    };
    assert!((native_quantile(0.5, &histogram) - 1.587_401_051_968_199_4).abs() < 1e-12);
    assert!((native_quantile(0.1, &histogram) - 0.0006).abs() < 1e-12);
    for q in [0.2, 0.3, 0.5, 0.7, 0.9] {
        let value = native_quantile(q, &histogram);
        assert!((native_fraction(f64::NEG_INFINITY, value, &histogram) - q).abs() < 1e-9, "{q}");
    }
}

#[test]
fn the_variance_takes_the_middle_of_buckets() {
    let histogram =
        Histogram { schema: 0, count: 2.0, sum: 3.0, positive: vec![(1, 2.0)], ..Histogram::default() };
    let expected = (2f64.sqrt() - 1.5) * (2f64.sqrt() - 1.5);
    assert!((native_variance(&histogram) - expected).abs() < 1e-12);
}
