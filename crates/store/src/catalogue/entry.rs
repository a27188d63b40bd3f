//! The objects of the catalogue (`docs/format/catalogue.md`): lines of JSON, the last one a checksum.

use crate::block::BlockMeta;
use base::{Error, Result};
use bytes::Bytes;
use model::{Signal, Tenant};
use serde::{Deserialize, Serialize};
use wal::Position;

/// What the first line of every object says it is.
const FORMAT: &str = "trefoil catalogue";
/// The version that is written and the only one that is read.
const VERSION: u32 = 1;

/// What an entry changes. A snapshot is a change that begins with nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Forget everything before.
    pub reset: bool,
    /// Blocks that are there now.
    pub added: Vec<BlockMeta>,
    /// Blocks that are not to be read any more. Their objects are still there.
    pub removed: Vec<Removed>,
    /// Names of removed blocks whose objects are gone.
    pub deleted: Vec<String>,
    /// What of the writers' logs is in blocks now.
    pub covered: Vec<Covered>,
}

/// A block that is not to be read any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Whose.
    pub tenant: Tenant,
    /// Key in the bucket.
    pub name: String,
    /// Since when, Unix nanoseconds.
    pub at_ns: i64,
}

/// The rows of a tenant in a writer's log up to a record are in blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Which log.
    pub writer: String,
    /// Whose rows.
    pub tenant: Tenant,
    /// Segment of the last record whose rows are in blocks.
    pub segment: u64,
    /// Number of this record in its segment.
    pub sequence: u64,
}

impl Covered {
    /// The rows of `tenant` in the log of `writer` up to the record `through`.
    pub fn new(writer: &str, tenant: &Tenant, through: Position) -> Self {
        let Position { segment, sequence } = through;
        Self { writer: writer.to_owned(), tenant: tenant.clone(), segment, sequence }
    }

    /// The last record whose rows are in blocks.
    pub fn through(&self) -> Position {
        Position { segment: self.segment, sequence: self.sequence }
    }
}

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// What it is.
    pub kind: ObjectKind,
    /// Of which store.
    pub signal: Signal,
    /// Number of the entry; of a snapshot, the number of the last entry in it.
    pub sequence: u64,
    /// Who wrote it.
    pub writer: String,
    /// A number drawn by the writer, so that no two writers ever write the same bytes.
    pub nonce: u64,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// One change.
    Entry,
    /// Everything up to an entry.
    Snapshot,
}

impl Header {
    /// The first line of an object that `writer` writes.
    pub fn new(kind: ObjectKind, signal: Signal, sequence: u64, writer: &str, nonce: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            kind,
            signal,
            sequence,
            writer: writer.to_owned(),
            nonce,
        }
    }
}

/// A line between the first and the last.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Record {
    Reset(bool),
    Added(BlockMeta),
    Removed(Removed),
    Deleted(String),
    Covered(Covered),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    xxh3: String,
}

/// The bytes of an object.
///
/// # Errors
/// [`base::Kind::Bug`] when a value has no JSON.
pub fn encode(header: &Header, change: &Change) -> Result<Bytes> {
    let mut out = Vec::new();
    put(&mut out, header)?;
    if change.reset {
        put(&mut out, &Record::Reset(true))?;
    }
    for meta in &change.added {
        put(&mut out, &Record::Added(meta.clone()))?;
    }
    for removed in &change.removed {
        put(&mut out, &Record::Removed(removed.clone()))?;
    }
    for name in &change.deleted {
        put(&mut out, &Record::Deleted(name.clone()))?;
    }
    for covered in &change.covered {
        put(&mut out, &Record::Covered(covered.clone()))?;
    }
    let xxh3 = checksum(&out);
    put(&mut out, &Trailer { xxh3 })?;
    Ok(out.into())
}

fn put(out: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(|e| Error::bug("catalogue line").because(e))?;
    out.push(b'\n');
    Ok(())
}

fn checksum(bytes: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(bytes))
}

/// Reads an object.
///
/// # Errors
/// [`base::Kind::Corrupt`] for bytes that were not written so, [`base::Kind::Invalid`] for what a
/// newer program wrote.
pub fn decode(bytes: &[u8]) -> Result<(Header, Change)> {
    let corrupt = |what: &str| Error::corrupt(format!("catalogue object: {what}"));
    let without_end = bytes.strip_suffix(b"\n").ok_or_else(|| corrupt("cut short"))?;
    let last = without_end.iter().rposition(|byte| *byte == b'\n').ok_or_else(|| corrupt("cut short"))? + 1;
    let (body, trailer) = without_end.split_at(last);
    let trailer: Trailer = serde_json::from_slice(trailer).map_err(|e| corrupt("no checksum").because(e))?;
    if trailer.xxh3 != checksum(body) {
        return Err(corrupt("wrong checksum"));
    }
    let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let first = lines.next().ok_or_else(|| corrupt("no first line"))?;
    let newer = |line: &[u8], e: serde_json::Error| {
        let line = String::from_utf8_lossy(line);
        Error::invalid(format!("catalogue line that this program does not know: {line}")).because(e)
    };
    let header: Header = serde_json::from_slice(first).map_err(|e| newer(first, e))?;
    if header.format != FORMAT || header.version != VERSION {
        let (format, version) = (&header.format, header.version);
        return Err(Error::invalid(format!(
            "catalogue object is {format:?} version {version}, this program knows {FORMAT:?} version {VERSION}"
        )));
    }
    let mut change = Change::default();
    for line in lines {
        // The checksum held, so what cannot be read was not damaged but written by another program.
        match serde_json::from_slice(line).map_err(|e| newer(line, e))? {
            Record::Reset(reset) => change.reset = reset,
            Record::Added(meta) => change.added.push(meta),
            Record::Removed(removed) => change.removed.push(removed),
            Record::Deleted(name) => change.deleted.push(name),
            Record::Covered(covered) => change.covered.push(covered),
        }
    }
    Ok((header, change))
}

#[cfg(test)]
mod tests;
