//! What the stages of the write path of log lines cost, in one process and without HTTP: bodies of pushes become
//! batches, batches go into the log and the heads, heads become blocks, blocks are merged. And the memory that the
//! heads take:
//!
//! ```text
//! cargo run --release -p trefoil --example write_path -- [--mb 400] [--streams 1067] [--until STAGE] [--flush-mb 100000]
//! ```
//!
//! Stages are `append`, `flush` and `merge`; with `--until` counters of the process that pushes (`--bodies FILE`,
//! under `perf stat`) can be told apart by stages. Many streams with little in them: `--mb 1 --streams 100000`.
//! Something to merge: `--flush-mb 4`.

#[path = "../bench/corpus.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod corpus;
#[path = "../bench/line.rs"]
mod line;
#[path = "../bench/pushes.rs"]
mod pushes;

use anyhow::{Context, Result};
use api::admit::KnownStreams;
use api::push::{Encoded, Format, Job, prepare};
use base::meter::Registry;
use base::unit::ByteSize;
use base::{Clock, Pool};
use bucket::Bucket;
use model::{Append as _, Limits, Operate as _, Tenant, varint};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use store::{Shared, Store, StoreConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Append,
    Flush,
    Merge,
}

struct Options {
    mb: usize,
    streams: usize,
    until: Stage,
    flush_bytes: u64,
    /// Where bodies are: those of another process, so that its memory is not counted.
    bodies: Option<PathBuf>,
}

fn options() -> Result<Options> {
    let mut options =
        Options { mb: 400, streams: 1067, until: Stage::Merge, flush_bytes: 1 << 40, bodies: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().with_context(|| format!("{arg} needs a value"))?;
        match (arg.as_str(), value.as_str()) {
            ("--mb", mb) => options.mb = mb.parse()?,
            ("--streams", streams) => options.streams = streams.parse()?,
            ("--flush-mb", mb) => options.flush_bytes = mb.parse::<u64>()? << 20,
            ("--bodies", file) => options.bodies = Some(file.into()),
            ("--until", "append") => options.until = Stage::Append,
            ("--until", "flush") => options.until = Stage::Flush,
            ("--until", "merge") => options.until = Stage::Merge,
            _ => anyhow::bail!("unknown option {arg} {value}"),
        }
    }
    Ok(options)
}

/// CPU nanoseconds of the threads of this process.
fn all_cpu_ns() -> Result<u64> {
    let mut spent_ns = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        spent_ns += stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(spent_ns)
}

/// CPU nanoseconds of this thread.
fn own_cpu_ns() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split(' ').next().context("schedstat")?.parse()?)
}

fn memory_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? * 1.024 / 1000.0)
}

fn print(what: &str, cpu_ns: u64, raw_bytes: f64) {
    let seconds = cpu_ns as f64 / 1e9;
    let (per_gb, speed) = (seconds / (raw_bytes / 1e9), raw_bytes / 1e6 / seconds);
    println!("{what:28} {per_gb:8.2} CPU s/GB, {speed:7.0} MB per CPU s");
}

async fn open(dir: &Path, limits: &Limits, flush_bytes: u64) -> Result<Store> {
    let huge = ByteSize(1 << 40);
    let config = StoreConfig {
        wal_dir: dir.to_owned(),
        head_memory: huge,
        flush_bytes: ByteSize(flush_bytes),
        wal_size: huge,
        compaction_interval: base::unit::Period(0),
        ..StoreConfig::default()
    };
    let (bucket, limits) = (Bucket::memory(), limits.clone().fixed());
    let shared = Shared::new(&config, bucket, limits, Clock::System, Registry::default(), Pool::new(1)?);
    let store = Store::open(config, shared).await?;
    store.started().await?;
    Ok(store)
}

fn main() -> Result<()> {
    let options = options()?;
    match &options.bodies {
        Some(file) => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(1).enable_all().build()?.block_on(measure(&options, file))
        }
        None => generate(&options),
    }
}

