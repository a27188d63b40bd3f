use super::*;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Empty),
        ".{0,8}".prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop_oneof![
            Just(0.0),
            Just(-0.0),
            Just(f64::INFINITY),
            any::<f64>().prop_filter("nan", |v| !v.is_nan())
        ]
        .prop_map(Value::Double),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(Value::Bytes),
    ];
    plain.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((".{0,4}", inner), 0..4).prop_map(Value::Map),
        ]
    })
}

#[test]
fn types_are_told_apart_by_name() {
    let pair = |value: Value| value.to_pair("x").0.into_owned();
    assert_eq!(pair(Value::String("5".into())), "x");
    assert_eq!(pair(Value::Int(5)), "x\u{1f}i");
    assert_eq!(
        Value::from_pair("x\u{1f}i", "no number"),
        ("x\u{1f}i".into(), Value::String("no number".into()))
    );
}

#[test]
fn nan_stays_nan() {
    let (name, text) = Value::Double(f64::NAN).to_pair("x");
    let (_, Value::Double(read)) = Value::from_pair(&name, &text) else { panic!("not a double") };
    assert!(read.is_nan());
}

proptest! {
    #[test]
    fn pairs_read_back(name in "[a-z\u{1f}bidx]{0,6}", value in any_value()) {
        let (pair_name, text) = value.to_pair(&name);
        let (read_name, read) = Value::from_pair(&pair_name, &text);
        prop_assert_eq!(read_name.as_ref(), name.as_str());
        prop_assert_eq!(read, value);
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(value) = Value::take(&mut bytes.as_slice(), 0) {
            prop_assert!(value.depth() <= DEPTH_MAX);
        }
    }
}
