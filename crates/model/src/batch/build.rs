//! Encoding a batch.

use super::rows::{FRONT_BYTES, Front, Known, Said};
use super::{Batch, MAGIC, VERSION, spare};
use crate::labels::LabelsRef;
use crate::row::RowRef;
use crate::signal::Signal;
use crate::stream::fingerprint;
use crate::tenant::Tenant;
use crate::varint;
use std::ops::Range;

/// Only so many sets of a stream are looked through for one that came before: levels and the like. Ids that come once
/// each would make every row look through all of them.
const SOUGHT_SETS: usize = 16;

/// Encodes a batch stream by stream, row by row.
#[derive(Debug)]
pub struct BatchBuilder {
    tenant: Tenant,
    signal: Signal,
    received_ns: i64,
    bytes: Vec<u8>,
    body_start: usize,
    row_count: u64,
    known: Vec<Known>,
    open: OpenStream,
}

/// The stream that is not ended yet. Its bodies already are where they stay.
#[derive(Debug, Default)]
struct OpenStream {
    /// Where it starts.
    start: usize,
    row_count: u32,
    /// What else is said of its rows; it goes behind the last body.
    said: Vec<u8>,
    last_ns: i64,
    /// Bytes of what its rows say.
    bytes: u64,
    /// Sets told so far, and the first of them: the last one first that a row had.
    sets: u32,
    sought: Vec<Set>,
}

/// A metadata set of the stream that is not ended yet.
#[derive(Clone, Debug)]
struct Set {
    number: u32,
    /// Where it stands in what is said.
    at: Range<usize>,
    pair_bytes: u64,
}

impl BatchBuilder {
    /// A batch of `signal` rows of `tenant`, received at `received_ns`.
    pub fn new(tenant: Tenant, signal: Signal, received_ns: i64) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[VERSION, signal.tag()]);
        bytes.extend_from_slice(&received_ns.to_le_bytes());
        varint::put_bytes(&mut bytes, tenant.as_str().as_bytes());
        Self {
            tenant,
            signal,
            received_ns,
            body_start: bytes.len(),
            bytes,
            row_count: 0,
            known: Vec::new(),
            open: OpenStream::default(),
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

    /// Appends a row to the stream that [`BatchBuilder::end_stream`] will name.
    pub fn add_row(&mut self, row: RowRef<'_>) {
        let open = &mut self.open;
        if open.row_count == 0 {
            open.begin(self.bytes.len());
            self.bytes.extend_from_slice(&[0; FRONT_BYTES]);
        }
        self.bytes.extend_from_slice(row.body);
        open.add(&row);
    }

    /// Ends the stream of the rows added since the last one; without rows there is no stream.
    pub fn end_stream(&mut self, labels: LabelsRef<'_>) {
        if self.open.row_count > 0 {
            self.end_known_stream(labels, fingerprint(labels.bytes()));
        }
    }

    /// As [`BatchBuilder::end_stream`], where the fingerprint of `labels` is known.
    pub fn end_known_stream(&mut self, labels: LabelsRef<'_>, fingerprint: u64) {
        let open = &mut self.open;
        if open.row_count == 0 {
            return;
        }
        let bodies = self.bytes.len() - open.start - FRONT_BYTES;
        self.bytes.extend_from_slice(&open.said);
        self.bytes.extend_from_slice(labels.bytes());
        // A batch that is too long for these numbers is far too long for the log.
        let lengths = [labels.bytes().len(), bodies, open.said.len()];
        let [labels, bodies, said] = lengths.map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        let front: Front = [labels, open.row_count, bodies, said];
        if let Some(room) = self.bytes.get_mut(open.start..open.start + FRONT_BYTES) {
            room.as_chunks_mut().0.iter_mut().zip(front).for_each(|(to, number)| *to = number.to_le_bytes());
        }
        self.known.push(Known { fingerprint, row_bytes: open.bytes });
        self.row_count += u64::from(open.row_count);
        open.row_count = 0;
    }

    /// The batch so far.
    pub fn build(self) -> Batch {
        Batch {
            tenant: self.tenant,
            signal: self.signal,
            received_ns: self.received_ns,
            row_count: self.row_count,
            bytes: spare::shared(self.bytes),
            body_start: self.body_start,
            known: self.known.into(),
        }
    }
}

impl OpenStream {
    fn begin(&mut self, start: usize) {
        (self.start, self.last_ns, self.bytes, self.sets) = (start, 0, 0, 0);
        self.said.clear();
        self.sought.clear();
    }

    fn add(&mut self, row: &RowRef<'_>) {
        let (set, pair_bytes, is_new) = match row.metadata.is_empty() {
            true => (0, 0, false),
            false => self.number(row.metadata),
        };
        let (before_ns, told) = (self.last_ns, is_new.then_some(row.metadata.bytes()));
        Said::put(&mut self.said, before_ns, row.ts_ns, row.body.len(), set, told);
        if let Some(told) = told
            && self.sought.len() < SOUGHT_SETS
        {
            let at = self.said.len() - told.len()..self.said.len();
            self.sought.insert(0, Set { number: set, at, pair_bytes });
        }
        self.last_ns = row.ts_ns;
        self.row_count += 1;
        self.bytes += row.body.len() as u64 + pair_bytes;
    }

    /// The number of `set`, the bytes of its pairs, and whether it is new.
    #[inline]
    fn number(&mut self, set: LabelsRef<'_>) -> (u32, u64, bool) {
        let known = |known: &Set| self.said.get(known.at.clone()) == Some(set.bytes());
        if let Some(at) = self.sought.iter().position(known)
            && let Some(known) = self.sought.get(at)
        {
            let (number, pair_bytes) = (known.number, known.pair_bytes);
            self.sought.swap(0, at);
            return (number, pair_bytes, false);
        }
        self.sets += 1;
        (self.sets, set.pair_bytes(), true)
    }
}
