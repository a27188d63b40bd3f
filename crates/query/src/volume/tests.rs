use super::*;
use model::Stream;
use proptest::prelude::*;
use std::sync::Arc;

fn run(min_ns: i64, max_ns: i64, bytes: u64) -> RunFacts {
    RunFacts { min_ns, max_ns, rows: bytes / 10, bytes }
}

fn stream(labels: &[(&str, &str)], runs: &[RunFacts]) -> StreamFacts {
    let stream = Arc::new(Stream::new(Labels::from_pairs(labels.iter().copied())));
    StreamFacts { stream, runs: runs.to_vec() }
}

#[test]
fn runs_count_by_the_part_that_is_asked_for() {
    let facts = [
        stream(&[("a", "1")], &[run(0, 100, 1000), run(200, 300, 500)]),
        stream(&[("a", "2")], &[run(50, 50, 70)]),
        stream(&[("a", "3")], &[run(150, 160, 70)]),
    ];
    let held = holding(&facts, TimeRange::new(25, 75));
    assert_eq!(held, Holding { streams: 2, runs: 2, rows: 57, bytes: 570 });
    assert_eq!(holding(&facts, TimeRange::new(400, 500)), Holding::default());
}

#[test]
fn volumes_by_series_names_and_stream() {
    let facts = [
        stream(&[("app", "x"), ("pod", "1")], &[run(0, 100, 1000)]),
        stream(&[("app", "x"), ("pod", "2")], &[run(0, 200, 1000)]),
        stream(&[("app", "y")], &[run(0, 99, 5000)]),
    ];
    let all = [TimeRange::new(0, 1000)];
    let text = |group_by: GroupBy, ranges: &[TimeRange]| -> Vec<String> {
        let volumes = volumes(&facts, ranges, &group_by);
        volumes.iter().map(|volume| format!("{} {:?}", volume.labels, volume.bytes)).collect()
    };
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        text(GroupBy::Series(names(&["app"])), &all),
        ["{app=\"y\"} [(0, 5000.0)]", "{app=\"x\"} [(0, 2000.0)]"]
    );
    assert_eq!(text(GroupBy::Series(names(&["nosuch"])), &all), Vec::<String>::new());
    assert_eq!(text(GroupBy::Names(vec![]), &all), ["{app=\"\"} [(0, 7000.0)]", "{pod=\"\"} [(0, 2000.0)]"]);
    assert_eq!(text(GroupBy::Names(names(&["pod"])), &all), ["{pod=\"\"} [(0, 2000.0)]"]);
    assert_eq!(text(GroupBy::Stream, &all).len(), 3);
    let halves = [TimeRange::new(0, 100), TimeRange::new(100, 200)];
    assert_eq!(
        text(GroupBy::Series(names(&["pod"])), &halves),
        ["{pod=\"1\"} [(0, 1000.0), (1, 0.0)]", "{pod=\"2\"} [(0, 500.0), (1, 500.0)]"]
    );
}

#[test]
fn ranges_are_cut_at_multiples() {
    let cut = |start, end, step| {
        let ranges = aligned_ranges(TimeRange::new(start, end), step);
        ranges.iter().map(|r| (r.start_ns, r.end_ns)).collect::<Vec<_>>()
    };
    assert_eq!(cut(5, 25, 10), [(5, 10), (10, 20), (20, 25)]);
    assert_eq!(cut(-5, 10, 10), [(-5, 0), (0, 10)]);
    assert_eq!(cut(7, 7, 10), []);
}

proptest! {
    /// However a range is cut, the pieces together hold what the whole holds.
    #[test]
    fn pieces_sum_to_the_whole(
        runs in proptest::collection::vec((0i64..1000, 0i64..500, 1u64..10_000), 1..20),
        start in 0i64..500, length in 1i64..1000, step in 1i64..300,
    ) {
        let runs: Vec<_> = runs.iter().map(|(min, length, bytes)| run(*min, min + length, *bytes)).collect();
        let facts = [stream(&[("a", "1")], &runs)];
        let range = TimeRange::new(start, start + length);
        let by = GroupBy::Stream;
        let total = |ranges: &[TimeRange]| volumes(&facts, ranges, &by).iter().map(Volume::total).sum::<f64>();
        let (whole, pieces) = (total(&[range]), total(&aligned_ranges(range, step)));
        prop_assert!((whole - pieces).abs() < 1e-6 * whole.max(1.0), "{} {}", whole, pieces);
        prop_assert_eq!(holding(&facts, range).bytes, whole.round() as u64);
    }
}
