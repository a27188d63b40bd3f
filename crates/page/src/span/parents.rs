//! Parents: mostly the span of another row of the trace, or the parent that an earlier row of it has. Then the place
//! of that row among those of the trace says it; only what is in neither place takes an id.
//!
//! A row says 0: no parent; 1: the next id; else 2 + 2 · place, or 3 + 2 · place for that row's parent.

use super::body::SPAN_ID_BYTES;
use crate::planes;
use base::{Error, Result};
use hashbrown::HashMap;
use model::span::SpanId;

const NONE: u32 = 0;
const ID: u32 = 1;
const SPAN: u32 = 2;
const PARENT: u32 = 3;

/// The content of two sections: what rows say, and ids. `traces` are the numbers of the rows' traces, of which there
/// are `count`; `ids` each row's span id and that of its parent.
pub fn put(traces: &[u32], count: usize, ids: &[(SpanId, SpanId)]) -> (Vec<u8>, Vec<u8>) {
    let mut known: HashMap<(u32, SpanId), u32, foldhash::fast::RandomState> =
        HashMap::with_capacity_and_hasher(ids.len(), Default::default());
    let mut lengths = vec![0u32; count];
    let rows = traces.iter().zip(ids);
    let mut places = Vec::with_capacity(ids.len());
    for (trace, (span, _)) in rows.clone() {
        let place = lengths.get_mut(*trace as usize).map_or(0, |length| {
            *length += 1;
            *length - 1
        });
        known.entry((*trace, *span)).or_insert(SPAN + 2 * place);
        places.push(place);
    }
    let (mut codes, mut apart) = (Vec::with_capacity(ids.len()), Vec::new());
    for ((trace, (_, parent)), place) in rows.zip(places) {
        if *parent == SpanId::default() {
            codes.push(NONE);
            continue;
        }
        let mut is_new = false;
        let code = *known.entry((*trace, *parent)).or_insert_with(|| {
            is_new = true;
            PARENT + 2 * place
        });
        if is_new {
            apart.extend_from_slice(parent);
        }
        codes.push(if is_new { ID } else { code });
    }
    (planes::of(&codes), apart)
}

/// The parent of each row. `spans` are the rows' span ids, `planes` and `apart` what [`put`] gave.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn read(
    traces: &[u32],
    count: usize,
    spans: &[SpanId],
    planes: &[u8],
    apart: &[u8],
) -> Result<Vec<SpanId>> {
    let corrupt = || Error::corrupt("spans: wrong parents");
    let codes = planes::read(planes, traces.len())?;
    let of_traces = Members::of(traces, count);
    let (mut apart, rest) = apart.as_chunks::<SPAN_ID_BYTES>();
    let mut parents: Vec<SpanId> = Vec::with_capacity(codes.len());
    for (trace, code) in traces.iter().zip(codes) {
        let row = || of_traces.get(*trace, (code - SPAN) / 2).ok_or_else(corrupt);
        parents.push(match code {
            NONE => SpanId::default(),
            ID => {
                let (id, after) = apart.split_first().ok_or_else(corrupt)?;
                apart = after;
                *id
            }
            code if code.is_multiple_of(2) => *spans.get(row()?).ok_or_else(corrupt)?,
            _ => *parents.get(row()?).ok_or_else(corrupt)?,
        });
    }
    if apart.is_empty() && rest.is_empty() { Ok(parents) } else { Err(corrupt()) }
}

/// The rows of each trace, in their order.
struct Members {
    /// Where those of each trace end; a trace starts where the one before ends.
    ends: Vec<u32>,
    rows: Vec<u32>,
}

impl Members {
    /// `traces` are below `count`.
    fn of(traces: &[u32], count: usize) -> Self {
        // Lengths first, then starts, which move to the ends as rows come in.
        let mut ends = vec![0u32; count];
        for trace in traces {
            ends[*trace as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut rows = vec![0; traces.len()];
        for (row, trace) in traces.iter().enumerate() {
            let end = &mut ends[*trace as usize];
            rows[*end as usize] = row as u32;
            *end += 1;
        }
        Self { ends, rows }
    }

    /// The row at `place` of a trace.
    fn get(&self, trace: u32, place: u32) -> Option<usize> {
        let start = trace.checked_sub(1).map_or(Some(0), |before| self.ends.get(before as usize).copied())?;
        let at = start.checked_add(place)?;
        (at < *self.ends.get(trace as usize)?).then_some(())?;
        self.rows.get(at as usize).map(|row| *row as usize)
    }
}
