use super::*;
use model::Labels;

fn one(labels: &[(&str, &str)], points: &[(u32, f64)]) -> StepSeries {
    StepSeries::new(Labels::from_pairs(labels.iter().copied()), points.to_vec())
}

fn names(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

fn on(labels: &[&str]) -> Matching {
    Matching { on: true, labels: names(labels), group: None }
}

fn vectors(
    op: BinaryOp,
    matching: Option<&Matching>,
    left: Vec<StepSeries>,
    right: Vec<StepSeries>,
) -> Result<Vec<StepSeries>> {
    match binary(op, false, matching, Operand::Vector(left), Operand::Vector(right))? {
        Operand::Vector(series) => Ok(series),
        Operand::Scalar(number) => panic!("a number: {number}"),
    }
}

#[test]
fn numbers_follow_loki_at_zero() {
    assert_eq!(scalars(BinaryOp::Pow, 0.0, 0.0), 1.0);
    assert!(scalars(BinaryOp::Div, 1.0, 0.0).is_nan());
    assert!(scalars(BinaryOp::Mod, 1.0, 0.0).is_nan());
    assert_eq!(scalars(BinaryOp::Mod, -7.0, 3.0), -1.0);
    assert_eq!(scalars(BinaryOp::Greater, 1.0, 2.0), 0.0);
}

#[test]
fn a_comparison_with_a_number_keeps_the_value_of_the_vector() {
    let series = || Operand::Vector(vec![one(&[("a", "b")], &[(0, 5.0), (1, 50.0)])]);
    let kept = binary(BinaryOp::Less, false, None, Operand::Scalar(40.0), series()).unwrap();
    assert_eq!(kept, Operand::Vector(vec![one(&[("a", "b")], &[(1, 50.0)])]));
    let told = binary(BinaryOp::Greater, true, None, series(), Operand::Scalar(40.0)).unwrap();
    assert_eq!(told, Operand::Vector(vec![one(&[("a", "b")], &[(0, 0.0), (1, 1.0)])]));
}

#[test]
fn one_to_one_matches_at_each_step() {
    let left = vec![one(&[("z", "a")], &[(0, 1.0), (1, 2.0)]), one(&[("z", "b")], &[(0, 3.0)])];
    let right = vec![one(&[("z", "a")], &[(1, 10.0)]), one(&[("z", "c")], &[(0, 1.0)])];
    assert_eq!(vectors(BinaryOp::Add, None, left, right).unwrap(), [one(&[("z", "a")], &[(1, 12.0)])]);
}

#[test]
fn on_and_ignoring_decide_the_labels_of_the_result() {
    let left = || vec![one(&[("env", "p"), ("z", "a")], &[(0, 1.0)])];
    let right = || vec![one(&[("z", "a")], &[(0, 2.0)])];
    let ignoring = Matching { on: false, labels: names(&["env"]), group: None };
    for matching in [on(&["z"]), ignoring] {
        let sum = vectors(BinaryOp::Add, Some(&matching), left(), right()).unwrap();
        assert_eq!(sum, [one(&[("z", "a")], &[(0, 3.0)])]);
    }
}

#[test]
fn group_left_takes_labels_of_the_one_side() {
    let many =
        vec![one(&[("rack", "1"), ("z", "a")], &[(0, 6.0)]), one(&[("rack", "2"), ("z", "a")], &[(0, 9.0)])];
    let few = vec![one(&[("app", "x"), ("z", "a")], &[(0, 3.0)])];
    let group = |side| Matching { group: Some((side, names(&["app", "nosuch"]))), ..on(&["z"]) };
    let left = vectors(BinaryOp::Div, Some(&group(GroupSide::Left)), many.clone(), few.clone()).unwrap();
    assert_eq!(left[1], one(&[("app", "x"), ("rack", "2"), ("z", "a")], &[(0, 3.0)]));
    let right = vectors(BinaryOp::Div, Some(&group(GroupSide::Right)), few, many).unwrap();
    assert_eq!(right[0], one(&[("app", "x"), ("rack", "1"), ("z", "a")], &[(0, 0.5)]));
}

#[test]
fn ambiguous_matches_are_refused_in_lokis_words() {
    let two =
        || vec![one(&[("r", "1"), ("z", "a")], &[(0, 1.0)]), one(&[("r", "2"), ("z", "a")], &[(0, 1.0)])];
    let single = || vec![one(&[("z", "a")], &[(0, 1.0)])];
    let said = |left, right, matching: &Matching| {
        vectors(BinaryOp::Add, Some(matching), left, right).unwrap_err().to_string()
    };
    assert_eq!(
        said(single(), two(), &on(&["z"])),
        "found duplicate series on the right hand-side;many-to-many matching not allowed: \
         matching labels must be unique on one side"
    );
    assert_eq!(
        said(two(), single(), &on(&["z"])),
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    );
    let group = Matching { group: Some((GroupSide::Left, names(&["r"]))), ..on(&["z"]) };
    assert_eq!(
        said(two(), single(), &group),
        "multiple matches for labels: grouping labels must ensure unique matches"
    );
}

#[test]
fn series_that_never_meet_are_not_ambiguous() {
    let left = vec![one(&[("r", "1"), ("z", "a")], &[(0, 1.0)]), one(&[("r", "2"), ("z", "a")], &[(1, 5.0)])];
    let right = vec![one(&[("z", "a")], &[(0, 1.0), (1, 1.0)])];
    let sum = vectors(BinaryOp::Add, Some(&on(&["z"])), left, right).unwrap();
    assert_eq!(sum, [one(&[("z", "a")], &[(0, 2.0)]), one(&[("z", "a")], &[(1, 6.0)])]);
}

#[test]
fn sets_work_by_signature_and_step() {
    let left = || {
        vec![
            one(&[("p", "1"), ("z", "a")], &[(0, 1.0), (1, 1.0)]),
            one(&[("p", "2"), ("z", "b")], &[(0, 2.0)]),
        ]
    };
    let right = || vec![one(&[("z", "a")], &[(0, 9.0)]), one(&[("z", "c")], &[(0, 8.0)])];
    let set = |op| vectors(op, Some(&on(&["z"])), left(), right()).unwrap();
    assert_eq!(set(BinaryOp::And), [one(&[("p", "1"), ("z", "a")], &[(0, 1.0)])]);
    assert_eq!(
        set(BinaryOp::Unless),
        [one(&[("p", "1"), ("z", "a")], &[(1, 1.0)]), one(&[("p", "2"), ("z", "b")], &[(0, 2.0)])]
    );
    let either = set(BinaryOp::Or);
    assert_eq!(either[2..], [one(&[("z", "c")], &[(0, 8.0)])]);
}
