//! Lines to store: generated ones of five kinds in streams of Zipf-like rates, or real ones from files.

use crate::line::{self, Dice};
use anyhow::Result;
use model::Labels;
use std::path::Path;

/// One stream with its lines, oldest first.
pub struct StreamLines {
    pub labels: Labels,
    text: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    ts_ns: i64,
    end: u32,
    /// In structured metadata, where there is one.
    trace: Option<u64>,
}

/// A line of a stream.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub ts_ns: i64,
    pub text: &'a [u8],
    /// As 16 hex digits in structured metadata.
    pub trace: Option<u64>,
}

impl StreamLines {
    fn new<'p>(labels: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        Self { labels: Labels::from_pairs(labels), text: Vec::new(), rows: Vec::new() }
    }

    fn push(&mut self, text: &[u8], trace: Option<u64>) {
        self.text.extend_from_slice(text);
        self.rows.push(Row { ts_ns: 0, end: self.text.len() as u32, trace });
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn raw_bytes(&self) -> usize {
        self.text.len()
    }

    /// All lines, one after the other.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn line(&self, at: usize) -> Line<'_> {
        let Row { ts_ns, end, trace } = self.rows[at];
        let start = at.checked_sub(1).map_or(0, |before| self.rows[before].end);
        Line { ts_ns, text: &self.text[start as usize..end as usize], trace }
    }

    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (0..self.len()).map(|at| self.line(at))
    }

    /// Spreads the lines over the time from `start_ns` on.
    fn spread(&mut self, dice: &mut Dice, start_ns: i64) {
        let step = SPAN_NS / self.rows.len().max(1) as i64;
        for (n, row) in (0..).zip(&mut self.rows) {
            row.ts_ns = start_ns + step * n + dice.below((step as u64).min(1_000_000)) as i64;
        }
    }
}

pub struct Corpus {
    pub streams: Vec<StreamLines>,
    pub needles: Needles,
    /// Time of the first and last line.
    pub span_ns: (i64, i64),
}

/// What stands in few lines.
pub struct Needles {
    /// A word in some lines of one stream.
    pub rare: String,
    /// An id of one request, in one logfmt line.
    pub request: String,
    /// Words with spaces between them, in some lines.
    pub phrase: String,
    /// A trace id in one JSON line.
    pub trace: String,
    /// A trace id in the structured metadata of one line, when there is any.
    pub metadata: Option<String>,
    /// What stands in many lines.
    pub common: String,
}

const SPAN_NS: i64 = 24 * 3600 * 1_000_000_000;
const APPS: usize = 40;
const NODES: usize = 7;
pub const KINDS: [&str; 5] = ["nginx", "json", "logfmt", "java", "k8s"];

impl Corpus {
    pub fn raw_bytes(&self) -> usize {
        self.streams.iter().map(StreamLines::raw_bytes).sum()
    }

    pub fn line_count(&self) -> usize {
        self.streams.iter().map(StreamLines::len).sum()
    }

    /// Every line with its stream's labels.
    pub fn lines(&self) -> impl Iterator<Item = (&Labels, Line<'_>)> {
        self.streams.iter().flat_map(|stream| stream.lines().map(|line| (&stream.labels, line)))
    }
}

/// About `bytes` of lines in `streams` streams: rank r gets a share of 1 / r.
pub fn generate(bytes: usize, streams: usize) -> Corpus {
    let mut dice = Dice::new();
    let shares: f64 = (1..=streams).map(|rank| 1.0 / rank as f64).sum();
    let end_ns = base::Clock::System.now_ns();
    let needles = Needles {
        rare: "QuotaExceededException".to_owned(),
        request: "00c4be5d3a9177f2".to_owned(),
        phrase: "volume is nearly full".to_owned(),
        trace: "5f1e9d3c77aa40b2".to_owned(),
        metadata: Some("0a11ce5eed00b0b5".to_owned()),
        common: "connection refused".to_owned(),
    };
    let mut all = Vec::with_capacity(streams);
    for rank in 0..streams {
        let share = (bytes as f64 / (rank + 1) as f64 / shares) as usize;
        let kind = KINDS[rank % KINDS.len()];
        let (app, pod) = (format!("{kind}-{}", rank % APPS), format!("pod-{rank}"));
        let node = format!("node-{}", rank % NODES);
        let mut stream =
            StreamLines::new([("app", app.as_str()), ("kind", kind), ("pod", &pod), ("node", &node)]);
        let traced = rank % (2 * KINDS.len()) == 2;
        while stream.raw_bytes() < share.max(300) {
            let at = stream.len();
            let rare = planted(rank, at, &needles);
            let text = rare.unwrap_or_else(|| line::generate(kind, &mut dice));
            let mut trace = traced.then(|| dice.next());
            if rank == 2 && at == 11 {
                trace = u64::from_str_radix(needles.metadata.as_deref().unwrap_or_default(), 16).ok();
            }
            stream.push(text.as_bytes(), trace);
        }
        stream.spread(&mut dice, end_ns - SPAN_NS);
        all.push(stream);
    }
    Corpus { streams: all, needles, span_ns: (end_ns - SPAN_NS, end_ns) }
}

/// The rare lines.
fn planted(rank: usize, at: usize, needles: &Needles) -> Option<String> {
    Some(match (rank, at) {
        (1, 7) => format!(
            "{{\"level\":\"warn\",\"msg\":\"order lost\",\"trace_id\":\"{}\",\"latency_ms\":17}}",
            needles.trace
        ),
        (2, 9) => format!("level=error msg=\"order lost\" request_id={} shard=7", needles.request),
        (3, at) if at % 5000 == 4999 => {
            format!(
                "2026-11-21 10:00:01,017 ERROR [worker-3] com.shop.pay.PayClient - {}: limit 100",
                needles.rare
            )
        }
        (4, at) if at % 5000 == 4998 => {
            format!("W1121 10:00:01.000017       1 disk.go:88] {} on /data", needles.phrase)
        }
        _ => return None,
    })
}

/// The lines of every file in a folder, one stream a file.
pub fn read(folder: &Path) -> Result<Corpus> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    let (mut dice, end_ns) = (Dice::new(), base::Clock::System.now_ns());
    let needle = "nova-needle-77aa40b25f1e9d3c".to_owned();
    let mut streams = Vec::new();
    for (rank, file) in files.iter().enumerate() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(file)?;
        let mut stream = StreamLines::new([("app", name.as_str()), ("kind", "file")]);
        for text in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let text: Vec<u8> = match (rank, stream.len()) {
                (0, 7) => [text, needle.as_bytes()].concat(),
                _ => text.to_vec(),
            };
            stream.push(&text, None);
        }
        stream.spread(&mut dice, end_ns - SPAN_NS);
        streams.push(stream);
    }
    let needles = Needles {
        rare: "PacketResponder".to_owned(),
        request: needle.clone(),
        phrase: "Connection broken for id".to_owned(),
        trace: needle,
        metadata: None,
        common: "INFO".to_owned(),
    };
    Ok(Corpus { streams, needles, span_ns: (end_ns - SPAN_NS, end_ns) })
}
