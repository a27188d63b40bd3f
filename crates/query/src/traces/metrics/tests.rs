use super::*;
use crate::eval::span::{Member, Trace};
use crate::traceql::ast::{Expr, Pipeline};
use crate::traceql::parse;
use crate::traces::members;
use crate::traces::tests::*;
use model::attribute::Value;
use model::trace::OriginSpans;
use model::twin::Twin;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn asked(query: &str, minutes: i64, step: i64) -> SpanMetrics {
    let Expr::Metrics(expr) = parse(query).unwrap().expr else { panic!("{query}") };
    let (end_ns, range_ns) = (BASE_NS + minutes * MINUTE_NS, step * MINUTE_NS);
    SpanMetrics {
        tenants: tenants(),
        expr,
        steps: Steps { start_ns: BASE_NS, end_ns, step_ns: range_ns },
        range_ns,
    }
}

async fn answer(twin: &Twin, query: &str) -> Result<SpanSeries> {
    traces(twin).metrics(asked(query, 4, 1), &Limits::default()).await
}

fn labels(series: &Series) -> BTreeMap<String, Value> {
    let pairs = series.labels.iter().map(|(name, text)| Value::from_pair(name, text));
    pairs.map(|(name, value)| (name.into_owned(), value)).collect()
}

/// A line for each series: its labels, then its values at the five steps, `-` where there is none.
fn shown(found: &SpanSeries) -> Vec<String> {
    let line = |series: &Series| {
        let labels: Vec<String> = labels(series)
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                Value::Int(number) => format!("{name}={number}"),
                other => format!("{name}={other:?}"),
            })
            .collect();
        let value = |minute| {
            let point = series.points.iter().find(|point| point.0 == BASE_NS + minute * MINUTE_NS);
            point.map_or("-".to_owned(), |point| point.1.to_string())
        };
        let values: Vec<String> = (0..5).map(value).collect();
        format!("{}: {}", labels.join(","), values.join(" "))
    };
    found.series.iter().map(line).collect()
}

/// Two traces: the first with a call from shop to db in its second minute.
async fn filled() -> Twin {
    let twin = Twin::new();
    let (code, n) = (|code| ("code", Value::Int(code)), |n| ("n", Value::Int(n)));
    let mut failed = span(1, 2, 1, 1, &[code(500), n(3)]);
    failed.status = 2;
    let shop = vec![span(1, 1, 0, 0, &[code(200), n(1)]), failed, span(2, 1, 0, 3, &[code(200), n(8)])];
    let db = vec![span(1, 3, 2, 1, &[("rows", Value::Double(0.3))])];
    push(&twin, &Tenant::single(), &[group("shop", shop), group("db", db)]).await;
    twin
}

const TABLE: [(&str, &[&str]); 29] = [
    ("{} | count_over_time()", &["__name__=count_over_time: 1 2 0 1 0"]),
    ("{ .code = 404 } | count_over_time()", &[]),
    ("{ status = error } | rate()", &["__name__=rate: 0 0.016666666666666666 0 0 0"]),
    (
        "{} | count_over_time() by(resource.service.name)",
        &["resource.service.name=db: 0 1 0 0 0", "resource.service.name=shop: 1 1 0 1 0"],
    ),
    (
        "{} | count_over_time() by(span.code)",
        &["span.code=nil: 0 1 0 0 0", "span.code=200: 1 0 0 1 0", "span.code=500: 0 1 0 0 0"],
    ),
    (
        "{} | count_over_time() by(status, duration)",
        &["duration=1ms,status=error: 0 1 0 0 0", "duration=1ms,status=unset: 1 1 0 1 0"],
    ),
    ("{} | max_over_time(span.n)", &["__name__=max_over_time: 1 3 - 8 -"]),
    ("{} | min_over_time(.rows)", &["__name__=min_over_time: - 0.3 - - -"]),
    ("{} | sum_over_time(span.n) by(name)", &["name=op1: 1 - - 8 -", "name=op2: - 3 - - -"]),
    ("{} | avg_over_time(duration)", &["__name__=avg_over_time: 0.001 0.001 - 0.001 -"]),
    ("{} | quantile_over_time(span.n, 0.5, 1)", &["p=Double(0.5): 1 3 - 8 -", "p=Double(1.0): 1 3 - 8 -"]),
    (
        "{} | histogram_over_time(span.n) by(name)",
        &[
            "__bucket=Double(1.0),name=op1: 1 0 0 0 0",
            "__bucket=Double(4.0),name=op2: 0 1 0 0 0",
            "__bucket=Double(8.0),name=op1: 0 0 0 1 0",
        ],
    ),
    ("{} | histogram_over_time(duration)", &["__bucket=Double(0.001048576): 1 2 0 1 0"]),
    // Of equal ones the first by labels.
    ("{} | count_over_time() by(name) | topk(1)", &["name=op1: 1 - 0 1 0", "name=op2: - 1 - - -"]),
    ("{} | max_over_time(span.n) by(name) | bottomk(1)", &["name=op1: 1 - - 8 -", "name=op2: - 3 - - -"]),
    ("{} | count_over_time() > 1", &["__name__=count_over_time: - 2 - - -"]),
    (
        "{} | count_over_time() by(name) | topk(2) >= 1",
        &["name=op1: 1 - - 1 -", "name=op2: - 1 - - -", "name=op3: - 1 - - -"],
    ),
    ("{} | max_over_time(duration) < 1ms", &[]),
    ("{} | max_over_time(duration) = 1ms", &["__name__=max_over_time: 0.001 0.001 - 0.001 -"]),
    ("({ .code = 500 } | count_over_time()) / ({} | count_over_time())", &[": 0 0.5 - 0 -"]),
    ("({} | count_over_time()) * 2", &[": 2 4 0 2 0"]),
    ("1 - ({} | count_over_time())", &[": 0 -1 1 0 1"]),
    (
        "({ .code = 200 } | count_over_time() by(name)) + ({} | count_over_time() by(name))",
        &["name=op1: 2 0 0 2 0"],
    ),
    // These look at traces.
    ("{ .code = 200 } > {} | count_over_time()", &["__name__=count_over_time: 0 1 0 0 0"]),
    ("{ .rows > 0 } << {} | count_over_time()", &["__name__=count_over_time: 1 1 0 0 0"]),
    ("{} | count() > 2 | count_over_time()", &["__name__=count_over_time: 1 2 0 0 0"]),
    ("{} | count_over_time() by(rootName)", &["rootName=op1: 1 2 0 1 0"]),
    ("{} | max_over_time(traceDuration)", &["__name__=max_over_time: 60.001 60.001 - 0.001 -"]),
    // A span that two conditions find counts once.
    ("{ .code = 200 || name = \"op1\" } | count_over_time()", &["__name__=count_over_time: 1 0 0 1 0"]),
];

