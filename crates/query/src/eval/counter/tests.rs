use super::*;

const SECOND: i64 = 1_000_000_000;

#[test]
fn a_single_sample_has_no_rate() {
    assert_eq!(rate(&[(0, 7.0)], -60 * SECOND, 0), 0.0);
    assert_eq!(rate(&[], -60 * SECOND, 0), 0.0);
}

#[test]
fn a_steady_counter_is_extended_to_the_window() {
    // One per second, sampled every 10 s from 10 s to 50 s, over a minute.
    let samples: Vec<(i64, f64)> = (1..=5).map(|n| (n * 10 * SECOND, 100.0 + n as f64 * 10.0)).collect();
    assert_eq!(rate(&samples, 0, 60 * SECOND), 1.0);
}

#[test]
fn resets_count_as_starts_from_zero() {
    // 10 → 30, reset, 5 → 25: an increase of 20 + 5 + 20 in 30 s, extended to the start by 20/3 s
    // (where the counter would have been 0) and to the end by half a step.
    let samples = [(20, 10.0), (30, 30.0), (40, 5.0), (50, 25.0)].map(|(s, v)| (s * SECOND, v));
    let expected = 45.0 * (30.0 + 20.0 / 3.0 + 10.0) / 30.0 / 60.0;
    assert!((rate(&samples, 0, 60 * SECOND) - expected).abs() < 1e-12);
}

#[test]
fn a_long_gap_is_not_crossed() {
    let samples = [(100, 1000.0), (110, 1010.0)].map(|(s, v)| (s * SECOND, v));
    assert_eq!(rate(&samples, 0, 200 * SECOND), 10.0 * 2.0 / 200.0);
}

#[test]
fn the_two_orders_of_looking_for_zero_differ_beyond_a_gap() {
    // Zero lies 15 s before the first sample, the window's start 60 s; samples are 10 s apart.
    let sampled = Sampled { first_ns: 60 * SECOND, last_ns: 90 * SECOND, count: 4 };
    let near = sampled.factor(0, 90 * SECOND, Start::NearThenZero(0.5));
    let zero = sampled.factor(0, 90 * SECOND, Start::ZeroThenNear(0.5));
    assert_eq!((near, zero), (35.0 / 30.0, 35.0 / 30.0));
    // Zero lies 3 s before it: one way cuts there, the other finds it near and cuts there too.
    assert_eq!(sampled.factor(0, 90 * SECOND, Start::NearThenZero(0.1)), 33.0 / 30.0);
    // Zero lies 10.5 s before: near enough to reach for Loki, but further than half a step for Prometheus.
    assert_eq!(sampled.factor(0, 90 * SECOND, Start::ZeroThenNear(0.35)), 40.5 / 30.0);
    assert_eq!(sampled.factor(0, 90 * SECOND, Start::NearThenZero(0.35)), 35.0 / 30.0);
}
