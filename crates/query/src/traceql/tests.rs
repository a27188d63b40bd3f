use super::{parse, print};
use proptest::prelude::*;

mod tree;

fn refusal(text: &str) -> String {
    parse(text).map_or_else(|e| e.to_string(), |query| format!("accepted as {query}"))
}

#[test]
fn size_and_depth_are_bounded() {
    let long = format!("{{ .a = \"{}\" }}", "x".repeat(131_072));
    let too_long = "parse error : the query is longer than 131072 bytes (131083): shorten it";
    assert_eq!(refusal(&long), too_long);
    let nested = |open: &str, inner: &str, close: &str, times| {
        refusal(&(open.repeat(times) + inner + &close.repeat(times)))
    };
    let too_deep = "parse error : the query is nested deeper than 128 levels";
    assert_eq!(nested("(", "{}", ")", 60_000), too_deep);
    assert_eq!(nested("{ (", "", "", 1), "parse error at line 1, col 4: syntax error: unexpected $end");
    for open in ["(", "!", "-", ".a ^ ", ".a && ("] {
        assert_eq!(refusal(&format!("{{ {}", open.repeat(10_000))), too_deep, "{open}");
    }
    for open in ["(", "-", "2 ^ ", "{} && (", "avg("] {
        let wanted = if open == "avg(" { "parse error at line 1, col 5" } else { too_deep };
        assert!(refusal(&open.repeat(10_000)).starts_with(wanted), "{open}");
    }
    assert_eq!(nested("(", "{}", ")", 100), "accepted as { true }");
    // The stack of a thread bears what is allowed.
    assert!(nested("({ .a && (!", "true", ") } && { .b } | count() > 2)", 1).starts_with("accepted"));
    assert!(nested("({} | count() > 1) && (", "{}", ")", 60).starts_with("accepted"));
    assert!(refusal(&format!("{{ {}true{} }}", "!(".repeat(60), ")".repeat(60))).starts_with("accepted"));
}

#[test]
fn long_chains_are_fine_until_they_are_not() {
    let too_many = "parse error : the query combines more than 1000 operators in a row";
    for (first, more) in [("{}", " && {}"), ("{}", " >> {}"), ("count() > count()", " + count()")] {
        let chain = |times| format!("{first}{}", more.repeat(times));
        let printed = print(&parse(&chain(990)).unwrap());
        assert_eq!(print(&parse(&printed).unwrap()), printed);
        assert_eq!(refusal(&chain(5000)), too_many);
    }
    let filter = |times| format!("{{ .a{} }}", " || .a".repeat(times));
    let printed = print(&parse(&filter(990)).unwrap());
    assert_eq!(print(&parse(&printed).unwrap()), printed);
    assert_eq!(refusal(&filter(5000)), too_many);
    // Operators in braces and around them count together: what walks the tree meets both.
    assert_eq!(refusal(&format!("{}{}", filter(600), " && {}".repeat(600))), too_many);
    assert!(parse(&format!("{{}}{}", " | { .a }".repeat(5000))).is_ok());
}

#[test]
fn values_that_are_read() {
    let fields = |text: &str| {
        let fields = parse(text).unwrap().fields();
        fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        fields("{ .a = 1 && name =~ \"x\" && !.a } | by(resource.b) | select(span.c) | max(.d) > -.5"),
        { ".a name resource.b span.c .d" }
    );
    assert_eq!(
        fields("({ .a } >> ({ .b } | count() > 1) | rate() by(.c)) / ({} | max_over_time(.d)) > 2"),
        { ".a .b .c .d" }
    );
    assert_eq!(fields("{} | compare({ -.a < 2 })"), ".a");
    assert_eq!(fields("{ .a } | quantile_over_time(duration, .9) by(.a) | topk(3)"), ".a duration");
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(query in tree::query()) {
        let text = print(&query);
        prop_assert_eq!(parse(&text).map_err(|e| format!("{e}\n{text}")), Ok(query), "{}", text);
    }

    #[test]
    fn never_panics_on_text(text in any::<String>(), soup in r#"[{}()|=!~<>,"`#&a-c0-9.:+*^/ \n-]{0,40}"#) {
        for text in [text, soup] {
            super::lenient::equalities(&text);
            if let Ok(query) = parse(&text) {
                let printed = print(&query);
                prop_assert_eq!(parse(&printed).map_err(|e| format!("{e}\n{printed}")), Ok(query));
            }
        }
    }

    #[test]
    fn words_in_any_order(
        words in prop::collection::vec(prop::sample::select(vec![
            "{ .a", "{", "}", "{}", "{ true }", "(", ")", "&&", "||", "!", "-", "+", "*", "/", "%", "^", "=", "!=", ">", "<=",
            "=~", "!~", "~", ">>", "<<", "&>>", "!<", "1", "2.5", "3s", "minInt", "\"x\"", "true", "nil", "error", "server",
            "name", "duration", ".b", "span.c", "status", "|", "| by(.a)", "| coalesce()", "| select(.a, name)", "count()",
            "max(.a)", "| rate()", "| topk(2)", "| compare({})", "by(.c)", "with(a=1)", "> 2",
        ]), 1..14)
    ) {
        if let Ok(query) = parse(&words.join(" ")) {
            let printed = print(&query);
            prop_assert_eq!(parse(&printed).map_err(|e| format!("{e}\n{printed}")), Ok(query));
        }
    }

    #[test]
    fn never_panics_on_mutations(
        query in tree::query(),
        other in tree::query(),
        cut in any::<prop::sample::Index>(),
        paste in any::<prop::sample::Index>(),
        noise in r#"[{}()|=!~<>,"`a5. -]{0,3}"#,
    ) {
        let (head, tail) = (print(&query), print(&other));
        let head: String = head.chars().take(cut.index(head.len() + 1)).collect();
        let tail: String = tail.chars().skip(paste.index(tail.len() + 1)).collect();
        let text = format!("{head}{noise}{tail}");
        super::lenient::equalities(&text);
        if let Ok(query) = parse(&text) {
            let printed = print(&query);
            prop_assert_eq!(parse(&printed).map_err(|e| format!("{e}\n{printed}")), Ok(query));
        }
    }
}
