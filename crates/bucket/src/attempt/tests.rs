use super::*;
use base::meter::Registry;
use std::sync::atomic::{AtomicU32, Ordering};

fn attempts(max_retries: u32) -> Attempts {
    let config = BucketConfig { max_retries, ..BucketConfig::default() };
    Attempts::new(&config, "test".to_owned(), Meters::new(&Registry::default()))
}

fn request() -> Request<'static> {
    Request::moving(0, Operation::Get, "name")
}

fn broken() -> StoreError {
    StoreError::Generic { store: "test", source: "broken".into() }
}

#[tokio::test(start_paused = true)]
async fn passing_errors_are_tried_again_and_others_not() {
    let called = AtomicU32::new(0);
    let call = |fails: u32, error: fn() -> StoreError| {
        let before = called.fetch_add(1, Ordering::Relaxed);
        async move { if before < fails { Err(error()) } else { Ok(before) } }
    };
    assert_eq!(attempts(2).run(request(), || call(2, broken)).await.unwrap(), 2);

    called.store(0, Ordering::Relaxed);
    let failed = attempts(2).run(request(), || call(3, broken)).await.unwrap_err();
    assert_eq!((failed.kind(), called.load(Ordering::Relaxed)), (Kind::Unavailable, 3));
    assert_eq!(failed.what(), "test: get name: Generic test error: broken");

    called.store(0, Ordering::Relaxed);
    let missing = || StoreError::NotFound { path: "name".to_owned(), source: "gone".into() };
    let failed = attempts(2).run(request(), || call(3, missing)).await.unwrap_err();
    assert_eq!((failed.kind(), called.load(Ordering::Relaxed)), (Kind::Missing, 1));
}

#[tokio::test(start_paused = true)]
async fn all_tries_together_keep_the_deadline() {
    let started = Instant::now();
    let failed = attempts(1000).run(request(), || async { Err::<(), _>(broken()) }).await.unwrap_err();
    assert_eq!(failed.kind(), Kind::Unavailable);
    assert!(started.elapsed() <= Duration::from_secs(30));
}
