use super::*;
use proptest::prelude::*;

#[test]
fn prints_as_prometheus_does() {
    let labels = Labels::from_pairs([("z", "1"), ("app", "a\"b\\\n")]);
    assert_eq!(labels.to_string(), r#"{app="a\"b\\\n", z="1"}"#);
    assert_eq!(Labels::default().to_string(), "{}");
}

#[test]
fn damaged_bytes_are_refused_and_never_panic() {
    let good = Labels::from_pairs([("a", "1"), ("b", "2")]);
    assert!(LabelsRef::check(good.bytes()).is_ok());
    for cut in 1..good.bytes().len() {
        let bytes = &good.bytes()[..cut];
        let whole_pair = cut == 4;
        assert_eq!(LabelsRef::check(bytes).is_ok(), whole_pair, "cut at {cut}");
        let _ = LabelsRef::trusted(bytes).iter().count();
    }
    assert!(LabelsRef::check(b"\x01b\x011\x01a\x012").is_err(), "names must ascend");
}

proptest! {
    #[test]
    fn equal_sets_have_equal_bytes(mut pairs in proptest::collection::btree_map("[a-z]{1,3}", ".{0,4}", 0..6)) {
        let forward = Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let backward = Labels::from_pairs(pairs.iter().rev().map(|(n, v)| (n.as_str(), v.as_str())));
        prop_assert_eq!(forward.bytes(), backward.bytes());
        prop_assert_eq!(LabelsRef::check(forward.bytes()).unwrap(), forward.as_ref());
        for (name, value) in forward.iter() {
            prop_assert_eq!(pairs.remove(name), Some(value.to_owned()));
        }
        prop_assert!(pairs.is_empty());
    }
}
