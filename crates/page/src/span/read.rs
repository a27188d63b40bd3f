//! Bodies of spans out of sections.

use super::body::{Parts, SPAN_ID_BYTES, TRACE_ID_BYTES};
use super::distinct::Distinct;
use super::traces::Traces;
use super::{
    DURATIONS_TAG, EXTRA_NUMBERS_TAG, EXTRAS_TAG, FORM_NUMBERS_TAG, FORMS_TAG, PARENT_IDS_TAG, PARENTS_TAG,
    SPAN_IDS_TAG, TRACE_NUMBERS_TAG, TRACES_TAG, parents,
};
use crate::bits::Bits;
use crate::codec;
use crate::section::{Body, Tag};
use base::{Error, Result};
use model::span::{SpanId, TraceId};
use std::cell::OnceCell;

/// Puts bodies together, and finds those of a trace.
#[derive(Debug)]
pub struct Reader<'b> {
    body: Body<'b>,
    ends: &'b [u32],
    traces: Traces,
    /// Read when the first body is put together.
    columns: OnceCell<Columns>,
}

/// What bodies have besides trace ids.
#[derive(Debug)]
struct Columns {
    spans: Vec<SpanId>,
    parents: Vec<SpanId>,
    durations_ns: Vec<i64>,
    forms: Distinct,
    extras: Distinct,
}

impl<'b> Reader<'b> {
    /// Reads the trace ids of a page whose bodies end where `ends` say.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(body: &Body<'b>, ends: &'b [u32]) -> Result<Self> {
        let section = |tag| body.decoded(tag).map(Option::unwrap_or_default);
        let traces = Traces::read(section(TRACES_TAG)?, &section(TRACE_NUMBERS_TAG)?, ends.len())?;
        Ok(Self { body: *body, ends, traces, columns: OnceCell::new() })
    }

    /// The rows whose body begins with `id`.
    pub fn find(&self, id: &TraceId) -> Bits {
        let mut rows = self.traces.find(id);
        // What is too short for an id has none, though the column says zeros.
        if *id == TraceId::default() {
            let mut long = rows.unset();
            (0..self.ends.len())
                .filter(|row| self.length(*row) >= TRACE_ID_BYTES)
                .for_each(|row| long.set(row));
            rows.keep(&long, false);
        }
        rows
    }

    /// Replaces what is in `out` by all bodies.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild(&self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        out.reserve(self.ends.last().map_or(0, |end| *end as usize));
        let columns = self.columns()?;
        (0..self.ends.len()).try_for_each(|row| self.put(columns, row, out))
    }

    /// The bodies of `rows`, and where each ends.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild_rows(&self, rows: &[u32]) -> Result<(Vec<u8>, Vec<u32>)> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
        let columns = self.columns()?;
        for row in rows {
            self.put(columns, *row as usize, &mut bytes)?;
            ends.push(bytes.len() as u32);
        }
        Ok((bytes, ends))
    }

    fn length(&self, row: usize) -> usize {
        let end_of = |row: usize| self.ends.get(row).map_or(0, |end| *end as usize);
        end_of(row).saturating_sub(row.checked_sub(1).map_or(0, end_of))
    }

    fn put(&self, columns: &Columns, row: usize, out: &mut Vec<u8>) -> Result<()> {
        let id = |ids: &[SpanId]| ids.get(row).copied().unwrap_or_default();
        let parts = Parts {
            trace_id: self.traces.of(row),
            span_id: id(&columns.spans),
            parent_id: id(&columns.parents),
            duration_ns: columns.durations_ns.get(row).copied().unwrap_or(0),
            form: columns.forms.of(row),
            extra: columns.extras.of(row),
        };
        // Before anything is written: rows that share a long value must not become more than they said.
        if parts.body_len() != self.length(row) {
            let (found, said) = (parts.body_len(), self.length(row));
            return Err(Error::corrupt(format!("span of {found} bytes instead of {said}")));
        }
        parts.put(out);
        Ok(())
    }

    fn columns(&self) -> Result<&Columns> {
        match self.columns.get() {
            Some(columns) => Ok(columns),
            None => {
                let columns = self.read_columns()?;
                Ok(self.columns.get_or_init(|| columns))
            }
        }
    }

    fn read_columns(&self) -> Result<Columns> {
        let rows = self.ends.len();
        let section = |tag: Tag| self.body.decoded(tag).map(Option::unwrap_or_default);
        let raw = section(SPAN_IDS_TAG)?;
        let (spans, rest) = raw.as_chunks::<SPAN_ID_BYTES>();
        if spans.len() != rows || !rest.is_empty() {
            return Err(Error::corrupt(format!("{} bytes of span ids for {rows} rows", raw.len())));
        }
        let mut durations_ns = vec![0; rows];
        codec::decompress_numbers(self.body.needed(DURATIONS_TAG)?.1, &mut durations_ns)?;
        let (planes, ids) = (section(PARENTS_TAG)?, section(PARENT_IDS_TAG)?);
        Ok(Columns {
            parents: parents::read(&self.traces.numbers, self.traces.count(), spans, &planes, &ids)?,
            spans: spans.to_vec(),
            durations_ns,
            forms: Distinct::read(section(FORMS_TAG)?, &section(FORM_NUMBERS_TAG)?, rows)?,
            extras: Distinct::read(section(EXTRAS_TAG)?, &section(EXTRA_NUMBERS_TAG)?, rows)?,
        })
    }
}
