//! What a question would read, against what it reads, on blocks in a bucket that is far away.

use super::*;
use model::{Estimate, LineFilter, Needle, Predicate, RowsEstimate, SectionKind};

/// Streams that have a page each.
const STREAMS: usize = 8;
/// Rows of a stream.
const ROWS: usize = 20;

fn id(stream: usize, row: usize) -> String {
    format!("{:016x}", ((stream * ROWS + row + 1) as u64).wrapping_mul(0x1234_5678_9abc_def1))
}

/// A store with one block of [`STREAMS`] pages that has nothing of it in memory. Each row has an id, and each
/// first row of the pages from the third to the seventh one that they share.
async fn cold(place: &Place) -> Store {
    let store = place.open().await;
    for stream in 0..STREAMS {
        let filling = "x".repeat(60_000);
        let rows: Vec<(i64, String)> = (0..ROWS)
            .map(|row| {
                let shared =
                    if row == 0 && (2..7).contains(&stream) { "shared-0123456789abcdef" } else { "" };
                (NOW_NS + row as i64, format!("id={} {shared} {filling}", id(stream, row)))
            })
            .collect();
        let rows: Vec<(i64, &str)> = rows.iter().map(|(ts_ns, text)| (*ts_ns, text.as_str())).collect();
        push(&store, &format!("app{stream}"), &rows).await;
    }
    store.flush(None).await.unwrap();
    assert_eq!((blocks(&store), memory_rows(&store)), (1, 0));
    kill(store).await;
    place.open().await
}

fn needle(text: &str, limit_hint: Option<usize>) -> Selection {
    let filter = LineFilter { negated: false, any: vec![Needle::text(text.as_bytes())] };
    let predicates = vec![Predicate::Line(filter)];
    Selection { predicates, limit_hint, ..selection(Direction::Backward) }
}

fn bytes_of(estimate: &Estimate, kind: SectionKind) -> u64 {
    estimate.sections.iter().filter(|section| section.kind == kind).map(|section| section.stored_bytes).sum()
}

fn count(of: &std::sync::atomic::AtomicU64) -> u64 {
    of.load(std::sync::atomic::Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_needle_takes_three_rounds() {
    let place = Place::new();
    let store = cold(&place).await;
    let asked = needle(&id(3, 7), Some(100));
    let stats = asked.stats.clone();
    assert_eq!(rows_of(&runs(&store, asked.clone()).await).len(), 1);
    assert_eq!(
        (count(&stats.pages_considered), count(&stats.pages_skipped), count(&stats.pages_read)),
        (8, 7, 1)
    );
    // The tail, the filters, the page.
    assert_eq!((count(&stats.bucket_requests), count(&stats.bucket_rounds)), (3, 3));
    assert!(count(&stats.scan_ns) > 0);
    // Now the block is open, and its filters and the page are kept.
    let again = Selection { stats: Arc::default(), ..asked };
    let stats = again.stats.clone();
    assert_eq!(rows_of(&runs(&store, again).await).len(), 1);
    assert_eq!((count(&stats.bucket_requests), count(&stats.bucket_rounds)), (0, 0));
    assert_eq!((count(&stats.fetched_bytes), count(&stats.pages_read)), (0, 1));
    // Another page is fetched.
    let other = needle(&id(5, 7), Some(100));
    let stats = other.stats.clone();
    assert_eq!(rows_of(&runs(&store, other).await).len(), 1);
    assert_eq!((count(&stats.bucket_requests), count(&stats.bucket_rounds)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_filters_left_are_read_at_once() {
    let place = Place::new();
    let store = cold(&place).await;
    // Of five pages, though only few rows are asked for.
    let asked = needle("shared-0123456789abcdef", Some(100));
    let stats = asked.stats.clone();
    assert_eq!(rows_of(&runs(&store, asked).await).len(), 5);
    assert_eq!((count(&stats.pages_skipped), count(&stats.pages_read)), (3, 5));
    assert_eq!(count(&stats.bucket_rounds), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_tells_what_is_read() {
    let place = Place::new();
    let store = cold(&place).await;
    let asked = needle(&id(3, 7), None);
    let estimate = store.estimate(Selection { stats: Arc::default(), ..asked.clone() }).await.unwrap();
    assert_eq!((estimate.streams, estimate.blocks_in_range, estimate.blocks), (1, 1, 1));
    assert_eq!((estimate.pages, estimate.pages_skipped, estimate.uses_filters), (8, 7, true));
    assert_eq!(estimate.heads, RowsEstimate::default());
    assert_eq!(estimate.rows.rows, ROWS as u64);
    assert_eq!(bytes_of(&estimate, SectionKind::Metadata), 0);
    assert!(bytes_of(&estimate, SectionKind::Texts) > 0 && bytes_of(&estimate, SectionKind::Times) > 0);
    // The estimate has opened the block; one that has not fetches all that was told.
    kill(store).await;
    let store = place.open().await;
    let stats = asked.stats.clone();
    runs(&store, asked).await;
    let told: u64 = estimate.sections.iter().map(|section| section.stored_bytes).sum();
    assert_eq!(told, count(&stats.fetched_bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_reads_no_page() {
    let place = Place::new();
    let store = cold(&place).await;
    let asked = selection(Direction::Forward);
    let stats = asked.stats.clone();
    let estimate = store.estimate(asked).await.unwrap();
    assert_eq!((estimate.streams, estimate.pages, estimate.pages_skipped), (8, 8, 0));
    assert!(!estimate.uses_filters);
    assert_eq!(estimate.rows.rows, (STREAMS * ROWS) as u64);
    assert_eq!((count(&stats.pages_read), count(&stats.bucket_requests)), (0, 1));
    // What lies in memory counts as such.
    push(&store, "app0", &[(NOW_NS, "new")]).await;
    let estimate = store.estimate(selection(Direction::Forward)).await.unwrap();
    assert_eq!((estimate.streams, estimate.heads), (8, RowsEstimate { rows: 1, bytes: 3 }));
    // Outside of all time there is nothing.
    let later =
        Selection { range: TimeRange::new(NOW_NS + 1_000, i64::MAX), ..selection(Direction::Forward) };
    assert_eq!(store.estimate(later).await.unwrap(), Estimate::default());
}
