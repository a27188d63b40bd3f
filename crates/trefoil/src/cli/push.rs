//! `trefoil push`: loads files, with a bar and a summary.

use super::args::PushOptions;
use super::bar::{Bar, bytes_text};
use super::client::Client;
use super::paint::Paint;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Longest line that is sent; what is longer comes in pieces of this length.
const LINE_BYTES_MAX: usize = 1 << 20;
/// A push that is refused for being too fast, or not answered, is sent again so often.
const TRIES_MAX: u32 = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs `trefoil push`.
pub async fn files(options: PushOptions) -> Result<()> {
    let client = Client::new(&options.connection)?;
    let labels = labels_of(&options.label)?;
    let total: u64 = options.files.iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).sum();
    let mut load = Load {
        client,
        batch_bytes: usize::try_from(options.batch.0).unwrap_or(usize::MAX).max(1),
        bar: Bar::new("loading", total, options.quiet),
        read_bytes: Arc::new(AtomicU64::new(0)),
        last_ns: 0,
        sum: Sum::default(),
    };
    let started = Instant::now();
    for path in &options.files {
        load.file(path, &labels).await.with_context(|| format!("while loading {}", path.display()))?;
    }
    let sum = load.finish();
    if !options.quiet {
        let spent = started.elapsed().as_secs_f64();
        let rate = bytes_text((sum.bytes as f64 / spent.max(0.001)) as u64);
        let text = format!(
            "{} lines, {} from {} file(s) in {spent:.1}s ({rate}/s)",
            sum.lines,
            bytes_text(sum.bytes),
            options.files.len()
        );
        eprintln!("{}", Paint::stderr().good(&text));
        eprintln!("find them with: trefoil query '{}'", labels);
    }
    for refusal in &sum.refusals {
        eprintln!("{}", Paint::stderr().bad(refusal));
    }
    if !sum.refusals.is_empty() {
        bail!("the server refused some lines");
    }
    Ok(())
}

fn labels_of(pairs: &[String]) -> Result<model::Labels> {
    let mut builder = model::LabelsBuilder::default();
    if pairs.is_empty() {
        builder.set("job", "push");
    }
    for pair in pairs {
        let (name, value) =
            pair.split_once('=').with_context(|| format!("--label {pair:?} is not name=value"))?;
        builder.set(name.trim(), value.trim().trim_matches('"'));
    }
    Ok(builder.build())
}

/// What was loaded.
#[derive(Debug, Default)]
struct Sum {
    lines: u64,
    bytes: u64,
    refusals: Vec<String>,
}

struct Load {
    client: Client,
    batch_bytes: usize,
    bar: Bar,
    /// Bytes of the files read so far, before decompression: what the bar shows.
    read_bytes: Arc<AtomicU64>,
    /// Time given to the last line; every line gets its own nanosecond so that order is kept.
    last_ns: i64,
    sum: Sum,
}

impl Load {
    async fn file(&mut self, path: &Path, labels: &model::Labels) -> Result<()> {
        let mut builder = model::LabelsBuilder::from(labels.as_ref());
        builder.set("filename", &path.to_string_lossy());
        let labels = builder.build();
        let mut input = open(path, self.read_bytes.clone())?;
        let mut batch: Vec<(i64, Vec<u8>)> = Vec::new();
        let mut batch_bytes = 0;
        let mut line = Vec::new();
        while read_line(&mut input, &mut line)? {
            self.last_ns = base::Clock::System.now_ns().max(self.last_ns + 1);
            batch_bytes += line.len();
            batch.push((self.last_ns, std::mem::take(&mut line)));
            if batch_bytes >= self.batch_bytes {
                self.send(&labels, &mut batch).await?;
                batch_bytes = 0;
            }
        }
        self.send(&labels, &mut batch).await
    }

    async fn send(&mut self, labels: &model::Labels, batch: &mut Vec<(i64, Vec<u8>)>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let lines = batch.iter().map(|(ts_ns, text)| model::RowRef {
            ts_ns: *ts_ns,
            body: text,
            metadata: model::LabelsRef::EMPTY,
        });
        let body = wire::loki::encode::push_body(&[(labels.as_ref(), lines.collect())]);
        let mut pause = FIRST_PAUSE;
        for tries in 1.. {
            let (status, text) = match self.client.push(body.clone()).await {
                Ok(answer) => answer,
                Err(error) if tries >= TRIES_MAX => return Err(error),
                Err(_) => (503, String::new()),
            };
            match status {
                // 260 is how a server says that it blocks this tenant's pushes.
                260 | 400..=428 | 430..=499 => {
                    self.sum.refusals.push(text.trim().to_owned());
                    batch.clear();
                    return Ok(());
                }
                200..300 => break,
                _ if tries >= TRIES_MAX => bail!("{} (status {status}, {tries} tries)", text.trim()),
                _ => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        self.sum.lines += batch.len() as u64;
        self.sum.bytes += batch.iter().map(|(_, text)| text.len() as u64).sum::<u64>();
        self.bar.set(self.read_bytes.load(Ordering::Relaxed), &format!("{} lines", self.sum.lines));
        batch.clear();
        Ok(())
    }

    fn finish(mut self) -> Sum {
        self.bar.clear();
        self.sum
    }
}

/// Reads one line without its end; `false` at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    if input.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(true)
}

fn open(path: &Path, read_bytes: Arc<AtomicU64>) -> Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = Counted { inner: File::open(path)?, read_bytes };
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    Ok(match extension {
        "gz" => Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file))),
        "zst" => Box::new(BufReader::new(zstd::Decoder::new(file)?)),
        _ => Box::new(BufReader::new(file)),
    })
}

/// Counts what is read.
struct Counted {
    inner: File,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read_bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
