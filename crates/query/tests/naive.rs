//! The engine against the definitions: random lines, random queries, each answer computed again in
//! the plainest way, row by row and step by step.

use base::Pool;
use model::twin::Twin;
use model::{Answer, Append, BatchBuilder, Direction, Labels, LabelsRef, Limits, RowRef, Signal, Tenant};
use proptest::prelude::*;
use query::engine::{Engine, RangeQuery};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const SECOND_NS: i64 = 1_000_000_000;

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(2).expect("threads"));

/// A line `v=…` of stream `pod`, at a second.
type Row = (u8, i64, i32);

fn stream(pod: u8) -> Labels {
    Labels::from_pairs([
        ("pod", pod.to_string().as_str()),
        ("zone", if pod.is_multiple_of(2) { "x" } else { "y" }),
    ])
}

fn load(rows: &[Row]) -> Twin {
    let twin = Twin::new();
    for (pod, second, value) in rows {
        let text = format!("v={value}");
        let line = RowRef { ts_ns: second * SECOND_NS, body: text.as_bytes(), metadata: LabelsRef::EMPTY };
        let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 0);
        batch.add_rows(stream(*pod).as_ref(), [line]);
        futures_util::FutureExt::now_or_never(twin.append(batch.build())).expect("at once").expect("taken");
    }
    twin
}

fn ask(twin: &Twin, query: RangeQuery) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let engine = Engine::new(Arc::new(twin.clone()), POOL.clone());
    runtime.block_on(engine.range(query, &Limits::default())).expect("an answer").answer
}

fn range_query(query: String, start: i64, end: i64) -> RangeQuery {
    RangeQuery {
        tenants: vec![Tenant::single()],
        query,
        start_ns: start * SECOND_NS,
        end_ns: end * SECOND_NS,
        step_ns: SECOND_NS,
        interval_ns: 0,
        limit: 0,
        direction: Direction::Forward,
        categorize: false,
        align: false,
        cursor: None,
        partial: None,
        now_ns: end * SECOND_NS,
    }
}

const FUNCTIONS: [&str; 13] = [
    "count_over_time",
    "rate",
    "bytes_over_time",
    "bytes_rate",
    "sum_over_time",
    "avg_over_time",
    "max_over_time",
    "min_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "first_over_time",
    "last_over_time",
    "quantile_over_time",
];

/// The function over the values and text lengths of a window's rows, oldest first.
fn function(name: &str, rows: &[(i64, f64, f64)], range: i64) -> f64 {
    let values: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    match name {
        "count_over_time" => count,
        "rate" => count / range as f64,
        "bytes_over_time" => rows.iter().map(|row| row.2).sum(),
        "bytes_rate" => rows.iter().map(|row| row.2).sum::<f64>() / range as f64,
        "sum_over_time" => values.iter().sum(),
        "avg_over_time" => mean,
        "max_over_time" => sorted[sorted.len() - 1],
        "min_over_time" => sorted[0],
        "stddev_over_time" => variance.sqrt(),
        "stdvar_over_time" => variance,
        "first_over_time" => values[0],
        "last_over_time" => values[values.len() - 1],
        _ => {
            let rank = 0.3 * (count - 1.0);
            let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
            low + (high - low) * (rank - rank.floor())
        }
    }
}

