//! The stores of a process beside each other: one bucket, one budget, one registry.

use super::*;
use model::Predicate;
use model::span::Span;
use std::time::Duration;

/// A store per signal.
async fn open_all(place: &Place, shared: &Shared) -> Vec<Store> {
    let mut stores = Vec::new();
    for signal in Signal::ALL {
        let config = StoreConfig { signal, ..place.config.clone() };
        let store = Store::open(config, shared.clone()).await.unwrap();
        store.started().await.unwrap();
        stores.push(store);
    }
    stores
}

async fn push_to(store: &Store, ts_ns: i64, body: &[u8]) {
    let mut batch = BatchBuilder::new(Tenant::single(), store.engine.config.signal, NOW_NS);
    let row = RowRef { ts_ns, body, metadata: LabelsRef::EMPTY };
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), [row]);
    assert_eq!(store.append(batch.build()).await.unwrap().refused, []);
}

async fn count_of(store: &Store) -> usize {
    let asked = Selection { signal: store.engine.config.signal, ..selection(Direction::Forward) };
    runs(store, asked).await.iter().map(|run| run.rows.len()).sum()
}

async fn all_turns(store: &Store) -> tokio::sync::OwnedSemaphorePermit {
    let turns = store.engine.flush_turns.clone();
    let all = u32::try_from(turns.available_permits()).unwrap();
    turns.acquire_many_owned(all).await.unwrap()
}

/// A body that each signal takes: a line, a float, and the shortest span.
fn body(signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Line => b"a line".to_vec(),
        Signal::Sample => [&[0][..], &1.5f64.to_le_bytes()].concat(),
        Signal::Span => [&[1; 32][..], &[2, 1, 0, 1, b'n', 0]].concat(),
    }
}

#[tokio::test]
async fn each_signal_finds_its_own_rows_before_and_after_a_flush_and_a_restart() {
    let place = Place::new();
    let stores = open_all(&place, &place.shared()).await;
    for (rows, store) in (1..).zip(&stores) {
        for ts_ns in 0..rows {
            push_to(store, ts_ns, &body(store.engine.config.signal)).await;
        }
    }
    for flushed in [false, true] {
        let mut stores = stores.clone();
        if flushed {
            for store in &stores {
                store.flush(None).await.unwrap();
            }
            for store in &stores {
                kill(store.clone()).await;
            }
            stores = open_all(&place, &place.shared()).await;
            for store in &stores {
                assert_eq!((blocks(store), memory_rows(store)), (1, 0));
                store.rebuild_catalogue().await.unwrap();
                assert_eq!(blocks(store), 1, "a listing finds the blocks of each signal alone");
            }
        }
        for (rows, store) in (1..).zip(&stores) {
            assert_eq!(count_of(store).await, rows, "{:?}", store.engine.config.signal);
        }
    }
}

#[tokio::test]
async fn a_store_that_nobody_uses_keeps_nothing() {
    let place = Place::new();
    let stores = open_all(&place, &place.shared()).await;
    push_to(&stores[0], 1, b"a line").await;
    for store in &stores {
        store.flush(None).await.unwrap();
        kill(store.clone()).await;
    }
    for unused in ["metrics", "traces"] {
        let files = std::fs::read_dir(place.dir.path().join(unused)).unwrap();
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes < 100, "{bytes} bytes in the log of {unused}");
    }
    let objects = place.bucket.list("").await.unwrap();
    assert!(objects.iter().all(|object| object.name.contains("logs/")), "{objects:?}");
    assert_eq!(stores[1].engine.memory.share_bytes(), 0);
}

