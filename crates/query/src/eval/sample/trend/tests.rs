use super::*;

const SECOND: i64 = 1_000_000_000;

#[test]
fn a_line_goes_through_its_samples() {
    let samples: Vec<(i64, f64)> = (0..5).map(|n| (n * 10 * SECOND, 7.0 + 2.0 * n as f64)).collect();
    let line = regression(&samples, 20 * SECOND);
    assert!((line.slope - 0.2).abs() < 1e-12 && (line.intercept - 11.0).abs() < 1e-12);
    let level = regression(&[(0, 3.0), (SECOND, 3.0)], 0);
    assert_eq!((level.slope, level.intercept), (0.0, 3.0));
    assert!(regression(&[(0, f64::INFINITY), (SECOND, f64::INFINITY)], 0).slope.is_nan());
}

#[test]
fn smoothing_follows_a_trend() {
    let samples: Vec<(i64, f64)> = (0..5).map(|n| (n * SECOND, 10.0 * n as f64)).collect();
    assert!((smoothed(&samples, 0.5, 0.5).unwrap() - 40.0).abs() < 1e-9);
    assert_eq!(smoothed(&samples[..1], 0.5, 0.5), None);
}
