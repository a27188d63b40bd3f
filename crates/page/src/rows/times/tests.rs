use super::*;
use proptest::prelude::*;

/// Times of a run: about as far apart as another, any that there are, or far apart.
fn any_run() -> impl Strategy<Value = Vec<i64>> {
    let steady = (any::<i32>(), 1..2_000_000_000i64, prop::collection::vec(0..1_000_000i64, 1..700));
    prop_oneof![
        steady.prop_map(|(first, step, jitter)| {
            let time = |(n, jitter): (i64, i64)| i64::from(first) + n * step + jitter % step;
            (0..).zip(jitter).map(time).collect()
        }),
        prop::collection::vec(any::<i64>(), 1..20),
        prop::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)], 1..4),
    ]
    .prop_map(|mut run: Vec<i64>| {
        run.sort_unstable();
        run
    })
}

proptest! {
    #[test]
    fn times_come_back(runs in prop::collection::vec(any_run(), 1..12), wanted in any::<u16>()) {
        let mut stored = Vec::new();
        let layout = put(runs.iter().map(Vec::as_slice), &mut stored).unwrap();
        let run_rows: Vec<u32> = runs.iter().map(|run| run.len() as u32).collect();
        prop_assert_eq!(take(&stored, layout, &run_rows, |_| true).unwrap(), runs.concat());
        let some = take(&stored, layout, &run_rows, |run| wanted >> run & 1 == 1).unwrap();
        let mut start = 0;
        for (at, run) in runs.iter().enumerate() {
            if wanted >> at & 1 == 1 {
                prop_assert_eq!(&some[start..start + run.len()], run.as_slice());
            }
            start += run.len();
        }
    }

    #[test]
    fn damage_is_refused_or_gives_other_times(
        runs in prop::collection::vec(any_run(), 1..6), at: prop::sample::Index, byte: u8, length: prop::sample::Index,
    ) {
        let mut stored = Vec::new();
        let layout = put(runs.iter().map(Vec::as_slice), &mut stored).unwrap();
        let run_rows: Vec<u32> = runs.iter().map(|run| run.len() as u32).collect();
        prop_assert!(take(&stored[..length.index(stored.len())], layout, &run_rows, |_| true).is_err());
        let place = at.index(stored.len());
        stored[place] = byte;
        for layout in [layout, Codec::Pco] {
            if let Ok(times) = take(&stored, layout, &run_rows, |_| true) {
                prop_assert_eq!(times.len(), runs.concat().len());
            }
        }
    }
}

/// Runs that are steady at paces of their own cost no more together than alone.
#[test]
fn runs_of_many_paces_share_a_column() {
    let run = |step: i64| -> Vec<i64> { (0..64).map(|n| n * step + n * n % 7).collect() };
    let stored = |runs: &[Vec<i64>]| {
        let mut stored = Vec::new();
        put(runs.iter().map(Vec::as_slice), &mut stored).unwrap();
        stored.len()
    };
    let many: Vec<Vec<i64>> = (1..40).map(|n| run(n * n * 1_000_003)).collect();
    let alike = vec![run(1_000_003); 39];
    assert!(stored(&many) < stored(&alike) + 39 * 6, "{} {}", stored(&many), stored(&alike));
}
