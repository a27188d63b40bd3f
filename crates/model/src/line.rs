//! Log lines: one borrowed, and many in columns.

use crate::labels::LabelsRef;
use bytes::Bytes;

/// One line, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRef<'a> {
    /// When, Unix nanoseconds.
    pub ts_ns: i64,
    /// The text, any bytes.
    pub text: &'a [u8],
    /// Structured metadata.
    pub metadata: LabelsRef<'a>,
}

/// Lines of one stream in columns, oldest first. `ts_ns`, `ends` and, unless there is no metadata
/// at all, `metadata_ends` have one element per row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineColumns {
    /// Timestamps.
    pub ts_ns: Vec<i64>,
    /// The texts one after the other; empty when the projection left them out.
    pub text: Bytes,
    /// Where each text ends in `text` (valid as lengths even when `text` was left out).
    pub ends: Vec<u32>,
    /// Canonical label bytes of each row's metadata, one after the other.
    pub metadata: Bytes,
    /// Where each row's metadata ends; empty when no row has any, or it was left out.
    pub metadata_ends: Vec<u32>,
}

impl LineColumns {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ts_ns.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ts_ns.is_empty()
    }

    /// Bytes of text in row `row`, known even when the text was left out.
    pub fn text_len(&self, row: usize) -> usize {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        (self.ends[row] - start) as usize
    }

    /// Row `row`; its text is empty when the projection left texts out.
    pub fn row(&self, row: usize) -> LineRef<'_> {
        LineRef {
            ts_ns: self.ts_ns[row],
            text: slice(&self.text, &self.ends, row),
            metadata: LabelsRef::trusted(slice(&self.metadata, &self.metadata_ends, row)),
        }
    }

    /// All rows.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = LineRef<'_>> + ExactSizeIterator {
        (0..self.len()).map(|row| self.row(row))
    }

    /// Bytes held, for budgets.
    pub fn held_bytes(&self) -> u64 {
        (self.text.len()
            + self.metadata.len()
            + 8 * self.ts_ns.len()
            + 4 * (self.ends.len() + self.metadata_ends.len())) as u64
    }

    /// Columns of `rows`, kept in their order.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = LineRef<'a>>) -> Self {
        let mut out = LineColumnsBuilder::default();
        for row in rows {
            out.push(row);
        }
        out.build()
    }
}

/// Builds [`LineColumns`] row by row.
#[derive(Clone, Debug, Default)]
pub struct LineColumnsBuilder {
    ts_ns: Vec<i64>,
    text: Vec<u8>,
    ends: Vec<u32>,
    metadata: Vec<u8>,
    metadata_ends: Vec<u32>,
}

impl LineColumnsBuilder {
    /// Appends a row. A column holds at most 4 GiB of text; who fills it cuts long before.
    pub fn push(&mut self, row: LineRef<'_>) {
        self.ts_ns.push(row.ts_ns);
        self.text.extend_from_slice(row.text);
        self.ends.push(self.text.len() as u32);
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

    /// Bytes of text and metadata so far.
    pub fn byte_len(&self) -> usize {
        self.text.len() + self.metadata.len()
    }

    /// The columns.
    pub fn build(self) -> LineColumns {
        let metadata_ends = if self.metadata.is_empty() { Vec::new() } else { self.metadata_ends };
        LineColumns {
            ts_ns: self.ts_ns,
            text: self.text.into(),
            ends: self.ends,
            metadata: self.metadata.into(),
            metadata_ends,
        }
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], row: usize) -> &'a [u8] {
    let Some(end) = ends.get(row) else { return &[] };
    let start = if row == 0 { 0 } else { ends[row - 1] };
    bytes.get(start as usize..*end as usize).unwrap_or(&[])
}
