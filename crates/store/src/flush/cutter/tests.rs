use super::*;
use crate::block::Block;
use crate::head::Memory;
use model::{Batch, BatchBuilder, Labels, LabelsRef, RowRef, ScanStats, TimeRange};
use page::Question;
use proptest::prelude::*;
use std::collections::BTreeMap;
use wal::Position;

type Rows3 = BTreeMap<String, Vec<(i64, String)>>;

fn batch(app: &str, rows: &[(i64, String)]) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Line, 5);
    let lines = rows.iter().map(|(ts_ns, text)| RowRef {
        ts_ns: *ts_ns,
        body: text.as_bytes(),
        metadata: LabelsRef::EMPTY,
    });
    batch.add_rows(Labels::from_pairs([("app", app)]).as_ref(), lines);
    batch.build()
}

fn cut(head: Head, limit_bytes: u64) -> (Vec<(BlockMeta, Bytes)>, u64) {
    head.freeze();
    let mut cutter = Cutter::new(Tenant::single(), Signal::Line, Arc::new(head), 5..=5, limit_bytes);
    let mut blocks = Vec::new();
    loop {
        let (next, step) = cutter.step();
        cutter = next;
        match step.unwrap() {
            Cut::More => {}
            Cut::Block(meta, bytes) => blocks.push((*meta, bytes)),
            Cut::End => return (blocks, cutter.duplicates()),
        }
    }
}

/// All rows of a block, as the block has them.
fn read(meta: &BlockMeta, bytes: &Bytes, rows: &mut Rows3) {
    let tail = bytes.slice(meta.tail_range().start as usize..);
    let block = Block::open(meta.clone(), &tail).unwrap();
    let ordinals = block.matching(&[], TimeRange::ALL).unwrap();
    let question = Question::all();
    for page in &block.plan(&ordinals, &question).pages {
        let parts: Vec<Bytes> =
            page.parts.iter().map(|part| bytes.slice(part.start as usize..part.end as usize)).collect();
        for (ordinal, found) in block.scan_page(page, &parts, &question, &ScanStats::default()).unwrap() {
            let stream = block.stream(ordinal).unwrap();
            let lines = found;
            let app = stream.labels.get("app").unwrap().to_owned();
            let texts = lines.rows().map(|row| (row.ts_ns, String::from_utf8_lossy(row.body).into_owned()));
            rows.entry(app).or_default().extend(texts);
        }
    }
}

#[test]
fn a_head_without_rows_gives_no_block() {
    assert_eq!(cut(Head::new(Memory::new(1)), 1).0.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Texts are large at times, so that runs, pages and blocks are cut.
    #[test]
    fn blocks_hold_each_row_once_in_order(
        batches in prop::collection::vec(
            (0u8..3, prop::collection::vec((0i64..50, 0u8..4, prop_oneof![9 => 0usize..100, 1 => 30_000usize..900_000]), 1..12)),
            1..12,
        ),
        limit_bytes in 1u64..3_000_000,
    ) {
        let head = Head::new(Memory::new(u64::MAX));
        let (mut expected, mut given) = (Rows3::new(), 0u64);
        for (at, (app, rows)) in (0..).zip(&batches) {
            let rows: Vec<_> =
                rows.iter().map(|(ts_ns, letter, length)| (*ts_ns, format!("{letter}").repeat(*length))).collect();
            let position = Position { segment: 1, sequence: at };
            given += rows.len() as u64 - head.insert(&batch(&app.to_string(), &rows), position).duplicates;
            let kept = expected.entry(app.to_string()).or_default();
            for row in rows {
                if !kept.contains(&row) {
                    kept.push(row);
                }
            }
        }
        expected.values_mut().for_each(|rows| rows.sort_by_key(|row| row.0));
        let (blocks, duplicates) = cut(head, limit_bytes);
        let mut found = Rows3::new();
        for (meta, bytes) in &blocks {
            read(meta, bytes, &mut found);
        }
        let counts = |rows: &Rows3| rows.values().map(Vec::len).collect::<Vec<_>>();
        prop_assert_eq!(counts(&found), counts(&expected));
        prop_assert!(found == expected);
        let kept: u64 = blocks.iter().map(|(meta, _)| meta.rows).sum();
        prop_assert_eq!(kept + duplicates, given);
    }
}
