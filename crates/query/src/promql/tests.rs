use super::ast::{Expr, ValueType};
use super::{parse, parse_selector, pretty, print};
use proptest::prelude::*;

mod tree;

fn refusal(text: &str) -> String {
    parse(text).map_or_else(|e| e.to_string(), |expr| format!("accepted as {expr}"))
}

#[test]
fn size_and_depth_are_bounded() {
    let long = format!("{{a=\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(refusal(&long), "1:1: parse error: the query has 1048582 bytes, more than 1048576");
    let too_deep = "parse error: the query is nested deeper than 128 levels";
    let refused = |text: String| refusal(&text).ends_with(too_deep);
    let nested =
        |open: &str, inner: &str, close: &str, times| open.repeat(times) + inner + &close.repeat(times);
    assert!(refused(nested("(", "1", ")", 60_000)));
    assert!(refused(nested("abs(", "a", ")", 20_000)));
    assert!(refused(nested("sum by (a) (", "a", ")", 20_000)));
    assert!(refused(format!("{}a", "-".repeat(60_000))));
    assert!(refused(format!("1{}", " ^ 1".repeat(5000))));
    assert!(refused(format!("a[{}", "(".repeat(60_000))));
    assert!(refused(format!("a[{}", "-".repeat(60_000))));
    assert!(refused(format!("a offset {}", "(".repeat(60_000))));
    assert!(parse(&nested("(", "1", ")", 100)).is_ok());
    assert!(parse(&nested("(1 - sum by (a) (", "a", "))", 40)).is_ok());
}

#[test]
fn long_chains_are_fine_until_they_are_not() {
    let too_long = "parse error: the query combines more than 1000 operators in a row";
    for (first, more) in [("a", " + a"), ("a[1m", " + 1m"), ("a", "[1m:]")] {
        let chain = |times| refusal(&format!("{first}{}", more.repeat(times)));
        assert!(!chain(900).ends_with(too_long), "{more}");
        assert!(chain(5000).ends_with(too_long), "{more}");
    }
    // The stack of a thread bears what is allowed.
    let chain = parse(&format!("a{}", " or a".repeat(999))).unwrap();
    assert_eq!(pretty(&chain).lines().count(), 1961);
    assert_eq!(parse(&print(&chain)).unwrap(), chain);
}

#[test]
fn places_are_lines_and_bytes() {
    assert_eq!(refusal(""), "unknown position: parse error: no expression found in input");
    assert_eq!(refusal("# ä\n  "), "1:1: parse error: no expression found in input");
    assert_eq!(refusal("a +\n  é"), "2:3: parse error: unexpected character: 'é'");
    assert_eq!(refusal("{a=\"é\"} +\n{b=\"é\"} é"), "2:10: parse error: unexpected character: 'é'");
}

/// What of `text` every part of its tree stands in.
fn places(text: &str) -> Vec<&str> {
    fn visit<'t>(expr: &Expr, text: &'t str, found: &mut Vec<&'t str>) {
        let span = expr.span();
        found.push(&text[span.start as usize..span.end as usize]);
        match expr {
            Expr::Subquery(subquery) => visit(&subquery.expr, text, found),
            Expr::Call(call) => call.args.iter().for_each(|arg| visit(arg, text, found)),
            Expr::Aggregation(aggregation) => visit(&aggregation.inner, text, found),
            Expr::Unary(unary) => visit(&unary.expr, text, found),
            Expr::Paren(paren) => visit(&paren.expr, text, found),
            Expr::Binary(binary) => {
                visit(&binary.left, text, found);
                let op = binary.op_span;
                found.push(&text[op.start as usize..op.end as usize]);
                visit(&binary.right, text, found);
            }
            Expr::Number(_) | Expr::Text(_) | Expr::Selector(_) | Expr::Range(_) => {}
        }
    }
    let mut found = Vec::new();
    visit(&parse(text).unwrap(), text, &mut found);
    found
}

#[test]
fn every_part_knows_where_it_stands() {
    assert_eq!(
        places(" -1 *( foo{a=\"b\"} @ end() offset -5m ) "),
        [
            "-1 *( foo{a=\"b\"} @ end() offset -5m )",
            "-1",
            "*",
            "( foo{a=\"b\"} @ end() offset -5m )",
            "foo{a=\"b\"} @ end() offset -5m"
        ]
    );
    assert_eq!(
        places("sum ( rate(a[5m] anchored offset 1m ) ) by (b) +\n- rate( c[5m:] @ 1 )"),
        [
            "sum ( rate(a[5m] anchored offset 1m ) ) by (b) +\n- rate( c[5m:] @ 1 )",
            "sum ( rate(a[5m] anchored offset 1m ) ) by (b)",
            "rate(a[5m] anchored offset 1m )",
            "a[5m] anchored offset 1m",
            "+",
            "- rate( c[5m:] @ 1 )",
            "rate( c[5m:] @ 1 )",
            "c[5m:] @ 1",
            "c"
        ]
    );
}

/// `expr` with brackets around all that has operands.
fn grouped(expr: &Expr) -> String {
    match expr {
        Expr::Binary(binary) => {
            format!("[{} {} {}]", grouped(&binary.left), binary.op.text(), grouped(&binary.right))
        }
        Expr::Unary(unary) => format!("[{}{}]", if unary.negative { "-" } else { "+" }, grouped(&unary.expr)),
        Expr::Paren(paren) => format!("({})", grouped(&paren.expr)),
        other => other.to_string(),
    }
}

