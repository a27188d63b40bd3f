use super::*;
use proptest::prelude::*;
use std::borrow::Cow;

#[test]
fn strings_resolve_their_escapes() {
    assert_eq!(unescape(br#"a\"\\\/\b\f\n\r\t\u0041"#).unwrap().as_ref(), b"a\"\\/\x08\x0c\n\r\tA");
    assert_eq!(unescape(br"\ud83d\ude00").unwrap().as_ref(), "😀".as_bytes());
    for lone in [r"\ud83d", r"\ud83dx", r"\ude00", r"\ud83d\u0041"] {
        assert_eq!(unescape(lone.as_bytes()), None, "{lone}");
        assert!(
            String::from_utf8(unescape_lossy(lone.as_bytes()).into_owned()).unwrap().starts_with('\u{fffd}')
        );
    }
    assert!(matches!(unescape(b"plain"), Some(Cow::Borrowed(b"plain"))));
}

#[test]
fn values_are_read_over_whole() {
    for (text, kind) in [
        (r#" {"a":[1,{"b":null},"x\"y"],"c":{}} "#, Kind::Object),
        ("[[],[true,false]]", Kind::Array),
        ("-1.5e+3", Kind::Number),
        ("\"\\u00e9\"", Kind::String),
        ("null", Kind::Null),
        ("false", Kind::Bool),
    ] {
        let mut reader = Reader::whole(text.as_bytes());
        assert_eq!(reader.raw(), Ok((kind, text.trim().as_bytes())), "{text}");
        assert_eq!(reader.next_token(), 0, "{text}");
    }
    for text in [
        "",
        "tru",
        "nul",
        "01",
        "1.",
        "-",
        ".5",
        "[1",
        "[1 2]",
        "{\"a\"}",
        "{a:1}",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "]",
    ] {
        assert!(Reader::whole(text.as_bytes()).skip().is_err(), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Reader::whole(deep(9_000).as_bytes()).skip().is_ok());
    let refused = Reader::whole(deep(20_000).as_bytes()).skip().unwrap_err();
    assert!(refused.to_string().starts_with("skip: exceeded max depth"));
}

proptest! {
    /// What serde_json takes is taken, and nothing else of the same characters, but for numbers
    /// that no float holds.
    #[test]
    fn takes_what_serde_takes(text in "[{}\\[\\]\":,a1-9e.ntrufls \\\\-]{0,12}") {
        let mut reader = Reader::whole(text.as_bytes());
        let ours = reader.skip().is_ok() && reader.next_token() == 0;
        prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }
}
