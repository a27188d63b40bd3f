//! What is appended: rows of one tenant, encoded once at the edge. The same bytes are what the WAL
//! keeps, what goes between nodes, and what replay reads (`docs/format/batch.md`).

use crate::labels::LabelsRef;
use crate::row::RowRef;
use crate::signal::Signal;
use crate::tenant::Tenant;
use crate::varint;
use base::{Error, Result};
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

mod spare;

/// First bytes of a batch: magic and version.
const MAGIC: &[u8; 4] = b"TFB\x01";

/// An encoded and checked batch; cheap to clone.
#[derive(Clone, Debug)]
pub struct Batch {
    tenant: Tenant,
    signal: Signal,
    received_ns: i64,
    stream_count: usize,
    row_count: u64,
    /// All bytes, and where the streams start in them.
    bytes: Bytes,
    body_start: usize,
    /// What [`BatchStream::row_bytes`] says of each stream, where the builder has counted it.
    counted_bytes: Option<Arc<[u64]>>,
}

/// The rows of one stream in a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchStream<'a> {
    /// Labels; their canonical bytes identify the stream.
    pub labels: LabelsRef<'a>,
    /// Number of rows.
    pub row_count: u64,
    rows: &'a [u8],
    counted_bytes: Option<u64>,
}

impl Batch {
    /// Checks `bytes` through and through, so that iterating later cannot fail.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn decode(bytes: Bytes) -> Result<Self> {
        let corrupt = |what: &str| Error::corrupt(format!("batch: {what}"));
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("wrong magic or version"))?;
        let (tag, tail) = rest.split_first().ok_or_else(|| corrupt("cut header"))?;
        rest = tail;
        let signal = Signal::from_tag(*tag).ok_or_else(|| corrupt("unknown signal"))?;
        let received_ns = varint::take_i64(&mut rest).ok_or_else(|| corrupt("cut header"))?;
        let tenant = varint::take_bytes(&mut rest).ok_or_else(|| corrupt("cut tenant"))?;
        let tenant = std::str::from_utf8(tenant).ok().and_then(|t| Tenant::new(t).ok());
        let tenant = tenant.ok_or_else(|| corrupt("bad tenant"))?;
        let body_start = bytes.len() - rest.len();
        let (mut stream_count, mut row_count) = (0, 0u64);
        while !rest.is_empty() {
            let stream = BatchStream::take(&mut rest).ok_or_else(|| corrupt("cut stream"))?;
            LabelsRef::check(stream.labels.bytes())?;
            let mut rows = stream.rows;
            for _ in 0..stream.row_count {
                let row = take_row(&mut rows).ok_or_else(|| corrupt("cut row"))?;
                LabelsRef::check(row.metadata.bytes())?;
            }
            if !rows.is_empty() {
                return Err(corrupt("bytes after the last row of a stream"));
            }
            stream_count += 1;
            row_count += stream.row_count;
        }
        Ok(Self {
            tenant,
            signal,
            received_ns,
            stream_count,
            row_count,
            bytes,
            body_start,
            counted_bytes: None,
        })
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
        self.stream_count
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
        let mut counted = self.counted_bytes.iter().flat_map(|counted| counted.iter().copied());
        std::iter::from_fn(move || {
            let stream = BatchStream::take(&mut rest)?;
            Some(BatchStream { counted_bytes: counted.next(), ..stream })
        })
    }

    /// The same batch without the streams at `positions`.
    #[must_use]
    pub fn without_streams(&self, positions: &[usize]) -> Self {
        let mut out = self.bytes[..self.body_start].to_vec();
        let (mut stream_count, mut row_count) = (0, 0);
        for (at, stream) in self.streams().enumerate() {
            if !positions.contains(&at) {
                stream.put(&mut out);
                stream_count += 1;
                row_count += stream.row_count;
            }
        }
        Self { stream_count, row_count, bytes: out.into(), counted_bytes: None, ..self.clone() }
    }
}

impl<'a> BatchStream<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let labels = LabelsRef::trusted(varint::take_bytes(rest)?);
        let row_count = varint::take(rest)?;
        let rows = varint::take_bytes(rest)?;
        Some(Self { labels, row_count, rows, counted_bytes: None })
    }

    fn put(&self, out: &mut Vec<u8>) {
        varint::put_bytes(out, self.labels.bytes());
        varint::put(out, self.row_count);
        varint::put_bytes(out, self.rows);
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'a>> + use<'a> {
        let mut rest = self.rows;
        std::iter::from_fn(move || take_row(&mut rest))
    }

    /// Encoded bytes of its rows: what memory budgets count by.
    pub fn byte_len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of text and metadata of its rows: what rate limits count by.
    pub fn row_bytes(&self) -> u64 {
        self.counted_bytes.unwrap_or_else(|| self.rows().map(row_bytes).sum())
    }
}

fn row_bytes(row: RowRef<'_>) -> u64 {
    row.body.len() as u64 + row.metadata.pair_bytes()
}

