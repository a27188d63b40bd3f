use super::{parse, pretty, print};
use proptest::prelude::*;

mod tree;

fn refusal(text: &str) -> String {
    parse(text).map_or_else(|e| e.to_string(), |expr| format!("accepted as {expr}"))
}

#[test]
fn size_and_depth_are_bounded() {
    let long = format!("{{a=\"{}\"}}", "x".repeat(131_072));
    assert_eq!(refusal(&long), "parse error : input size too long (131078 > 131072)");
    let nested = |open: &str, inner: &str, close: &str, times| {
        refusal(&(open.repeat(times) + inner + &close.repeat(times)))
    };
    let too_deep = "parse error : the query is nested deeper than 128 levels";
    assert_eq!(nested("(", "1", ")", 60_000), too_deep);
    assert_eq!(nested("sum(", "1", ")", 20_000), too_deep);
    assert_eq!(nested("{a=\"b\"} | ", "(".repeat(60_000).as_str(), "", 1), too_deep);
    assert_eq!(nested("rate(", "(".repeat(60_000).as_str(), "", 1), too_deep);
    assert_eq!(refusal(&format!("vector(1){}", " ^ vector(1)".repeat(5000))), too_deep);
    assert_eq!(nested("(", "1", ")", 100), "accepted as 1");
    // The stack of a thread bears what is allowed.
    assert!(
        nested("(1 - sum by (a) (label_replace(", "vector(1)", ",\"\",\"\",\"\",\"\")))", 31)
            .starts_with("accepted")
    );
    assert!(nested("1 ^ (", "vector(1)", ")", 42).starts_with("accepted"));
}

#[test]
fn long_chains_are_fine_until_they_are_not() {
    let chain = |times| format!("vector(1){}", " + vector(1)".repeat(times));
    assert!(parse(&chain(900)).is_ok());
    assert_eq!(refusal(&chain(5000)), "parse error : the query combines more than 1000 operators in a row");
    let filters = |times| format!("{{a=\"b\"}} | a=\"b\"{}", " or a=\"b\"".repeat(times));
    assert!(parse(&filters(900)).is_ok());
    assert!(parse(&filters(5000)).is_err());
    // Numbers are folded while they are read.
    assert_eq!(refusal(&format!("1{}", " + 1".repeat(20_000))), "accepted as 20001");
}

#[test]
fn the_outer_fault_is_told_first_and_syntax_before_all() {
    let nothing_selected = "parse error : queries require at least one";
    assert!(refusal("sum(rate({}[5m])) + sum({a=\"b\"})").contains("unexpected )"));
    assert!(refusal("topk(sum(rate({}[5m])))").contains("parameter required for operation topk"));
    assert!(refusal("sum(rate({}[5m]))").starts_with(nothing_selected));
    assert!(refusal("({} + 1) and 1").contains("unexpected literal for right leg"));
    assert!(refusal("rate({}[5m]) + ({a=\"b\"} + 1)").starts_with(nothing_selected));
    // What cannot be built at all ends the reading where it stands.
    assert!(refusal("{a=~\"(\"} | | nonsense").contains("missing closing )"));
    assert!(refusal("{a=~\"(\" `").contains("missing closing )"));
}

#[test]
fn what_cannot_be_written_plainly() {
    for (text, printed) in [
        ("1 / 0", "(0 / 0)"),
        ("-1e308 * 100", "(-1e+308 * 10)"),
        ("0 * -1", "(0 * -1)"),
        ("- 0", "0"),
        ("vector(1) + 10 ^ 400", "(vector(1.000000) + (1e+308 * 10))"),
    ] {
        assert_eq!(print(&parse(text).unwrap()), printed);
        assert_eq!(print(&parse(printed).unwrap()), printed);
    }
    assert_eq!(refusal("{! =\"x\"}"), "parse error : no label is called \"!\"");
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(expr in tree::expr()) {
        let text = print(&expr);
        prop_assert_eq!(parse(&text).map_err(|e| format!("{e}\n{text}")), Ok(expr.clone()), "{}", text);
        let lines = pretty(&expr);
        prop_assert_eq!(parse(&lines).map_err(|e| format!("{e}\n{lines}")), Ok(expr), "{}", lines);
    }

    #[test]
    fn never_panics_on_text(text in any::<String>(), soup in r#"[{}()\[\]|=!~<>,"`#a-c0-9.+*^/ \n-]{0,40}"#) {
        for text in [text, soup] {
            if let Ok(expr) = parse(&text) {
                let printed = print(&expr);
                prop_assert_eq!(parse(&printed).map(|e| print(&e)).map_err(|e| e.to_string()), Ok(printed));
            }
        }
    }

    #[test]
    fn operators_between_anything(
        words in prop::collection::vec(prop::sample::select(vec![
            "1", "-", "0", "2.5", "1e300", "+", "*", "/", "%", "^", "(", ")", "==", ">", "bool", "vector(3)", "and",
            "or", "on (a)", "group_left", "ignoring (b)", "rate({a=\"b\"}[1s])", "{a=\"b\"}", "| a=1", ", b>2s", "c=\"d\"",
            "sum(", "sum by (a) (", "topk(2,", "!", "!=", "\"x\"", "|= \"y\"", "| drop a", "| json",
        ]), 1..12)
    ) {
        if let Ok(expr) = parse(&words.join(" ")) {
            let printed = print(&expr);
            prop_assert_eq!(parse(&printed).map(|e| print(&e)).map_err(|e| e.to_string()), Ok(printed));
            let lines = pretty(&expr);
            prop_assert_eq!(parse(&lines).map(|e| pretty(&e)).map_err(|e| e.to_string()), Ok(lines));
        }
    }

    #[test]
    fn never_panics_on_mutations(
        expr in tree::expr(),
        other in tree::expr(),
        cut in any::<prop::sample::Index>(),
        paste in any::<prop::sample::Index>(),
        noise in r#"[{}()\[\]|=!~<>,"`#a5. -]{0,3}"#,
    ) {
        let (head, tail) = (print(&expr), print(&other));
        let head: String = head.chars().take(cut.index(head.len() + 1)).collect();
        let tail: String = tail.chars().skip(paste.index(tail.len() + 1)).collect();
        if let Ok(expr) = parse(&format!("{head}{noise}{tail}")) {
            let text = print(&expr);
            prop_assert_eq!(parse(&text).map(|expr| print(&expr)).map_err(|e| e.to_string()), Ok(text));
        }
    }
}
