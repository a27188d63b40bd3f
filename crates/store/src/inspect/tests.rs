//! Looking into blocks that were built here, whole and damaged.

use super::*;
use base::Kind;
use model::{RowColumns, RowRef, Signal, Stream, Tenant};
use std::sync::Arc;

/// A block of two streams: access lines of `shop` in many pages, a few of `till`.
fn built() -> (BlockMeta, Bytes) {
    let stream = |app: &str| Arc::new(Stream::new(Labels::from_pairs([("app", app)])));
    let rows = |count: i64| {
        let rows: Vec<(i64, String, Labels)> = (0..count)
            .map(|n| {
                let text =
                    format!("method=GET status={} took={}ms id=\"{:016x}\"", 200 + n % 4, n * 7, n * 99_991);
                (n, text, Labels::from_pairs([("trace", n.to_string().as_str())]))
            })
            .collect();
        RowColumns::from_rows(rows.iter().map(|(ts_ns, text, metadata)| RowRef {
            ts_ns: *ts_ns,
            body: text.as_bytes(),
            metadata: metadata.as_ref(),
        }))
    };
    let streams = vec![(stream("till"), rows(10)), (stream("shop"), rows(60_000))];
    block::build(Tenant::single(), Signal::Line, streams, 0..=9).unwrap()
}

fn opened(meta: &BlockMeta, bytes: &Bytes) -> Result<Inspection> {
    let footer = bytes.slice(bytes.len() - FOOTER_BYTES..);
    let range = tail_range(bytes.len() as u64, &footer)?;
    assert_eq!(range, meta.tail_range());
    Inspection::open(&meta.name, bytes.len() as u64, &bytes.slice(range.start as usize..))
}

#[test]
fn everything_sums_up() {
    let (meta, bytes) = built();
    let inspection = opened(&meta, &bytes).unwrap();
    assert_eq!(inspection.meta, meta);
    let parts: u64 = inspection.tail_parts.iter().sum();
    assert_eq!(parts + FOOTER_BYTES as u64, meta.tail_bytes);
    let apps: Vec<_> = inspection.streams.iter().map(|s| (s.labels.get("app").unwrap(), s.rows)).collect();
    assert_eq!(apps, [("shop", 60_000), ("till", 10)]);
    assert_eq!(inspection.streams.iter().map(|stream| stream.bytes).sum::<u64>(), meta.raw_bytes);
    assert!(inspection.pages.len() > 1);
    assert_eq!(inspection.pages.iter().map(|page| page.rows).sum::<u64>(), meta.rows);
    assert_eq!(inspection.pages.iter().map(|page| page.raw_bytes).sum::<u64>(), meta.raw_bytes);
    assert_eq!(
        inspection.pages.iter().map(|page| page.runs).sum::<usize>(),
        inspection.streams.iter().map(|s| s.runs).sum::<usize>()
    );
    let stored: u64 = inspection.pages.iter().map(|page| page.stored_bytes).sum();
    assert_eq!(stored + meta.tail_bytes + 8, meta.size_bytes);
    for page in &inspection.pages {
        assert_eq!(page.sections.iter().map(|section| section.stored_bytes).sum::<u64>(), page.stored_bytes);
        assert!(page.min_ns < page.max_ns && page.max_ns < 60_000, "{page:?}");
    }
}

#[test]
fn a_page_tells_its_templates() {
    let (meta, bytes) = built();
    let inspection = opened(&meta, &bytes).unwrap();
    let range = inspection.body_range(0).unwrap();
    let body = inspection.page(0, &bytes.slice(range.start as usize..range.end as usize)).unwrap();
    assert_eq!(body.templates.len(), 1, "{:?}", body.templates);
    assert!(body.templates[0].text.starts_with("method=GET status=<"), "{}", body.templates[0].text);
    assert_eq!(u64::from(body.templates[0].rows), inspection.pages[0].rows);
    assert!(body.sections.iter().any(|section| section.name == "metadata trace"), "{:?}", body.sections);
    assert!(inspection.body_range(999).is_none());
    assert_eq!(inspection.page(999, &Bytes::new()).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn damaged_blocks_are_refused() {
    let (meta, bytes) = built();
    // Wherever a byte of the tail is wrong.
    let range = meta.tail_range();
    for at in (range.start..range.end).step_by(101) {
        let mut damaged = bytes.to_vec();
        damaged[at as usize] ^= 0x40;
        let damaged = Bytes::from(damaged);
        let footer = damaged.slice(damaged.len() - FOOTER_BYTES..);
        let opened = tail_range(damaged.len() as u64, &footer).and_then(|range| {
            Inspection::open("x", damaged.len() as u64, &damaged.slice(range.start as usize..))
        });
        assert_eq!(opened.unwrap_err().kind(), Kind::Corrupt, "byte {at}");
    }
    assert_eq!(tail_range(10, b"0123456789").unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(tail_range(1000, &[7; FOOTER_BYTES]).unwrap_err().kind(), Kind::Corrupt);
    // A body that is another one's.
    let inspection = opened(&meta, &bytes).unwrap();
    assert_eq!(inspection.page(0, &bytes.slice(..1000)).unwrap_err().kind(), Kind::Corrupt);
    let len = inspection.body_range(0).map(|range| (range.end - range.start) as usize).unwrap();
    assert_eq!(inspection.page(0, &bytes.slice(100..100 + len)).unwrap_err().kind(), Kind::Corrupt);
}
