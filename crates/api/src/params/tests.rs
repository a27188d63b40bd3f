use super::*;
use base::unit::DAY_NS;

const NOW_NS: i64 = 1_741_662_000 * SECOND_NS;

fn params(query: &str) -> Params {
    Params::read(query).unwrap()
}

fn refusal<T: std::fmt::Debug>(result: HttpResult<T>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.status().as_u16(), 400);
    error.text().to_owned()
}

#[test]
fn forms_decode_as_in_go() {
    let read = params("a=1&b=x+y%20z%2B&&a=2&c&=d&u=%C3%BC%ff");
    assert_eq!(read.get("a"), "1");
    assert_eq!(read.all("a").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(read.get("b"), "x y z+");
    assert_eq!((read.get("c"), read.get(""), read.get("none")), ("", "d", ""));
    assert_eq!(read.get("u"), "ü\u{fffd}");
    assert_eq!(refusal(Params::read("a=%zz")), "invalid URL escape \"%zz\"");
    assert_eq!(refusal(Params::read("a=%1")), "invalid URL escape \"%1\"");
    assert_eq!(refusal(Params::read("a=1;b=2")), "invalid semicolon separator in query");
}

#[test]
fn times_have_four_forms() {
    for (text, ns) in [
        ("", 7),
        ("1741640400", 1_741_640_400 * SECOND_NS),
        ("1741640400000000001", 1_741_640_400 * SECOND_NS + 1),
        ("1741640400000", 1_741_640_400_000),
        ("1741640400.5006", 1_741_640_400 * SECOND_NS + 501_000_000),
        ("-1", -SECOND_NS),
        ("-1.5", -1_500_000_000),
        ("2025-03-10T21:00:00Z", 1_741_640_400 * SECOND_NS),
        ("2025-03-10T21:00:00.000000001+02:00", 1_741_633_200 * SECOND_NS + 1),
        ("9999999999", i64::MAX),
    ] {
        assert_eq!(timestamp(text, 7), Ok(ns), "{text}");
    }
    for text in
        ["abc", "2025-13-01T00:00:00Z", "2025-03-10 21:00:00", "2025-03-10", "1e18", "1.5.5", "+", "１"]
    {
        let expected = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
        assert_eq!(timestamp(text, 7), Err(expected), "{text}");
    }
    assert_eq!(
        timestamp("99999999999999999999", 7),
        Err("strconv.ParseInt: parsing \"99999999999999999999\": value out of range".to_owned())
    );
}

#[test]
fn ranges_default_to_the_last_hour() {
    let range = |query: &str| params(query).range(NOW_NS).map(|range| (range.start_ns, range.end_ns));
    assert_eq!(range("").unwrap(), (NOW_NS - HOUR_NS, NOW_NS));
    assert_eq!(range("since=30m&start=").unwrap(), (NOW_NS - HOUR_NS / 2, NOW_NS));
    assert_eq!(range("end=100").unwrap(), (100 * SECOND_NS - HOUR_NS, 100 * SECOND_NS));
    let future_ns = NOW_NS + 5 * HOUR_NS;
    assert_eq!(range(&format!("end={future_ns}")).unwrap(), (NOW_NS - HOUR_NS, future_ns));
    assert_eq!(
        refusal(range("since=90")),
        "could not parse 'since' parameter: not a valid duration string: \"90\""
    );
    assert_eq!(
        refusal(range("start=abc")),
        "could not parse 'start' parameter: strconv.ParseInt: parsing \"abc\": invalid syntax"
    );
    assert_eq!(
        refusal(params("start=2&end=1").forward_range(NOW_NS)),
        "end timestamp must not be before or equal to start time"
    );
    assert!(params("start=2&end=2").forward_range(NOW_NS).is_ok());
}

#[test]
fn counts_and_words() {
    assert_eq!(params("").limit().unwrap(), 100);
    assert_eq!(params("limit=5").limit().unwrap(), 5);
    assert_eq!(refusal(params("limit=0").limit()), "limit must be a positive value");
    assert_eq!(refusal(params("limit=-1").limit()), "limit must be a positive value");
    assert_eq!(refusal(params("limit=abc").limit()), "strconv.Atoi: parsing \"abc\": invalid syntax");
    assert_eq!(params("direction=forward").direction().unwrap(), Direction::Forward);
    assert_eq!(params("").direction().unwrap(), Direction::Backward);
    assert_eq!(refusal(params("direction=up").direction()), "invalid direction 'up'");
}

#[test]
fn steps_have_two_forms() {
    let range = TimeRange::new(0, HOUR_NS);
    let step = |text: &str| params(&format!("step={text}")).step(range);
    assert_eq!(step("").unwrap(), 14 * SECOND_NS);
    assert_eq!(step("0.5").unwrap(), SECOND_NS / 2);
    assert_eq!(step("1e2").unwrap(), 100 * SECOND_NS);
    assert_eq!(step("1m30s").unwrap(), 90 * SECOND_NS);
    assert_eq!(step("15000ms").unwrap(), 15 * SECOND_NS);
    assert_eq!(params("").step(TimeRange::new(0, 0)).unwrap(), SECOND_NS);
    for text in ["-1m", "abc", "1x", "1s1m"] {
        assert_eq!(refusal(step(text)), format!("cannot parse {text:?} to a valid duration"));
    }
    assert_eq!(refusal(step("1e30")), "cannot parse \"1e30\" to a valid duration. It overflows int64");
    for text in ["0", "-5", "0s"] {
        assert!(refusal(step(text)).starts_with("zero or negative query resolution step"), "{text}");
    }
    assert!(check_steps(TimeRange::new(0, 11_000 * SECOND_NS), SECOND_NS).is_ok());
    assert!(check_steps(TimeRange::new(0, 11_001 * SECOND_NS), SECOND_NS).is_err());
}

#[test]
fn durations_are_refused_in_prometheus_words() {
    assert_eq!(duration(""), Err("empty duration string".to_owned()));
    assert_eq!(duration("1m1h"), Err("not a valid duration string: \"1m1h\"".to_owned()));
    assert_eq!(duration("1.5h"), Err("unknown unit \".\" in duration \"1.5h\"".to_owned()));
    assert_eq!(duration("1x"), Err("unknown unit \"x\" in duration \"1x\"".to_owned()));
    assert_eq!(duration("999999999999y"), Err("duration out of range".to_owned()));
    assert_eq!(duration("1y2w3d4h5m6s7ms"), Ok(382 * DAY_NS + 14_706_007_000_000));
}
