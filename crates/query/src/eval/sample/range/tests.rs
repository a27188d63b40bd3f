use super::*;
use crate::eval::sample::Samples;

const SECOND: i64 = 1_000_000_000;

fn every_minute(values: &[f64]) -> Samples {
    let floats = (0i64..).zip(values).map(|(n, value)| (n * 60 * SECOND, *value)).collect();
    Samples { floats, ..Samples::default() }
}

fn number(value: Option<Value>) -> f64 {
    value.and_then(|value| value.float()).unwrap()
}

#[test]
fn extrapolation_ends_where_the_counter_was_zero() {
    let increase = |values: &[f64], before_s: i64| {
        let samples = every_minute(values);
        number(extrapolated(samples.window(before_s * SECOND, 240 * SECOND), true, &mut |_| {}))
    };
    assert_eq!(increase(&[0.0, 10.0, 20.0, 30.0, 40.0], -1), 40.0);
    assert_eq!(increase(&[1.0, 11.0, 21.0, 31.0, 41.0], -500), 41.0, "it was zero six seconds before");
    assert_eq!(increase(&[90.0, 100.0, 110.0, 120.0, 130.0], -500), 45.0, "half a step at most");
    let single = every_minute(&[5.0]);
    assert_eq!(extrapolated(single.window(-1, SECOND), true, &mut |_| {}), None);
}

#[test]
fn changes_and_resets_are_counted_between_neighbours() {
    let samples = every_minute(&[1.0, f64::NAN, f64::NAN, 3.0, 2.0]);
    let window = samples.window(-1, i64::MAX);
    assert_eq!((changes(window), resets(window)), (Some(3.0), Some(1.0)));
    let (change, seconds) = instant_change(window, true, &mut |_| {}).unwrap();
    assert_eq!((change, seconds), (Value::Float(2.0), 60.0), "after a reset the value itself");
}

#[test]
fn extremes_leave_nan_out_and_means_do_not_overflow() {
    assert_eq!((max(&[f64::NAN, 1.0, 3.0]), min(&[f64::NAN, 1.0, 3.0])), (3.0, 1.0));
    assert!(max(&[f64::NAN]).is_nan());
    let samples = every_minute(&[1.5e308, 1.5e308, 1.5e308]);
    assert_eq!(number(mean(samples.window(-1, i64::MAX), &mut |_| {})), 1.5e308);
    assert_eq!(median_deviation(&[1.0, 2.0, 3.0, 9.0]), 1.0);
    assert_eq!(variance(&[1.6, 1.6, 1.6]), 0.0);
}