#[inline]
fn take_row<'a>(rest: &mut &'a [u8]) -> Option<RowRef<'a>> {
    let ts_ns = varint::take_i64(rest)?;
    let body = varint::take_bytes(rest)?;
    let metadata = LabelsRef::trusted(varint::take_bytes(rest)?);
    Some(RowRef { ts_ns, body, metadata })
}

/// Encodes a batch stream by stream, row by row.
#[derive(Debug)]
pub struct BatchBuilder {
    tenant: Tenant,
    signal: Signal,
    received_ns: i64,
    bytes: Vec<u8>,
    body_start: usize,
    stream_count: usize,
    row_count: u64,
    counted_bytes: Vec<u64>,
    /// Where the stream that is not ended yet starts in `bytes`, and where its rows do: between them is room for
    /// what stands before rows.
    open: Range<usize>,
    /// The number of its rows, and the bytes of what they say.
    open_row_count: u64,
    open_bytes: u64,
    /// Bytes that will stand before the rows of the next stream, as far as they were told.
    expected_front: usize,
}

impl BatchBuilder {
    /// A batch of `signal` rows of `tenant`, received at `received_ns`.
    pub fn new(tenant: Tenant, signal: Signal, received_ns: i64) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(signal.tag());
        bytes.extend_from_slice(&received_ns.to_le_bytes());
        varint::put_bytes(&mut bytes, tenant.as_str().as_bytes());
        let body_start = bytes.len();
        Self {
            tenant,
            signal,
            received_ns,
            bytes,
            body_start,
            stream_count: 0,
            row_count: 0,
            counted_bytes: Vec::new(),
            open: 0..0,
            open_row_count: 0,
            open_bytes: 0,
            expected_front: 0,
        }
    }

    /// Takes room for about this many bytes of rows at once.
    pub fn reserve(&mut self, bytes: usize) {
        if let Some(mut spare) = spare::take(self.bytes.len() + bytes) {
            spare.extend_from_slice(&self.bytes);
            self.bytes = spare;
        }
        self.bytes.reserve_exact(bytes);
    }

    /// Appends a stream with its rows; a stream without rows is left out.
    pub fn add_rows<'a>(&mut self, labels: LabelsRef<'_>, rows: impl IntoIterator<Item = RowRef<'a>>) {
        for row in rows {
            self.add_row(row);
        }
        self.end_stream(labels);
    }

    /// Says that the next stream will have `labels` and so many rows, of so many bytes with times and lengths. Its rows
    /// then go where they stay; they are moved where that was not said, or turns out otherwise.
    pub fn expect_stream(&mut self, labels: LabelsRef<'_>, row_count: usize, row_bytes: usize) {
        let numbers = [labels.bytes().len(), row_count, row_bytes].map(|number| varint::len(number as u64));
        self.expected_front = labels.bytes().len() + numbers.iter().sum::<usize>();
    }

    /// Appends a row to the stream that [`BatchBuilder::end_stream`] will name.
    pub fn add_row(&mut self, row: RowRef<'_>) {
        if self.open_row_count == 0 {
            let start = self.bytes.len();
            self.open = start..start + self.expected_front;
            self.bytes.resize(self.open.end, 0);
        }
        self.bytes.extend_from_slice(&row.ts_ns.to_le_bytes());
        varint::put_bytes(&mut self.bytes, row.body);
        varint::put_bytes(&mut self.bytes, row.metadata.bytes());
        self.open_row_count += 1;
        self.open_bytes += row_bytes(row);
    }

    /// Ends the stream of the rows added since the last one; without rows there is no stream.
    pub fn end_stream(&mut self, labels: LabelsRef<'_>) {
        self.expected_front = 0;
        let row_count = std::mem::take(&mut self.open_row_count);
        let open_bytes = std::mem::take(&mut self.open_bytes);
        if row_count == 0 {
            return;
        }
        let (open, end) = (self.open.clone(), self.bytes.len());
        let mut front = Vec::with_capacity(open.len());
        varint::put_bytes(&mut front, labels.bytes());
        varint::put(&mut front, row_count);
        varint::put(&mut front, (end - open.end) as u64);
        let rows_start = open.start + front.len();
        if rows_start != open.end {
            self.bytes.resize(end.max(end + front.len() - open.len()), 0);
            self.bytes.copy_within(open.end..end, rows_start);
            self.bytes.truncate(end + front.len() - open.len());
        }
        if let Some(room) = self.bytes.get_mut(open.start..rows_start) {
            room.copy_from_slice(&front);
        }
        self.counted_bytes.push(open_bytes);
        self.stream_count += 1;
        self.row_count += row_count;
    }

    /// The batch so far.
    pub fn build(self) -> Batch {
        Batch {
            tenant: self.tenant,
            signal: self.signal,
            received_ns: self.received_ns,
            stream_count: self.stream_count,
            row_count: self.row_count,
            bytes: spare::shared(self.bytes),
            body_start: self.body_start,
            counted_bytes: Some(self.counted_bytes.into()),
        }
    }
}

#[cfg(test)]
mod tests;
