//! How the bytes of a section are stored. Contexts and scratch buffers are kept per thread: fresh
//! ones cost more than compressing a small section.

use base::{Error, Result};
use pco::data_types::Number;
use pco::{ChunkConfig, DeltaSpec, ModeSpec};
use std::cell::RefCell;
use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd::zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, SafeResult, get_error_name};

/// The most bytes a section may decode to. A page aims at 2 MiB; only a page of a single huge row
/// comes near, and rows beyond are refused long before.
pub const DECODED_BYTES_MAX: usize = 256 << 20;

/// A scratch buffer larger than this is not kept for the next section.
const KEPT_SCRATCH_BYTES: usize = 16 << 20;

/// Room behind decompressed bytes, for readers that put zeros there.
const ROOM_BEHIND_BYTES: usize = 64;

/// 1 and 3 compress log text alike; level 1 is the faster one.
const ZSTD_LEVEL: i32 = 1;

/// What numbers have in common by chance is not worth a reference to it: shorter matches are not looked for.
const NUMBERS_MATCH_BYTES: u32 = 7;
/// The fewest bytes that are worth a table of codes of their own.
const PART_BYTES_MIN: usize = 512;

/// Level 3 of pco is within a percent of its default and more than twice as fast on timestamps.
const PCO_LEVEL: usize = 3;

/// How a section is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// As it is.
    None = 0,
    /// One zstd frame with its content size.
    Zstd = 1,
    /// pco columns; the section's kind says how many and of which type.
    Pco = 2,
    /// Not at all: it is put together from other sections of the page, those of lines.
    Columns = 3,
    /// As above, those of samples.
    Samples = 4,
    /// As above, those of spans.
    Spans = 5,
    /// How times rise from row to row; the section's kind says how.
    Rises = 6,
}

impl Codec {
    /// The codec of a stored byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::None,
            1 => Self::Zstd,
            2 => Self::Pco,
            3 => Self::Columns,
            4 => Self::Samples,
            5 => Self::Spans,
            6 => Self::Rises,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Contexts {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    numbers: Option<CCtx<'static>>,
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
    compressed: Vec<u8>,
}

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Appends `raw` to `out`, compressed when that is smaller, and says how.
///
/// # Errors
/// [`base::Kind::Bug`] when zstd fails.
pub fn compress(raw: &[u8], out: &mut Vec<u8>) -> Result<Codec> {
    let failed = |e: std::io::Error| Error::bug("zstd cannot compress").because(e);
    CONTEXTS.with_borrow_mut(|contexts| {
        let compressor = match &mut contexts.compressor {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(failed)?),
        };
        contexts.compressed.clear();
        contexts.compressed.reserve(zstd::compress_bound(raw.len()));
        compressor.compress_to_buffer(raw, &mut contexts.compressed).map_err(failed)?;
        Ok(contexts.give_smaller(raw, out))
    })
}

/// As [`compress`], of numbers in parts that differ in how often each byte is there, as the lower and the upper bytes
/// of numbers do: each part gets codes of its own, in the same frame. Parts end at `ends`, ascending.
///
/// # Errors
/// [`base::Kind::Bug`] when zstd fails.
pub fn compress_parts(raw: &[u8], ends: impl Iterator<Item = usize>, out: &mut Vec<u8>) -> Result<Codec> {
    let failed = |code| Error::bug(format!("zstd cannot compress numbers: {}", get_error_name(code)));
    CONTEXTS.with_borrow_mut(|contexts| {
        let context = match &mut contexts.numbers {
            Some(context) => context,
            none => none.insert(numbers_context().map_err(failed)?),
        };
        let (mut start, mut parts) = (0, 1);
        let ends = ends.filter(|end| {
            let is_long = *end >= start + PART_BYTES_MIN && end + PART_BYTES_MIN <= raw.len();
            if is_long {
                (start, parts) = (*end, parts + 1);
            }
            is_long
        });
        let ends: Vec<usize> = ends.collect();
        contexts.compressed.clear();
        // A block has three bytes in front.
        contexts.compressed.reserve(zstd::compress_bound(raw.len()) + 3 * parts);
        put_frame(context, raw, &ends, &mut contexts.compressed).map_err(failed)?;
        Ok(contexts.give_smaller(raw, out))
    })
}

fn numbers_context() -> Result<CCtx<'static>, usize> {
    let mut context = CCtx::create();
    context.set_parameter(CParameter::CompressionLevel(ZSTD_LEVEL))?;
    context.set_parameter(CParameter::MinMatch(NUMBERS_MATCH_BYTES))?;
    Ok(context)
}

