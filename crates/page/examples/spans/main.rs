//! Sizes and speeds of span pages on generated traces: `cargo run --release -p page --example spans`.
//!
//! *wide*: 20 services that call each other, 10 to 40 spans a trace. *shop*: requests of a web shop with the
//! services, scopes and attributes of OpenTelemetry's demo. A block of so many traces is cut into pages as the store
//! does. Speeds are per CPU second of this thread (on Linux).

mod chance;
mod shop;
mod trace;
mod wide;

use base::Result;
use model::{Predicate, Projection, RowColumns, ScanStats, Signal, TimeRange};
use page::{Choice, Page, Piece, Question, Sealed};
use std::time::Instant;
use trace::{Traces, streams};

/// Scans per question.
const ROUNDS: u32 = 10;
/// Bytes per span of these parts are printed: a name, and the numbers of its sections.
const PARTS: [(&str, &[u16]); 13] = [
    ("times", &[1]),
    ("lengths", &[2]),
    ("text", &[6]),
    ("trace ids", &[15]),
    ("their numbers", &[16]),
    ("span ids", &[17]),
    ("parents", &[18]),
    ("their ids", &[19]),
    ("durations", &[20]),
    ("forms", &[21]),
    ("their numbers", &[22]),
    ("extras", &[23]),
    ("their numbers", &[24]),
];

/// CPU seconds of this thread; wall time where the system does not tell.
fn cpu_seconds(start: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let on_cpu_ns = schedule.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    on_cpu_ns.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// CPU seconds of one `work`.
fn timed(rounds: u32, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    let before = cpu_seconds(started);
    (0..rounds).try_for_each(|_| work())?;
    Ok((cpu_seconds(started) - before) / f64::from(rounds))
}

fn main() -> Result<()> {
    for (name, traces) in [("wide", wide::traces(3000)), ("shop", shop::traces(4000))] {
        let spans: usize = traces.iter().map(|trace| trace.len()).sum();
        println!("\n{name}: {} traces, {:.1} spans each", traces.len(), spans as f64 / traces.len() as f64);
        let streams = streams(&traces);
        for choice in [Choice::Text, Choice::Cheaper] {
            measure(&traces, &streams, choice)?;
        }
    }
    Ok(())
}

/// Pieces of the streams, as many as fit in each page.
fn pages(streams: &[RowColumns]) -> Vec<Vec<Piece<'_>>> {
    let (mut out, mut page, mut bytes, mut rows) = (Vec::new(), Vec::new(), 0, 0);
    for stream in streams {
        let mut from = 0;
        while from < stream.len() {
            let end = page::fitting(stream, from, bytes, rows);
            if end == from {
                out.push(std::mem::take(&mut page));
                (bytes, rows) = (0, 0);
                continue;
            }
            let piece = Piece { rows: stream, range: from..end };
            bytes += page::raw_bytes(&piece);
            rows += end - from;
            page.push(piece);
            from = end;
        }
    }
    out.push(page);
    out
}

fn measure(traces: &Traces, streams: &[RowColumns], choice: Choice) -> Result<()> {
    let (mut rows, mut runs, mut stored, mut parts) = (0, 0, 0, [0u64; PARTS.len()]);
    let (mut seal, mut read, mut sealed_pages) = (0.0, [0.0; 2], Vec::new());
    let pages = pages(streams);
    for pieces in &pages {
        let mut last = None;
        seal += timed(3, || {
            last = Some(page::seal_as(Signal::Span, pieces, choice)?);
            Ok(())
        })?;
        let Some(sealed) = last else { continue };
        rows += sealed.page.rows();
        runs += pieces.len();
        stored += stored_bytes(&sealed);
        for (sum, (_, numbers)) in parts.iter_mut().zip(PARTS) {
            *sum += bytes_of(&sealed.page, numbers);
        }
        let bodies = Projection { body: true, metadata: false };
        for (seconds, projection) in read.iter_mut().zip([Projection::ALL, bodies]) {
            let question = Question::new(TimeRange::ALL, &[], projection);
            *seconds += timed(ROUNDS, || scan(&sealed, &question).map(drop))?;
        }
        sealed_pages.push(sealed);
    }
    let per_row = |bytes: u64| bytes as f64 / rows as f64;
    println!("{choice:?}: {} pages, {:.0} spans a page", pages.len(), rows as f64 / pages.len() as f64);
    println!("  runs a page {:.1}, stored {:.2} B/span", runs as f64 / pages.len() as f64, per_row(stored));
    let bodies: u64 = parts.iter().skip(2).sum();
    let named = PARTS.iter().zip(&parts).map(|((name, _), bytes)| format!("{name} {:.2}", per_row(*bytes)));
    println!("  bodies {:.2}: {}", per_row(bodies), named.collect::<Vec<_>>().join(", "));
    let [all, bodies] = read.map(|seconds| seconds * 1e9 / rows as f64);
    println!("  ns/span: seal {:.0}, read {all:.0}, bodies {bodies:.0}", seal * 1e9 / rows as f64);
    look_up(traces, &sealed_pages)
}

/// Some traces, each in all pages whose filters let it through.
fn look_up(traces: &Traces, pages: &[Sealed]) -> Result<()> {
    let nothing = Projection { body: false, metadata: false };
    let bodies = Projection { body: true, metadata: false };
    for (name, projection) in [("all", Projection::ALL), ("bodies", bodies), ("found", nothing)] {
        let (mut seconds, mut fetched, mut visited, mut found, mut spans) = (0.0, 0, 0, 0, 0);
        for trace in traces.iter().step_by(traces.len() / 20) {
            let Some(first) = trace.first() else { continue };
            let question = Question::new(TimeRange::ALL, &[Predicate::Key(first.span.trace_id)], projection);
            for page in pages {
                if page.page.allows(&page.search, &question)? {
                    visited += 1;
                    fetched +=
                        page.page.parts(&question).iter().map(|part| part.end - part.start).sum::<u64>();
                    found += scan(page, &question)?;
                    seconds += timed(3, || scan(page, &question).map(drop))?;
                }
            }
            spans += trace.len();
        }
        let per_page = |amount: f64| amount / f64::from(visited);
        println!(
            "  look-up, {name}: {found} of {spans} spans, {:.0} KiB and {:.0} us a page",
            per_page(fetched as f64 / 1024.0),
            per_page(seconds * 1e6)
        );
    }
    Ok(())
}

fn bytes_of(page: &Page, numbers: &[u16]) -> u64 {
    let sections = page.sections().iter().filter(|section| !section.tag.in_search());
    sections.filter(|s| numbers.contains(&s.tag.number())).map(|s| u64::from(s.stored_len)).sum()
}

fn stored_bytes(sealed: &Sealed) -> u64 {
    let mut entry = Vec::new();
    sealed.page.put(&mut entry);
    sealed.page.body_len() + sealed.page.search_len() + entry.len() as u64
}

fn scan(sealed: &Sealed, question: &Question) -> Result<usize> {
    let all: Vec<u32> = (0..sealed.page.run_rows().len() as u32).collect();
    let body = std::slice::from_ref(&sealed.body);
    let runs = sealed.page.scan(body, &all, question, &ScanStats::default())?;
    Ok(runs.iter().map(|(_, rows)| rows.len()).sum())
}
