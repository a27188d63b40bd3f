use super::*;
use crate::eval::window::Steps;
use proptest::prelude::*;
use std::collections::BTreeMap;

const KINDS: [FoldKind; 7] = [
    FoldKind::Sum,
    FoldKind::Mean,
    FoldKind::Moments,
    FoldKind::Max,
    FoldKind::Min,
    FoldKind::First,
    FoldKind::Last,
];

/// The fold's numbers straight from the rows of a window.
fn naive(kind: FoldKind, rows: &[(i64, f64)]) -> (f64, f64) {
    let values: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let ordered = |newest: bool| {
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if newest { rows[rows.len() - 1].1 } else { rows[0].1 }
    };
    match kind {
        FoldKind::Sum => (values.iter().sum(), 0.0),
        FoldKind::Mean => (mean, 0.0),
        FoldKind::Moments => (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count),
        FoldKind::Max => (values.iter().copied().fold(f64::NEG_INFINITY, f64::max), 0.0),
        FoldKind::Min => (values.iter().copied().fold(f64::INFINITY, f64::min), 0.0),
        FoldKind::First => (ordered(false), 0.0),
        FoldKind::Last => (ordered(true), 0.0),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn infinities_and_nan_follow_prometheus() {
    let fold = |kind: FoldKind, values: &[f64]| {
        let mut folds = values.iter().map(|value| kind.of(0, *value));
        let mut all = folds.next().unwrap();
        folds.for_each(|fold| all.merge(&fold));
        all.value()
    };
    let inf = f64::INFINITY;
    assert_eq!(fold(FoldKind::Mean, &[1.0, inf, 2.0]), inf);
    assert!(fold(FoldKind::Mean, &[inf, -inf, 2.0]).is_nan());
    assert_eq!(fold(FoldKind::Max, &[f64::NAN, 1.0, f64::NAN]), 1.0);
    assert_eq!(fold(FoldKind::Min, &[2.0, f64::NAN, 1.0]), 1.0);
    assert!(fold(FoldKind::Max, &[f64::NAN]).is_nan());
}

#[test]
fn a_sum_forgets_an_infinity_that_left_the_window() {
    let windows = Windows::new(&Steps { start_ns: 10, end_ns: 30, step_ns: 10 }, 10, 0);
    let panes: Vec<_> = [(5, f64::INFINITY), (15, 1.0), (25, 2.0)]
        .map(|(ts, value)| (windows.pane(ts).unwrap(), FoldKind::Sum.of(ts, value)))
        .to_vec();
    let mut seen = Vec::new();
    slide(&panes, &windows, |step, fold| seen.push((step, fold.value())));
    assert_eq!(seen, [(0, f64::INFINITY), (1, 1.0), (2, 2.0)]);
}

proptest! {
    #[test]
    fn sliding_says_the_same_as_each_window_alone(
        mut rows in prop::collection::vec((-20i64..120, -50i32..50), 0..60),
        step in 1i64..15, range in 1i64..60, offset in -10i64..10, kind in 0usize..7,
        cuts in prop::collection::vec(0usize..60, 0..4),
    ) {
        let kind = KINDS[kind];
        let windows = Windows::new(&Steps { start_ns: 0, end_ns: 90, step_ns: step }, range, offset);
        rows.sort_unstable();
        let rows: Vec<(i64, f64)> = rows.into_iter().map(|(ts, value)| (ts, f64::from(value))).collect();
        // Rows in several parts, as from several runs.
        let mut parts: BTreeMap<usize, Vec<(u64, Fold)>> = BTreeMap::new();
        for (at, (ts, value)) in rows.iter().enumerate() {
            let part = cuts.iter().filter(|cut| at % 7 < **cut % 7).count();
            let Some(pane) = windows.pane(*ts) else { continue };
            merge_panes(parts.entry(part).or_default(), &[(pane, kind.of(*ts, *value))]);
        }
        let mut panes = Vec::new();
        parts.values().for_each(|part| merge_panes(&mut panes, part));
        let mut seen = BTreeMap::new();
        slide(&panes, &windows, |step, fold| { seen.insert(step, fold); });
        for step in 0..windows.count() {
            let (before, end) = windows.bounds(step);
            let inside: Vec<_> = rows.iter().copied().filter(|(ts, _)| before < *ts && *ts <= end).collect();
            match seen.get(&step) {
                None => prop_assert!(inside.is_empty()),
                Some(fold) => {
                    prop_assert!(!inside.is_empty());
                    let (value, variance) = naive(kind, &inside);
                    prop_assert!(near(fold.value(), value), "{fold:?} is not {value}");
                    if kind == FoldKind::Moments {
                        prop_assert!(near(fold.variance(), variance), "{fold:?} is not {variance}");
                    }
                }
            }
        }
    }
}

#[test]
fn exact_sums_and_means_keep_what_additions_lose() {
    let numbers = [1.0, 1e100, 1.0, -1e100];
    assert_eq!(numbers.into_iter().collect::<ExactSum>().value(), 2.0);
    assert_eq!(numbers.into_iter().collect::<ExactMean>().value(), 0.5);
    assert_eq!([1.5e308; 4].into_iter().collect::<ExactMean>().value(), 1.5e308);
    assert_eq!([1e308, f64::INFINITY].into_iter().collect::<ExactSum>().value(), f64::INFINITY);
    assert!([f64::NEG_INFINITY, f64::INFINITY].into_iter().collect::<ExactMean>().value().is_nan());
}