/// One frame of `raw`, with blocks that end at `ends`.
fn put_frame(context: &mut CCtx<'_>, raw: &[u8], ends: &[usize], out: &mut Vec<u8>) -> SafeResult {
    context.reset(zstd::zstd_safe::ResetDirective::SessionOnly)?;
    context.set_pledged_src_size(Some(raw.len() as u64))?;
    let mut out = OutBuffer::around(out);
    let mut start = 0;
    for end in ends.iter().copied().filter(|end| *end < raw.len()) {
        let mut part = InBuffer::around(raw.get(start..end).unwrap_or(&[]));
        while context.compress_stream2(&mut out, &mut part, ZSTD_EndDirective::ZSTD_e_flush)? > 0 {}
        start = end;
    }
    let mut part = InBuffer::around(raw.get(start..).unwrap_or(&[]));
    while context.compress_stream2(&mut out, &mut part, ZSTD_EndDirective::ZSTD_e_end)? > 0 {}
    Ok(out.pos())
}

impl Contexts {
    /// Appends `raw`, or what was compressed of it where that is smaller.
    fn give_smaller(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Codec {
        let smaller = self.compressed.len() < raw.len();
        out.extend_from_slice(if smaller { &self.compressed } else { raw });
        if self.compressed.capacity() > KEPT_SCRATCH_BYTES {
            self.compressed = Vec::new();
        }
        if smaller { Codec::Zstd } else { Codec::None }
    }
}

/// Replaces what is in `out` by the `raw_len` bytes that `stored` decodes to.
///
/// # Errors
/// [`base::Kind::Corrupt`] when it decodes to another length, to more than [`DECODED_BYTES_MAX`] or
/// not at all.
pub fn decompress(codec: Codec, stored: &[u8], raw_len: usize, out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    if raw_len > DECODED_BYTES_MAX {
        return Err(Error::corrupt(format!("section of {raw_len} bytes, limit {DECODED_BYTES_MAX}")));
    }
    match codec {
        Codec::None if stored.len() == raw_len => out.extend_from_slice(stored),
        Codec::Zstd => decompress_frame(stored, raw_len, out)?,
        Codec::None | Codec::Pco | Codec::Columns | Codec::Samples | Codec::Spans | Codec::Rises => {
            return Err(Error::corrupt(format!("{} bytes {codec:?} for {raw_len} raw", stored.len())));
        }
    }
    Ok(())
}

fn decompress_frame(stored: &[u8], raw_len: usize, out: &mut Vec<u8>) -> Result<()> {
    // Before memory is taken for it.
    let said = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten();
    if said != Some(raw_len as u64) {
        return Err(Error::corrupt(format!("zstd frame of {said:?} bytes instead of {raw_len}")));
    }
    let failed = |e: std::io::Error| Error::corrupt("zstd frame").because(e);
    out.reserve_exact(raw_len + ROOM_BEHIND_BYTES);
    let written = CONTEXTS.with_borrow_mut(|contexts| {
        let decompressor = match &mut contexts.decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(zstd::bulk::Decompressor::new().map_err(failed)?),
        };
        decompressor.decompress_to_buffer(stored, out).map_err(failed)
    })?;
    if written != raw_len {
        return Err(Error::corrupt(format!("zstd frame gave {written} bytes instead of {raw_len}")));
    }
    Ok(())
}

/// This thread's scratch buffer, with whatever was last in it, to be given back with [`keep_scratch`].
pub fn take_scratch() -> Vec<u8> {
    SCRATCH.take()
}

/// Keeps `buffer` for the next [`take_scratch`] of this thread.
pub fn keep_scratch(buffer: Vec<u8>) {
    if buffer.capacity() <= KEPT_SCRATCH_BYTES {
        SCRATCH.set(buffer);
    }
}

/// Appends a pco column of `values` to `out`.
///
/// # Errors
/// [`base::Kind::Bug`] when pco fails.
pub fn compress_numbers<T: Number>(values: &[T], out: &mut Vec<u8>) -> Result<()> {
    put_numbers(values, ModeSpec::Auto, out)
}

/// As [`compress_numbers`], of numbers that are all multiples of `unit`.
///
/// # Errors
/// As [`compress_numbers`].
pub fn compress_multiples(values: &[u64], unit: u64, out: &mut Vec<u8>) -> Result<()> {
    put_numbers(values, if unit > 1 { ModeSpec::TryIntMult(unit) } else { ModeSpec::Classic }, out)
}

/// Told how numbers are alike (`mode`), pco need not try what they may be.
fn put_numbers<T: Number>(values: &[T], mode: ModeSpec, out: &mut Vec<u8>) -> Result<()> {
    let config = ChunkConfig::default().with_compression_level(PCO_LEVEL);
    let config = config.with_delta_spec(DeltaSpec::NoOp).with_mode_spec(mode);
    pco::standalone::simple_compress_into(values, &config, out)
        .map(|_| ())
        .map_err(|e| Error::bug("pco cannot compress").because(e))
}

/// Fills `out` from a pco column.
///
/// # Errors
/// [`base::Kind::Corrupt`] when `stored` holds another number of values or is no pco column.
pub fn decompress_numbers<T: Number>(stored: &[u8], out: &mut [T]) -> Result<()> {
    let progress = pco::standalone::simple_decompress_into(stored, out)
        .map_err(|e| Error::corrupt("pco column").because(e))?;
    if !progress.finished || progress.n_processed != out.len() {
        return Err(Error::corrupt(format!("pco column of other than {} values", out.len())));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
