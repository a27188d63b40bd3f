use super::Contents;
use crate::line::tests::{with_reader, written};
use model::Fields;
use model::fields::{Format, PatternPiece};
use model::go_regex::GoRegex;
use proptest::prelude::*;

/// The texts with the fields `names`; none where nothing is left out.
fn shortened(lines: &[String], format: Format, names: &[&str]) -> Option<Vec<String>> {
    let texts: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
    let sections = written(&texts).unwrap();
    let fields = Fields { format, names: names.iter().map(|name| (*name).to_owned()).collect() };
    with_reader(&sections, |reader| {
        let all = reader.contents(&fields, None).unwrap();
        let of = |Contents { numbered, bytes, ends, numbers }: Contents| -> Vec<String> {
            let starts = [0].into_iter().chain(ends.iter().copied());
            let texts = starts.zip(&*ends).map(|(start, end)| &bytes[start as usize..*end as usize]);
            let texts: Vec<String> = texts.map(|text| String::from_utf8(text.to_vec()).unwrap()).collect();
            if let Some(numbers) = numbers {
                let of_numbers = numbers.of.iter().map(|number| numbers.form.with(*number));
                assert!(of_numbers.eq(texts.iter().map(|text| text.as_bytes())));
            }
            numbered.of.iter().map(|number| texts[*number as usize].clone()).collect()
        };
        let all = all.map(of);
        let some: Vec<u32> = (0..lines.len() as u32).filter(|row| row % 7 == 3).collect();
        let of_some = reader.contents(&fields, Some(&some)).unwrap().map(of);
        let expected = all.as_ref().map(|all| some.iter().map(|row| all[*row as usize].clone()).collect());
        assert_eq!(of_some, expected);
        all
    })
}

/// What is given of lines that are all `line` with other numbers for `~`, those numbers as `~` again.
fn given(line: &str, format: Format, names: &[&str]) -> Option<String> {
    let numbers = |n: usize| format!("{n}{}", n * 7919 % 10_000);
    let lines: Vec<String> = (100..200).map(|n| line.replace('~', &numbers(n))).collect();
    let given = shortened(&lines, format, names)?;
    let masked = |(line, n): (&String, usize)| line.replace(&numbers(n), "~");
    let first = masked((&given[0], 100));
    assert!(given.iter().zip(100..).map(masked).all(|line| line == first), "{given:?}");
    Some(first)
}

