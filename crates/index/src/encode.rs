//! Streams to bytes.

use crate::{DECODED_BYTES_MAX, MAGIC};
use base::{Error, Result};
use hashbrown::HashMap;
use model::{LabelsRef, varint};

/// Level 1 is within a few percent of higher ones on dictionaries of this size.
const ZSTD_LEVEL: i32 = 1;

/// Pieces of bytes one after the other, and where each ends.
#[derive(Default)]
struct Heap {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Heap {
    fn push(&mut self, piece: impl FnOnce(&mut Vec<u8>)) {
        piece(&mut self.bytes);
        self.ends.push(self.bytes.len() as u32);
    }
}

/// A label pair and the ordinals, ascending, of the streams that have it.
type Posting<'a> = ((&'a str, &'a str), Vec<u32>);

/// The index of `streams`, whose positions are their ordinals.
///
/// # Errors
/// [`base::Kind::Limit`] when it would be too large to be read back.
pub fn encode<'a>(streams: impl IntoIterator<Item = LabelsRef<'a>>) -> Result<Vec<u8>> {
    let mut known: HashMap<(&str, &str), u32, foldhash::fast::RandomState> = HashMap::default();
    let mut postings: Vec<Posting<'_>> = Vec::new();
    let mut stream_pairs: Vec<Vec<u32>> = Vec::new();
    for labels in streams {
        let ordinal = stream_pairs.len() as u32;
        let pairs = labels.iter().map(|pair| {
            let at = *known.entry(pair).or_insert(postings.len() as u32);
            match postings.get_mut(at as usize) {
                Some((_, ordinals)) => ordinals.push(ordinal),
                None => postings.push((pair, vec![ordinal])),
            }
            at
        });
        stream_pairs.push(pairs.collect());
    }
    let mut order: Vec<u32> = (0..postings.len() as u32).collect();
    order.sort_unstable_by_key(|at| postings[*at as usize].0);
    let mut ranks = vec![0u32; order.len()];
    for (rank, at) in (0..).zip(&order) {
        ranks[*at as usize] = rank;
    }
    let sorted = order.iter().map(|at| &postings[*at as usize]);
    let mut stream_heap = Heap::default();
    for pairs in &stream_pairs {
        stream_heap.push(|out| put_ascending(pairs.iter().map(|at| ranks[*at as usize]), out));
    }
    pack(&raw_bytes(sorted, &stream_heap)?)
}

/// Numbers, strictly ascending: the first, then the differences.
fn put_ascending(numbers: impl Iterator<Item = u32>, out: &mut Vec<u8>) {
    let mut last = 0;
    for number in numbers {
        varint::put(out, u64::from(number - last));
        last = number;
    }
}

/// Ascending ordinals as runs of neighbours: the gap before each, and its length - 1. Streams lie in
/// an order that puts alike ones side by side, so most postings are a few runs.
fn put_runs(ordinals: &[u32], out: &mut Vec<u8>) {
    let mut end = 0;
    for run in ordinals.chunk_by(|a, b| a + 1 == *b) {
        if let [first, ..] = run {
            varint::put(out, u64::from(first - end));
            varint::put(out, run.len() as u64 - 1);
            end = first + run.len() as u32;
        }
    }
}

fn raw_bytes<'a>(sorted: impl Iterator<Item = &'a Posting<'a>>, streams: &Heap) -> Result<Vec<u8>> {
    let (mut names, mut values, mut postings) = (Heap::default(), Heap::default(), Heap::default());
    let mut name_value_ends: Vec<u32> = Vec::new();
    let mut last = None;
    for ((name, value), ordinals) in sorted {
        if last != Some(name) {
            name_value_ends.push(0);
            names.push(|out| out.extend_from_slice(name.as_bytes()));
            last = Some(name);
        }
        values.push(|out| out.extend_from_slice(value.as_bytes()));
        postings.push(|out| put_runs(ordinals, out));
        if let Some(end) = name_value_ends.last_mut() {
            *end = values.ends.len() as u32;
        }
    }
    let heaps = [&names, &values, streams, &postings];
    let total: usize = heaps.iter().map(|heap| heap.bytes.len() + 4 * heap.ends.len()).sum();
    if total > DECODED_BYTES_MAX / 2 {
        return Err(Error::limit(format!("index of {total} bytes, limit {}", DECODED_BYTES_MAX / 2)));
    }
    let mut out = Vec::with_capacity(total + 4 * name_value_ends.len() + crate::HEAD_BYTES);
    let counts = [names.ends.len(), values.ends.len(), streams.ends.len()];
    for number in counts.into_iter().chain(heaps.map(|heap| heap.bytes.len())) {
        out.extend_from_slice(&(number as u32).to_le_bytes());
    }
    for table in [&names.ends, &name_value_ends, &values.ends, &streams.ends, &postings.ends] {
        out.extend(table.iter().flat_map(|end| end.to_le_bytes()));
    }
    for heap in heaps {
        out.extend_from_slice(&heap.bytes);
    }
    Ok(out)
}

fn pack(raw: &[u8]) -> Result<Vec<u8>> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&(raw.len() as u32).to_le_bytes());
    let frame = zstd::bulk::compress(raw, ZSTD_LEVEL);
    out.extend(frame.map_err(|e| Error::bug("zstd cannot compress an index").because(e))?);
    Ok(out)
}