#[test]
fn operators_bind_by_strength_and_side() {
    for (text, wanted) in [
        ("a - b - c", "[[a - b] - c]"),
        ("1 + 2 * 3 ^ 2 ^ 0.5", "[1 + [2 * [3 ^ [2 ^ 0.5]]]]"),
        ("(1 + 2) * 3", "[([1 + 2]) * 3]"),
        ("a % b atan2 c / d", "[[[a % b] atan2 c] / d]"),
        ("a == b > c", "[[a == b] > c]"),
        ("a </ 1 >/ 2 + 3", "[[a </ 1] >/ [2 + 3]]"),
        ("a or b and c unless d or e", "[[a or [[b and c] unless d]] or e]"),
        ("a and b == c", "[a and [b == c]]"),
        ("-1 ^ 2", "[-[1 ^ 2]]"),
        ("-1 * 2", "[-1 * 2]"),
        ("-1 ^ -2", "[-[1 ^ -2]]"),
        ("-Inf ^ 2", "[-[+Inf ^ 2]]"),
        ("-a * b", "[[-a] * b]"),
        ("2 ^ -a * b", "[[2 ^ [-a]] * b]"),
        ("2 ^ -a ^ b", "[2 ^ [-[a ^ b]]]"),
        ("- - a", "[-[-a]]"),
        ("-a @ 1 + -sum(b)", "[[-a @ 1.000] + [-sum(b)]]"),
        ("a + b offset 5m ^ 2", "[a + [b offset 5m ^ 2]]"),
        ("a offset -2 ^ 2", "[a offset -2s ^ 2]"),
        ("a @ 1 + 2", "[a @ 1.000 + 2]"),
    ] {
        assert_eq!(grouped(&parse(text).unwrap()), wanted, "{text}");
    }
}

#[test]
fn infinity_keeps_its_power() {
    let expr = parse(&format!("-Inf ^ {}", "a".repeat(100))).unwrap();
    assert_eq!(pretty(&expr), format!("-Inf\n^\n  {}", "a".repeat(100)));
    assert_eq!(parse(&pretty(&expr)).unwrap(), expr);
}

#[test]
fn types() {
    for (text, wanted) in [
        ("1 + 2 ^ -time()", ValueType::Scalar),
        ("(\"a\")", ValueType::String),
        ("-(1 * a)", ValueType::Vector),
        ("sum(a)", ValueType::Vector),
        ("scalar(a)", ValueType::Scalar),
        ("a[5m]", ValueType::Matrix),
        ("(a)[5m:]", ValueType::Matrix),
    ] {
        assert_eq!(parse(text).unwrap().value_type(), wanted, "{text}");
    }
}

#[test]
fn selectors_alone() {
    let parsed = |text: &str| {
        parse_selector(text).map_or_else(
            |e| e.to_string(),
            |matchers| matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        )
    };
    assert_eq!(parsed("up"), "__name__=\"up\"");
    assert_eq!(parsed("up{b!~\"x\",a=\"y\"}"), "a=\"y\" b!~\"x\" __name__=\"up\"");
    assert_eq!(parsed("{}"), "");
    assert_eq!(parsed("up[5m]"), "1:3: parse error: unexpected \"[\"");
    assert_eq!(parsed("1"), "1:1: parse error: unexpected number \"1\"");
    assert_eq!(parsed("sum(up)"), "1:4: parse error: unexpected \"(\"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_printed_reads_back(expr in tree::expr()) {
        let text = print(&expr);
        prop_assert_eq!(parse(&text).map_err(|e| format!("{e}\n{text}")), Ok(expr.clone()), "{}", text);
        let lines = pretty(&expr);
        prop_assert_eq!(parse(&lines).map_err(|e| format!("{e}\n{lines}")), Ok(expr), "{}", lines);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9 (){}\\[\\]\"'`=!~<>/*+^%@:,.#\\\\-]{0,40}") {
        if let Ok(expr) = parse(&text) {
            let printed = print(&expr);
            prop_assert_eq!(parse(&printed).map_err(|e| format!("{e}\n{printed}")), Ok(expr));
        }
    }

    /// Words and signs at random make more queries than letters do.
    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(prop::sample::select(WORDS), 0..12)) {
        let text = words.join(" ");
        if let Ok(expr) = parse(&text) {
            let printed = print(&expr);
            prop_assert_eq!(parse(&printed).map_err(|e| format!("{e}\n{printed}")), Ok(expr));
        }
    }
}

const WORDS: &[&str] = &[
    "a",
    "sum",
    "by",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "5m",
    "-1",
    "0",
    "+",
    "-",
    "*",
    "^",
    "==",
    "bool",
    "on",
    "offset",
    "@",
    "start",
    "end",
    "step",
    "()",
    "(b)",
    "and",
    "rate",
    "abs",
    "min_of",
    "\"t\"",
    ",",
    ":",
    "=",
    "fill",
    "fill_left",
    "group_left",
    "anchored",
    "smoothed",
    "Inf",
    "NaN",
    "topk",
    "</",
    "[5m]",
    "[5m:]",
    "[step()]",
];
