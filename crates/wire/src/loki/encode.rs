//! Loki's push body, written: what agents and the command line send.

use crate::protobuf::{put_bytes, put_varint};
use model::{LabelsRef, RowRef};

/// A push of `streams` as a snappy-compressed protobuf `PushRequest`.
pub fn push_body(streams: &[(LabelsRef<'_>, Vec<RowRef<'_>>)]) -> Vec<u8> {
    let mut request = Vec::new();
    let mut stream = Vec::new();
    let mut entry = Vec::new();
    for (labels, lines) in streams {
        stream.clear();
        put_bytes(&mut stream, 1, labels.to_string().as_bytes());
        for line in lines {
            entry.clear();
            put_entry(&mut entry, line);
            put_bytes(&mut stream, 2, &entry);
        }
        put_bytes(&mut request, 1, &stream);
    }
    // Compression of a body that fits in memory cannot fail: its only error is a body over 4 GiB.
    snap::raw::Encoder::new().compress_vec(&request).unwrap_or_default()
}

fn put_entry(out: &mut Vec<u8>, line: &RowRef<'_>) {
    const SECOND_NS: i64 = 1_000_000_000;
    let mut timestamp = Vec::with_capacity(16);
    put_varint(&mut timestamp, 1, line.ts_ns.div_euclid(SECOND_NS) as u64);
    put_varint(&mut timestamp, 2, line.ts_ns.rem_euclid(SECOND_NS) as u64);
    put_bytes(out, 1, &timestamp);
    put_bytes(out, 2, line.body);
    for (name, value) in line.metadata.iter() {
        let mut pair = Vec::with_capacity(name.len() + value.len() + 4);
        put_bytes(&mut pair, 1, name.as_bytes());
        put_bytes(&mut pair, 2, value.as_bytes());
        put_bytes(out, 3, &pair);
    }
}

#[cfg(test)]
mod tests;
