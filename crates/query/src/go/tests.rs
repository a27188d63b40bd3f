use super::*;

#[test]
fn durations() {
    let ok = |text: &str| parse_duration(text).ok();
    assert_eq!(ok("1h2m3.5s"), Some(3_723_500_000_000));
    assert_eq!(ok("-5s"), Some(-5_000_000_000));
    assert_eq!(ok(".5s"), Some(500_000_000));
    assert_eq!(ok("12.345ms"), Some(12_345_000));
    assert_eq!(ok("0"), Some(0));
    assert_eq!(ok("+1µs"), Some(1000));
    assert_eq!(ok("9223372036854775807ns"), Some(i64::MAX));
    assert_eq!(ok("-9223372036854775808ns"), Some(i64::MIN));
    assert_eq!(ok("9223372036854775808ns"), None);
    let wrong = |text: &str| parse_duration(text).unwrap_err();
    assert_eq!(wrong("bad"), r#"time: invalid duration "bad""#);
    assert_eq!(wrong("42"), r#"time: missing unit in duration "42""#);
    assert_eq!(wrong("1d"), r#"time: unknown unit "d" in duration "1d""#);
    assert_eq!(wrong("5 s"), r#"time: unknown unit " s" in duration "5 s""#);
    assert_eq!(wrong("ü"), r#"time: invalid duration "\xc3\xbc""#);
    assert_eq!(seconds(1_500_000_000), 1.5);
}

#[test]
fn floats_read() {
    let same = [
        ("1e3", 1000.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("1_23.50_0_0e+1_2", 1.235e14),
        ("0x1p-2", 0.25),
        ("0x_1.8p1", 3.0),
        ("+Inf", f64::INFINITY),
        ("-infinity", f64::NEG_INFINITY),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("1e-400", 0.0),
    ];
    for (text, value) in same {
        assert_eq!(parse_float(text), Ok(value), "{text}");
    }
    assert!(parse_float("nan").is_ok_and(f64::is_nan));
    for text in ["", ".", "+nan", "0x10", "1,5", "1__0", "_1", "1_", "infx", "1e", "e5", " 1", "0xp1"] {
        let words = format!("strconv.ParseFloat: parsing {text:?}: invalid syntax");
        assert_eq!(parse_float(text), Err(words));
    }
    let words = "strconv.ParseFloat: parsing \"1e400\": value out of range";
    assert_eq!(parse_float("1e400"), Err(words.to_owned()));
}

#[test]
fn floats_written() {
    let general = [
        (1e6, "1e+06"),
        (123_456.0, "123456"),
        (0.0001, "0.0001"),
        (0.000_01, "1e-05"),
        (1.5, "1.5"),
        (-0.0, "-0"),
        (100.0, "100"),
        (f64::NAN, "NaN"),
    ];
    for (value, text) in general {
        assert_eq!(format_g(value), text);
    }
    assert_eq!(format_float(1234.5678, b'e', 2), "1.23e+03");
    assert_eq!(format_float(1234.5678, b'g', 3), "1.23e+03");
    assert_eq!(format_float(100_000.0, b'g', 6), "100000");
    assert_eq!(format_float(1e6, b'g', 6), "1e+06");
    assert_eq!(format_float(1e6, b'g', 10), "1000000");
    assert_eq!(format_float(0.1, b'f', 3), "0.100");
    assert_eq!(format_float(2.5, b'f', -1), "2.5");
}

#[test]
fn integers() {
    assert_eq!(parse_int("-42", 10), Ok(-42));
    assert_eq!(parse_int("0x1f", 0), Ok(31));
    assert_eq!(parse_int("017", 0), Ok(15));
    assert_eq!(parse_int("1_000", 0), Ok(1000));
    assert_eq!(parse_int("-9223372036854775808", 10), Ok(i64::MIN));
    assert_eq!(parse_int("abc", 10), Err("strconv.ParseInt: parsing \"abc\": invalid syntax".to_owned()));
    let words = "strconv.ParseInt: parsing \"9223372036854775808\": value out of range";
    assert_eq!(parse_int("9223372036854775808", 10), Err(words.to_owned()));
    for text in ["", "-", "1_000", "0x1", " 1"] {
        assert!(parse_int(text, 10).is_err(), "{text}");
    }
    for text in ["1__0", "_1", "1_", "08"] {
        assert!(parse_int(text, 0).is_err(), "{text}");
    }
}

#[test]
fn sizes() {
    let same = [
        ("5KB", 5000),
        ("1.2MiB", 1_258_291),
        ("10", 10),
        ("7 MB", 7_000_000),
        ("2TB", 2_000_000_000_000),
        ("100b", 100),
        ("64 kib", 65_536),
        ("1,000k", 1_000_000),
        ("3Gi", 3 << 30),
    ];
    for (text, bytes) in same {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
    assert_eq!(parse_size("1e3B"), Err("unhandled size name: e3b".to_owned()));
    let words = "strconv.ParseFloat: parsing \"\": invalid syntax";
    assert_eq!(parse_size("bad"), Err(words.to_owned()));
    assert_eq!(parse_size("-1KB"), Err(words.to_owned()));
    assert_eq!(parse_size("99999999EB"), Err("too large: 99999999EB".to_owned()));
}

#[test]
fn literals() {
    assert_eq!(unquote(r#""a\tb\x41é\"""#).as_deref(), Some("a\tbA\u{e9}\""));
    assert_eq!(unquote("`raw\\n`").as_deref(), Some("raw\\n"));
    assert_eq!(unquote("'x'").as_deref(), Some("x"));
    assert_eq!(unquote(r#""\101""#).as_deref(), Some("A"));
    for text in ["", "\"", "\"a", r#""\'""#, r#""\q""#, r#""a"b""#, "'xy'", "\"a\nb\"", r#""\x4""#] {
        assert_eq!(unquote(text), None, "{text}");
    }
    assert_eq!(quote("a\"\n"), "\"a\\\"\\n\"");
}
