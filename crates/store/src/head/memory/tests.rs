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

#[test]
fn one_store_may_have_all_and_those_that_hold_much_make_room() {
    let logs = Memory::new(800);
    let [metrics, traces] = [Signal::Sample, Signal::Span].map(|signal| logs.of(signal));
    logs.hold(590);
    assert!(![&logs, &metrics, &traces].iter().any(|memory| memory.is_tight()));
    metrics.hold(99);
    assert_eq!([&logs, &metrics, &traces].map(|memory| memory.is_tight()), [true, false, false]);
    let reserved = metrics.try_reserve(1).unwrap();
    assert_eq!([&logs, &metrics, &traces].map(|memory| memory.is_tight()), [true, true, false]);
    assert_eq!((metrics.share_bytes(), metrics.used_bytes()), (100, 690));
    traces.hold(110);
    assert!(!logs.is_beyond() && traces.is_tight() && traces.try_reserve(1).is_none());
    traces.hold(1);
    assert!(logs.is_beyond());
    drop(reserved);
    logs.release(590);
    metrics.release(99);
    assert_eq!((logs.share_bytes(), metrics.share_bytes(), traces.used_bytes()), (0, 0, 111));
}
