//! Rows: one borrowed, and many in columns.
//!
//! Rows of all signals have one shape: a time, a body and metadata. What a body says is the matter of its
//! signal: a log line is its body as it is, [`crate::sample`] and [`crate::span`] have an encoding. So log,
//! heads, merging and removing duplicates are the same for all, and only what must understand a body
//! (pages, evaluation, the wire) tells signals apart.

use crate::labels::LabelsRef;
use bytes::Bytes;
use std::sync::Arc;

/// The name of metadata under which a line's level is kept.
pub const DETECTED_LEVEL: &str = "detected_level";

/// One row, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef<'a> {
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
    /// What it says, any bytes.
    pub body: &'a [u8],
    /// What is known of it besides: structured metadata, attributes, labels of an exemplar.
    pub metadata: LabelsRef<'a>,
}

/// Rows of one stream in columns, oldest first. `ts_ns`, `ends` and, unless there is no metadata
/// at all, `metadata_ends` have one element per row; in a [digest](crate::Digest) the last two have one per
/// content, which many rows may share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowColumns {
    /// Timestamps.
    pub ts_ns: Vec<i64>,
    /// The bodies one after the other; empty when the projection left them out.
    pub bodies: Bytes,
    /// Where each body ends in `bodies` (valid as lengths even when the bodies were left out).
    pub ends: Vec<u32>,
    /// Canonical label bytes of each row's metadata, one after the other.
    pub metadata: Bytes,
    /// Where each row's metadata ends; empty when no row has any, or it was left out.
    pub metadata_ends: Vec<u32>,
    /// In a digest: which body and metadata each row has, by position; empty when each has its own.
    pub contents: Vec<u32>,
    /// In a digest: how many rows each stands for; empty: one.
    pub counts: Vec<u32>,
    /// In a digest that allows it: the bodies of contents as numbers. `bodies` and `ends` are empty then.
    pub numbers: Option<Arc<Numbers>>,
}

/// Bodies that differ only in a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// What they have in common.
    pub form: Arc<Form>,
    /// The number of each.
    pub of: Vec<u64>,
}

/// Text with a place for a number, which is written in decimal digits, without leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Form {
    /// In front of the number.
    pub before: Vec<u8>,
    /// Behind it.
    pub after: Vec<u8>,
}

impl Form {
    /// The text with `number`.
    pub fn with(&self, number: u64) -> Vec<u8> {
        [&*self.before, number.to_string().as_bytes(), &*self.after].concat()
    }
}

impl RowColumns {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ts_ns.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ts_ns.is_empty()
    }

    /// Bytes of the body of row `row`, known even when bodies were left out.
    pub fn body_len(&self, row: usize) -> usize {
        let at = self.content(row);
        if let Some(numbers) = &self.numbers {
            return numbers.of.get(at).map_or(0, |number| numbers.form.with(*number).len());
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        (self.ends[at] - start) as usize
    }

    /// Position of the body and the metadata of row `row`: its own but in a digest.
    pub fn content(&self, row: usize) -> usize {
        self.contents.get(row).map_or(row, |content| *content as usize)
    }

    /// Number of bodies and metadata that rows have.
    pub fn content_count(&self) -> usize {
        match &self.numbers {
            _ if self.contents.is_empty() => self.len(),
            Some(numbers) => numbers.of.len(),
            None => self.ends.len(),
        }
    }

    /// How many rows row `row` stands for.
    pub fn count(&self, row: usize) -> u32 {
        self.counts.get(row).copied().unwrap_or(1)
    }

    /// Row `row`; its body is empty when the projection left bodies out, or they are given as numbers.
    pub fn row(&self, row: usize) -> RowRef<'_> {
        let at = self.content(row);
        RowRef {
            ts_ns: self.ts_ns[row],
            body: slice(&self.bodies, &self.ends, at),
            metadata: LabelsRef::trusted(slice(&self.metadata, &self.metadata_ends, at)),
        }
    }

    /// All rows.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> + ExactSizeIterator {
        (0..self.len()).map(|row| self.row(row))
    }

    /// The same with bodies as texts, should they be given as numbers.
    #[must_use]
    pub fn with_texts(mut self) -> Self {
        if let Some(numbers) = self.numbers.take() {
            let mut bodies = Vec::new();
            for number in &numbers.of {
                bodies.extend_from_slice(&numbers.form.with(*number));
                self.ends.push(bodies.len() as u32);
            }
            self.bodies = bodies.into();
        }
        self
    }

    /// Bytes held, for budgets.
    pub fn held_bytes(&self) -> u64 {
        (self.bodies.len()
            + self.metadata.len()
            + 8 * self.ts_ns.len()
            + 4 * (self.ends.len() + self.metadata_ends.len())
            + 4 * (self.contents.len() + self.counts.len())
            + 8 * self.numbers.as_ref().map_or(0, |numbers| numbers.of.len())) as u64
    }

    /// Columns of `rows`, kept in their order.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = RowRef<'a>>) -> Self {
        let mut out = RowColumnsBuilder::default();
        for row in rows {
            out.push(row);
        }
        out.build()
    }
}

/// Builds [`RowColumns`] row by row.
#[derive(Clone, Debug, Default)]
pub struct RowColumnsBuilder {
    ts_ns: Vec<i64>,
    bodies: Vec<u8>,
    ends: Vec<u32>,
    metadata: Vec<u8>,
    metadata_ends: Vec<u32>,
}

impl RowColumnsBuilder {
    /// Appends a row. A column holds at most 4 GiB of bodies; who fills it cuts long before.
    pub fn push(&mut self, row: RowRef<'_>) {
        self.ts_ns.push(row.ts_ns);
        self.bodies.extend_from_slice(row.body);
        self.ends.push(self.bodies.len() as u32);
        self.metadata.extend_from_slice(row.metadata.bytes());
        self.metadata_ends.push(self.metadata.len() as u32);
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.ts_ns.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.ts_ns.is_empty()
    }

    /// Bytes of bodies and metadata so far.
    pub fn byte_len(&self) -> usize {
        self.bodies.len() + self.metadata.len()
    }

    /// The columns.
    pub fn build(self) -> RowColumns {
        let metadata_ends = if self.metadata.is_empty() { Vec::new() } else { self.metadata_ends };
        RowColumns {
            ts_ns: self.ts_ns,
            bodies: self.bodies.into(),
            ends: self.ends,
            metadata: self.metadata.into(),
            metadata_ends,
            ..RowColumns::default()
        }
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], row: usize) -> &'a [u8] {
    let Some(end) = ends.get(row) else { return &[] };
    let start = if row == 0 { 0 } else { ends[row - 1] };
    bytes.get(start as usize..*end as usize).unwrap_or(&[])
}
