//! Asks the engine, over the in-memory store, what the real Loki was asked, and compares.
//!
//! The corpus (data set, calls, answers) lies outside of this repository: in the folder named by
//! `TREFOIL_SHARED`, or in `../shared` beside it. Without it, or without Python, the test says so
//! and passes. `SHOW=logql.vector` in the environment prints the differences of a category,
//! `PLACEMENT=7` cuts the data into runs by that seed.

#[path = "conformance/compare.rs"]
mod compare;

use base::{Clock, Pool};
use compare::{Verdict, compare};
use model::twin::Twin;
use model::{Append, BatchBuilder, Direction, Labels, Limits, RowRef, Signal, Tenant};
use query::engine::{Engine, InstantQuery, RangeQuery};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// The least share of equal answers, in percent.
const EQUAL_PERCENT: f64 = 99.0;

fn corpus() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared =
        std::env::var_os("TREFOIL_SHARED").map_or_else(|| here.join("../../../shared"), PathBuf::from);
    let folder = shared.join("conformance/loki");
    folder.join("visible.jsonl").exists().then_some(folder)
}

/// Rows and calls as `conformance/dump.py` writes them.
fn dump(folder: &Path) -> Option<(Vec<Value>, Vec<Value>)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/dump.py");
    let output = Command::new("python3").arg(script).arg(folder).output().ok()?;
    if !output.status.success() {
        println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let (mut rows, mut calls) = (Vec::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut item: Value = serde_json::from_str(line).expect("a line of JSON");
        match item.get_mut("row").map(Value::take) {
            Some(row) => rows.push(row),
            None => calls.push(item["call"].take()),
        }
    }
    Some((rows, calls))
}

fn labels(object: &Value) -> Labels {
    let pairs = object.as_object().into_iter().flatten();
    Labels::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or(""))))
}

fn load(runtime: &tokio::runtime::Runtime, rows: &[Value]) -> Twin {
    let twin = Twin::new();
    for row in rows {
        let tenant = Tenant::new(row["tenant"].as_str().unwrap_or("")).expect("a tenant");
        let metadata = labels(&row["metadata"]);
        let line = RowRef {
            ts_ns: row["ts"].as_i64().expect("a time"),
            body: row["line"].as_str().unwrap_or("").as_bytes(),
            metadata: metadata.as_ref(),
        };
        let mut batch = BatchBuilder::new(tenant, Signal::Line, 0);
        batch.add_rows(labels(&row["labels"]).as_ref(), [line]);
        runtime.block_on(twin.append(batch.build())).expect("the twin takes all");
    }
    twin
}

/// Limits of the tenants of the corpus that differ from the defaults.
fn limits_of(tenant: &str) -> Limits {
    let overrides = match tenant {
        "qlimits" => {
            r#"{"max_query_series": 3, "max_entries_limit_per_query": 50, "max_query_length": "12h",
                "max_query_range": "1h", "max_streams_matchers_per_query": 4}"#
        }
        _ => "{}",
    };
    Limits::default().overlaid(serde_json::from_str(overrides).expect("JSON")).expect("known limits")
}

/// Whole nanoseconds; the other forms of times are the API's subject.
fn ns(call: &Value, name: &str) -> Option<i64> {
    call["params"][name].as_str()?.parse().ok().filter(|ns| *ns > 1_000_000_000_000_000)
}

fn period(call: &Value, name: &str) -> Option<i64> {
    let text = call["params"][name].as_str()?;
    let seconds = text.parse::<f64>().map(|seconds| (seconds * 1e9) as i64);
    seconds.ok().or_else(|| text.parse::<base::unit::Period>().ok().map(|period| period.ns()))
}

enum Ask {
    Range(RangeQuery),
    Instant(InstantQuery),
}

/// The call as a question to the engine; `None` when its parameters are not plain.
fn ask(call: &Value) -> Option<Ask> {
    let tenants: Option<Vec<Tenant>> =
        call["tenant"].as_str()?.split('|').map(|tenant| Tenant::new(tenant).ok()).collect();
    let (tenants, query) = (tenants?, call["params"]["query"].as_str()?.to_owned());
    let now_ns = Clock::System.now_ns();
    if call["path"] == "query" {
        return Some(Ask::Instant(InstantQuery {
            tenants,
            query,
            time_ns: ns(call, "time")?,
            partial: None,
            now_ns,
        }));
    }
    let (start_ns, end_ns) = (ns(call, "start")?, ns(call, "end")?);
    let param = |name: &str| call["params"][name].as_str().filter(|text| !text.is_empty());
    let default_step = ((end_ns - start_ns) / 1_000_000_000 / 250).max(1) * 1_000_000_000;
    let direction = match param("direction").unwrap_or("backward").to_ascii_lowercase().as_str() {
        "forward" => Direction::Forward,
        "backward" => Direction::Backward,
        _ => return None,
    };
    Some(Ask::Range(RangeQuery {
        tenants,
        query,
        start_ns,
        end_ns,
        step_ns: if param("step").is_some() { period(call, "step")? } else { default_step },
        interval_ns: if param("interval").is_some() { period(call, "interval")? } else { 0 },
        limit: param("limit").map_or(Some(100), |limit| limit.parse().ok())?,
        direction,
        categorize: call["categorize"].as_bool()?,
        align: true,
        cursor: None,
        partial: None,
        now_ns,
    }))
    .filter(|_| end_ns >= start_ns)
}

#[test]
fn answers_are_those_of_loki() {
    let Some(folder) = corpus() else {
        println!("skipped: no corpus, set TREFOIL_SHARED");
        return;
    };
    let Some((rows, calls)) = dump(&folder) else {
        println!("skipped: python3 does not run");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let twin = load(&runtime, &rows);
    let twin = match std::env::var("PLACEMENT").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => twin.scattered(seed),
        None => twin,
    };
    let engine = Engine::new(Arc::new(twin), Pool::new(0).expect("threads"));
    let show = std::env::var("SHOW").ok();
    let mut table: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for call in &calls {
        let category = call["cat"].as_str().unwrap_or("").to_owned();
        let Some(ask) = ask(call) else { continue };
        let limits = limits_of(call["tenant"].as_str().unwrap_or(""));
        let given = match ask {
            Ask::Range(query) => runtime.block_on(engine.range(query, &limits)),
            Ask::Instant(query) => runtime.block_on(engine.instant(query, &limits)),
        };
        let verdict = compare(call, &given);
        if let Verdict::Different(why) = &verdict
            && show.as_ref().is_some_and(|show| category.starts_with(show.as_str()))
        {
            let params = &call["params"];
            println!("[{category}] {} {}\n    {params}\n    {why}", call["id"], params["query"]);
        }
        let (equal, all) = table.entry(category).or_default();
        *equal += usize::from(matches!(verdict, Verdict::Equal));
        *all += 1;
    }
    let (mut equal, mut all) = (0, 0);
    for (category, (same, of)) in &table {
        println!("{category:40} {same:4} of {of:4}");
        (equal, all) = (equal + same, all + of);
    }
    let percent = 100.0 * equal as f64 / all.max(1) as f64;
    println!("{equal} of {all} answers are equal: {percent:.2} %");
    assert!(percent >= EQUAL_PERCENT, "{percent:.2} % of the answers are equal, not {EQUAL_PERCENT} %");
}
