use super::*;
use crate::eval::window::Steps;

const SECOND: i64 = 1_000_000_000;

/// Rows at 5s, 10s, … 40s with values 1, 2, … 8.
fn rows() -> Vec<KeptRow> {
    (1..=8).map(|n| KeptRow { ts_ns: n * 5 * SECOND, value: n as f64, count: 1 }).collect()
}

fn evaluated(op: RangeOp, parameter: Option<f64>) -> Vec<f64> {
    let steps = Steps { start_ns: 20 * SECOND, end_ns: 60 * SECOND, step_ns: 20 * SECOND };
    let windows = Windows::new(&steps, 15 * SECOND, 0);
    let function = Function::new(op, parameter, 15 * SECOND);
    let kept = match function.keeps() {
        Keeps::Rows => Kept::Rows(rows().into_iter().rev().collect()),
        Keeps::Values => {
            let mut kept = Keeps::Values.nothing();
            for row in rows().into_iter().rev() {
                if let Some(pane) = windows.pane(row.ts_ns) {
                    kept.take(Keeps::Values, pane, row);
                }
            }
            kept
        }
        Keeps::Folds(kind) => {
            let mut panes = Vec::new();
            for KeptRow { ts_ns, value, .. } in rows() {
                if let Some(pane) = windows.pane(ts_ns) {
                    crate::eval::fold::merge_panes(&mut panes, &[(pane, kind.of(ts_ns, value))]);
                }
            }
            Kept::Folds(panes)
        }
    };
    let points = function.evaluate(kept, &windows);
    assert_eq!(points.iter().map(|point| point.0).collect::<Vec<_>>(), [0, 1], "the last window is empty");
    points.into_iter().map(|point| point.1).collect()
}

#[test]
fn each_function_over_two_windows() {
    // Windows (5s, 20s] with 2, 3, 4 and (25s, 40s] with 6, 7, 8.
    assert_eq!(evaluated(RangeOp::SumOverTime, None), [9.0, 21.0]);
    assert_eq!(evaluated(RangeOp::Rate, None), [9.0 / 15.0, 21.0 / 15.0]);
    assert_eq!(evaluated(RangeOp::AvgOverTime, None), [3.0, 7.0]);
    assert_eq!(evaluated(RangeOp::MaxOverTime, None), [4.0, 8.0]);
    assert_eq!(evaluated(RangeOp::MinOverTime, None), [2.0, 6.0]);
    assert_eq!(evaluated(RangeOp::FirstOverTime, None), [2.0, 6.0]);
    assert_eq!(evaluated(RangeOp::LastOverTime, None), [4.0, 8.0]);
    assert_eq!(evaluated(RangeOp::StdvarOverTime, None), [2.0 / 3.0, 2.0 / 3.0]);
    assert_eq!(evaluated(RangeOp::QuantileOverTime, Some(0.25)), [2.5, 6.5]);
    let rates = evaluated(RangeOp::RateCounter, None);
    assert!((rates[0] - 3.0 / 15.0).abs() < 1e-9, "{rates:?}");
}