#[tokio::test]
async fn queries_give_series() {
    let twin = filled().await;
    for (query, expected) in TABLE {
        for twin in [twin.clone(), twin.scattered(3)] {
            let found = answer(&twin, query).await.unwrap();
            assert_eq!(shown(&found), expected, "{query}");
            assert_eq!(found.partial, None);
        }
    }
}

#[tokio::test]
async fn an_instant_is_one_window() {
    let twin = filled().await;
    let steps = Steps::instant(BASE_NS + 3 * MINUTE_NS);
    let query = SpanMetrics { steps, range_ns: 3 * MINUTE_NS, ..asked("{} | count_over_time()", 0, 1) };
    let found = traces(&twin).metrics(query, &Limits::default()).await.unwrap();
    assert_eq!(found.series[0].points, [(BASE_NS + 3 * MINUTE_NS, 3.0)], "right-closed: not the first span");
}

#[tokio::test]
async fn rows_are_read_alone_and_traces_only_where_they_must_be() {
    let twin = filled().await;
    let costs = async |query| answer(&twin, query).await.unwrap().cost;
    let rows = costs("{ .code = 200 } || { .rows > 0 } | select(.a) | by(name) | rate()").await;
    assert_eq!((rows.traces, rows.candidates), (0, 0));
    let traces = costs("{ .rows > 0 } << {} | rate()").await;
    assert_eq!((traces.traces, traces.candidates), (1, 1));
    let both = costs("({ .n > 1 && rootName != nil } | rate()) + ({} | rate() by(traceDuration))").await;
    assert_eq!((both.traces, both.candidates), (4, 4));
}

#[tokio::test]
async fn what_is_too_much_is_said() {
    let twin = filled().await;
    let limits = Limits { max_query_series: 1, ..Limits::default() };
    let refused = traces(&twin).metrics(asked("{} | rate() by(name)", 4, 1), &limits).await.unwrap_err();
    assert_eq!(refused.kind(), base::Kind::Limit);
    assert!(refused.to_string().contains("more than 1 series, the limit max_query_series"), "{refused}");
    let refused = answer(&twin, "{} | compare({ status = error })").await.unwrap_err();
    assert!(refused.to_string().starts_with("compare() is to come"), "{refused}");
    let many = Twin::new();
    let spans = (1..=40).map(|id| span(id, 1, 0, i64::from(id) % 4, &[])).collect();
    push(&many, &Tenant::single(), &[group("s", spans)]).await;
    let mut traces = traces(&many);
    traces.traces_max = 8;
    let found = traces.metrics(asked("{} | rate() by(rootName)", 4, 1), &Limits::default()).await.unwrap();
    assert_eq!(found.cost.traces, 8);
    assert!(found.cost.candidates > 8);
    assert_eq!(found.partial.unwrap(), "only the newest 8 traces were counted; ask for a shorter range");
}

const FILTERS: [&str; 12] = [
    "{}",
    "{ .a = 1 }",
    "{ .a = \"x\" || name = \"op2\" }",
    "{ .a = 1 || .b = true || span.a != nil && resource.b = 1 }",
    "{ .a = 1 } || { .b = true }",
    "{ .a = 1 } && { .b = true }",
    "{ .a != nil } > { name = \"op2\" }",
    "{ .a = 1 } !>> { .b != nil }",
    "{ .a != nil } &~ { .b != nil }",
    "{ rootServiceName = \"s1\" }",
    "{} | by(name) | count() > 1",
    "{ .a != nil } | { .b != nil }",
];

