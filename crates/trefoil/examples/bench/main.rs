//! What storing and asking costs, against yardsticks measured in the same run: plain zstd for size
//! and encoding, memmem for searching. CPU time is the server process's own, so that a busy machine
//! disturbs little.
//!
//! `cargo x bench [--mb 200] [--streams 1000] [--lines FOLDER] [--keep]`; see `docs/guide/bench.md`.

mod corpus;
mod measure;
mod queries;
mod server;

use anyhow::{Context, Result};
use corpus::Corpus;
use measure::{Row, print};
use server::Server;
use std::path::PathBuf;

struct Options {
    mb: usize,
    streams: usize,
    lines: Option<PathBuf>,
}

fn options() -> Result<Options> {
    let mut options = Options { mb: 200, streams: 1000, lines: default_lines() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--mb" => options.mb = value()?.parse()?,
            "--streams" => options.streams = value()?.parse()?,
            "--lines" => options.lines = Some(value()?.into()),
            _ => anyhow::bail!("unknown option {arg}; known are --mb, --streams, --lines"),
        }
    }
    Ok(options)
}

/// Real log lines beside the project, where they are present.
fn default_lines() -> Option<PathBuf> {
    let shared = std::env::var_os("TREFOIL_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = shared.unwrap_or(beside).join("data/loghub");
    folder.is_dir().then_some(folder)
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = options()?;
    let generated = corpus::generate(options.mb << 20, options.streams);
    bench("generated", &generated).await?;
    match &options.lines {
        Some(folder) => bench("files", &corpus::read(folder)?).await?,
        None => println!("skipped: no folder of real log lines (--lines FOLDER)"),
    }
    Ok(())
}

async fn bench(name: &str, corpus: &Corpus) -> Result<()> {
    let raw = corpus.raw_bytes();
    println!(
        "\n{name}: {} lines in {} streams, {:.1} MB raw",
        corpus.line_count(),
        corpus.streams.len(),
        raw as f64 / 1e6
    );
    let zstd = measure::zstd_yardstick(corpus)?;
    let memmem_ns_per_kib = measure::memmem_yardstick(corpus);
    let server = Server::start().await?;
    let pushed = server.push(corpus).await?;
    let flushed = server.flush().await?;
    let stored = server.stored_bytes()?;
    let mut rows = vec![
        Row::new("ingest to acknowledged", "CPU s / GB", pushed.cpu_seconds / (raw as f64 / 1e9)),
        Row::new("flush to blocks", "CPU s / GB", flushed.cpu_seconds / (raw as f64 / 1e9)),
        Row::new("ingest, wall", "MB / s", raw as f64 / 1e6 / pushed.wall_seconds),
        Row::new("stored / raw", "ratio", stored as f64 / raw as f64),
        Row::new("stored / zstd-1 of the same text", "ratio", stored as f64 / zstd.bytes as f64),
        Row::new("encode CPU / zstd-1 CPU", "ratio", flushed.cpu_seconds / zstd.cpu_seconds),
        Row::new("peak memory of the server", "MB", server.peak_memory_mb()?),
        Row::new("yardstick: memmem over raw", "ns / KiB", memmem_ns_per_kib),
    ];
    for query in queries::all(corpus) {
        let cost = server.ask(&query).await.with_context(|| query.text.clone())?;
        let ns_per_kib = cost.cpu_seconds * 1e9 / (raw as f64 / 1024.0);
        let row = Row::new(query.name, "ns / KiB", ns_per_kib);
        rows.push(row.with_note(format!(
            "{:.1} ms CPU, {:.1} ms wall, {:.1}x memmem, answer {}",
            cost.cpu_seconds * 1e3,
            cost.wall_seconds * 1e3,
            ns_per_kib / memmem_ns_per_kib,
            cost.answer
        )));
    }
    print(&rows);
    Ok(())
}
