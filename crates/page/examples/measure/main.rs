//! Sizes and speeds of pages of both kinds on the files of a directory and on generated lines:
//! `cargo run --release -p page --example measure -- DIRECTORY [NEEDLE]`.
//!
//! Speeds are per CPU second of this thread (on Linux), so that a busy machine disturbs little. The
//! lines of a file are repeated, with other numbers in them, until they fill two pages.

mod lines;
mod skipping;

use model::filter::Needle;
use model::{LineFilter, Predicate, Projection, RowColumns, ScanStats, TimeRange};
use page::{Choice, PageKind, Piece, Question, Sealed};
use skipping::Pages;
use std::time::Instant;

/// CPU seconds of this thread; wall time where the system does not tell.
fn cpu_seconds(start: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let on_cpu_ns = schedule.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    on_cpu_ns.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// Scans per question, to measure one that takes microseconds.
const ROUNDS: u32 = 20;
/// Bytes of lines of each kind.
const LINES_BYTES: usize = 4 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("measure DIRECTORY [NEEDLE]")?;
    let needle = arguments.next().unwrap_or_else(|| "no line has this".to_owned());
    let mut files: Vec<_> =
        std::fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    println!(
        "{:16} {:7} | ratio: all, texts | seal, read MB/s | ns/KiB: absent, id, word, (?i)regex | % of stored: filter, word filter",
        "lines", "kind"
    );
    let mut pages = Pages::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "log")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        compare(&name, lines::repeated(&std::fs::read(file)?, LINES_BYTES), &needle, &mut pages)?;
    }
    for (name, line) in lines::GENERATED {
        let lines = lines::columns(LINES_BYTES, |chance, ms| line(chance, ms).into_bytes());
        compare(name, lines, &needle, &mut pages)?;
    }
    pages.print_cost();
    Ok(pages.print()?)
}

#[derive(Default)]
struct Measured {
    raw_bytes: u64,
    text_bytes: u64,
    stored_bytes: u64,
    /// Of the filter, and of that of words.
    filter_bytes: [u64; 2],
    kinds: [u32; 2],
    seconds: [f64; 6],
}

impl Measured {
    fn print(&self, name: &str, kind: &str) {
        let ratio = |stored: u64| self.raw_bytes as f64 / stored as f64;
        let share = |at: usize| 100.0 * self.filter_bytes[at] as f64 / self.stored_bytes as f64;
        let speed = |at: usize| self.raw_bytes as f64 / 1e6 / self.seconds[at];
        let per_kib = |at: usize| self.seconds[at] * 1e9 / (self.raw_bytes as f64 / 1024.0);
        println!(
            "{name:16} {kind:7} | {:6.2} {:6.2} | {:5.0} {:5.0} | {:5.0} {:5.0} {:5.0} {:5.0} | {:5.2} {:5.2} {:?}",
            ratio(self.stored_bytes),
            ratio(self.text_bytes),
            speed(0),
            speed(1),
            per_kib(2),
            per_kib(3),
            per_kib(4),
            per_kib(5),
            share(0),
            share(1),
            self.kinds,
        );
    }
}

fn compare(
    name: &str,
    rows: RowColumns,
    needle: &str,
    pages: &mut Pages,
) -> Result<(), Box<dyn std::error::Error>> {
    for (kind, choice) in [("text", Choice::Text), ("columns", Choice::Columns), ("cheaper", Choice::Cheaper)]
    {
        measure(&rows, choice, needle)?.print(name, kind);
    }
    let mut from = 0;
    while from < rows.len() {
        let end = page::fitting(&rows, from, 0, 0).max(from + 1);
        let part = page::slice(&rows, &(from..end));
        let piece = Piece { rows: &part, range: 0..part.len() };
        let sealed = page::seal(model::Signal::Line, &[piece])?;
        pages.add(&part, sealed);
        from = end;
    }
    Ok(())
}

fn measure(rows: &RowColumns, choice: Choice, needle: &str) -> Result<Measured, Box<dyn std::error::Error>> {
    let lines = rows;
    let row = lines.row(lines.len() / 3).body;
    let id = row.split(|byte| !byte.is_ascii_alphanumeric()).max_by_key(|word| word.len()).unwrap_or(row);
    let mut measured = Measured::default();
    let (started, mut from) = (Instant::now(), 0);
    while from < rows.len() {
        let end = page::fitting(rows, from, 0, 0).max(from + 1);
        let piece = Piece { rows, range: from..end };
        measured.raw_bytes += page::raw_bytes(&piece);
        let before = cpu_seconds(started);
        let sealed = page::seal_as(model::Signal::Line, &[piece], choice)?;
        measured.seconds[0] += cpu_seconds(started) - before;
        measured.kinds[usize::from(sealed.page.kind() == PageKind::LineColumns)] += 1;
        for section in sealed.page.sections() {
            measured.stored_bytes += u64::from(section.stored_len);
            let number = section.tag.number();
            if section.tag.in_search() {
                measured.filter_bytes[usize::from(number > 1)] += u64::from(section.stored_len);
                continue;
            }
            if (6..=10).contains(&number) || number >= 128 {
                measured.text_bytes += u64::from(section.stored_len);
            }
        }
        let predicate = |needle| Predicate::Line(LineFilter { negated: false, any: vec![needle] });
        let regex = model::go_regex::GoRegex::new("(?i)exception|refused")?;
        let questions = [
            vec![],
            vec![predicate(Needle::text(needle.as_bytes()))],
            vec![predicate(Needle::text(id))],
            vec![predicate(Needle::text(b"error"))],
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
