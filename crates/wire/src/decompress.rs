//! Compressed bodies, never decompressed beyond a limit.

mod snappy;

pub use snappy::snappy;

use crate::refused::Refused;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Read};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A snappy block (not the framed format).
    Snappy,
    /// gzip, one member or several.
    Gzip,
    /// HTTP's `deflate`: raw deflate as Go's servers read it, or zlib as the standard says.
    Deflate,
    /// zstd frames.
    Zstd,
    /// LZ4 frames.
    Lz4,
}

/// A body that could not be decompressed to its end.
#[derive(Debug)]
pub struct Broken {
    /// What came out before that; `None` when not even the format's header could be read. Go's
    /// servers decode while they decompress, so their answer depends on it.
    pub so_far: Option<Vec<u8>>,
    /// Why it ended.
    pub refused: Refused,
}

/// zstd windows beyond 2^27 bytes are refused: the decoder would take that much memory at once.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Capacity that is added at a time while the size is unknown, in bytes.
const STEP_BYTES: usize = 64 << 10;

/// Decompresses `body` to at most `limit_bytes`.
///
/// # Errors
/// [`base::Kind::Limit`] when more comes out than `limit_bytes`, [`base::Kind::Invalid`] for a body
/// that is cut or damaged, both in Go's words.
pub fn decompress(encoding: Encoding, body: &[u8], limit_bytes: u64) -> Result<Vec<u8>, Broken> {
    match encoding {
        Encoding::Snappy => {
            let mut room = Vec::new();
            let size = snappy(body, limit_bytes, &mut room)?.len();
            room.truncate(size);
            Ok(room)
        }
        Encoding::Gzip => gzip(body, limit_bytes),
        Encoding::Deflate => deflate(body, limit_bytes),
        Encoding::Zstd => zstd(body, limit_bytes),
        Encoding::Lz4 => {
            let reader = lz4_flex::frame::FrameDecoder::new(body);
            read(reader, limit_bytes, |error| format!("lz4: {error}"))
        }
    }
}

/// The refusal of a body of `size_bytes` after decompression.
fn too_large(size_bytes: u64, limit_bytes: u64) -> Refused {
    Refused::too_large(format!(
        "request body too large: message decompressed size too large than max ({size_bytes} vs {limit_bytes})"
    ))
}

fn broken(so_far: impl Into<Option<Vec<u8>>>, text: impl Into<Vec<u8>>) -> Broken {
    Broken { so_far: so_far.into(), refused: Refused::invalid(text) }
}

fn over_limit(size_bytes: u64, limit_bytes: u64) -> Broken {
    Broken { so_far: None, refused: too_large(size_bytes, limit_bytes) }
}

fn gzip(body: &[u8], limit_bytes: u64) -> Result<Vec<u8>, Broken> {
    // Go reads the ten bytes of the header before it looks at them.
    const HEADER_LEN: usize = 10;
    match body {
        [] => return Err(broken(None, "EOF")),
        short if short.len() < HEADER_LEN => return Err(broken(None, "unexpected EOF")),
        [0x1f, 0x8b, 8, ..] => {}
        _ => return Err(broken(None, "gzip: invalid header")),
    }
    read(flate2::bufread::MultiGzDecoder::new(body), limit_bytes, |error| {
        let text = error.to_string();
        if error.kind() == io::ErrorKind::UnexpectedEof {
            "unexpected EOF".to_owned()
        } else if text.contains("checksum") {
            "gzip: invalid checksum".to_owned()
        } else if text.contains("header") {
            "gzip: invalid header".to_owned()
        } else {
            "flate: corrupt input".to_owned()
        }
    })
}

fn deflate(body: &[u8], limit_bytes: u64) -> Result<Vec<u8>, Broken> {
    // A zlib header is two bytes, divisible by 31, of method 8; a raw stream hardly ever begins so.
    let zlib = matches!(body, [cmf, flags, ..]
        if cmf & 15 == 8 && u16::from_be_bytes([*cmf, *flags]).is_multiple_of(31));
    if zlib {
        match inflate(body, true, limit_bytes) {
            Err(broken) if broken.refused.kind() == base::Kind::Invalid => {}
            done => return done,
        }
    }
    inflate(body, false, limit_bytes)
}

/// Inflates step by step: flate2's reader takes a cut stream for a whole one.
fn inflate(body: &[u8], zlib: bool, limit_bytes: u64) -> Result<Vec<u8>, Broken> {
    let mut inflate = Decompress::new(zlib);
    let mut out = Vec::with_capacity(body.len().saturating_mul(2).min(STEP_BYTES));
    loop {
        if out.len() as u64 > limit_bytes {
            return Err(over_limit(out.len() as u64, limit_bytes));
        }
        if out.capacity() == out.len() {
            out.reserve(STEP_BYTES);
        }
        let (in_before, out_before) = (inflate.total_in(), out.len());
        let rest = body.get(in_before as usize..).unwrap_or(&[]);
        match inflate.decompress_vec(rest, &mut out, FlushDecompress::None) {
            Ok(Status::StreamEnd) if out.len() as u64 <= limit_bytes => return Ok(out),
            Ok(_) if inflate.total_in() == in_before && out.len() == out_before => {
                return Err(broken(out, "unexpected EOF"));
            }
            Ok(_) => {}
            Err(_) => {
                let text = format!("flate: corrupt input before offset {}", inflate.total_in());
                return Err(broken(out, text));
            }
        }
    }
}

fn zstd(body: &[u8], limit_bytes: u64) -> Result<Vec<u8>, Broken> {
    let text = |error: io::Error| format!("zstd: {error}");
    let mut reader = match zstd::stream::read::Decoder::with_buffer(body) {
        Ok(reader) => reader,
        Err(error) => return Err(broken(None, text(error))),
    };
    if let Err(error) = reader.window_log_max(ZSTD_WINDOW_LOG_MAX) {
        return Err(broken(None, text(error)));
    }
    read(reader, limit_bytes, text)
}

fn read(reader: impl Read, limit_bytes: u64, text: impl Fn(io::Error) -> String) -> Result<Vec<u8>, Broken> {
    let mut out = Vec::new();
    match reader.take(limit_bytes.saturating_add(1)).read_to_end(&mut out) {
        Ok(size) if size as u64 > limit_bytes => Err(over_limit(size as u64, limit_bytes)),
        Ok(_) => Ok(out),
        Err(error) => Err(broken(out, text(error))),
    }
}

#[cfg(test)]
mod tests;
