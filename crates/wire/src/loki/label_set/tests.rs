use super::*;
use model::Labels;
use proptest::prelude::*;

fn read(text: &str) -> Result<String, String> {
    let pairs = parse(text.as_bytes())?;
    Ok(pairs.iter().map(|(name, value)| format!("{name}={value};")).collect())
}

#[test]
fn label_sets_are_sorted_and_without_empty_values() {
    for (text, want) in [
        ("", ""),
        ("{}", ""),
        ("{b=\"2\", a=\"1\",}", "a=1;b=2;"),
        ("{ b = '2' ,\n\ta=`1\\n` } # comment", "a=1\\n;b=2;"),
        ("{a=\"\",b=\"x\"}", "b=x;"),
        ("name:with:colons{a=\"1\", __name__=\"m\"}", "a=1;"),
        ("{\"quoted name\"=\"1\", \"\"=\"2\"}", "quoted name=1;"),
        (r#"{a="\"\\\n\t\x41\u00e9\U0001f680\101"}"#, "a=\"\\\n\tAé🚀A;"),
        (r#"{a="\xff"}"#, "a=\u{fffd};"),
        ("{a=\"1\", a=\"2\"}", "a=1;a=2;"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn refusals_are_those_of_prometheus() {
    for (text, want) in [
        ("{", "1:2: parse error: unexpected end of input inside braces"),
        ("{a=\"b\"", "1:7: parse error: unexpected end of input inside braces"),
        ("{a=b}", "1:4: parse error: unexpected identifier \"b\" in label set, expected string"),
        ("{1a=\"b\"}", "1:2: parse error: unexpected character inside braces: '1'"),
        ("{ü=\"x\"}", "1:2: parse error: unexpected character inside braces: 'ü'"),
        ("{a.b=\"x\"}", "1:3: parse error: unexpected character inside braces: '.'"),
        (
            "{a=\"b\" c=\"d\"}",
            "1:8: parse error: unexpected identifier \"c\" in label set, expected \",\" or \"}\"",
        ),
        ("{a=~\"b\"}", "1:3: parse error: unexpected <op:=~> in label set, expected \"=\""),
        ("{a!=\"b\"}", "1:3: parse error: unexpected <op:!=> in label set, expected \"=\""),
        ("{=\"c\"}", "1:2: parse error: unexpected \"=\" in label set, expected identifier or \"}\""),
        ("a=\"b\"", "1:2: parse error: unexpected \"=\""),
        ("{a=\"b\"} |= \"x\"", "1:9: parse error: unexpected character: '|'"),
        ("{a=\"\\q\"}", "1:4: parse error: unknown escape sequence U+0071 'q'"),
        ("{a=\"b\n\"}", "1:4: parse error: unterminated quoted string"),
        ("{\na=\"b}", "2:3: parse error: unterminated quoted string"),
        ("{a={}", "1:4: parse error: unexpected left brace '{'"),
    ] {
        assert_eq!(read(text), Err(want.to_owned()), "{text}");
    }
    assert_eq!(parse(b"{a=\"\xff\"}"), Err("1:4: parse error: invalid UTF-8 rune".into()));
    assert_eq!(
        parse(b"{\xff}").unwrap_err(),
        "1:2: parse error: unexpected character inside braces: '\u{fffd}'"
    );
}

proptest! {
    /// What a label set prints, the parser reads.
    #[test]
    fn reads_what_is_printed(pairs in proptest::collection::btree_map("[a-z_]{1,5}", "[^\u{fffd}]{1,8}", 0..5)) {
        let labels = Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let text = labels.to_string();
        let read = parse(text.as_bytes()).unwrap();
        let want: Vec<_> = labels.iter().filter(|(name, _)| *name != "__name__").collect();
        prop_assert_eq!(read.iter().map(|(n, v)| (n.as_ref(), v.as_ref())).collect::<Vec<_>>(), want);
    }

    #[test]
    fn any_bytes_end(text in proptest::collection::vec(any::<u8>(), 0..40), shape in "[{}a=\"'`,\\\\x0!~# \n]{0,24}") {
        let _ = parse(&text);
        let _ = parse(shape.as_bytes());
    }
}
