use super::*;
use base::meter::Registry;
use base::{Clock, Pool};
use bucket::Bucket;
use model::Limits;

fn replaying(done_bytes: u64, total_bytes: u64) -> Phase {
    Phase::Replaying { done_bytes, total_bytes }
}

#[test]
fn three_lives_are_told_as_one() {
    let failed = || Phase::Failed("disk".to_owned());
    let (opening, ready) = (|| Phase::Opening, || Phase::Ready);
    for (phases, expected) in [
        ([ready(), ready(), ready()], ready()),
        ([ready(), opening(), replaying(1, 2)], opening()),
        ([ready(), replaying(5, 10), ready()], replaying(65, 130)),
        ([opening(), ready(), failed()], failed()),
        ([ready(), Phase::Draining, ready()], Phase::Draining),
    ] {
        assert_eq!(together(&phases, [(20, 20), (5, 10), (40, 100)]), expected);
    }
}

#[test]
fn a_log_that_is_replayed_stays_in_the_sum() {
    let (senders, phases): (Vec<_>, Vec<_>) = (0..3).map(|_| watch::channel(Phase::Opening)).unzip();
    let mut progress = Progress { phases, bytes: [(0, 0); 3] };
    assert_eq!(progress.now(), Phase::Opening);
    for (sender, total) in senders.iter().zip([10, 20, 30]) {
        sender.send_replace(replaying(1, total));
    }
    assert_eq!(progress.now(), replaying(3, 60));
    senders[0].send_replace(Phase::Ready);
    assert_eq!(progress.now(), replaying(12, 60));
    for sender in &senders {
        sender.send_replace(Phase::Ready);
    }
    assert_eq!(progress.now(), Phase::Ready);
}

#[tokio::test]
async fn news_of_any_store_are_news_and_all_stop_together() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { wal_dir: dir.path().to_owned(), ..StoreConfig::default() };
    let shared = Shared::new(
        &config,
        Bucket::memory(),
        Limits::default().fixed(),
        Clock::System,
        Registry::default(),
        Pool::new(1).unwrap(),
    );
    let stores = Stores::open(&config, &shared).await.unwrap();
    let mut progress = stores.progress();
    while progress.now() != Phase::Ready {
        assert!(progress.changed().await);
    }
    assert_eq!(
        stores.phases(),
        [("logs", Phase::Ready), ("metrics", Phase::Ready), ("traces", Phase::Ready)]
    );
    stores.shutdown().await;
    assert!(stores.phases().iter().all(|(_, phase)| *phase == Phase::Closed));
    // Each log can be opened by the next process.
    Stores::open(&config, &shared).await.unwrap();
}
