//! What is appended: rows of one tenant, encoded once at the edge. The same bytes are what the WAL
//! keeps, what goes between nodes, and what replay reads (`docs/format/batch.md`).

use crate::labels::LabelsRef;
use crate::signal::Signal;
use crate::tenant::Tenant;
use crate::varint;
use base::{Error, Result};
use bytes::Bytes;
use std::sync::Arc;

mod build;
mod first;
mod rows;
mod spare;

pub use build::BatchBuilder;
use rows::Known;
pub use rows::{BatchRow, BatchStream, Rows, Said};

/// First bytes of a batch.
const MAGIC: &[u8; 3] = b"TFB";
const VERSION: u8 = 2;

/// An encoded and checked batch; cheap to clone.
#[derive(Clone, Debug)]
pub struct Batch {
    tenant: Tenant,
    signal: Signal,
    received_ns: i64,
    row_count: u64,
    /// All bytes, and where the streams start in them.
    bytes: Bytes,
    body_start: usize,
    /// Of each stream.
    known: Arc<[Known]>,
}

impl Batch {
    /// Checks `bytes` through and through, so that iterating later cannot fail. Bytes of the first version become those
    /// of this one.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn decode(bytes: Bytes) -> Result<Self> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("wrong magic"))?;
        let (version, tail) = rest.split_first().ok_or_else(|| corrupt("cut header"))?;
        rest = tail;
        let (tag, tail) = rest.split_first().ok_or_else(|| corrupt("cut header"))?;
        rest = tail;
        let signal = Signal::from_tag(*tag).ok_or_else(|| corrupt("unknown signal"))?;
        let received_ns = varint::take_i64(&mut rest).ok_or_else(|| corrupt("cut header"))?;
        let tenant = varint::take_bytes(&mut rest).ok_or_else(|| corrupt("cut tenant"))?;
        let tenant = std::str::from_utf8(tenant).ok().and_then(|t| Tenant::new(t).ok());
        let tenant = tenant.ok_or_else(|| corrupt("bad tenant"))?;
        let body_start = bytes.len() - rest.len();
        match *version {
            1 => return first::rewritten(BatchBuilder::new(tenant, signal, received_ns), rest),
            VERSION => {}
            other => {
                return Err(corrupt(&format!("version {other} is not known; this program reads 1 and 2")));
            }
        }
        let (mut known, mut row_count) = (Vec::new(), 0u64);
        while !rest.is_empty() {
            let stream =
                BatchStream::take(&mut rest, Known::default()).ok_or_else(|| corrupt("cut stream"))?;
            LabelsRef::check(stream.labels.bytes())?;
            known.push(stream.check()?);
            row_count += stream.row_count;
        }
        Ok(Self { tenant, signal, received_ns, row_count, bytes, body_start, known: known.into() })
    }

    /// Whose rows.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What kind of rows.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// When the edge received them.
    pub fn received_ns(&self) -> i64 {
        self.received_ns
    }

    /// Number of streams.
    pub fn stream_count(&self) -> usize {
        self.known.len()
    }

    /// Number of rows.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.row_count == 0
    }

    /// The streams in their order.
    pub fn streams(&self) -> impl Iterator<Item = BatchStream<'_>> {
        let mut rest = &self.bytes[self.body_start..];
        self.known.iter().map_while(move |known| BatchStream::take(&mut rest, *known))
    }

    /// The same batch without the streams at `positions`.
    #[must_use]
    pub fn without_streams(&self, positions: &[usize]) -> Self {
        let mut out = self.bytes[..self.body_start].to_vec();
        let (mut known, mut row_count) = (Vec::new(), 0);
        for (at, stream) in self.streams().enumerate() {
            if !positions.contains(&at) {
                out.extend_from_slice(stream.bytes());
                known.push(stream.known);
                row_count += stream.row_count;
            }
        }
        Self { row_count, bytes: out.into(), known: known.into(), ..self.clone() }
    }
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("batch: {what}"))
}

#[cfg(test)]
mod tests;
