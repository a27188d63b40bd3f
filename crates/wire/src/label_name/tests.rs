use super::*;
use proptest::prelude::*;

#[test]
fn names_become_identifiers() {
    let normal = |name: &str| normalize(name.as_bytes()).map(Cow::into_owned);
    for (name, want) in [
        ("a_b", "a_b"),
        ("k8s.pod.name", "k8s_pod_name"),
        ("dots.and-dashes", "dots_and_dashes"),
        ("ünï", "_n_"),
        ("9g", "key_9g"),
        ("a..b", "a_b"),
        ("a__b", "a_b"),
        ("_a", "_a"),
        ("__error__", "__error__"),
        ("__a.b__", "__a_b__"),
    ] {
        assert_eq!(normal(name).as_deref(), Ok(want), "{name}");
    }
    assert_eq!(normal(""), Err("label name is empty".into()));
    let refused = "normalization for label name \"ü\" resulted in invalid name \"_\"";
    assert_eq!(normal("ü"), Err(refused.into()));
    assert!(normal("_").is_err() && normal("____").is_err());
}

proptest! {
    #[test]
    fn a_normal_name_stays(name in proptest::collection::vec(any::<u8>(), 0..12)) {
        if let Ok(once) = normalize(&name) {
            prop_assert!(once.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
            prop_assert!(!once.as_bytes()[0].is_ascii_digit());
            prop_assert_eq!(normalize(once.as_bytes()), Ok(once.clone()));
        }
    }
}
