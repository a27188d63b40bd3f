//! The rows of one stream in a batch: their texts one after the other, and behind them what else is said of each.

use super::corrupt;
use crate::labels::LabelsRef;
use crate::row::RowRef;
use crate::stream::fingerprint;
use crate::varint;
use base::Result;

/// Numbers in front of a stream: bytes of its labels, rows, bytes of their bodies, bytes of what else is said of them.
pub(super) type Front = [u32; 4];
/// Bytes of a [`Front`].
pub(super) const FRONT_BYTES: usize = size_of::<Front>();

/// The rows of one stream in a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchStream<'a> {
    /// Labels; their canonical bytes identify the stream.
    pub labels: LabelsRef<'a>,
    /// Number of rows.
    pub row_count: u64,
    /// The bodies of its rows, one after the other.
    pub bodies: &'a [u8],
    /// Times, lengths and metadata of its rows.
    said: &'a [u8],
    bytes: &'a [u8],
    pub(super) known: Known,
}

/// What is known of a stream of a batch besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub fingerprint: u64,
    pub row_bytes: u64,
}

/// What a batch says of a row besides its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRow<'a> {
    /// Unix nanoseconds.
    pub ts_ns: i64,
    /// Bytes of its body, which stands behind that of the row before.
    pub len: usize,
    /// The number of its metadata set in its stream; 0 for the empty one.
    pub set: u32,
    /// The set, where it is told for the first time: then its number is one more than the largest before.
    pub new_set: Option<LabelsRef<'a>>,
}

impl<'a> BatchStream<'a> {
    pub(super) fn take(rest: &mut &'a [u8], known: Known) -> Option<Self> {
        let all = *rest;
        let mut number = || {
            let (bytes, tail) = rest.split_first_chunk::<4>()?;
            *rest = tail;
            Some(u32::from_le_bytes(*bytes) as usize)
        };
        let [labels, row_count, bodies, said] = [number()?, number()?, number()?, number()?];
        let mut take = |len: usize| {
            let (bytes, tail) = rest.split_at_checked(len)?;
            *rest = tail;
            Some(bytes)
        };
        let (bodies, said, labels) = (take(bodies)?, take(said)?, LabelsRef::trusted(take(labels)?));
        let bytes = &all[..all.len() - rest.len()];
        Some(Self { labels, row_count: row_count as u64, bodies, said, bytes, known })
    }

    /// Checks all that is said of its rows, and finds out what is to be known.
    pub(super) fn check(&self) -> Result<Known> {
        let mut said = self.said();
        let (mut bodies, mut sets) = (0usize, 0);
        for _ in 0..self.row_count {
            let row = said.next().ok_or_else(|| corrupt("cut row"))?;
            bodies = bodies.checked_add(row.len).ok_or_else(|| corrupt("a row is too long"))?;
            if let Some(set) = row.new_set {
                LabelsRef::check(set.bytes())?;
                sets += 1;
            }
            if row.set > sets {
                return Err(corrupt("a row has metadata that were not told"));
            }
        }
        if !said.rest.is_empty() {
            return Err(corrupt("bytes after the last row of a stream"));
        }
        if bodies != self.bodies.len() {
            return Err(corrupt("bodies are not as long as all rows say"));
        }
        let fingerprint = fingerprint(self.labels.bytes());
        Ok(Known { fingerprint, row_bytes: self.rows().map(row_bytes).sum() })
    }

    /// All its bytes.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its rows.
    pub fn rows(&self) -> Rows<'a> {
        Rows { said: self.said(), bodies: self.bodies, sets: Vec::new() }
    }

    /// What is said of its rows besides their bodies.
    pub fn said(&self) -> Said<'a> {
        Said { rest: self.said, ts_ns: 0, sets: 0 }
    }

    /// The fingerprint of its labels.
    pub fn fingerprint(&self) -> u64 {
        self.known.fingerprint
    }

    /// Bytes of text and metadata of its rows: what rate limits count by.
    pub fn row_bytes(&self) -> u64 {
        self.known.row_bytes
    }
}

fn row_bytes(row: RowRef<'_>) -> u64 {
    row.body.len() as u64 + row.metadata.pair_bytes()
}

/// What is said of rows, row by row.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    rest: &'a [u8],
    /// Of the row before.
    ts_ns: i64,
    /// Sets told so far.
    sets: u32,
}

impl<'a> Said<'a> {
    /// Appends what [`Said`] reads of a row at `ts_ns` behind one at `before_ns`: `set` is its metadata, of which `told`
    /// is the bytes when they are told for the first time.
    pub(super) fn put(
        out: &mut Vec<u8>,
        before_ns: i64,
        ts_ns: i64,
        len: usize,
        set: u32,
        told: Option<&[u8]>,
    ) {
        varint::put(out, zigzag(ts_ns.wrapping_sub(before_ns)));
        varint::put(out, len as u64);
        varint::put(out, u64::from(set));
        if let Some(told) = told {
            varint::put_bytes(out, told);
        }
    }
}

impl<'a> Iterator for Said<'a> {
    type Item = BatchRow<'a>;

    #[inline]
    fn next(&mut self) -> Option<BatchRow<'a>> {
        let step = varint::take(&mut self.rest)?;
        let len = usize::try_from(varint::take(&mut self.rest)?).ok()?;
        let set = u32::try_from(varint::take(&mut self.rest)?).ok()?;
        self.ts_ns = self.ts_ns.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
        let mut new_set = None;
        if Some(set) == self.sets.checked_add(1) {
            new_set = Some(LabelsRef::trusted(varint::take_bytes(&mut self.rest)?));
            self.sets = set;
        }
        Some(BatchRow { ts_ns: self.ts_ns, len, set, new_set })
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Rows of a stream in a batch.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    said: Said<'a>,
    bodies: &'a [u8],
    sets: Vec<LabelsRef<'a>>,
}

impl<'a> Iterator for Rows<'a> {
    type Item = RowRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<RowRef<'a>> {
        let row = self.said.next()?;
        let (body, rest) = self.bodies.split_at_checked(row.len)?;
        self.bodies = rest;
        self.sets.extend(row.new_set);
        let metadata = match row.set {
            0 => LabelsRef::EMPTY,
            set => *self.sets.get(set as usize - 1)?,
        };
        Some(RowRef { ts_ns: row.ts_ns, body, metadata })
    }
}
