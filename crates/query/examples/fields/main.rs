//! What metric queries over parsed fields cost, with whole lines and with fields left out:
//! `cargo run --release -p query --example fields`.
//!
//! CPU time is the process's own, so that a busy machine disturbs little; trust the ratios.

#[allow(dead_code)]
#[path = "../../../page/examples/measure/lines.rs"]
mod lines;
#[path = "../../tests/paged/mod.rs"]
mod paged;

use base::Pool;
use model::{Labels, Limits, RowColumns, RowRef, Stream, Tenant};
use paged::Paged;
use query::engine::{Engine, InstantQuery};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Bytes of lines of each kind.
const LINES_BYTES: usize = 16 << 20;
/// How often each query is asked.
const ROUNDS: u32 = 20;

const QUERIES: [&str; 11] = [
    r#"sum(count_over_time({app="json"} | json | http_status >= 500 [30d]))"#,
    r#"sum by (http_status) (count_over_time({app="json"} | json | http_duration_ms > 500 [30d]))"#,
    r#"quantile_over_time(0.99, {app="json"} | json | unwrap http_duration_ms [30d]) by (http_method)"#,
    r#"topk(5, sum by (http_path) (count_over_time({app="json"} | json [30d])))"#,
    r#"sum(count_over_time({app="json"} |= "refused" | json | http_status >= 500 [30d]))"#,
    r#"sum(count_over_time({app="logfmt"} | logfmt | duration > 500ms [30d]))"#,
    r#"max_over_time({app="logfmt"} | logfmt | unwrap bytes(throughput) [30d]) by (status)"#,
    r#"sum by (app) (count_over_time({app="traced"} | trace_id != "" [30d]))"#,
    r#"sum by (detected_level) (count_over_time({app="traced"} [30d]))"#,
    r#"sum by (detected_level) (count_over_time({app="traced"} [10s]))"#,
    r#"sum by (detected_level, http_status) (count_over_time({app="traced"} | json [30d]))"#,
];

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("{:>8} {:>8} {:>6} {:>8}  query", "whole ms", "short ms", "ratio", "given %");
    let paged = filled()?;
    for query in QUERIES {
        let mut measured = [(0.0, 0, String::new()), (0.0, 0, String::new())];
        for (shortens, measured) in [true, false].into_iter().zip(&mut measured) {
            paged.shortens.store(shortens, Ordering::Relaxed);
            let engine = Engine::new(paged.clone(), Pool::new(1)?);
            let before = (cpu_seconds()?, paged.given.load(Ordering::Relaxed));
            for _ in 0..ROUNDS {
                measured.2 = runtime.block_on(asked(&engine, query))?;
            }
            let cpu_ms = (cpu_seconds()? - before.0) * 1e3 / f64::from(ROUNDS);
            (measured.0, measured.1) = (cpu_ms, paged.given.load(Ordering::Relaxed) - before.1);
        }
        let [(short_ms, short_bytes, short_answer), (whole_ms, whole_bytes, whole_answer)] = measured;
        if short_answer != whole_answer {
            return Err(format!("answers to {query} differ").into());
        }
        let (ratio, given) = (whole_ms / short_ms, 100.0 * short_bytes as f64 / whole_bytes as f64);
        println!("{whole_ms:8.1} {short_ms:8.1} {ratio:6.1} {given:8.1}  {query}");
    }
    Ok(())
}

fn filled() -> Result<Arc<Paged>, base::Error> {
    let mut paged = Paged::new();
    for (name, line) in lines::GENERATED {
        let rows = lines::columns(LINES_BYTES, |chance, ms| line(chance, ms).into_bytes());
        add(&mut paged, name, &rows)?;
        if name == "json" {
            add(&mut paged, "traced", &traced(&rows))?;
        }
    }
    Ok(Arc::new(paged))
}

/// The same lines, each with a level and an id of its own.
fn traced(rows: &RowColumns) -> RowColumns {
    let metadata = |n: u64| {
        let level = ["info", "info", "info", "warn", "error"][n as usize % 5];
        let id = format!("{:032x}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        Labels::from_pairs([("detected_level", level), ("trace_id", id.as_str())])
    };
    let all: Vec<Labels> = (0..rows.len() as u64).map(metadata).collect();
    RowColumns::from_rows(rows.rows().zip(&all).map(|(row, set)| RowRef { metadata: set.as_ref(), ..row }))
}

fn add(paged: &mut Paged, app: &str, rows: &RowColumns) -> Result<(), base::Error> {
    let stream = Arc::new(Stream::new(Labels::from_pairs([("app", app)])));
    let mut from = 0;
    while from < rows.len() {
        let to = page::fitting(rows, from, 0, 0).max(from + 1);
        let piece = RowColumns::from_rows((from..to).map(|row| rows.row(row)));
        paged.add(vec![(stream.clone(), piece)])?;
        from = to;
    }
    Ok(())
}

async fn asked(engine: &Engine, query: &str) -> Result<String, base::Error> {
    let query = InstantQuery {
        tenants: vec![Tenant::single()],
        query: query.to_owned(),
        time_ns: 1_700_001_000_000_000_000,
        partial: None,
        now_ns: 1_700_001_000_000_000_000,
    };
    let limits = Limits { max_query_series: 0, ..Limits::default() };
    Ok(format!("{:?}", engine.instant(query, &limits).await?.answer))
}

/// User and system CPU seconds of this process so far; the clock of such ticks has had 100 a second on Linux
/// for decades.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(") ").ok_or("stat of the process")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}
