use super::*;
use crate::eval::sample::histogram::Histogram;

fn apply(op: BinaryOp, a: &Value, b: &Value) -> (Option<Value>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let given = Operator { op, return_bool: false }.apply(a, b, a, &mut |remark| remarks.push(remark));
    (given, remarks)
}

#[test]
fn numbers_divide_by_zero_as_floats_do() {
    assert_eq!(floats(BinaryOp::Div, 1.0, 0.0), Some(f64::INFINITY));
    assert!(floats(BinaryOp::Mod, 1.0, 0.0).is_some_and(f64::is_nan));
    assert_eq!(floats(BinaryOp::Mod, -7.0, 3.0), Some(-1.0));
    assert_eq!(floats(BinaryOp::LessEqual, 1.0, 2.0), Some(1.0));
    assert_eq!(floats(BinaryOp::And, 1.0, 2.0), None);
}

#[test]
fn histograms_are_scaled_by_numbers_and_compared_with_their_kind() {
    let one: Value =
        Histogram { count: 2.0, sum: 4.0, positive: vec![(1, 2.0)], ..Histogram::default() }.into();
    let twice = apply(BinaryOp::Mul, &2.0.into(), &one).0.unwrap();
    assert_eq!(apply(BinaryOp::Div, &twice, &2.0.into()).0, Some(one.clone()));
    assert_eq!(apply(BinaryOp::Sub, &twice, &one).0.unwrap().histogram().unwrap().count, 2.0);
    assert_eq!(apply(BinaryOp::Equal, &one, &one).0, Some(one.clone()));
    assert_eq!(apply(BinaryOp::NotEqual, &one, &one).0, None);
    let (none, remarks) = apply(BinaryOp::Greater, &one, &1.0.into());
    assert_eq!((none, remarks), (None, vec![Remark::IncompatibleKinds { left: true, right: false }]));
}