/// Writes the bodies to a file, and has another process measure with them.
fn generate(options: &Options) -> Result<()> {
    let corpus = corpus::generate(options.mb << 20, options.streams);
    let (raw_bytes, lines) = (corpus.raw_bytes(), corpus.line_count());
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("bodies");
    let mut out = BufWriter::new(File::create(&file)?);
    out.write_all(&(raw_bytes as u64).to_le_bytes())?;
    let mut count = 0;
    for body in pushes::bodies(&corpus) {
        let mut length = Vec::new();
        varint::put(&mut length, body.len() as u64);
        out.write_all(&length)?;
        out.write_all(&body)?;
        count += 1;
    }
    out.flush()?;
    drop(corpus);
    println!(
        "{lines} lines in {} streams, {:.1} MB raw, {count} pushes",
        options.streams,
        raw_bytes as f64 / 1e6
    );
    let mut measuring = Command::new(std::env::current_exe()?);
    let measured = measuring.args(std::env::args().skip(1)).arg("--bodies").arg(&file).status()?;
    anyhow::ensure!(measured.success(), "measuring failed");
    Ok(())
}

async fn measure(options: &Options, file: &Path) -> Result<()> {
    let limits = Limits {
        max_global_streams_per_user: 0,
        per_stream_rate_limit_burst: ByteSize(1 << 40),
        ..Limits::default()
    };
    let dir = tempfile::tempdir()?;
    let store = open(dir.path(), &limits, options.flush_bytes).await?;
    let raw_bytes = append(&store, file, limits).await?;
    for (stage, what) in [(Stage::Flush, "heads to blocks"), (Stage::Merge, "merging blocks")] {
        if options.until < stage {
            break;
        }
        let before = all_cpu_ns()?;
        match stage {
            Stage::Flush => store.flush(None).await?,
            _ => drop(store.compact_now().await?),
        }
        print(what, all_cpu_ns()? - before, raw_bytes);
    }
    Ok(())
}

/// Pushes the bodies in `file`. Gives the bytes of text in them.
async fn append(store: &Store, file: &Path, limits: Limits) -> Result<f64> {
    let (limits, streams) = (Arc::new(limits), KnownStreams::default());
    let mut bodies = BufReader::new(File::open(file)?);
    let mut raw_bytes = [0; 8];
    bodies.read_exact(&mut raw_bytes)?;
    let raw_bytes = u64::from_le_bytes(raw_bytes) as f64;
    let (started, memory_before) = (Instant::now(), memory_mb()?);
    let (mut prepare_ns, mut append_ns) = (0, 0);
    while let Some(body) = next_body(&mut bodies)? {
        let job = Job {
            format: Format { compression: None, encoded: Encoded::LokiProto },
            body: body.into(),
            tenant: Tenant::single(),
            limits: limits.clone(),
            streams: streams.clone(),
            received_ns: Clock::System.now_ns(),
            decompressed_bytes_max: 1 << 30,
        };
        let (own, all) = (own_cpu_ns()?, all_cpu_ns()?);
        let admitted = prepare(&job).map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        let own = own_cpu_ns()? - own;
        let ack = store.append(admitted.batch).await?;
        anyhow::ensure!(ack.refused.is_empty(), "the store has refused streams");
        prepare_ns += own;
        append_ns += all_cpu_ns()? - all - own;
    }
    print("bodies to batches", prepare_ns, raw_bytes);
    print("batches to log and heads", append_ns, raw_bytes);
    println!("{:28} {:8.1} s", "both, wall", started.elapsed().as_secs_f64());
    let memory = memory_mb()? - memory_before;
    println!("{:28} {:8.1} MB, {:.3} of raw", "memory for it", memory, memory * 1e6 / raw_bytes);
    Ok(raw_bytes)
}

fn next_body(bodies: &mut impl std::io::Read) -> Result<Option<Vec<u8>>> {
    let (mut length, mut byte) = (Vec::new(), [0]);
    while bodies.read(&mut byte)? == 1 {
        length.push(byte[0]);
        if byte[0] < 0x80 {
            let length = varint::take(&mut length.as_slice()).context("length of a body")?;
            let mut body = vec![0; length as usize];
            bodies.read_exact(&mut body)?;
            return Ok(Some(body));
        }
    }
    Ok(None)
}
