use super::*;
use proptest::prelude::*;

fn one(labels: &[(&str, &str)], points: &[(u32, f64)]) -> StepSeries {
    StepSeries::new(Labels::from_pairs(labels.iter().copied()), points.to_vec())
}

const BY_ALL: Matching<'static> = Matching { on: false, labels: &[], name: Name::Lost };

fn add(a: &f64, b: &f64) -> Option<f64> {
    Some(a + b)
}

#[test]
fn names_are_not_compared_and_go_where_they_are_lost() {
    let (left, right) = ([one(&[("__name__", "a")], &[(0, 1.0)])], [one(&[("__name__", "b")], &[(0, 2.0)])]);
    let join = Join { matching: BY_ALL, group: None, counts_all: false };
    assert_eq!(join.join(&left, &right, add), Ok(vec![one(&[], &[(0, 3.0)])]));
    let kept = Join { matching: Matching { name: Name::Kept, ..BY_ALL }, ..join };
    assert_eq!(kept.join(&left, &right, add), Ok(vec![one(&[("__name__", "a")], &[(0, 3.0)])]));
    let label = Join { matching: Matching { name: Name::Label, ..BY_ALL }, ..join };
    assert_eq!(label.join(&left, &right, add), Ok(vec![]));
}

#[test]
fn what_gives_nothing_counts_as_a_match_only_where_it_should() {
    let left = [one(&[("a", "1")], &[(0, 1.0)]), one(&[("a", "2")], &[(0, 2.0)])];
    let right = [one(&[], &[(0, 9.0)])];
    let matching = Matching { on: true, labels: &[], name: Name::Kept };
    let only_two = |a: &f64, _: &f64| (*a == 2.0).then_some(*a);
    let join = Join { matching, group: None, counts_all: false };
    assert_eq!(join.join(&left, &right, only_two), Ok(vec![one(&[], &[(0, 2.0)])]));
    assert_eq!(Join { counts_all: true, ..join }.join(&left, &right, only_two), Err(Mismatch::Several));
}

#[test]
fn a_duplicate_names_both_series_and_what_they_share() {
    let two = [one(&[("a", "1"), ("b", "x")], &[(3, 1.0)]), one(&[("a", "1"), ("b", "y")], &[(3, 2.0)])];
    let names = ["a".to_owned()];
    let matching = Matching { on: true, labels: &names, name: Name::Lost };
    let join = Join { matching, group: None, counts_all: false };
    let Err(Mismatch::Duplicate { right: true, group, series }) = join.join(&[], &two, add) else {
        panic!("no duplicate")
    };
    assert_eq!(group, Labels::from_pairs([("a", "1")]));
    assert_eq!(series.map(|labels| labels.get("b").unwrap().to_owned()), ["y".to_owned(), "x".to_owned()]);
}

proptest! {
    /// All steps at once give what each step gives alone.
    #[test]
    fn steps_do_not_touch_each_other(
        left in prop::collection::btree_map((0u8..4, 0u32..6), -9i8..9, 0..16),
        right in prop::collection::btree_map((0u8..4, 0u32..6), -9i8..9, 0..16),
    ) {
        let series = |points: &std::collections::BTreeMap<(u8, u32), i8>, only: Option<u32>| {
            let mut series: Vec<StepSeries> = Vec::new();
            for ((name, step), value) in points.iter().filter(|p| only.is_none_or(|only| p.0.1 == only)) {
                let labels = Labels::from_pairs([("n", name.to_string().as_str())]);
                match series.last_mut().filter(|last| last.labels == labels) {
                    Some(last) => last.points.push((*step, f64::from(*value))),
                    None => series.push(StepSeries::new(labels, vec![(*step, f64::from(*value))])),
                }
            }
            series
        };
        let join = Join { matching: BY_ALL, group: None, counts_all: false };
        let joined = |only| join.join(&series(&left, only), &series(&right, only), add).unwrap();
        let whole = joined(None);
        for step in 0..6 {
            let at_step: Vec<StepSeries> = whole.iter().cloned().map(|mut one| {
                one.points.retain(|point| point.0 == step);
                one
            }).filter(|one| !one.points.is_empty()).collect();
            prop_assert_eq!(at_step, joined(Some(step)));
        }
    }
}
