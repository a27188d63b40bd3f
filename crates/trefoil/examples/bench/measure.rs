//! Yardsticks, and the table.

use crate::corpus::Corpus;
use anyhow::Result;
use std::time::Instant;

/// What plain zstd level 1 makes of the text, 1 MiB at a time.
pub struct Zstd {
    pub bytes: usize,
    pub cpu_seconds: f64,
}

const BLOCK: usize = 1 << 20;

fn whole_text(corpus: &Corpus) -> Vec<u8> {
    let mut text = Vec::with_capacity(corpus.raw_bytes() + corpus.line_count());
    for (_, line) in corpus.streams.iter().flat_map(|stream| &stream.lines) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

pub fn zstd_yardstick(corpus: &Corpus) -> Result<Zstd> {
    let text = whole_text(corpus);
    let started = Instant::now();
    let mut bytes = 0;
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    for block in text.chunks(BLOCK) {
        bytes += compressor.compress(block)?.len();
    }
    Ok(Zstd { bytes, cpu_seconds: started.elapsed().as_secs_f64() })
}

/// Nanoseconds to look for an absent needle in a KiB of raw text.
pub fn memmem_yardstick(corpus: &Corpus) -> f64 {
    let text = whole_text(corpus);
    let finder = memchr::memmem::Finder::new("no such needle anywhere");
    let best = (0..5).map(|_| {
        let started = Instant::now();
        assert!(finder.find(&text).is_none());
        started.elapsed().as_secs_f64()
    });
    best.fold(f64::INFINITY, f64::min) * 1e9 / (text.len() as f64 / 1024.0)
}

pub struct Row {
    what: String,
    unit: &'static str,
    value: f64,
    note: String,
}

impl Row {
    pub fn new(what: &str, unit: &'static str, value: f64) -> Self {
        Self { what: what.to_owned(), unit, value, note: String::new() }
    }

    pub fn with_note(mut self, note: String) -> Self {
        self.note = note;
        self
    }
}

pub fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.what.len()).max().unwrap_or(0);
    for row in rows {
        println!("  {:<width$}  {:>10.3} {:<10} {}", row.what, row.value, row.unit, row.note);
    }
}
