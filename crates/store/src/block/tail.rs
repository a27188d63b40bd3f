//! The end of a block (`docs/format/block.md`): what is needed to open it, and the footer that says
//! where it starts.
//!
//! ```text
//! index | run table | page directory | facts | footer
//! ```

use base::{Error, Result};
use index::Index;
use model::{RunFacts, Signal, Tenant, varint};
use page::Page;
use std::ops::{Range, RangeInclusive};

/// First bytes of a block: magic, major and minor version, two bytes 0.
pub const HEADER: [u8; 8] = *b"TRFB\x01\x00\x00\x00";
/// Last bytes of a block.
const MAGIC: &[u8; 8] = b"TRFBLOCK";
/// A reader refuses blocks of another major version and reads all minor ones.
const MAJOR: u8 = HEADER[4];
const MINOR: u8 = HEADER[5];
/// Parts of the tail in front of the footer.
const PARTS: usize = 4;

/// Bytes of the footer, the last ones of an object.
pub const FOOTER_BYTES: usize = 16 * PARTS + 8 + 8 + 8;

/// What the tail holds, decoded.
#[derive(Debug)]
pub struct Tail {
    /// Labels to streams.
    pub index: Index,
    /// Runs of each stream, by ordinal.
    pub runs: Vec<Vec<RunFacts>>,
    /// The page directory.
    pub pages: Vec<Page>,
    /// Whose rows.
    pub tenant: Tenant,
    /// Of what kind.
    pub signal: Signal,
    /// When its rows were received, first and last.
    pub received_ns: RangeInclusive<i64>,
}

fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("block: {what}"))
}

/// Appends the tail.
pub fn put(
    index: &[u8],
    runs: &[Vec<RunFacts>],
    pages: &[Page],
    facts: (&Tenant, Signal, &RangeInclusive<i64>),
    out: &mut Vec<u8>,
) {
    let mut directory = Vec::new();
    varint::put(&mut directory, pages.len() as u64);
    pages.iter().for_each(|page| page.put(&mut directory));
    let (tenant, signal, received_ns) = facts;
    let mut facts = vec![signal.tag()];
    facts.extend_from_slice(&received_ns.start().to_le_bytes());
    facts.extend_from_slice(&received_ns.end().to_le_bytes());
    varint::put_bytes(&mut facts, tenant.as_str().as_bytes());
    let mut footer = Vec::with_capacity(FOOTER_BYTES);
    for part in [index, &run_table(runs), &directory, &facts] {
        out.extend_from_slice(part);
        footer.extend_from_slice(&(part.len() as u64).to_le_bytes());
        footer.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(part).to_le_bytes());
    }
    footer.extend_from_slice(&[MAJOR, MINOR, 0, 0, 0, 0, 0, 0]);
    footer.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&footer).to_le_bytes());
    footer.extend_from_slice(MAGIC);
    out.extend_from_slice(&footer);
}

