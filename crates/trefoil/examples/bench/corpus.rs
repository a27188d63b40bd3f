//! Lines to store: generated ones of four kinds in streams of Zipf-like rates, or real ones from files.

use anyhow::Result;
use model::Labels;
use std::fmt::Write;
use std::path::Path;

/// One stream with its lines, oldest first.
pub struct StreamLines {
    pub labels: Labels,
    pub lines: Vec<(i64, Vec<u8>)>,
}

pub struct Corpus {
    pub streams: Vec<StreamLines>,
    /// An id that stands in exactly one line.
    pub needle: String,
    /// A phrase that stands in many lines.
    pub phrase: String,
    /// Time of the first and last line.
    pub span_ns: (i64, i64),
}

const SPAN_NS: i64 = 6 * 3600 * 1_000_000_000;
const NODES: usize = 7;

impl Corpus {
    pub fn raw_bytes(&self) -> usize {
        self.streams.iter().flat_map(|s| &s.lines).map(|(_, text)| text.len()).sum()
    }

    pub fn line_count(&self) -> usize {
        self.streams.iter().map(|s| s.lines.len()).sum()
    }
}

/// xorshift64*
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// About `bytes` of lines in `streams` streams: rank r gets a share of 1 / r.
pub fn generate(bytes: usize, streams: usize) -> Corpus {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let shares: f64 = (1..=streams).map(|rank| 1.0 / rank as f64).sum();
    let end_ns = base::Clock::System.now_ns();
    let start_ns = end_ns - SPAN_NS;
    let mut all = Vec::with_capacity(streams);
    for rank in 0..streams {
        let share = (bytes as f64 / (rank + 1) as f64 / shares) as usize;
        let kind = ["nginx", "json", "logfmt", "java"][rank % 4];
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut filled = 0;
        while filled < share.max(300) {
            let text = line(kind, &mut dice).into_bytes();
            filled += text.len();
            texts.push(text);
        }
        let count = texts.len() as i64;
        let spread = |n: usize| start_ns + SPAN_NS / count * n as i64;
        let lines = texts.into_iter().enumerate();
        let lines = lines.map(|(n, text)| (spread(n) + dice.below(1_000_000) as i64, text)).collect();
        let (app, pod) = (format!("{kind}-{}", rank % 40), format!("pod-{rank}"));
        let node = format!("node-{}", rank % NODES);
        let labels = Labels::from_pairs([
            ("app", app.as_str()),
            ("kind", kind),
            ("pod", pod.as_str()),
            ("node", node.as_str()),
        ]);
        all.push(StreamLines { labels, lines });
    }
    let needle = "5f1e9d3c77aa40b2".to_owned();
    if let Some((_, text)) = all[1].lines.get_mut(7) {
        *text = format!(
            "{{\"level\":\"warn\",\"msg\":\"order lost\",\"trace_id\":\"{needle}\",\"latency_ms\":17}}"
        )
        .into_bytes();
    }
    Corpus { streams: all, needle, phrase: "connection refused".to_owned(), span_ns: (start_ns, end_ns) }
}

const PATHS: &[&str] =
    &["/api/orders", "/api/users/login", "/static/app.js", "/api/cart", "/health", "/api/search"];
const LEVELS: &[&str] = &["info", "info", "info", "info", "debug", "warn", "error"];
const MESSAGES: &[&str] =
    &["order stored", "user logged in", "cache miss", "connection refused", "retrying call", "job done"];
const CLASSES: &[&str] = &["com.shop.orders.OrderService", "com.shop.pay.PayClient", "org.web.Dispatcher"];

fn line(kind: &str, dice: &mut Dice) -> String {
    let mut text = String::with_capacity(240);
    let (path, level, message) = (dice.of(PATHS), dice.of(LEVELS), dice.of(MESSAGES));
    let status = [200, 200, 200, 204, 304, 404, 500, 502][dice.below(8) as usize];
    let (trace, span, ms) = (dice.next(), dice.next() >> 16, dice.below(dice.0 % 2000 + 1));
    let _ = match kind {
        "nginx" => write!(
            text,
            "10.{}.{}.{} - - [21/Nov/2026:10:{:02}:{:02} +0000] \"GET {path}?id={} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\" {}.{:03}",
            dice.below(4),
            dice.below(250),
            dice.below(250),
            dice.below(60),
            dice.below(60),
            dice.below(100_000),
            dice.below(50_000),
            ms / 1000,
            ms % 1000
        ),
        "json" => write!(
            text,
            "{{\"level\":\"{level}\",\"msg\":\"{message}\",\"trace_id\":\"{trace:016x}\",\"span_id\":\"{span:012x}\",\"status\":{status},\"latency_ms\":{ms},\"http\":{{\"path\":\"{path}\",\"bytes\":{}}}}}",
            dice.below(90_000)
        ),
        "logfmt" => write!(
            text,
            "level={level} msg=\"{message}\" path={path} status={status} duration={ms}ms request_id={trace:016x} shard={}",
            dice.below(64)
        ),
        _ => {
            let class = dice.of(CLASSES);
            let _ = write!(
                text,
                "2026-11-21 10:00:{:02},{:03} ERROR [worker-{}] {class} - {message} for order {}",
                dice.below(60),
                ms % 1000,
                dice.below(16),
                trace % 1_000_000
            );
            for _ in 0..dice.below(6) {
                let _ = write!(
                    text,
                    "\n\tat {class}.call({}.java:{})",
                    dice.of(&["Service", "Client", "Proxy"]),
                    dice.below(900)
                );
            }
            Ok(())
        }
    };
    text
}

/// The lines of every file in a folder, one stream a file.
pub fn read(folder: &Path) -> Result<Corpus> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    let end_ns = base::Clock::System.now_ns();
    let start_ns = end_ns - SPAN_NS;
    let mut streams = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file)?;
        let texts: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
        let step = SPAN_NS / texts.len().max(1) as i64;
        let lines =
            texts.iter().enumerate().map(|(n, text)| (start_ns + step * n as i64, text.to_vec())).collect();
        let labels = Labels::from_pairs([("app", name.as_str()), ("kind", "file")]);
        streams.push(StreamLines { labels, lines });
    }
    let needle = "nova-needle-77aa40b25f1e9d3c".to_owned();
    if let Some((_, text)) = streams.first_mut().and_then(|s| s.lines.get_mut(7)) {
        text.extend_from_slice(needle.as_bytes());
    }
    Ok(Corpus { streams, needle, phrase: "INFO".to_owned(), span_ns: (start_ns, end_ns) })
}
