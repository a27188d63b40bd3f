//! What storing and asking costs, against yardsticks measured in the same run: plain zstd for size
//! and encoding, memmem for searching. CPU time is the server process's own, so that a busy machine
//! disturbs little.
//!
//! `cargo x bench [--mb 200] [--streams 1000] [--lines FOLDER] [--keep]`; see `docs/guide/bench.md`.

mod corpus;
mod line;
mod measure;
mod pushes;
mod queries;
mod server;

use anyhow::{Context, Result};
use corpus::Corpus;
use measure::{Row, Yardsticks};
use server::Server;
use std::path::PathBuf;

struct Options {
    mb: usize,
    streams: usize,
    lines: Option<PathBuf>,
    /// Leave the data where they are at the end.
    keep: bool,
}

fn options() -> Result<Options> {
    let mut options = Options { mb: 200, streams: 1000, lines: default_lines(), keep: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--mb" => options.mb = value()?.parse()?,
            "--streams" => options.streams = value()?.parse()?,
            "--lines" => options.lines = Some(value()?.into()),
            "--keep" => options.keep = true,
            _ => anyhow::bail!("unknown option {arg}; known are --mb, --streams, --lines, --keep"),
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
    bench("generated", &generated, options.keep).await?;
    in_heads(&generated).await?;
    drop(generated);
    fixed(100_000).await?;
    match &options.lines {
        Some(folder) => bench("files", &corpus::read(folder)?, false).await?,
        None => println!("skipped: no folder of real log lines (--lines FOLDER)"),
    }
    Ok(())
}

async fn bench(name: &str, corpus: &Corpus, keep: bool) -> Result<()> {
    let raw = corpus.raw_bytes();
    println!(
        "\n{name}: {} lines in {} streams, {:.1} MB raw",
        corpus.line_count(),
        corpus.streams.len(),
        raw as f64 / 1e6
    );
    let mut server = Server::start("").await?;
    let yardsticks = store(&server, corpus).await?;
    let needles = queries::needles(corpus);
    Row::new("restart to ready", "ms", server.restart().await? * 1e3).print();
    for query in &needles {
        server.restart().await?;
        let cost = server.ask_once(query, corpus).await?;
        let row = Row::new(format!("{}, cold", query.name), "ms", cost.wall_seconds * 1e3);
        row.with_note(format!("{:.1} MB fetched", cost.fetched_bytes as f64 / 1e6)).print();
    }
    for query in needles.iter().chain(&queries::others(corpus)) {
        let cost = server.ask(query, corpus).await?;
        let ns_per_kib = cost.cpu_seconds * 1e9 / (raw as f64 / 1024.0);
        let row = Row::new(query.name, "ms CPU", cost.cpu_seconds * 1e3);
        row.with_note(format!(
            "{:8.1} the first time, {:8.1} ms wall, {:7.1} ns/KiB, {:6.2}x memmem, {:6.1} MB read: {}",
            cost.first_cpu_seconds * 1e3,
            cost.wall_seconds * 1e3,
            ns_per_kib,
            ns_per_kib / yardsticks.memmem_ns_per_kib,
            cost.fetched_bytes as f64 / 1e6,
            cost.answer
        ))
        .print();
    }
    if keep {
        println!("the data are kept; trefoil -config.file={}", server.keep().display());
    }
    Ok(())
}

/// What lines cost that are not in blocks yet.
async fn in_heads(corpus: &Corpus) -> Result<()> {
    println!("\nthe same lines in memory, no block");
    let raw = corpus.raw_bytes() as f64;
    let server = Server::start("trefoil: {head_memory: 16GB, flush_bytes: 16GB}").await?;
    let empty = server.resident_memory_mb()?;
    server.push(corpus).await?;
    let memory = server.resident_memory_mb()? - empty;
    Row::new("memory", "MB", memory).with_note(format!("{:.3} of the text", memory * 1e6 / raw)).print();
    let memmem = measure::memmem_in_memory(corpus);
    Row::new("yardstick: memmem over memory", "ns/KiB", memmem).print();
    for query in queries::needles(corpus) {
        let cost = server.ask(&query, corpus).await?;
        let row = Row::new(query.name, "ms CPU", cost.cpu_seconds * 1e3);
        let ns_per_kib = cost.cpu_seconds * 1e9 / (raw / 1024.0);
        row.with_note(format!("{ns_per_kib:.1} ns/KiB, {:.2}x memmem", ns_per_kib / memmem)).print();
    }
    Ok(())
}

/// What streams cost with hardly a line in them.
async fn fixed(streams: usize) -> Result<()> {
    println!("\n{streams} streams of two lines");
    let corpus = corpus::generate(0, streams);
    let server = Server::start("").await?;
    let empty = server.resident_memory_mb()?;
    server.push(&corpus).await?;
    let memory = server.resident_memory_mb()? - empty;
    let note = format!("{:.1} MB of it is text", corpus.raw_bytes() as f64 / 1e6);
    Row::new("memory", "MB", memory).with_note(note).print();
    Ok(())
}

/// Pushes, flushes and merges, and prints what that costs.
async fn store(server: &Server, corpus: &Corpus) -> Result<Yardsticks> {
    let raw = corpus.raw_bytes() as f64;
    let yardsticks = measure::yardsticks(corpus)?;
    Row::new("yardstick: memmem over raw", "ns/KiB", yardsticks.memmem_ns_per_kib).print();
    Row::new("yardstick: zstd -1 and a regex", "ns/KiB", yardsticks.regex_ns_per_kib).print();
    Row::new("yardstick: zstd -1", "CPU s/GB", yardsticks.zstd_seconds / (raw / 1e9)).print();
    let pushed = server.push(corpus).await?;
    let wall = format!("{:.1} MB/s", raw / 1e6 / pushed.wall_seconds);
    Row::new("push, flushes meanwhile", "CPU s/GB", pushed.cpu_seconds / (raw / 1e9)).with_note(wall).print();
    let needle = &queries::needles(corpus)[0];
    let head = server.ask(needle, corpus).await?;
    Row::new("rare token, last lines in the head", "ms CPU", head.cpu_seconds * 1e3).print();
    let flushed = server.operate("flush").await?;
    let both = pushed.cpu_seconds + flushed.cpu_seconds;
    Row::new("push and flush", "CPU s/GB", both / (raw / 1e9)).print();
    Row::new("peak memory of the server", "MB", server.peak_memory_mb()?).print();
    let (objects, bytes) = server.stored()?;
    Row::new("stored, before merging", "MB", bytes as f64 / 1e6)
        .with_note(format!("{objects} objects"))
        .print();
    let merged = server.operate("compact").await?;
    Row::new("merging", "CPU s/GB", merged.cpu_seconds / (raw / 1e9)).print();
    let (objects, bytes) = server.stored()?;
    let stored = bytes as f64;
    let note = format!("{objects} objects, with those that were merged");
    Row::new("stored, all parts", "MB", stored / 1e6).with_note(note).print();
    Row::new("blocks with snappy / stored", "ratio", yardsticks.snappy_bytes as f64 / stored).print();
    Row::new("blocks with gzip / stored", "ratio", yardsticks.gzip_bytes as f64 / stored).print();
    Row::new("text with zstd -1 / stored", "ratio", yardsticks.zstd_bytes as f64 / stored).print();
    Row::new("memory after that", "MB", server.resident_memory_mb()?).print();
    Ok(yardsticks)
}
