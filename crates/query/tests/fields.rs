//! Bodies with fields left out give the same answers as whole ones.

// A test ends at the first thing that fails, in whichever function.
#![allow(clippy::unwrap_used)]

mod paged;

use base::Pool;
use model::{Direction, Labels, Limits, RowColumns, RowRef, Stream, Tenant};
use paged::Paged;
use proptest::prelude::*;
use query::engine::{Engine, InstantQuery, Partial, RangeQuery};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A line and its structured metadata.
type Line = (String, Labels);

/// Lines of streams in one page, one a nanosecond. Every other stream has a label that is called as fields are.
fn paged(lines: &[Vec<Line>]) -> Arc<Paged> {
    let runs = lines.iter().enumerate().map(|(at, lines)| {
        let pod = at.to_string();
        let labels = [("app", "x"), ("pod", pod.as_str()), ("c", "5")];
        let labels = Labels::from_pairs(labels.into_iter().take(2 + at % 2));
        let rows = lines.iter().zip(0..).map(|((text, metadata), ts_ns)| RowRef {
            ts_ns,
            body: text.as_bytes(),
            metadata: metadata.as_ref(),
        });
        (Arc::new(Stream::new(labels)), RowColumns::from_rows(rows))
    });
    let mut paged = Paged::new();
    paged.add(runs.collect()).unwrap();
    Arc::new(paged)
}

