//! Sizes and speeds of text pages on the files of a directory, one stream per file:
//! `cargo run --release -p page --example measure -- DIRECTORY [NEEDLE]`.
//!
//! Speeds are per CPU second of this thread (on Linux), so that a busy machine disturbs little. The
//! lines of a file are repeated, with other numbers in them, until they fill two pages.

use model::filter::Needle;
use model::{LineColumns, LineFilter, LineRef, Predicate, Projection, Rows, ScanStats, TimeRange};
use page::{Piece, Question, Sealed};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// CPU seconds of this thread; wall time where the system does not tell.
fn cpu_seconds(start: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let on_cpu_ns = schedule.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    on_cpu_ns.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// Scans per question, to measure one that takes microseconds.
const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("measure DIRECTORY [NEEDLE]")?;
    let needle = arguments.next().unwrap_or_else(|| "no line has this".to_owned());
    let mut files: Vec<_> =
        std::fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    println!(
        "{:18} {:>7} {:>6} {:>6} {:>30}  MB/s: seal, read, needle, regex",
        "file", "KiB", "ratio", "text", "bytes by section, 0 filter"
    );
    let mut total = Measured::default();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "log")) {
        let measured = measure(file, &needle)?;
        measured.print(&file.file_stem().unwrap_or_default().to_string_lossy());
        total.add(&measured);
    }
    total.print("all");
    Ok(())
}

#[derive(Default)]
struct Measured {
    raw_bytes: u64,
    text_bytes: u64,
    stored_bytes: u64,
    by_section: BTreeMap<u16, u64>,
    seconds: [f64; 4],
}

impl Measured {
    fn add(&mut self, other: &Self) {
        self.raw_bytes += other.raw_bytes;
        self.text_bytes += other.text_bytes;
        self.stored_bytes += other.stored_bytes;
        for (tag, bytes) in &other.by_section {
            *self.by_section.entry(*tag).or_default() += bytes;
        }
        for (sum, seconds) in self.seconds.iter_mut().zip(other.seconds) {
            *sum += seconds;
        }
    }

    fn print(&self, name: &str) {
        let ratio = |stored: u64| self.raw_bytes as f64 / stored as f64;
        let speed = self.seconds.map(|seconds| format!("{:6.0}", self.raw_bytes as f64 / 1e6 / seconds));
        println!(
            "{name:18} {:7} {:6.2} {:6.2} {:>30}  {}",
            self.raw_bytes >> 10,
            ratio(self.stored_bytes),
            ratio(self.text_bytes),
            format!("{:?}", self.by_section),
            speed.join(" ")
        );
    }
}

fn measure(file: &Path, needle: &str) -> Result<Measured, Box<dyn std::error::Error>> {
    let rows = Rows::Lines(lines(&std::fs::read(file)?));
    let mut measured = Measured::default();
    let (started, mut from) = (Instant::now(), 0);
    while from < page::count(&rows) {
        let end = page::fitting(&rows, from, 0, 0).max(from + 1);
        let piece = Piece { rows: &rows, range: from..end };
        measured.raw_bytes += page::raw_bytes(&piece);
        let before = cpu_seconds(started);
        let sealed = page::seal(&[piece])?;
        measured.seconds[0] += cpu_seconds(started) - before;
        for section in sealed.page.sections() {
            let number = if section.tag.in_search() { 0 } else { section.tag.number() };
            *measured.by_section.entry(number).or_default() += u64::from(section.stored_len);
            measured.stored_bytes += u64::from(section.stored_len);
        }
        measured.text_bytes = measured.by_section[&6];
        let predicate = |needle| Predicate::Line(LineFilter { negated: false, any: vec![needle] });
        let regex = model::go_regex::GoRegex::new("(?i)exception|refused")?;
        let questions = [
            vec![],
            vec![predicate(Needle::text(needle.as_bytes()))],
            vec![predicate(Needle::Regex(regex.into()))],
        ];
        for (at, predicates) in questions.iter().enumerate() {
            measured.seconds[at + 1] += scan(&sealed, predicates)?;
        }
        from = end;
    }
    Ok(measured)
}

fn scan(sealed: &Sealed, predicates: &[Predicate]) -> Result<f64, base::Error> {
    let question = Question::new(TimeRange::ALL, predicates, Projection::ALL);
    let started = Instant::now();
    let before = cpu_seconds(started);
    for _ in 0..ROUNDS {
        sealed.page.scan(std::slice::from_ref(&sealed.body), &[0], &question, &ScanStats::default())?;
    }
    Ok((cpu_seconds(started) - before) / f64::from(ROUNDS))
}

/// Nanosecond stamps with exponential gaps: nearly the worst case for a column of times.
fn lines(text: &[u8]) -> LineColumns {
    let mut chance = 1u64;
    let mut below = |limit: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % limit
    };
    let mut owned: Vec<(i64, Vec<u8>)> = Vec::new();
    let (mut ts_ns, mut bytes) = (1_700_000_000_000_000_000i64, 0);
    while bytes < 4 << 20 {
        let again = bytes > 0;
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut line = line.to_vec();
            for digit in line.iter_mut().filter(|byte| again && byte.is_ascii_digit()) {
                if below(4) == 0 {
                    *digit = b'0' + below(10) as u8;
                }
            }
            let gap = -((below(1_000_000) as f64 + 1.0) / 1_000_001.0).ln() * 2e7;
            ts_ns += gap as i64;
            bytes += line.len();
            owned.push((ts_ns, line));
        }
    }
    let rows =
        owned.iter().map(|(ts_ns, text)| LineRef { ts_ns: *ts_ns, text, metadata: model::LabelsRef::EMPTY });
    LineColumns::from_rows(rows)
}
