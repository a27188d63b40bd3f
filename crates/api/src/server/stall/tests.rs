use super::*;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_fails() {
    let pieces =
        futures_util::stream::iter([Ok::<_, io::Error>("half")]).chain(futures_util::stream::pending());
    let request = Request::new(Body::from_stream(pieces));
    let guarded = guard_body(request, Duration::from_secs(30)).await;
    let mut data = guarded.into_body().into_data_stream();
    assert_eq!(data.next().await.unwrap().unwrap(), "half");
    let error = data.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("nothing moved for 30s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly_passes() {
    let pieces = futures_util::stream::iter(["a", "b", "c"]).then(|piece| async move {
        sleep(Duration::from_secs(20)).await;
        Ok::<_, io::Error>(piece)
    });
    let guarded = guard_body(Request::new(Body::from_stream(pieces)), Duration::from_secs(30)).await;
    assert_eq!(axum::body::to_bytes(guarded.into_body(), 10).await.unwrap(), "abc");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_fails() {
    let (ours, theirs) = tokio::io::duplex(8);
    let mut guarded = WriteGuard::new(ours, Duration::from_secs(5));
    guarded.write_all(b"12345678").await.unwrap();
    let error = guarded.write_all(b"9").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    drop(theirs);
}
