//! Yardsticks, and the table.

use crate::corpus::Corpus;
use anyhow::Result;
use model::varint;
use std::io::Write as _;
use std::time::Instant;

/// What others make of the text.
#[derive(Default)]
pub struct Yardsticks {
    /// Bytes of chunks per stream with blocks of 256 KiB of time, length, line, compressed with snappy.
    pub snappy_bytes: u64,
    /// The same with gzip.
    pub gzip_bytes: u64,
    /// Bytes of the text alone in zstd level 1, 1 MiB at a time, and the CPU seconds for it.
    pub zstd_bytes: u64,
    pub zstd_seconds: f64,
    /// Nanoseconds to look for an absent needle in a KiB of raw text.
    pub memmem_ns_per_kib: f64,
    /// Nanoseconds to decompress a KiB of zstd and match the lines against an expression without literals.
    pub regex_ns_per_kib: f64,
}

const BLOCK: usize = 1 << 20;
const CHUNK_BLOCK: usize = 256 << 10;

pub fn yardsticks(corpus: &Corpus) -> Result<Yardsticks> {
    let mut sums = Yardsticks::default();
    (sums.snappy_bytes, sums.gzip_bytes) = chunks(corpus)?;
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    let mut decompressor = zstd::bulk::Decompressor::new()?;
    let finder = memchr::memmem::Finder::new("no such needle anywhere");
    let expression = regex::bytes::Regex::new(crate::queries::DIGITS)?;
    let since = |started: Instant| started.elapsed().as_secs_f64();
    for stream in &corpus.streams {
        let mut text = Vec::with_capacity(stream.raw_bytes() + stream.len());
        for line in stream.lines() {
            text.extend_from_slice(line.text);
            text.push(b'\n');
        }
        for block in text.chunks(BLOCK) {
            let started = Instant::now();
            let stored = compressor.compress(block)?;
            sums.zstd_seconds += since(started);
            sums.zstd_bytes += stored.len() as u64;
            let started = Instant::now();
            anyhow::ensure!(finder.find(block).is_none(), "the needle is there");
            sums.memmem_ns_per_kib += since(started);
            let started = Instant::now();
            let text = decompressor.decompress(&stored, block.len())?;
            let hits = text.split(|b| *b == b'\n').filter(|line| expression.is_match(line)).count();
            std::hint::black_box(hits);
            sums.regex_ns_per_kib += since(started);
        }
    }
    let per_kib = 1e9 / (corpus.raw_bytes() as f64 / 1024.0);
    sums.memmem_ns_per_kib *= per_kib;
    sums.regex_ns_per_kib *= per_kib;
    Ok(sums)
}

/// Nanoseconds of CPU to look for an absent needle in a KiB of text that lies in memory, and not in the cache, on all cores at
/// once: in pieces as heads have them.
pub fn memmem_in_memory(corpus: &Corpus) -> f64 {
    const PIECE: usize = 64 << 10;
    let finder = memchr::memmem::Finder::new("no such needle anywhere");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let pieces: Vec<&[u8]> = corpus.streams.iter().flat_map(|stream| stream.text().chunks(PIECE)).collect();
    let search = |from: usize| {
        let started = Instant::now();
        let hits = pieces.iter().skip(from).step_by(threads).filter(|piece| finder.find(piece).is_some());
        std::hint::black_box(hits.count());
        started.elapsed().as_secs_f64()
    };
    let seconds: f64 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|from| scope.spawn(move || search(from))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    seconds * 1e9 / (corpus.raw_bytes() as f64 / 1024.0)
}

/// Bytes of chunks with snappy and with gzip.
fn chunks(corpus: &Corpus) -> Result<(u64, u64)> {
    let (mut snappy, mut gzip) = (0, 0);
    let mut finish = |block: &mut Vec<u8>| -> Result<()> {
        snappy += snap::raw::Encoder::new().compress_vec(block)?.len() as u64;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(block)?;
        gzip += writer.finish()?.len() as u64;
        block.clear();
        Ok(())
    };
    for stream in &corpus.streams {
        let mut block = Vec::new();
        for line in stream.lines() {
            varint::put(&mut block, line.ts_ns as u64);
            varint::put(&mut block, line.text.len() as u64);
            block.extend_from_slice(line.text);
            if let Some(trace) = line.trace {
                block.extend_from_slice(format!("{trace:016x}").as_bytes());
            }
            if block.len() >= CHUNK_BLOCK {
                finish(&mut block)?;
            }
        }
        finish(&mut block)?;
    }
    Ok((snappy, gzip))
}

pub struct Row {
    what: String,
    unit: &'static str,
    value: f64,
    note: String,
}

impl Row {
    pub fn new(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { what: what.into(), unit, value, note: String::new() }
    }

    pub fn with_note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    pub fn print(&self) {
        println!("  {:<42} {:>10.3} {:<12} {}", self.what, self.value, self.unit, self.note);
    }
}
