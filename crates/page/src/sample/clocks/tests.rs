use super::*;
use proptest::prelude::*;

fn there_and_back(runs: &[Vec<i64>]) -> (usize, usize, Vec<Vec<i64>>) {
    let mut bytes = Vec::new();
    let slices: Vec<&[i64]> = runs.iter().map(Vec::as_slice).collect();
    put(&slices, &mut bytes);
    let lengths: Vec<usize> = runs.iter().map(Vec::len).collect();
    let mut times = Times::read(&bytes, &lengths).unwrap();
    let back = (0..runs.len()).map(|run| times.of(run).to_vec()).collect();
    assert!(times.of(runs.len()).is_empty());
    (bytes.len(), times.clocks.len(), back)
}

/// Stretches of a few clocks.
fn any_runs() -> impl Strategy<Value = Vec<Vec<i64>>> {
    let clock = prop::collection::vec(0i64..1000, 1..40).prop_map(|mut times| {
        times.sort_unstable();
        times
    });
    let stretch = (0usize..3, any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (prop::collection::vec(clock, 3), prop::collection::vec(stretch, 0..20)).prop_map(
        |(clocks, stretches)| {
            let cut = |(clock, start, length): (usize, prop::sample::Index, prop::sample::Index)| {
                let rest = &clocks[clock][start.index(clocks[clock].len())..];
                rest[..=length.index(rest.len())].to_vec()
            };
            stretches.into_iter().map(cut).collect()
        },
    )
}

proptest! {
    #[test]
    fn runs_come_back(runs in any_runs()) {
        prop_assert_eq!(there_and_back(&runs).2, runs);
    }

    #[test]
    fn any_bytes_are_refused_or_decoded(bytes: Vec<u8>, lengths in prop::collection::vec(1usize..50, 0..8)) {
        if let Ok(mut times) = Times::read(&bytes, &lengths) {
            for (run, length) in lengths.iter().enumerate() {
                prop_assert_eq!(times.of(run).len(), *length);
            }
        }
    }
}

#[test]
fn stretches_of_one_clock_cost_two_bytes() {
    let clock: Vec<i64> = (0..480).map(|n| 1_700_000_000_000_000_000 + n * 15_000_000_000).collect();
    let runs: Vec<Vec<i64>> = (0..100).map(|n| clock[n % 3..480 - n % 2].to_vec()).collect();
    let mut with_all = runs.clone();
    with_all.push(clock);
    let (bytes, clocks, back) = there_and_back(&with_all);
    assert_eq!((clocks, back), (1, with_all));
    assert!(bytes < 2 * 101 + 20, "{bytes}");
}
