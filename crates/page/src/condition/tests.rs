use super::*;

fn regex(text: &str) -> Arc<GoRegex> {
    Arc::new(GoRegex::new(text).unwrap())
}

fn line(needles: Vec<Needle>, negated: bool) -> Condition {
    Condition::new(&Predicate::Line(LineFilter { negated, any: needles }))
}

#[test]
fn literals_are_in_every_match() {
    for (expression, matching, other) in [
        ("error", "an error", "none"),
        (".*error.*timeout", "error and timeout", "nothing at all"),
        ("(?i)error", "an eRRor", "none"),
        ("a+(warn|error): ", "aaerror: ", "hello"),
        ("(foo|bar)baz[0-9]+", "xbarbaz7", "qux"),
        ("^status=(4|5)[0-9]{2}$", "status=500", "state"),
        ("(?:^|,)needle", "needle", "haystack"),
    ] {
        let literals = Literals::of(&regex(expression)).unwrap_or_else(|| panic!("{expression} has none"));
        assert!(literals.find(matching.as_bytes()).is_some(), "{expression}");
        assert!(literals.find(other.as_bytes()).is_none(), "{expression}");
    }
    for expression in ["", ".*", "[a-z]+", "a|b", "x?", r"\d+", "(foo)?"] {
        assert!(Literals::of(&regex(expression)).is_none(), "{expression}");
    }
}

#[test]
fn pieces_of_expressions() {
    let pieces = |text: &str| {
        literal::folded_pieces(&regex(text))
            .into_iter()
            .map(|pieces| pieces.into_iter().map(|p| String::from_utf8(p).unwrap()).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(pieces("id=(ABC1) .*x"), [vec!["id=abc1 ", "x"]]);
    assert_eq!(pieces("(?i)deadBEEF01"), [["deadbeef01"]]);
    assert_eq!(pieces("(?i)ok"), [["o"]]);
    assert_eq!(pieces("foo1x|bar2y"), [["foo1x"], ["bar2y"]]);
    assert_eq!(pieces(r"\bab(c|de)?f{2}g"), [["ab", "f", "g"]]);
    assert_eq!(pieces(".*x(foo1|bar2)y.*z"), [["xfoo1y", "z"], ["xbar2y", "z"]]);
}

#[test]
fn folded_texts_are_in_every_match() {
    let texts = |text: &str| {
        literal::folded_texts(&regex(text))
            .map(|t| t.iter().map(|t| String::from_utf8_lossy(t).into_owned()).collect::<Vec<_>>())
    };
    let some = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(texts("(?i)TIME.?OUT|refuseD"), some(&["refu", "time"]));
    assert_eq!(texts("a.*(warning|Errors?) [0-9]"), some(&["error", "warning "]));
    assert_eq!(texts("(?i)ok|error"), None);
    assert_eq!(texts("[0-9]+|error"), None);
    assert!(literal::is_unanchored(&regex("a.?b|(?i)c")));
    for anchored in ["^a", "a$", r"\bword", r"a\B", "(?m)^a|b"] {
        assert!(!literal::is_unanchored(&regex(anchored)), "{anchored}");
    }
}

#[test]
fn proofs_need_a_key_in_each_alternative() {
    let (long, short) = (Needle::text(b"4bf92f3577b34da6a3ce"), Needle::text(b"deaf 42"));
    assert!(line(vec![long.clone()], false).proof().is_some());
    assert!(line(vec![long.clone()], true).proof().is_none());
    assert!(line(vec![long.clone(), short], false).proof().is_none());
    assert!(line(vec![long, Needle::Regex(regex("(?i)4BF92F3577B34DA6A3CE.*"))], false).proof().is_some());
    let metadata = |op, value| Condition::Metadata(Matcher::new("trace_id", op, value).unwrap()).proof();
    assert!(metadata(MatchOp::Equal, "abc").is_some());
    assert!(metadata(MatchOp::Equal, "").is_none());
    assert!(metadata(MatchOp::NotEqual, "abc").is_none());
    assert!(metadata(MatchOp::Regex, "abc").is_none());
}

#[test]
fn proofs_of_words() {
    let mut grams = word::Grams::default();
    grams.add(b"Connection refused by peer");
    let bytes = filter::build(grams.keys().unwrap()).unwrap();
    let words = Filters { ids: None, words: Some(Filter::read(&bytes).unwrap()) };
    let allows = |needle: Needle| line(vec![needle], false).proof().unwrap().allows(&words);
    let text = |text: &str| Needle::text(text.as_bytes());
    for present in ["onnec", "tion refused", "REFU", "refuse to", "4bf92f3577b34da6a3ce refused"] {
        assert!(allows(text(present)), "{present}");
    }
    for absent in ["connects", "refused them", "Connection timeout"] {
        assert!(!allows(text(absent)), "{absent}");
    }
    for (expression, allowed) in [
        ("(?i)TIME.?OUT|refuseD", true),
        ("(?i)TIME.?OUT|refUTEd|.*(timer|zebra)s", false),
        ("warn.*(absent|peer)", false),
        ("Connection.*(absent|peer)", true),
        ("Connection.*(absent|zebra)", false),
    ] {
        assert_eq!(allows(Needle::Regex(regex(expression))), allowed, "{expression}");
    }
    assert!(line(vec![text("deaf")], false).proof().is_none());
    assert!(line(vec![text("refused")], true).proof().is_none());
    // Without the filter that would tell, nothing is proven.
    let proof = line(vec![text("zebra")], false).proof().unwrap();
    assert!(proof.allows(&Filters::default()) && !proof.allows(&words));
}

#[test]
fn proofs_read_filters() {
    let mut set = gram::KeySet::default();
    set.add_ids(b"trace 4bf92f3577b34da6a3ce929d0e0e4736 done");
    let bytes = filter::build(set.keys()).unwrap();
    let filters = Filters { ids: Some(Filter::read(&bytes).unwrap()), words: None };
    let allows =
        |needle: &str| line(vec![Needle::text(needle.as_bytes())], false).proof().unwrap().allows(&filters);
    assert!(allows("2f3577b34da6a3ce9"));
    assert!(!allows("00000000000000001"));
    let either = regex("00000000000000001|(?i)2F3577B34DA6A3CE9");
    assert!(line(vec![Needle::Regex(either)], false).proof().unwrap().allows(&filters));
}
