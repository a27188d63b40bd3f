use super::*;

#[test]
fn buckets_are_powers_of_two() {
    for (value, expected) in [
        (Value::Int(1), Some(1.0)),
        (Value::Int(3), Some(4.0)),
        (Value::Int(4), Some(4.0)),
        (Value::Int(0), Some(0.0)),
        (Value::Int(-7), Some(0.0)),
        (Value::Int(i64::MAX), Some(9_223_372_036_854_775_808.0)),
        (Value::Float(0.3), Some(0.5)),
        (Value::Float(0.5), Some(0.5)),
        (Value::Float(1e-320), Some(f64::MIN_POSITIVE)),
        (Value::Float(f64::INFINITY), Some(f64::INFINITY)),
        (Value::Float(f64::NAN), None),
        (Value::Duration(1_000_000_000), Some(1.073_741_824)),
        (Value::Duration(1_073_741_825), Some(2.147_483_648)),
        (Value::Text("5".into()), None),
        (Value::Nil, None),
    ] {
        assert_eq!(bucket(&value), expected, "{value:?}");
    }
}

#[test]
fn labels_keep_types() {
    use attribute::Value::{Double, Int, String};
    for (value, expected) in [
        (Value::Nil, String("nil".into())),
        (Value::Int(5), Int(5)),
        (Value::Float(0.5), Double(0.5)),
        (Value::Duration(1_500_000_000), String("1.5s".into())),
        (Value::Text("a".into()), String("a".into())),
        (Value::Many(vec![Value::Int(1)]), attribute::Value::Array(vec![Int(1)])),
    ] {
        assert_eq!(label_value(value), expected);
    }
}
