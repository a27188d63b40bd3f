use super::*;

#[test]
fn byte_sizes_read_and_print() {
    for (text, bytes) in
        [("256KB", 256 << 10), ("1.5MB", 3 << 19), ("4GiB", 4 << 30), ("100", 100), ("7b", 7)]
    {
        assert_eq!(text.parse::<ByteSize>(), Ok(ByteSize(bytes)), "{text}");
    }
    assert_eq!(ByteSize(256 << 10).to_string(), "256KB");
    assert_eq!(ByteSize(1000).to_string(), "1000B");
    for wrong in ["", "KB", "1XB", "-1", "1e30PB"] {
        assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
    }
}

#[test]
fn periods_read_and_print() {
    for (text, ns) in [
        ("1w", 7 * DAY_NS),
        ("30d1h", 30 * DAY_NS + HOUR_NS),
        ("1h30m0s", 90 * MINUTE_NS),
        ("1.5s", 1_500_000_000),
        ("250ms", 250_000_000),
        ("-5m", -5 * MINUTE_NS),
        ("0", 0),
    ] {
        assert_eq!(text.parse::<Period>(), Ok(Period(ns)), "{text}");
        assert_eq!(Period(ns).to_string().parse::<Period>(), Ok(Period(ns)), "{text}");
    }
    for wrong in ["", "-", "1", "h", "1x", "1h2"] {
        assert!(wrong.parse::<Period>().is_err(), "{wrong}");
    }
}

#[test]
fn go_durations_print_as_go_does() {
    for (ns, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (4 * MINUTE_NS + 5 * SECOND_NS, "4m5s"),
        (4 * MINUTE_NS + 5_001_000_000, "4m5.001s"),
        (5 * HOUR_NS + 6 * MINUTE_NS + 7_001_000_000, "5h6m7.001s"),
        (8 * MINUTE_NS + 1, "8m0.000000001s"),
        (-HOUR_NS, "-1h0m0s"),
    ] {
        assert_eq!(go_duration_text(ns), text);
    }
}

#[test]
fn prometheus_prints_weeks_only_alone() {
    let text = |text: &str| text.parse::<Period>().unwrap().prometheus_text();
    assert_eq!(text("30d1h"), "30d1h");
    assert_eq!(text("2w"), "2w");
    assert_eq!(text("90d"), "90d");
    assert_eq!(text("1h1s"), "1h1s");
    assert_eq!(text("1500ms"), "1s500ms");
    assert_eq!(text("0"), "0s");
}

#[test]
fn no_setting_is_negative() {
    let read = |text: &str| {
        Period::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text))
    };
    assert_eq!(read("1h").unwrap(), Period(HOUR_NS));
    let told = read("-1h").unwrap_err().to_string();
    assert!(told.contains("negative") && told.contains("-1h"), "{told}");
}
