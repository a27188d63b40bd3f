use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0u32..3000).prop_map(f64::from),
        2 => (0u32..200_000).prop_map(f64::from),
        1 => (-40i32..40).prop_map(|n| f64::from(n) / 4.0),
        1 => prop::sample::select(vec![-0.0, f64::INFINITY, f64::MAX, 4e9]),
    ]
}

/// How often each value is there, by its bits.
fn sums(values: &[(f64, u64)]) -> BTreeMap<u64, u64> {
    let mut sums = BTreeMap::new();
    values.iter().for_each(|(value, count)| *sums.entry(value.to_bits()).or_default() += count);
    sums
}

proptest! {
    #[test]
    fn values_are_counted_by_pane(
        parts in prop::collection::vec((0u64..4, prop::collection::vec((any_value(), 1u64..5), 0..4000)), 1..6),
        apart: bool,
    ) {
        let mut kept = ValuesByPane::default();
        let mut expected: BTreeMap<u64, Vec<(f64, u64)>> = BTreeMap::new();
        for (pane, values) in parts.into_iter().filter(|(_, values)| !values.is_empty()) {
            let mut part = ValuesByPane::default();
            let to = if apart { &mut part } else { &mut kept };
            values.iter().for_each(|(value, count)| to.add(pane, *value, *count));
            kept.merge(part);
            expected.entry(pane).or_default().extend(values);
        }
        let mut found = Vec::new();
        for (at, (pane, values)) in expected.iter().enumerate() {
            prop_assert_eq!((kept.position(*pane), kept.pane(at)), (at, Some(*pane)));
            kept.put(at..at + 1, &mut found);
            prop_assert_eq!(sums(&found), sums(values));
            prop_assert!(found.len() <= values.len());
        }
        kept.put(0..expected.len(), &mut found);
        prop_assert_eq!(sums(&found), sums(&expected.into_values().flatten().collect::<Vec<_>>()));
        let bytes: usize = kept.panes.iter().map(|(_, values)| values.bytes()).sum();
        prop_assert_eq!(kept.bytes(), bytes);
    }
}

#[test]
fn many_small_integers_take_little() {
    let mut kept = ValuesByPane::default();
    (0..1_000_000u64).for_each(|n| kept.add(0, (n * 7919 % 2000) as f64, 1));
    assert!(kept.bytes() < 20_000, "{}", kept.bytes());
    // What is no number differs from all, itself included.
    (0..5000).for_each(|_| kept.add(1, f64::NAN, 1));
    let mut found = Vec::new();
    kept.put(1..2, &mut found);
    assert_eq!(found.len(), 5000);
}
