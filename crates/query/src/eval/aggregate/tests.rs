use super::*;
use proptest::prelude::*;

fn one(labels: &[(&str, &str)], points: &[(u32, f64)]) -> StepSeries {
    StepSeries::new(Labels::from_pairs(labels.iter().copied()), points.to_vec())
}

fn by(labels: &[&str]) -> Grouping {
    Grouping { without: false, labels: labels.iter().map(|l| (*l).to_owned()).collect() }
}

fn pods() -> Vec<StepSeries> {
    vec![
        one(&[("pod", "a"), ("zone", "x")], &[(0, 1.0), (2, 3.0)]),
        one(&[("pod", "b"), ("zone", "x")], &[(0, 5.0), (1, 2.0)]),
        one(&[("pod", "c"), ("zone", "y")], &[(0, 4.0), (2, 6.0)]),
    ]
}

#[test]
fn sums_by_group_at_each_step() {
    let sums = aggregate(VectorOp::Sum, 0, Some(&by(&["zone"])), pods());
    assert_eq!(
        sums,
        [
            one(&[("zone", "x")], &[(0, 6.0), (1, 2.0), (2, 3.0)]),
            one(&[("zone", "y")], &[(0, 4.0), (2, 6.0)])
        ]
    );
}

#[test]
fn without_keeps_the_other_labels_and_none_keeps_nothing() {
    let without = Grouping { without: true, labels: vec!["pod".to_owned()] };
    let counts = aggregate(VectorOp::Count, 0, Some(&without), pods());
    assert_eq!(counts[0], one(&[("zone", "x")], &[(0, 2.0), (1, 1.0), (2, 1.0)]));
    let all = aggregate(VectorOp::Max, 0, None, pods());
    assert_eq!(all, [one(&[], &[(0, 5.0), (1, 2.0), (2, 6.0)])]);
}

#[test]
fn deviation_is_that_of_the_population() {
    let all = aggregate(VectorOp::Stdvar, 0, None, pods());
    assert!((all[0].points[0].1 - 26.0 / 9.0).abs() < 1e-12);
    let single = aggregate(VectorOp::Stddev, 0, None, vec![one(&[], &[(0, 7.0)])]);
    assert_eq!(single[0].points, [(0, 0.0)]);
}

#[test]
fn topk_is_taken_at_each_step_and_keeps_labels() {
    let top = aggregate(VectorOp::Topk, 1, None, pods());
    assert_eq!(
        top,
        [
            one(&[("pod", "b"), ("zone", "x")], &[(0, 5.0), (1, 2.0)]),
            one(&[("pod", "c"), ("zone", "y")], &[(2, 6.0)])
        ]
    );
    let bottom = aggregate(VectorOp::Bottomk, 1, Some(&by(&["zone"])), pods());
    assert_eq!(bottom[0].points, [(0, 1.0), (2, 3.0)]);
    assert_eq!(bottom[1].points, [(1, 2.0)]);
}

#[test]
fn nan_is_taken_last_by_topk_bottomk_and_sort() {
    let numbers =
        || [f64::NAN, 1.0, f64::INFINITY].iter().map(|v| one(&[("v", &v.to_string())], &[(0, *v)])).collect();
    let names = |series: &[StepSeries]| {
        series.iter().map(|s| s.labels.get("v").unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&aggregate(VectorOp::Topk, 2, None, numbers())), ["1", "inf"]);
    assert_eq!(names(&aggregate(VectorOp::Bottomk, 2, None, numbers())), ["1", "inf"]);
    assert_eq!(names(&aggregate(VectorOp::Sort, 0, None, numbers())), ["1", "inf", "NaN"]);
    assert_eq!(names(&aggregate(VectorOp::SortDesc, 0, None, numbers())), ["inf", "1", "NaN"]);
}

proptest! {
    /// All steps at once give what each step gives alone.
    #[test]
    fn steps_do_not_touch_each_other(
        points in prop::collection::vec((0u8..6, 0u32..5, -20i32..20), 0..40), k in 1usize..4, op in 0usize..9,
    ) {
        use VectorOp::*;
        let op = [Sum, Avg, Count, Max, Min, Stddev, Stdvar, Topk, Bottomk][op];
        let grouping = by(&["zone"]);
        let series = |keep: &dyn Fn(u32) -> bool| {
            let mut series: Vec<StepSeries> = Vec::new();
            for pod in 0..6u8 {
                let mut of_pod: Vec<(u32, f64)> = points.iter()
                    .filter(|(p, step, _)| *p == pod && keep(*step))
                    .map(|(_, step, value)| (*step, f64::from(*value))).collect();
                of_pod.sort_by_key(|point| point.0);
                of_pod.dedup_by_key(|point| point.0);
                if !of_pod.is_empty() {
                    series.push(one(&[("pod", &pod.to_string()), ("zone", &(pod % 2).to_string())], &of_pod));
                }
            }
            series
        };
        let at = |series: &[StepSeries], step: u32| {
            let mut found: Vec<(Labels, f64)> = series.iter()
                .flat_map(|s| s.points.iter().filter(|p| p.0 == step).map(|p| (s.labels.clone(), p.1))).collect();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            found
        };
        let whole = aggregate(op, k, Some(&grouping), series(&|_| true));
        for step in 0..5 {
            let alone = aggregate(op, k, Some(&grouping), series(&|s| s == step));
            prop_assert_eq!(at(&whole, step), at(&alone, step));
        }
    }
}