/// Per stream the number of its runs, then per run its bytes, its oldest row as the difference to
/// that of the run before, and the time from there to its newest. Its number of rows is in the page
/// directory: runs lie in pages in the order of this table.
fn run_table(runs: &[Vec<RunFacts>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last_ns = 0i64;
    for of_stream in runs {
        varint::put(&mut out, of_stream.len() as u64);
        for run in of_stream {
            varint::put(&mut out, run.bytes);
            let step = run.min_ns.wrapping_sub(last_ns);
            varint::put(&mut out, ((step << 1) ^ (step >> 63)) as u64);
            varint::put(&mut out, run.max_ns.wrapping_sub(run.min_ns) as u64);
            last_ns = run.min_ns;
        }
    }
    out
}

fn take_run_table(mut input: &[u8], stream_count: u32, pages: &[Page]) -> Result<Vec<Vec<RunFacts>>> {
    let cut = || corrupt("cut run table");
    let mut rows = pages.iter().flat_map(|page| page.run_rows());
    let mut last_ns = 0i64;
    let mut out = Vec::new();
    for _ in 0..stream_count {
        let count = varint::take(&mut input).ok_or_else(cut)?;
        let mut of_stream = Vec::new();
        for _ in 0..count {
            let rows = rows.next().ok_or_else(|| corrupt("more runs than in its pages"))?;
            let bytes = varint::take(&mut input).ok_or_else(cut)?;
            let step = varint::take(&mut input).ok_or_else(cut)?;
            let length = varint::take(&mut input).ok_or_else(cut)?;
            last_ns = last_ns.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
            let max_ns = last_ns.wrapping_add(length as i64);
            of_stream.push(RunFacts { min_ns: last_ns, max_ns, rows: u64::from(*rows), bytes });
        }
        out.push(of_stream);
    }
    if rows.next().is_some() || !input.is_empty() {
        return Err(corrupt("fewer runs than in its pages"));
    }
    Ok(out)
}

/// Lengths and checksums of the parts, from the last bytes of an object.
fn take_footer(bytes: &[u8], verified: bool) -> Result<[(u64, u64); PARTS]> {
    let footer = bytes.last_chunk::<FOOTER_BYTES>().ok_or_else(|| corrupt("cut footer"))?;
    let number = |at: usize| {
        footer
            .get(at..)
            .and_then(|rest| rest.first_chunk::<8>())
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    if !footer.ends_with(MAGIC) {
        return Err(corrupt("wrong magic at the end"));
    }
    let major = footer[16 * PARTS];
    if major != MAJOR {
        return Err(corrupt(format!("format version {major}, this program reads {MAJOR}")));
    }
    let checked = &footer[..16 * PARTS + 8];
    if verified && xxhash_rust::xxh3::xxh3_64(checked) != number(checked.len()) {
        return Err(corrupt("wrong checksum of the footer"));
    }
    Ok(std::array::from_fn(|part| (number(16 * part), number(16 * part + 8))))
}

/// Length of the tail, read from the last [`FOOTER_BYTES`] of an object: for who has no
/// [`super::BlockMeta`], as when a catalogue is rebuilt.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn tail_len(footer: &[u8]) -> Result<u64> {
    sum_of(&take_footer(footer, true)?)
}

/// Bytes of the parts of a tail: index, run table, page directory, facts.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn tail_parts(tail: &[u8]) -> Result<[u64; PARTS]> {
    Ok(take_footer(tail, true)?.map(|(length, _)| length))
}

fn sum_of(parts: &[(u64, u64); PARTS]) -> Result<u64> {
    let sum = parts.iter().try_fold(FOOTER_BYTES as u64, |sum, (length, _)| sum.checked_add(*length));
    sum.ok_or_else(|| corrupt("impossible lengths"))
}

/// Decodes a tail. Checksums are compared when it is to be `verified`; only a fuzzer leaves that out.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn take(tail: &[u8], verified: bool) -> Result<Tail> {
    let parts = take_footer(tail, verified)?;
    let expected = sum_of(&parts)?;
    if expected != tail.len() as u64 {
        return Err(corrupt(format!("tail of {} bytes instead of {expected}", tail.len())));
    }
    let mut start = 0;
    let mut bytes = parts.iter().map(|(length, checksum)| {
        let range: Range<usize> = start..start + *length as usize;
        start = range.end;
        let part = tail.get(range).unwrap_or(&[]);
        if verified && xxhash_rust::xxh3::xxh3_64(part) != *checksum {
            return Err(corrupt("wrong checksum in the tail"));
        }
        Ok(part)
    });
    let mut part = || bytes.next().unwrap_or(Ok(&[]));
    let (index, runs, mut directory, facts) = (part()?, part()?, part()?, part()?);
    let index = Index::decode(index)?;
    let page_count = varint::take(&mut directory).ok_or_else(|| corrupt("cut page directory"))?;
    let mut pages = Vec::new();
    for _ in 0..page_count {
        pages.push(Page::take(&mut directory)?);
    }
    let runs = take_run_table(runs, index.stream_count(), &pages)?;
    let (tenant, signal, received_ns) = take_facts(facts).ok_or_else(|| corrupt("wrong facts"))?;
    Ok(Tail { index, runs, pages, tenant, signal, received_ns })
}

fn take_facts(mut input: &[u8]) -> Option<(Tenant, Signal, RangeInclusive<i64>)> {
    let (tag, rest) = input.split_first()?;
    input = rest;
    let signal = Signal::from_tag(*tag)?;
    let received_ns = varint::take_i64(&mut input)?..=varint::take_i64(&mut input)?;
    let tenant = std::str::from_utf8(varint::take_bytes(&mut input)?).ok()?;
    Some((Tenant::new(tenant).ok()?, signal, received_ns))
}
