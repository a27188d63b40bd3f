//! Batches of the first version, as logs of earlier programs have them.

use super::{Batch, BatchBuilder, corrupt};
use crate::labels::LabelsRef;
use crate::row::RowRef;
use crate::varint;
use base::Result;

/// The streams in `rest`, written anew by `builder`.
pub fn rewritten(mut builder: BatchBuilder, mut rest: &[u8]) -> Result<Batch> {
    while !rest.is_empty() {
        let (labels, row_count, mut rows) = take_stream(&mut rest).ok_or_else(|| corrupt("cut stream"))?;
        LabelsRef::check(labels.bytes())?;
        for _ in 0..row_count {
            let row = take_row(&mut rows).ok_or_else(|| corrupt("cut row"))?;
            LabelsRef::check(row.metadata.bytes())?;
            builder.add_row(row);
        }
        if !rows.is_empty() {
            return Err(corrupt("bytes after the last row of a stream"));
        }
        builder.end_stream(labels);
    }
    Ok(builder.build())
}

fn take_stream<'a>(rest: &mut &'a [u8]) -> Option<(LabelsRef<'a>, u64, &'a [u8])> {
    let labels = LabelsRef::trusted(varint::take_bytes(rest)?);
    Some((labels, varint::take(rest)?, varint::take_bytes(rest)?))
}

fn take_row<'a>(rest: &mut &'a [u8]) -> Option<RowRef<'a>> {
    let ts_ns = varint::take_i64(rest)?;
    let body = varint::take_bytes(rest)?;
    let metadata = LabelsRef::trusted(varint::take_bytes(rest)?);
    Some(RowRef { ts_ns, body, metadata })
}