/// The answer to `query` with fields left out or not, in words, and the bytes of bodies read for it.
fn answered(paged: &Arc<Paged>, query: &str, shortens: bool) -> (String, u64) {
    paged.shortens.store(shortens, Ordering::Relaxed);
    let before = paged.given.load(Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let query = InstantQuery {
        tenants: vec![Tenant::single()],
        query: query.to_owned(),
        time_ns: 500,
        partial: None,
        now_ns: 0,
    };
    let answer = runtime.block_on(async {
        let engine = Engine::new(paged.clone(), Pool::new(1).unwrap());
        engine.instant(query, &Limits::default()).await
    });
    let answer = match answer {
        Ok(answered) => format!("{:?}", answered.answer),
        Err(error) => format!("{error}"),
    };
    (answer, paged.given.load(Ordering::Relaxed) - before)
}

/// The first lines that a log query gives, in words, and the bytes of bodies read for it. A partial answer is put
/// together from all lines.
fn first_lines(paged: &Arc<Paged>, query: &str, limit: usize, is_partial: bool) -> (String, u64) {
    let before = paged.given.load(Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(600);
    let query = RangeQuery {
        tenants: vec![Tenant::single()],
        query: query.to_owned(),
        start_ns: 0,
        end_ns: 1000,
        step_ns: 1000,
        interval_ns: 0,
        limit,
        direction: if limit.is_multiple_of(2) { Direction::Backward } else { Direction::Forward },
        categorize: true,
        align: true,
        cursor: None,
        partial: is_partial.then_some(Partial { deadline }),
        now_ns: 0,
    };
    let answer = runtime.block_on(async {
        let engine = Engine::new(paged.clone(), Pool::new(1).unwrap());
        engine.range(query, &Limits::default()).await
    });
    let answer = answer.map(|answered| answered.answer);
    (format!("{answer:?}"), paged.given.load(Ordering::Relaxed) - before)
}

#[test]
fn only_lines_that_are_given_are_put_together() {
    let lines: Vec<String> = (0..400)
        .map(|n| {
            format!(r#"{{"status":{},"path":"/a/{n}","text":"some words for all"}}"#, 200 + n % 400 / 399)
        })
        .collect();
    let lines = lines.into_iter().map(|line| (line, Labels::default()));
    let paged = paged(&[lines.collect()]);
    let rare = r#"{app="x"} | json | status > 200"#;
    let ((judged, few), (whole, all)) =
        (first_lines(&paged, rare, 10, false), first_lines(&paged, rare, 10, true));
    assert_eq!(judged, whole);
    assert!(judged.contains("/a/399"), "{judged}");
    assert!(few * 2 < all, "{few} bytes of {all}");
}

/// Bytes of bodies read for `query`, with fields left out and whole; the answers are the same.
fn bytes_read(lines: &[String], query: &str) -> (u64, u64) {
    let lines = lines.iter().map(|line| (line.clone(), Labels::default()));
    let paged = paged(&[lines.collect()]);
    let ((short, short_bytes), (whole, whole_bytes)) =
        (answered(&paged, query, true), answered(&paged, query, false));
    assert_eq!(short, whole, "{query}");
    assert!(short.contains("labels"), "{short}");
    (short_bytes, whole_bytes)
}

#[test]
fn only_wanted_fields_are_read() {
    let json: Vec<String> = (0..200)
        .map(|n| {
            format!(
                r#"{{"time":"2026-11-21T10:00:00.{n:03}Z","msg":"say \"{n}\"","http":{{"status":{},"path":"/a/{n}"}},"list":[{n}],"ms":{n}.5}}"#,
                [200, 404, 500][n % 3]
            )
        })
        .collect();
    let sum = r#"sum by (http_status) (count_over_time({app="x"} | json | ms > 50 [1s]))"#;
    let (short, whole) = bytes_read(&json, sum);
    assert_eq!(
        short,
        json.iter()
            .zip(0..)
            .map(|(_, n)| format!(r#"{{"http":{{"status":200}},"ms":{n}.5}}"#).len() as u64)
            .sum::<u64>()
    );
    assert!(short * 3 < whole);
    let logfmt: Vec<String> = (0..200)
        .map(|n| {
            format!(r#"ts=2026-11-21T10:00:00.{n:03}Z level=info query="{{a=\"{n}\"}}" took={n}ms p99={n} x"#)
        })
        .collect();
    let longest = r#"max_over_time({app="x"} | logfmt | unwrap duration(took) [1s]) by (level)"#;
    let (short, whole) = bytes_read(&logfmt, longest);
    assert_eq!(short, (0..200).map(|n| format!("level=info took={n}ms").len() as u64).sum::<u64>());
    assert!(short * 3 < whole);
    // Everything is wanted, or the text itself.
    for query in [
        r#"sum(count_over_time({app="x"} | logfmt [1s])) without (ts, took)"#,
        r#"sum by (took) (bytes_over_time({app="x"} | logfmt | level="info" [1s]))"#,
        r#"sum by (took) (count_over_time({app="x"} | logfmt | line_format "{{.level}}" | logfmt [1s]))"#,
        r#"sum by (took) (count_over_time({app="x"} | logfmt --strict | level="info" [1s]))"#,
    ] {
        let (short, whole) = bytes_read(&logfmt, query);
        assert_eq!(short, whole, "{query}");
    }
}

/// What stands in a field, with a number that says which of several.
const VALUES: [&[&str]; 7] = [
    &["1", "2", "500", "33"],
    &["1.5", "-3", "1e3", "12ab", "7"],
    &["true", "false", "null", "1"],
    &["x1", "b", "info", "warn"],
    &["a b1", "", "2s", "k=3", "é2", "}", "{1"],
    &[r#"q\"1"#, r"t\\", r"bad\q", r"\u00e9 1", "1"],
    &["x", "2", "nul", r"\", r#"""#, "3 4", "="],
];

/// A field: key, which values, how it is written.
type Field = (usize, usize, u8);

const KEYS: [&str; 12] = ["a", "b", "c", "n", "x", "n_x", "app", "a b", "1a", "_1a", "é", "p99"];

fn json(fields: &[Field], chosen: &[u8], depth: usize) -> String {
    let mut out = "{".to_owned();
    for (at, (key, values, style)) in fields.iter().enumerate() {
        let value = VALUES[*values][usize::from(chosen[at % chosen.len()]) % VALUES[*values].len()];
        let value = match style % 8 {
            0..=2 => format!("\"{value}\""),
            3 | 4 => value.to_owned(),
            5 => format!("[\"{value}\",{{\"a\":{value}}},[1]]"),
            6 if depth < 3 => json(&fields[at + 1..], &chosen[1..], depth + 1),
            _ => format!("{{\"x\": \"{value}\" }}"),
        };
        let comma = if at > 0 { [",", ", ", " ,"][usize::from(style / 8 % 3)] } else { "" };
        let colon = [":", ": "][usize::from(style / 32 % 2)];
        out.push_str(&format!("{comma}\"{}\"{colon}{value}", KEYS[*key]));
    }
    out + "}"
}

fn logfmt(fields: &[Field], chosen: &[u8]) -> String {
    let mut out = String::new();
    for (at, (key, values, style)) in fields.iter().enumerate() {
        let value = VALUES[*values][usize::from(chosen[at % chosen.len()]) % VALUES[*values].len()];
        let key = KEYS[*key];
        let pair = match style % 8 {
            0..=3 => format!("{key}={value}"),
            4 | 5 => format!("{key}=\"{value}\""),
            6 => format!("{key}={value}\"{value} b=1\""),
            _ => value.to_owned(),
        };
        let space = if style / 8 % 16 == 0 { "" } else { " " };
        out.push_str(&format!("{pair}{space}"));
    }
    out
}

#[derive(Clone, Debug)]
struct Shape {
    fields: Vec<Field>,
    is_json: bool,
}

impl Shape {
    fn line(&self, chosen: &[u8], damage: u8) -> String {
        let line = if self.is_json { json(&self.fields, chosen, 0) } else { logfmt(&self.fields, chosen) };
        match damage {
            0 => line.chars().take(line.len() / 2).collect(),
            1 => line + " }\" behind",
            2 => line.replacen("a", "\\", 1),
            _ => line,
        }
    }
}

/// Metadata that clashes with fields and labels, and some that is in every line another.
fn any_metadata() -> impl Strategy<Value = Labels> {
    let name = prop::sample::select(vec!["a", "b", "level", "app", "__error__", "trace_id"]);
    let pairs = prop::collection::vec((name, 0u32..4), 0..3);
    let of = |(mut pairs, id): (Vec<(&str, u32)>, u32)| {
        pairs.iter_mut().filter(|(name, _)| *name == "trace_id").for_each(|(_, value)| *value = id);
        let pairs: Vec<(&str, String)> =
            pairs.into_iter().map(|(name, value)| (name, value.to_string())).collect();
        Labels::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())))
    };
    prop_oneof![2 => Just(Labels::default()), 1 => (pairs, any::<u32>()).prop_map(of)]
}

fn any_lines() -> impl Strategy<Value = Vec<Vec<Line>>> {
    let field = (0..KEYS.len(), prop_oneof![4 => 0usize..4, 1 => 4usize..7], any::<u8>());
    let shape = (prop::collection::vec(field, 1..7), any::<bool>())
        .prop_map(|(fields, is_json)| Shape { fields, is_json });
    let chosen = (0u8..3, prop::collection::vec(any::<u8>(), 7..10)).prop_map(|(few, chosen)| {
        chosen.into_iter().map(|one| if few > 0 { one % 2 } else { one }).collect()
    });
    let row = (any::<usize>(), chosen, 0u8..200, 0usize..3, any_metadata());
    (prop::collection::vec(shape, 1..4), prop::collection::vec(row, 20..120)).prop_map(|(shapes, rows)| {
        let mut lines = vec![Vec::new(); 3];
        for (shape, chosen, damage, stream, metadata) in rows {
            let chosen: Vec<u8> = chosen;
            lines[stream].push((shapes[shape % shapes.len()].line(&chosen, damage), metadata));
        }
        lines.retain(|lines| !lines.is_empty());
        lines
    })
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "c",
        "n_x",
        "x",
        "app",
        "app_extracted",
        "a_b",
        "_1a",
        "p99",
        "level",
    ])
}

/// A parser with filters before and after it.
fn any_filter() -> impl Strategy<Value = String> {
    let parser = prop::sample::select(vec![
        "",
        "| json",
        "| json",
        "| logfmt",
        "| logfmt",
        "| logfmt --keep-empty",
        "| logfmt --strict",
        "| logfmt b, y=\"a\"",
        "| json b, y=\"n.x\"",
        "| json a=\"n\", y=\"[\\\"a b\\\"]\", c",
    ]);
    let filter = prop_oneof![
        any_name().prop_map(|name| format!("| {name} > 2")),
        any_name().prop_map(|name| format!("| {name} != \"b\"")),
        (any_name(), any_name()).prop_map(|(a, b)| format!("| {a} > 1 or {b} = \"x1\"")),
        (any_name(), any_name()).prop_map(|(a, b)| format!("| {a} =~ \".+\" | {b} > 1s")),
        any_name().prop_map(|name| format!("| drop {name}")),
        any_name().prop_map(|name| format!("| keep {name}")),
        Just("| __error__ = \"\"".to_owned()),
        Just(String::new()),
    ];
    let before = prop::sample::select(vec!["", "", "|= \"1\"", "!= \"500\"", "|> \"<_>1<_>\""]);
    (parser, filter, before).prop_map(|(parser, filter, before)| format!("{before} {parser} {filter}"))
}

fn any_query() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(None),
        any_name().prop_map(|name| Some(format!("| unwrap {name}"))),
        any_name().prop_map(|name| Some(format!("| unwrap {name} | __error__ = \"\""))),
    ];
    // Lines lie in nanoseconds 0 to 120, and are asked for at 500.
    let range = prop::sample::select(vec!["1s", "490ns", "460ns"]);
    let function = prop::sample::select(vec![
        "max_over_time(",
        "min_over_time(",
        "sum_over_time(",
        "quantile_over_time(0.3, ",
        "quantile_over_time(0.99, ",
    ]);
    (any_filter(), value, any_name(), any_name(), 0u8..4, range, function).prop_map(
        |(filter, value, first, second, group, range, function)| {
            let groups = [
                format!("by ({first})"),
                format!("by ({first}, {second})"),
                "by ()".into(),
                "by (__error__)".into(),
            ];
            let group = &groups[usize::from(group)];
            let log = format!("{{app=\"x\"}} {filter}");
            match value {
                None => format!("sum {group} (count_over_time({log} [{range}]))"),
                Some(unwrap) => format!("{function}{log} {unwrap} [{range}]) {group}"),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn answers_are_the_same(lines in any_lines(), queries in prop::collection::vec(any_query(), 1..8)) {
        let paged = paged(&lines);
        for query in queries {
            let (short, whole) = (answered(&paged, &query, true), answered(&paged, &query, false));
            prop_assert_eq!(short.0, whole.0, "{}", query);
        }
    }

    #[test]
    fn lines_are_the_same(
        lines in any_lines(),
        queries in prop::collection::vec((any_filter(), 0usize..9), 1..8),
        shortens: bool,
    ) {
        let paged = paged(&lines);
        paged.shortens.store(shortens, Ordering::Relaxed);
        for (filter, limit) in queries {
            let query = format!("{{app=\"x\"}} {filter}");
            let judged = first_lines(&paged, &query, limit, false).0;
            prop_assert_eq!(judged, first_lines(&paged, &query, limit, true).0, "{} {}", query, limit);
        }
    }
}
