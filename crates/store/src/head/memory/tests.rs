use super::*;
use base::Kind;

#[tokio::test(start_paused = true)]
async fn who_asks_for_too_much_waits_and_is_refused() {
    let memory = Memory::new(100);
    let wait = Duration::from_secs(5);
    memory.hold(60);
    let reserved = memory.reserve(40, wait).await.unwrap();
    assert_eq!(memory.reserve(1, wait).await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(memory.reserve(101, wait).await.unwrap_err().kind(), Kind::Limit);
    drop(reserved);
    assert_eq!(memory.used_bytes(), 60);
}

#[tokio::test(start_paused = true)]
async fn freed_bytes_go_to_who_waits() {
    let memory = Memory::new(100);
    memory.hold(100);
    let waiting = memory.clone();
    let waiter =
        tokio::spawn(async move { waiting.reserve(50, Duration::from_secs(5)).await.map(|r| r.bytes) });
    tokio::task::yield_now().await;
    memory.release(30);
    tokio::task::yield_now().await;
    assert!(!waiter.is_finished());
    memory.release(30);
    assert_eq!(waiter.await.unwrap().unwrap(), 50);
}

#[test]
fn rows_already_in_the_log_are_counted_beyond_the_limit() {
    let memory = Memory::new(100);
    memory.hold(150);
    assert!(memory.is_tight());
    assert!(memory.try_reserve(1).is_none());
    memory.release(150);
    assert_eq!(memory.used_bytes(), 0);
}
