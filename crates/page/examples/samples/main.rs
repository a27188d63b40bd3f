//! Sizes and speeds of sample pages, on scrapes kept as files and on generated series:
//! `cargo run --release -p page --example samples -- [DIRECTORY...]`.
//!
//! A directory holds scrapes of one target in the text format, each in a file named by its Unix
//! milliseconds, with `.txt`. Pages have runs of 60 to 480 samples of as many series as fit. Speeds are per CPU
//! second of this thread (on Linux).

mod generate;
mod scrapes;

use model::sample::float_body;
use model::{LabelsRef, Projection, RowColumns, RowRef, ScanStats, Signal, TimeRange};
use page::{Choice, Piece, Question, Sealed};
use std::time::Instant;

/// One series: times in ns, and values.
pub type Series = Vec<(i64, f64)>;

/// Scans per question.
const ROUNDS: u32 = 20;

/// CPU seconds of this thread; wall time where the system does not tell.
fn cpu_seconds(start: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let on_cpu_ns = schedule.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    on_cpu_ns.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:28} {:>4} | {:>7} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6} | {:>6} {:>6} {:>6}",
        "series",
        "rows",
        "B/row",
        "times",
        "heads",
        "planes",
        "entry",
        "text",
        "gain",
        "seal",
        "all",
        "one run"
    );
    let mut sets = vec![("generated".to_owned(), generate::series())];
    for directory in std::env::args().skip(1) {
        sets.push((directory.clone(), scrapes::read(std::path::Path::new(&directory))?));
    }
    for (name, series) in &sets {
        for run_rows in [60, 120, 240, 480] {
            measure(name, series, run_rows)?;
        }
    }
    Ok(())
}

/// Runs of a time slice, as many as a page holds.
fn pages(series: &[Series], run_rows: usize) -> Vec<Vec<RowColumns>> {
    let longest = series.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = Vec::new();
    // A slice that is cut short would not tell what pages of that many rows are like.
    for from in (0..longest).step_by(run_rows).filter(|from| from + run_rows <= longest) {
        let (mut page, mut rows) = (Vec::new(), 0);
        for run in series.iter().filter_map(|all| all.get(from..all.len().min(from + run_rows))) {
            if rows + run.len() > page::PAGE_ROWS_MAX {
                out.push(std::mem::take(&mut page));
                rows = 0;
            }
            if !run.is_empty() {
                rows += run.len();
                page.push(columns(run));
            }
        }
        out.push(page);
    }
    out
}

fn columns(run: &[(i64, f64)]) -> RowColumns {
    let bodies: Vec<[u8; 9]> = run.iter().map(|(_, value)| float_body(*value)).collect();
    let rows = run.iter().zip(&bodies);
    RowColumns::from_rows(rows.map(|((ts_ns, _), body)| RowRef {
        ts_ns: *ts_ns,
        body,
        metadata: LabelsRef::EMPTY,
    }))
}

fn measure(name: &str, series: &[Series], run_rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let (mut rows, mut runs, mut stored, mut text) = (0, 0, [0u64; 4], 0);
    let mut seconds = [0.0; 3];
    for page in pages(series, run_rows) {
        let pieces: Vec<Piece<'_>> = page.iter().map(|rows| Piece { rows, range: 0..rows.len() }).collect();
        text += page::seal_as(Signal::Sample, &pieces, Choice::Text)?.page.body_len();
        let before = cpu_seconds(started);
        let sealed = (0..4).map(|_| page::seal(Signal::Sample, &pieces)).next_back();
        let sealed = sealed.ok_or("no page")??;
        seconds[0] += (cpu_seconds(started) - before) / 4.0;
        rows += sealed.page.rows();
        runs += pieces.len();
        for section in sealed.page.sections() {
            let at = match section.tag.number() {
                1 => 0,
                12 => 1,
                13 => 2,
                _ => 3,
            };
            stored[at] += u64::from(section.stored_len);
        }
        let mut entry = Vec::new();
        sealed.page.put(&mut entry);
        stored[3] += entry.len() as u64;
        let all: Vec<u32> = (0..pieces.len() as u32).collect();
        seconds[1] += scan(&sealed, &all)?;
        seconds[2] += scan(&sealed, &[pieces.len() as u32 / 2])?;
    }
    if rows == 0 {
        return Ok(());
    }
    let per_row = |bytes: u64| bytes as f64 / rows as f64;
    let ns_per_row = |at: usize| seconds[at] * 1e9 / rows as f64;
    let total: u64 = stored.iter().sum();
    println!(
        "{:28} {:>4} | {:7.3} {:6.3} {:6.3} {:6.3} {:6.3} | {:6.3} {:6.2} | {:6.1} {:6.1} {:6.2} ns/row",
        name.rsplit('/').next().unwrap_or(name),
        rows as usize / runs,
        per_row(total),
        per_row(stored[0]),
        per_row(stored[1]),
        per_row(stored[2]),
        per_row(stored[3]),
        per_row(text),
        text as f64 / total as f64,
        ns_per_row(0),
        ns_per_row(1),
        ns_per_row(2),
    );
    Ok(())
}

fn scan(sealed: &Sealed, wanted: &[u32]) -> Result<f64, base::Error> {
    let question = Question::new(TimeRange::ALL, &[], Projection::ALL);
    let started = Instant::now();
    let before = cpu_seconds(started);
    for _ in 0..ROUNDS {
        sealed.page.scan(std::slice::from_ref(&sealed.body), wanted, &question, &ScanStats::default())?;
    }
    Ok((cpu_seconds(started) - before) / f64::from(ROUNDS))
}