fn aggregated(name: &str, values: &[f64]) -> f64 {
    let count = values.len() as f64;
    match name {
        "sum" => values.iter().sum(),
        "avg" => values.iter().sum::<f64>() / count,
        "count" => count,
        "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => values.iter().copied().fold(f64::INFINITY, f64::min),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn metric_queries_follow_their_definition(
        rows in prop::collection::btree_map((0u8..5, 0i64..60), -9i32..99, 0..80),
        start in 0i64..40, length in 0i64..40, step in 1i64..12, range in 1i64..40, offset in -10i64..10,
        of in 0usize..13, around in 0usize..6, seed in 0u64..1000,
    ) {
        let name = FUNCTIONS[of];
        let rows: Vec<Row> = rows.into_iter().map(|((pod, second), value)| (pod, second, value)).collect();
        let unwrap = if of < 4 { "" } else { "| logfmt | unwrap v" };
        let parameter = if name == "quantile_over_time" { "0.3, " } else { "" };
        let inner = format!(r#"{name}({parameter}{{pod=~".+"}} {unwrap} [{range}s] offset {offset}s)"#);
        let around = ["", "sum", "avg", "count", "max", "min"][around];
        let query = if around.is_empty() { inner } else { format!("{around} by (zone) ({inner})") };
        let mut asked = range_query(query.clone(), start, start + length);
        asked.step_ns = step * SECOND_NS;
        let Answer::Matrix(matrix) = ask(&load(&rows).scattered(seed), asked) else { panic!("no matrix") };

        let mut expected: BTreeMap<(Labels, i64), f64> = BTreeMap::new();
        let mut at = start;
        while at <= start + length {
            let (before, end) = (at - offset - range, at - offset);
            let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
            for pod in 0..5 {
                let mut window: Vec<(i64, f64, f64)> = rows.iter()
                    .filter(|(p, second, _)| *p == pod && before < *second && *second <= end)
                    .map(|(_, second, value)| (*second, f64::from(*value), format!("v={value}").len() as f64))
                    .collect();
                window.sort_by_key(|row| row.0);
                if window.is_empty() {
                    continue;
                }
                let labels = stream(pod);
                let zone = labels.get("zone").unwrap_or("").to_owned();
                let group = if around.is_empty() { labels } else { Labels::from_pairs([("zone", zone.as_str())]) };
                groups.entry(group).or_default().push(function(name, &window, range));
            }
            for (labels, values) in groups {
                let value = if around.is_empty() { values[0] } else { aggregated(around, &values) };
                expected.insert((labels, at), value);
            }
            at += step;
        }
        let given: BTreeMap<(Labels, i64), f64> = matrix.into_iter()
            .flat_map(|series| {
                let labels = series.labels;
                series.points.into_iter().map(move |(ts_ns, value)| ((labels.clone(), ts_ns / SECOND_NS), value))
            })
            .collect();
        prop_assert_eq!(given.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{}", query);
        for (at, value) in &expected {
            prop_assert!(near(given[at], *value), "{query} at {at:?}: {} is not {value}", given[at]);
        }
    }

    #[test]
    fn log_queries_give_the_first_lines(
        rows in prop::collection::vec((0u8..4, 0i64..20, 0i32..5), 0..60),
        start in 0i64..20, length in 1i64..20, limit in 1usize..20, backward: bool, seed in 0u64..1000,
    ) {
        let mut asked = range_query(r#"{pod=~".+"} != "v=3""#.to_owned(), start, start + length);
        asked.limit = limit;
        asked.direction = if backward { Direction::Backward } else { Direction::Forward };
        let twin = load(&rows);
        let Answer::Streams(streams) = ask(&twin.scattered(seed), asked.clone()) else { panic!("no streams") };
        prop_assert_eq!(&Answer::Streams(streams.clone()), &ask(&twin, asked), "placement matters");

        let mut kept: Vec<Row> = rows.into_iter()
            .filter(|(_, second, value)| start <= *second && *second < start + length && *value != 3)
            .collect();
        kept.sort_unstable();
        kept.dedup();
        let mut times: Vec<i64> = kept.iter().map(|row| row.1).collect();
        times.sort_unstable();
        if backward {
            times.reverse();
        }
        times.truncate(limit);
        let mut given = Vec::new();
        for stream in &streams {
            let own: Vec<i64> = stream.lines.iter().map(|line| line.ts_ns / SECOND_NS).collect();
            let ordered = own.is_sorted_by(|a, b| if backward { a >= b } else { a <= b });
            prop_assert!(ordered, "{own:?} is in no order");
            given.extend(own);
            for line in &stream.lines {
                let of_pod = |row: &&Row| {
                    (stream.labels == crate::stream(row.0), row.1 * SECOND_NS, format!("v={}", row.2).into_bytes())
                        == (true, line.ts_ns, line.text.to_vec())
                };
                prop_assert_eq!(kept.iter().filter(of_pod).count(), 1);
            }
        }
        given.sort_unstable();
        if backward {
            given.reverse();
        }
        prop_assert_eq!(given, times);
    }
}