#[tokio::test]
async fn what_one_store_holds_the_others_cannot_take_and_it_makes_room() {
    let mut place = Place::new();
    place.config.head_memory = ByteSize(200_000);
    let stores = open_all(&place, &place.shared()).await;
    let line = vec![b'x'; 40_000];
    let [lines, samples, _] = &stores[..] else { panic!("three stores") };
    // While all turns are taken nothing is flushed.
    let turns = all_turns(lines).await;
    let mut kept = 0;
    while lines.append(batch("a", &[(kept, str::from_utf8(&line).unwrap())])).await.is_ok() {
        kept += 1;
    }
    assert!(kept > 2, "one signal may have nearly all: {kept} batches");
    assert!(lines.engine.memory.is_tight() && !samples.engine.memory.is_tight());
    drop(turns);
    let gone = async {
        while blocks(lines) == 0 || lines.engine.memory.is_tight() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
    push_to(samples, 1, &body(Signal::Sample)).await;
    assert_eq!(blocks(samples), 0, "who holds little writes no small blocks");
}

#[tokio::test]
async fn names_of_loki_count_logs_alone() {
    let place = Place::new();
    let shared = place.shared();
    let stores = open_all(&place, &shared).await;
    for store in &stores {
        push_to(store, 1, &body(store.engine.config.signal)).await;
        store.flush(None).await.unwrap();
    }
    let text = shared.registry.render();
    for line in [
        "loki_ingester_memory_streams{tenant=\"fake\"} 1",
        "trefoil_store_streams{signal=\"logs\",tenant=\"fake\"} 1",
        "trefoil_store_streams{signal=\"metrics\",tenant=\"fake\"} 1",
        "loki_ingester_wal_records_logged_total 1",
        "trefoil_wal_records_total{log=\"traces\"} 1",
        "loki_ingester_chunks_flushed_total{reason=\"forced\"} 1",
        "trefoil_store_runs_flushed_total{signal=\"metrics\",reason=\"forced\"} 1",
        "trefoil_store_blocks_written_total{signal=\"traces\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn each_signal_has_its_retention() {
    let mut place = Place::new();
    let kept = Limits {
        retention_period: Period::seconds(10),
        compactor_blocks_retention_period: Period::seconds(20),
        ..Limits::default()
    };
    place.limits = kept.fixed();
    let stores = open_all(&place, &place.shared()).await;
    for store in &stores {
        push_to(store, NOW_NS, &body(store.engine.config.signal)).await;
        store.flush(None).await.unwrap();
    }
    for (after_s, left) in [(10, [1, 1, 1]), (11, [0, 1, 1]), (21, [0, 0, 1]), (1_000_000, [0, 0, 1])] {
        for store in &stores {
            store.retain(NOW_NS + after_s * SECOND_NS).await.unwrap();
        }
        assert_eq!(stores.iter().map(blocks).collect::<Vec<_>>(), left, "after {after_s} s");
    }
}

/// The spans of minutes `from..to` of two traces in two services, one a minute of each.
fn spans(minutes: std::ops::Range<u8>) -> Batch {
    let mut batch = BatchBuilder::new(Tenant::single(), Signal::Span, NOW_NS);
    for service in ["front", "cart"] {
        let ids = minutes.clone().flat_map(|minute| [(1, minute), (2, minute)]);
        let bodies = ids.map(|(trace, minute)| {
            let start_ns = i64::from(minute) * 60_000_000_000;
            let mut body = Vec::new();
            Span { trace_id: [trace; 16], span_id: [minute; 8], start_ns, ..Span::default() }
                .put_body(&mut body);
            (start_ns, body)
        });
        let bodies: Vec<(i64, Vec<u8>)> = bodies.collect();
        let rows =
            bodies.iter().map(|(ts_ns, body)| RowRef { ts_ns: *ts_ns, body, metadata: LabelsRef::EMPTY });
        batch.add_rows(Labels::from_pairs([("app", service)]).as_ref(), rows);
    }
    batch.build()
}

#[tokio::test]
async fn a_trace_in_two_blocks_and_the_head_comes_back_whole_and_once() {
    let place = Place::new();
    let store = open_all(&place, &place.shared()).await.pop().unwrap();
    assert_eq!(store.engine.config.signal, Signal::Span);
    // What came before is sent again in part, as who has no reply does.
    for (minutes, flushed) in [(0..3, true), (2..5, true), (4..7, false)] {
        assert_eq!(store.append(spans(minutes)).await.unwrap().refused, []);
        if flushed {
            store.flush(None).await.unwrap();
        }
    }
    assert_eq!((blocks(&store), memory_rows(&store)), (2, 12));
    for trace in 1..4 {
        let predicates = vec![Predicate::Key([trace; 16])];
        let asked = Selection { signal: Signal::Span, predicates, ..selection(Direction::Forward) };
        let found = runs(&store, asked).await;
        let mut spans: Vec<(String, u8, u8)> = Vec::new();
        for run in &found {
            let app = run.stream.labels.get("app").unwrap_or("");
            spans.extend(run.rows.rows().map(|row| (app.to_owned(), row.body[0], row.body[16])));
        }
        spans.sort();
        let minutes = if trace < 3 { 0..7 } else { 0..0 };
        let of =
            |service: &'static str| minutes.clone().map(move |minute| (service.to_owned(), trace, minute));
        assert_eq!(spans, of("cart").chain(of("front")).collect::<Vec<_>>());
    }
}
