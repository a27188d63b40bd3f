use super::*;
use proptest::prelude::*;

fn text_of(put: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    put(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn strings_are_safe_in_html_and_always_utf8() {
    let string = |text: &[u8]| text_of(|out| put_string(out, text));
    assert_eq!(
        string(b"<a href=\"x\">&\\\n\r\t\x01\x7f"),
        r#""\u003ca href=\"x\"\u003e\u0026\\\n\r\t\u0001"#.to_owned() + "\x7f\""
    );
    let plain = |text: &[u8]| text_of(|out| put_plain_string(out, text));
    assert_eq!(plain(b"<a>&\"\x01"), r#""<a>&\"\u0001""#);
    assert_eq!(string("\u{2028}é\u{2029}\u{2030}".as_bytes()), "\"\\u2028é\\u2029\u{2030}\"");
    assert_eq!(string(b"bad \xff\xfe \xe2\x80"), r#""bad \ufffd\ufffd \ufffd\ufffd""#);
}

#[test]
fn samples_print_as_prometheus_prints_them() {
    let value = |v| text_of(|out| put_sample_value(out, v));
    assert_eq!(value(1e21), "1000000000000000000000");
    assert_eq!((value(0.1 + 0.2), value(1e-7)), ("0.30000000000000004".into(), "0.0000001".into()));
    assert_eq!((value(f64::NAN), value(f64::INFINITY)), ("NaN".into(), "+Inf".into()));
    assert_eq!((value(f64::NEG_INFINITY), value(-0.0), value(3.0)), ("-Inf".into(), "-0".into(), "3".into()));
    let time = |ns| text_of(|out| put_sample_time(out, ns));
    assert_eq!(time(1_741_640_400_000_000_000), "1741640400");
    assert_eq!((time(1_500_999_999), time(-1_500_000_000)), ("1.5".into(), "-1.5".into()));
}

#[test]
fn numbers_print_as_go_encodes_them() {
    let number = |v| text_of(|out| put_number(out, v));
    assert_eq!(
        (number(0.0), number(1.5), number(1e20)),
        ("0".into(), "1.5".into(), "100000000000000000000".into())
    );
    assert_eq!(
        (number(1e21), number(1.5e-7), number(1e-6)),
        ("1e+21".into(), "1.5e-7".into(), "0.000001".into())
    );
    assert_eq!(number(f64::NAN), "0");
}

proptest! {
    #[test]
    fn a_json_reader_sees_the_text_with_bad_bytes_replaced(text in proptest::collection::vec(any::<u8>(), 0..60)) {
        let read: String = serde_json::from_str(&text_of(|out| put_string(out, &text))).unwrap();
        let mut want = String::new();
        for chunk in text.utf8_chunks() {
            want.push_str(chunk.valid());
            want.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
        }
        prop_assert_eq!(read, want);
    }

    #[test]
    fn numbers_read_back(value: f64) {
        prop_assume!(value.is_finite());
        prop_assert_eq!(text_of(|out| put_number(out, value)).parse::<f64>().unwrap(), value);
        prop_assert_eq!(text_of(|out| put_sample_value(out, value)).parse::<f64>().unwrap(), value);
    }
}