type Values = BTreeMap<String, Vec<(i64, f64)>>;

/// A span that counts: its start, the numbers in its `a`, its name.
type Counted = (i64, Vec<f64>, String);

/// The spans that `query` selects, trace by trace.
fn selected(groups: &[OriginSpans], query: &str) -> Vec<Counted> {
    let mut by_trace: BTreeMap<u8, Vec<Member<'_>>> = BTreeMap::new();
    for member in members(groups) {
        by_trace.entry(member.span.trace_id[0]).or_default().push(member);
    }
    let Expr::Spans(pipeline) = parse(query).unwrap().expr else { panic!("{query}") };
    by_trace.values().flat_map(|members| of_trace(members, &pipeline)).collect()
}

fn of_trace(members: &[Member<'_>], pipeline: &Pipeline) -> Vec<Counted> {
    let trace = Trace::new(members);
    let found = |at: usize| {
        let span = members[at].span;
        let named = span.attributes.iter().find(|(name, _)| name == "a").map(|(_, value)| value);
        let number = |value: &Value| match value {
            Value::Int(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            _ => None,
        };
        let numbers = match named {
            Some(Value::Array(values)) => values.iter().filter_map(number).collect(),
            value => value.and_then(number).into_iter().collect(),
        };
        (span.start_ns, numbers, span.name.clone())
    };
    trace.run(pipeline).into_iter().flat_map(|set| set.spans).map(found).collect()
}

/// The same as series, window by window.
fn naively(groups: &[OriginSpans], filter: &str, function: &str, steps: &Steps) -> Values {
    let spans = selected(groups, filter);
    let mut series = Values::new();
    for (_, _, name) in &spans {
        series.entry(name.clone()).or_default();
    }
    for (name, points) in &mut series {
        for step in 0..steps.count() {
            let end_ns = steps.ts_ns(step);
            let inside = |start_ns: i64| end_ns - steps.step_ns < start_ns && start_ns <= end_ns;
            let window = spans.iter().filter(|(start_ns, _, of)| of == name && inside(*start_ns));
            let numbers: Vec<f64> = window.clone().flat_map(|(_, numbers, _)| numbers).copied().collect();
            let sum: f64 = numbers.iter().sum();
            let value = match function.split('(').next().unwrap_or_default() {
                "count_over_time" => Some(window.count() as f64),
                "rate" => Some(window.count() as f64 / (steps.step_ns as f64 / 1e9)),
                _ if numbers.is_empty() => None,
                "sum_over_time" => Some(sum),
                "avg_over_time" => Some(sum / numbers.len() as f64),
                "max_over_time" => numbers.iter().copied().reduce(f64::max),
                "min_over_time" => numbers.iter().copied().reduce(f64::min),
                _ => Some(median(numbers)),
            };
            points.extend(value.map(|value| (end_ns, value)));
        }
    }
    series.retain(|_, points| points.iter().any(|point| point.1 != 0.0) || function.contains("span.a"));
    series.retain(|_, points| !points.is_empty());
    series
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len() - 1;
    (numbers[last / 2] + numbers[last.div_ceil(2)]) / 2.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn windows_count_what_a_naive_count_counts(
        drawn in prop::collection::vec(
            (1u8..5, 1u8..4, prop_oneof![Just(0u8), 10u8..16], 0i64..40, some_attributes(), some_attributes(), any::<bool>()),
            1..12,
        ),
        seed in any::<u64>(),
        step in 1i64..9,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let groups = pushed(drawn);
        let twin = Twin::new();
        runtime.block_on(push(&twin, &Tenant::single(), &groups));
        let twin = twin.scattered(seed);
        for filter in FILTERS {
            for function in [
                "rate()", "count_over_time()", "sum_over_time(span.a)", "avg_over_time(span.a)",
                "max_over_time(span.a)", "min_over_time(span.a)", "quantile_over_time(span.a, 0.5)",
            ] {
                let query = asked(&format!("{filter} | {function} by(name)"), 30, step);
                let expected = naively(&groups, filter, function, &query.steps);
                let found = runtime.block_on(traces(&twin).metrics(query, &Limits::default())).unwrap();
                let found: Values = found.series.into_iter().map(|series| {
                    let Some(Value::String(name)) = labels(&series).remove("name") else { panic!("no name") };
                    (name, series.points)
                }).collect();
                prop_assert!(alike(&found, &expected), "{} | {}: {:?} {:?}", filter, function, found, expected);
            }
        }
    }
}

fn alike(a: &Values, b: &Values) -> bool {
    let near = |a: &(i64, f64), b: &(i64, f64)| a.0 == b.0 && (a.1 - b.1).abs() <= 1e-9;
    let same =
        |a: &[(i64, f64)], b: &[(i64, f64)]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
}
