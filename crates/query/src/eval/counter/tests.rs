use super::*;

const SECOND: i64 = 1_000_000_000;

#[test]
fn a_single_sample_has_no_rate() {
    assert_eq!(rate(&[(0, 7.0)], 60 * SECOND), 0.0);
    assert_eq!(rate(&[], 60 * SECOND), 0.0);
}

#[test]
fn resets_count_as_starts_from_zero() {
    // 10 → 30, reset, 5 → 25: an increase of 20 + 5 + 20 over a minute's range.
    let samples = [(0, 10.0), (10 * SECOND, 30.0), (20 * SECOND, 5.0), (30 * SECOND, 25.0)];
    let expected = 45.0 / 60.0;
    assert!((rate(&samples, 60 * SECOND) - expected).abs() < 1e-3);
}

#[test]
fn a_counter_that_starts_at_zero_is_not_extended() {
    let samples = [(0, 0.0), (30 * SECOND, 60.0)];
    assert_eq!(rate(&samples, 60 * SECOND), 1.0);
}