#[test]
fn fields_of_objects() {
    let given = |line, names: &[&str]| given(line, Format::Json, names);
    let line = r#"{"a": ~, "b":{"c":"x~", "d" :{"a":null,"e":true}},"f":["~",{"a":~}],"a":"~" } "#;
    for (names, expected) in [
        (&["a"][..], r#"{"a": ~,"a":"~"}"#),
        (&["b_c"], r#"{"b":{"c":"x~"}}"#),
        (&["a", "b_d_e"], r#"{"a": ~,"b":{"d" :{"e":true}},"a":"~"}"#),
        (&["b_d_a", "f"], r#"{"b":{"d" :{"a":null}},"f":["~",{"a":~}]}"#),
        (&["c", "b_d"], r#"{"b":{"d" :{"a":null,"e":true}}}"#),
        (&["c"], "{}"),
    ] {
        assert_eq!(given(line, names).as_deref(), Some(expected), "{names:?}");
    }
    assert_eq!(given(r#"{"1 é":-~,"x":"\u00e9 \"~"}"#, &["_1__"]).as_deref(), Some(r#"{"1 é":-~}"#));
    assert_eq!(given(r#"{"y":~,"x":"\u00e9 \"~"}"#, &["x"]).as_deref(), Some(r#"{"x":"\u00e9 \"~"}"#));
    for wrong in [
        "~ no object",
        r#"{"a":~"#,
        r#" {"a":~}"#,
        r#"{"a":~},"#,
        r#"{"a":~,}"#,
        r#"{"a":x~}"#,
        r#"{"a":{"b":~,"c":[}]}"#,
        r#"{"a" ~}"#,
        r#"{"a":~"b":1}"#,
        r#"{"a\n":~}"#,
        r#"{"a":"~}"#,
    ] {
        assert_eq!(given(wrong, &["a"]), None, "{wrong}");
    }
}

#[test]
fn fields_of_pairs() {
    let given = |line, names: &[&str]| given(line, Format::Logfmt, names);
    let line = r#"~T10 a=~ b="x \" ~" c d=a=~ =~ e"b f=x"y a.b=~ms a="~""#;
    for (names, expected) in [
        (&["a"][..], r#"a=~ a="~""#),
        (&["b", "c"], r#"b="x \" ~" c"#),
        (&["d", "e", "a_b"], r#"d=a=~ e"b a.b=~ms"#),
        (&["x", "f"], r#"f=x"y"#),
    ] {
        assert_eq!(given(line, names).as_deref(), Some(expected), "{names:?}");
    }
    assert_eq!(given("~T10 a=~", &["a", "_1"]), None);
    for wrong in [r#"a="~"b=1"#, r#"a="~"#, "é=1 a=~", r#"a=~"b"#, "x~=1 a=1"] {
        assert_eq!(given(wrong, &["a"]), None, "{wrong}");
    }
}

/// `<a> text <_>` as pieces.
fn pattern(expression: &str) -> Format {
    let mut pieces = Vec::new();
    for part in expression.split_inclusive('>') {
        let (text, name) = part.split_once('<').map_or((part, None), |(text, name)| (text, Some(name)));
        if !text.is_empty() {
            pieces.push(PatternPiece::Text(text.as_bytes().into()));
        }
        let name = name.and_then(|name| name.strip_suffix('>'));
        pieces.extend(name.map(|name| PatternPiece::Capture((name != "_").then(|| name.into()))));
    }
    Format::Pattern(pieces.into())
}

/// The wanted captures of a line, as `| pattern` finds them.
fn captures<'t>(pattern: &Format, line: &'t str, names: &[&str]) -> Vec<(String, &'t str)> {
    let Format::Pattern(pieces) = pattern else { return Vec::new() };
    let (mut rest, mut found, mut pieces) = (line, Vec::new(), pieces.iter().peekable());
    if let Some(PatternPiece::Text(text)) = pieces.peek() {
        let Some(tail) = rest.strip_prefix(std::str::from_utf8(text).unwrap()) else { return found };
        (rest, _) = (tail, pieces.next());
    }
    while let Some(PatternPiece::Capture(name)) = pieces.next() {
        let end = match pieces.next() {
            Some(PatternPiece::Text(text)) => rest.split_once(std::str::from_utf8(text).unwrap()),
            _ => None,
        };
        let value = end.map_or(rest, |(value, _)| value);
        found.extend(
            name.iter().filter(|name| names.contains(&&***name)).map(|name| (name.to_string(), value)),
        );
        let Some((_, tail)) = end else { break };
        rest = tail;
    }
    found
}

#[test]
fn captures_between_texts() {
    let line = r#"10.0.0.~ - - [~] GET /a/~ HTTP/1.1 200 ~ "-" "curl ~""#;
    let full = r#"<ip> - <user> [<_>] <method> <path> <_> <status> <size> <_>"#;
    for (expression, names, expected) in [
        (full, &["status"][..], " -  []    200 "),
        (full, &["ip", "size"], "10.0.0.~ -  []     ~ "),
        (full, &["method", "path"], " -  [] GET /a/~ "),
        (full, &["nothing"], ""),
        ("<_>] <rest>", &["rest"], r#"] GET /a/~ HTTP/1.1 200 ~ "-" "curl ~""#),
        ("<_>GET <path> <_>", &["path"], "GET /a/~ "),
        ("<a>- [<_>", &["a"], "10.0.0.~ - - ["),
        ("11<a> <_>", &["a"], ""),
        ("<_>curl <a> <_>", &["a"], r#"curl ~""#),
        ("<_> \"<a>\" <_>", &["a"], r#" "-" "#),
    ] {
        assert_eq!(given(line, pattern(expression), names).as_deref(), Some(expected), "{expression}");
    }
    // A text that values may have, or that may lie across the end of one, or that lines may begin with or not.
    for expression in ["<a>7<b>", "10.0.0.1<a> <_>", "<a>7 - <_>"] {
        assert_eq!(given(line, pattern(expression), &["a", "b"]), None, "{expression}");
    }
}

/// Lines of a web server.
fn requests() -> Vec<String> {
    (0..600)
        .map(|n| {
            let (method, path) = (["GET", "POST"][n % 2], ["/", "/items?page", "/cart/a"][n / 2 % 3]);
            let (user, status) = (["-", "ann", "bob-1"][n % 3], [200, 404, 500][n * 7 % 3]);
            let agent = ["curl/8.5", "Mozilla/5.0 (X11; Linux) K/1"][n % 2];
            format!(
                r#"10.0.{}.{} - {user} [22/Nov/2026:04:{:02}:{:02} +0000] "{method} {path}/{n} HTTP/1.1" {status} {} "-" "{agent}""#,
                n % 7, n * 31 % 250, n % 60, n * 7 % 60, n * 104_729 % 70_000
            )
        })
        .collect()
}

/// Requests in quotes are values that are told by templates of their own.
#[test]
fn captures_within_values() {
    let lines = requests();
    let full = pattern(r#"<ip> - <user> [<_>] "<method> <path> <_>" <status> <size> "<_>" "<agent>""#);
    for (names, most) in [
        (&["status"][..], 3),
        (&["user", "status"], 9),
        (&["size"], 600),
        (&["method"], 600),
        (&["agent", "status"], 6),
    ] {
        let given = shortened(&lines, full.clone(), names).unwrap();
        for (line, given) in lines.iter().zip(&given) {
            assert_eq!(captures(&full, line, names), captures(&full, given, names), "{line} as {given}");
        }
        let distinct: std::collections::BTreeSet<_> = given.iter().collect();
        assert!(distinct.len() <= most, "{names:?}: {} like {:?}", distinct.len(), given.first());
    }
    let given = shortened(&lines, full, &["status"]).unwrap();
    assert_eq!(given[0], r#" -  [] "  " 200 "#);
}

/// What an expression captures of a line, of the groups `names`.
fn groups<'t>(regex: &GoRegex, line: &'t str, names: &[&str]) -> Option<Vec<(String, &'t str)>> {
    let captures = regex.compiled().captures(line.as_bytes())?;
    let named = regex.names().iter().enumerate().filter_map(|(at, name)| Some((at, name.as_deref()?)));
    let value = |at: usize| captures.get(at).map_or("", |group| &line[group.range()]);
    Some(
        named
            .filter(|(_, name)| names.contains(name))
            .map(|(at, name)| (name.to_owned(), value(at)))
            .collect(),
    )
}

const REQUEST: [&str; 11] = [
    r"^(?P<ip>\S+)",
    r" - (?P<user>[^ ]+)",
    r" \[(?P<time>[^\]]*)\]",
    r#" "(?P<method>[A-Z]+)"#,
    r" (?P<path>/[^ ?]*)",
    r#"(?P<more>[^"]+)"#,
    r#"""#,
    r" (?P<status>\d+)",
    r" (?P<size>[0-9]+)",
    r#" "[^"]*""#,
    r#" "(?P<agent>[^"]*)"$"#,
];

#[test]
fn groups_of_expressions() {
    let lines = requests();
    let regex = GoRegex::new(&REQUEST.concat()).unwrap();
    let format = Format::Regexp(regex.pieces().unwrap());
    for (names, most, first) in [
        (&["status"][..], 3, r#"0 - 0 [] "A / " 200 0 "" """#),
        (&["user", "status"], 9, r#"0 - - [] "A / " 200 0 "" """#),
        (&["agent"], 2, r#"0 - 0 [] "A / " 0 0 "" "curl/8.5""#),
        (&["none"], 1, r#"0 - 0 [] "A / " 0 0 "" """#),
    ] {
        let given = shortened(&lines, format.clone(), names).unwrap();
        assert_eq!(given[0], first);
        let distinct: std::collections::BTreeSet<_> = given.iter().collect();
        assert!(distinct.len() <= most, "{names:?}: {}", distinct.len());
    }
    for other in [
        r"(?P<a>\S+)(x|yy)",
        r"(?P<a>.*?)x",
        r"(?P<a>\d{3})",
        r"\S+(?P<a>\d*)",
        "a?(?P<b>b)",
        "é(?P<a>a+)",
        "a$(?P<a>b)",
        "(?i)é+",
    ] {
        assert!(GoRegex::new(other).unwrap().pieces().is_none(), "{other}");
    }
    // What a run has to give back, and what lines have, but not at their start.
    for expression in [r"(?P<ip>\S+)\d - (?P<user>\S+)", r"\] (?P<rest>.*)", r"(?P<ip>[^ ]+)- "] {
        let pieces = GoRegex::new(expression).unwrap().pieces().unwrap();
        assert_eq!(shortened(&lines, Format::Regexp(pieces), &["user"]), None, "{expression}");
    }
}

proptest! {
    // Each reads a page of 600 lines.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn groups_of_requests_are_those_of_the_whole_lines(
        to in 4usize..=11,
        other in prop::option::of((0usize..11, prop::sample::select(vec![
            r#"[^"]+"#, r"[^ ]+", r"\S+", r"\d+", r"\w+", r".*", r"[a-z/]*", r"\D+", r"[A-Z0-9]+",
        ]))),
        wanted in prop::collection::vec(0usize..9, 0..3),
    ) {
        let lines = requests();
        let mut pieces: Vec<String> = REQUEST[..to].iter().map(|piece| (*piece).to_owned()).collect();
        if let Some((at, class)) = other && let Some(piece) = pieces.get_mut(at) {
            *piece = format!("{}(?P<other>{class})", piece.split("(?P").next().unwrap_or(""));
        }
        let regex = GoRegex::new(&pieces.concat()).unwrap();
        let all = ["ip", "user", "time", "method", "path", "more", "status", "size", "other"];
        let names: Vec<&str> = wanted.iter().map(|at| all[*at]).collect();
        if let Some(pieces) = regex.pieces() {
            for (line, given) in lines.iter().zip(shortened(&lines, Format::Regexp(pieces), &names).unwrap_or_default()) {
                let (whole, found) = (groups(&regex, line, &names), groups(&regex, &given, &names));
                prop_assert_eq!(whole, found, "{:?}: {} as {}", regex, line, given);
            }
        }
    }
}

proptest! {
    // Each reads a page of 600 lines.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn captures_of_requests_are_those_of_the_whole_lines(
        of in 0usize..600,
        cuts in prop::collection::vec((0usize..110, 1usize..4), 1..7),
        wanted in prop::collection::vec(0usize..7, 0..3),
    ) {
        let lines = requests();
        let (mut cuts, mut expression, mut at, mut names) = (cuts, String::new(), 0, Vec::new());
        cuts.sort_unstable();
        for (from, len) in cuts {
            if let Some(text) = lines[of].get(from..from + len).filter(|text| from > at && !text.contains(['<', '>'])) {
                let name = format!("x{}", names.len());
                expression.push_str(&format!("<{name}>{text}"));
                names.push(name);
                at = from + len;
            }
        }
        expression.push_str("<rest>");
        names.push("rest".to_owned());
        let pattern = pattern(&expression);
        let names: Vec<&str> = wanted.iter().filter_map(|at| names.get(*at)).map(String::as_str).collect();
        for (line, given) in lines.iter().zip(shortened(&lines, pattern.clone(), &names).unwrap_or_default()) {
            let (whole, found) = (captures(&pattern, line, &names), captures(&pattern, &given, &names));
            prop_assert_eq!(whole, found, "{}: {} as {}", expression, line, given);
        }
    }

    #[test]
    fn captures_are_those_of_the_whole_lines(
        template in "[a ~][a ~=\"-]{0,12}",
        values in prop::collection::vec("[a=\" -]{1,3}|[0-9a]{1,4}|\"[a0 =]{1,6}\"", 1..6),
        expression in "[a =]{0,2}<x>[a =\"-]{1,2}<_>[ =\"]{1,2}(<y>( <_>)?)?",
        names in prop::sample::subsequence(vec!["x", "y"], 0..=2),
    ) {
        let line = |n: usize| {
            let mut numbered = 0;
            template.chars().fold(String::new(), |mut line, c| {
                match c {
                    '~' => {
                        numbered += 1;
                        line.push_str(&values[(n * numbered) % values.len()]);
                    }
                    other => line.push(other),
                }
                line
            })
        };
        let lines: Vec<String> = (0..80).map(line).collect();
        let pattern = pattern(&expression);
        if let Some(Some(given)) = (written(&lines.iter().map(|line| line.clone().into_bytes()).collect::<Vec<_>>()).is_some())
            .then(|| shortened(&lines, pattern.clone(), &names))
        {
            for (line, given) in lines.iter().zip(&given) {
                prop_assert_eq!(captures(&pattern, line, &names), captures(&pattern, given, &names), "{} as {}", line, given);
            }
        }
    }
}

#[test]
fn values_that_break_out_keep_texts_whole() {
    let lines = |values: [&str; 2]| -> Vec<String> {
        (0..100).map(|n| format!(r#"{{"msg":"{}","a":{n}}}"#, values[usize::from(n % 10 == 9)])).collect()
    };
    let of = |values| shortened(&lines(values), Format::Json, &["a"]);
    assert_eq!(of([r#"say \"x\""#, "y 1"]).map(|given| given[1].clone()).as_deref(), Some(r#"{"a":1}"#));
    // The first quote ends the string, so what follows is another template.
    let given = of(["x 1", r#"","a":"0"#]).unwrap();
    assert_eq!((given[1].as_str(), given[9].as_str()), (r#"{"a":1}"#, r#"{"a":"0","a":9}"#));
    let given = of(["x 1", r#"x","a":"#]).unwrap();
    assert_eq!((given[1].as_str(), given[9].as_str()), (r#"{"a":1}"#, lines(["", r#"x","a":"#])[9].as_str()));
}

/// How many contents `lines` have in the fields `names`.
fn contents(lines: &[String], format: Format, names: &[&str]) -> usize {
    let texts: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
    let fields = Fields { format, names: names.iter().map(|name| (*name).to_owned()).collect() };
    with_reader(&written(&texts).unwrap(), |reader| {
        reader.contents(&fields, None).unwrap().unwrap().ends.len()
    })
}

#[test]
fn texts_that_say_the_same_are_given_once() {
    let line = |n: usize| {
        let (status, path) = ([200, 404, 500][n % 3], ["/a/1", "/b/2/c", "/"][n / 3 % 3]);
        let user = if n.is_multiple_of(2) { format!(r#","user":"u{}""#, n / 2 % 5) } else { String::new() };
        let ms = format!("{}.{}", n * n % 7, n % 4);
        format!(
            r#"{{"id":"{n:08x}","status":{status},"path":"{path}","ms":{ms},"ip":"10.0.{}.7"{user}}}"#,
            n % 9
        )
    };
    let lines: Vec<String> = (0..2000).map(line).collect();
    for (names, expected) in [
        (&["status"][..], 3),
        (&["status", "path"], 9),
        (&["user"], 6),
        (&["status", "user"], 18),
        (&["ip"], 9),
        (&["ms"], 16),
        (&["none"], 1),
        (&["id"], 2000),
        (&["id", "status"], 2000),
    ] {
        assert_eq!(contents(&lines, Format::Json, names), expected, "{names:?}");
    }
    let pair = |n: usize| format!("level=info id={n:08x} status={} took={}ms wait={}s", n % 3, n % 10, n % 7);
    let lines: Vec<String> = (0..2000).map(pair).collect();
    for (names, expected) in [(&["status"][..], 3), (&["took"], 10), (&["took", "wait"], 70), (&["id"], 2000)]
    {
        assert_eq!(contents(&lines, Format::Logfmt, names), expected, "{names:?}");
    }
}

/// Lines as services write them, of which few say anything new in most fields.
#[test]
fn fields_of_service_lines() {
    let hex = |n: u64, digits: usize| {
        format!("{:032x}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))[..digits]
            .to_owned()
    };
    let line = |n: u64| {
        let pick = |of: &[&str], by: u64| of[(n.wrapping_mul(by) >> 7) as usize % of.len()].to_owned();
        format!(
            r#"{{"level":"{}","msg":"{}","trace_id":"{}","span_id":"{}","status":{},"latency_ms":{},"bytes":{},"http":{{"path":"{}"}}}}"#,
            pick(&["info", "warn", "error"], 31),
            pick(&["done", "cache miss", "connection refused"], 71),
            hex(n, 32),
            hex(n + 7, 16),
            pick(&["200", "201", "404", "500", "502", "503"], 97),
            n * 7919 % 2000,
            n * 104_729 % 70_000,
            pick(&["/api/v1/items", "/healthz", "/login"], 51),
        )
    };
    let lines: Vec<String> = (0..3000).map(line).collect();
    for (name, most) in [("status", 6), ("latency_ms", 2000), ("http_path", 3), ("level", 3)] {
        let mut given = shortened(&lines, Format::Json, &[name]).unwrap();
        given.sort();
        given.dedup();
        assert!(given.len() <= most, "{name}: {} {:?}", given.len(), given.first());
    }
}

/// Where the wanted field is a number, and all lines are alike, it comes as a number; not with zeros in front of it.
#[test]
fn numbers_come_as_numbers() {
    let of = |line: &dyn Fn(usize) -> String| {
        let texts: Vec<Vec<u8>> = (0..3000).map(|n| line(n * 7919 % 2000).into_bytes()).collect();
        let fields = Fields { format: Format::Json, names: vec!["ms".to_owned()] };
        with_reader(&written(&texts).unwrap(), |reader| {
            let all = reader.contents(&fields, None).unwrap()?;
            let numbers = all.numbers?;
            assert!(numbers.of.len() == all.ends.len() && all.ends.len() == 2000);
            Some((
                all.numbered.of.iter().map(|number| numbers.of[*number as usize]).collect(),
                numbers.form.clone(),
            ))
        })
    };
    let (numbers, form): (Vec<u64>, _) = of(&|n| format!("{{\"id\":\"{:x}\",\"ms\":{n}}}", n * n)).unwrap();
    assert!(numbers.iter().copied().eq((0..3000).map(|n| n * 7919 % 2000)));
    assert_eq!(form.with(12), b"{\"ms\":12}");
    assert_eq!(of(&|n| format!("{{\"id\":\"{:x}\",\"ms\":{n:04}}}", n * n)), None);
    assert_eq!(of(&|n| format!("{{\"id\":\"{:x}\",\"ms\":{}.{}}}", n * n, n, n % 3)), None);
}
