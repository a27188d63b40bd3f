use super::{parse, write};
use proptest::prelude::*;

#[test]
fn reads_prometheus_durations() {
    for (text, ns) in [
        ("0", 0),
        ("5ms", 5_000_000),
        ("1m30s", 90_000_000_000),
        ("1y1w1d", (365 + 7 + 1) * 86_400_000_000_000),
        ("90s", 90_000_000_000),
    ] {
        assert_eq!(parse(text), Ok(ns), "{text}");
    }
    for (text, why) in [
        ("", "empty duration string"),
        ("5", "not a valid duration string: \"5\""),
        ("m", "not a valid duration string: \"m\""),
        ("1s1m", "not a valid duration string: \"1s1m\""),
        ("1m1m", "not a valid duration string: \"1m1m\""),
        ("-5m", "not a valid duration string: \"-5m\""),
        ("1.5h", "unknown unit \".\" in duration \"1.5h\""),
        ("5x", "unknown unit \"x\" in duration \"5x\""),
        ("300y", "duration out of range"),
        ("99999999999999999999s", "not a valid duration string: \"99999999999999999999s\""),
    ] {
        assert_eq!(parse(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn writes_years_and_weeks_only_alone() {
    for (text, written) in [("7d", "1w"), ("8d", "8d"), ("365d", "1y"), ("36h", "1d12h"), ("0s", "0s")] {
        assert_eq!(write(parse(text).unwrap()), written);
    }
    assert_eq!(write(-3_600_000_000_000), "-1h");
    assert_eq!(write(999_999), "0s");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(ms in 0i64..i64::MAX / 1_000_000) {
        prop_assert_eq!(parse(&write(ms * 1_000_000)), Ok(ms * 1_000_000));
    }

    #[test]
    fn never_panics(text in any::<String>(), soup in "[0-9ymdhsw.]{0,24}") {
        let _ = (parse(&text), parse(&soup));
    }
}
