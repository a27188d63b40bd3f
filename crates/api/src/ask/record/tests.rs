use super::*;

#[test]
fn tags_and_types_of_queries() {
    assert_eq!(clean_tags("Source=logs, user=a@b.c\"\n<x>"), "Source=logs, user=a@b.c___x_");
    assert_eq!(query_type(r#"{a="b"}"#), "limited");
    assert_eq!(query_type(r#"{a="b"} |= "x""#), "filter");
    assert_eq!(query_type(r#"{a="b"} | json | x > 1"#), "filter");
    assert_eq!(query_type(r#"rate({a="b"}[1m])"#), "metric");
    assert_eq!(query_type("{"), "invalid");
}

#[test]
fn hashes_are_fnv1() {
    // published test vectors of the 32-bit FNV-1
    assert_eq!(fnv1(b""), 0x811c_9dc5);
    assert_eq!(fnv1(b"a"), 0x050c_5d7e);
    assert_eq!(fnv1(b"foobar"), 0x31f0_b262);
}
