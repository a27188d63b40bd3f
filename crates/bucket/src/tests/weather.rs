//! Stores that fail and hang at random. Time is the test's own, so that hanging takes none.

use super::*;

fn faulty(faults: FaultsConfig) -> Bucket {
    open(&BucketConfig { faults, ..memory_config() })
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_becomes_unavailable() {
    let faults =
        FaultsConfig { hang_percent: 100, hang: Period::seconds(1 << 30), ..FaultsConfig::default() };
    let bucket = faulty(faults);
    let started = tokio::time::Instant::now();
    let hung = bucket.get("some/name").await.unwrap_err();
    assert_eq!(hung.kind(), Kind::Unavailable);
    assert_eq!(hung.what(), "memory: no answer to get some/name within 10s");
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(20) && took <= Duration::from_secs(31), "{took:?}");
    assert_eq!(bucket.list("x").await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(bucket.delete("x").await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(bucket.get_ranges("x", 9, &[0..9]).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn what_moves_more_may_take_longer() {
    let faults = FaultsConfig { hang_percent: 100, hang: Period::seconds(60), ..FaultsConfig::default() };
    let bucket = faulty(faults);
    bucket.put("large", Bytes::from(vec![0; 60 << 20])).await.unwrap();
    assert_eq!(bucket.put("small", Bytes::new()).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_now_and_then_is_tried_again() {
    let bucket = faulty(FaultsConfig { fail_percent: 20, ..FaultsConfig::default() });
    let mut failed = 0;
    for number in 0..200 {
        let content = Bytes::from(number.to_string());
        let done = bucket.put(&format!("{number}"), content).await;
        failed += usize::from(done.is_err());
    }
    // One in 125 fails three times.
    assert!(failed < 10, "{failed} of 200 failed");
}

#[tokio::test(start_paused = true)]
async fn bad_weather_makes_nothing_wrong() {
    for seed in 0..10 {
        let hang = Period::seconds(15);
        let bucket = faulty(FaultsConfig { fail_percent: 30, hang_percent: 20, hang, seed });
        // Each of many counts up by creating the next number.
        let counters: Vec<_> = (0..4)
            .map(|who| {
                let bucket = bucket.clone();
                tokio::spawn(async move {
                    let (mut won, mut next) = (Vec::new(), 0);
                    while won.len() < 10 {
                        let (name, content) = (format!("{next:03}"), Bytes::from(format!("{who}")));
                        match bucket.create(&name, content).await {
                            Ok(true) => {
                                won.push(next);
                                next += 1;
                            }
                            Ok(false) => next += 1,
                            Err(e) => assert_eq!(e.kind(), Kind::Unavailable, "{e}"),
                        }
                    }
                    won
                })
            })
            .collect();
        let mut all = Vec::new();
        for counter in counters {
            all.extend(counter.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (0..40).collect::<Vec<_>>(), "every number is won once");
    }
}
