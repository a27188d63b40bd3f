//! The lines as agents would push them.

use crate::corpus::{Corpus, Line};
use model::{Labels, RowRef};
use std::collections::BTreeMap;

/// Bytes of text in a push.
const PUSH_BYTES: usize = 1 << 20;

/// Bodies of pushes with everything in order of time: streams mixed, 1 MiB a push.
pub fn bodies(corpus: &Corpus) -> impl Iterator<Item = Vec<u8>> {
    let mut order: Vec<(i64, u32, u32)> = Vec::with_capacity(corpus.line_count());
    for (stream, lines) in (0..).zip(&corpus.streams) {
        order.extend((0..).zip(lines.lines()).map(|(at, line)| (line.ts_ns, stream, at)));
    }
    order.sort_unstable();
    let line = |(_, stream, at): &(i64, u32, u32)| corpus.streams[*stream as usize].line(*at as usize);
    let mut from = 0;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let next = order[from..].iter().take_while(|place| {
            let fits = bytes < PUSH_BYTES;
            bytes += line(place).text.len();
            fits
        });
        let places = from..from + next.count();
        from = places.end;
        let lines = order[places.clone()].iter().map(|place| (place.1 as usize, line(place)));
        (!places.is_empty()).then(|| body(corpus, lines))
    })
}

/// A push of these lines, each with the number of its stream.
fn body<'a>(corpus: &Corpus, lines: impl Iterator<Item = (usize, Line<'a>)>) -> Vec<u8> {
    let mut streams: BTreeMap<usize, Vec<(Line<'a>, Labels)>> = BTreeMap::new();
    for (stream, line) in lines {
        let trace = line.trace.map(|trace| format!("{trace:016x}"));
        let metadata = Labels::from_pairs(trace.iter().map(|trace| ("trace_id", trace.as_str())));
        streams.entry(stream).or_default().push((line, metadata));
    }
    let streams: Vec<_> = streams
        .iter()
        .map(|(stream, lines)| {
            let rows = lines.iter().map(|(line, metadata)| RowRef {
                ts_ns: line.ts_ns,
                body: line.text,
                metadata: metadata.as_ref(),
            });
            (corpus.streams[*stream].labels.as_ref(), rows.collect())
        })
        .collect();
    wire::loki::encode::push_body(&streams)
}
