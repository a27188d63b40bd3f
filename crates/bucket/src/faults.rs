//! Makes requests fail and hang at random, for tests of everything that stands on a bucket.

use crate::config::FaultsConfig;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Strikes some requests, by [`FaultsConfig`]. The same seed strikes the same requests.
#[derive(Debug)]
pub struct Faults {
    config: FaultsConfig,
    asked: AtomicU64,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strike {
    Nothing,
    Fail { done: bool },
    Hang { done: bool },
}

impl Faults {
    /// By `config`; strikes nothing when its percentages are 0.
    pub fn new(config: &FaultsConfig) -> Self {
        if config.fail_percent > 0 || config.hang_percent > 0 {
            tracing::warn!(
                ?config,
                "requests to the bucket are made to fail and hang: this is for tests only"
            );
        }
        Self { config: config.clone(), asked: AtomicU64::new(0) }
    }

    /// Does `request`, or not, or does it and loses the answer.
    ///
    /// # Errors
    /// What the request answers, and [`object_store::Error::Generic`] when struck.
    pub async fn strike<T>(
        &self,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> object_store::Result<T> {
        match self.next() {
            Strike::Nothing => request.await,
            Strike::Fail { done } => {
                if done {
                    drop(request.await);
                }
                Err(object_store::Error::Generic {
                    store: "faults",
                    source: "struck by the faults section".into(),
                })
            }
            Strike::Hang { done: false } => {
                tokio::time::sleep(self.hang()).await;
                request.await
            }
            Strike::Hang { done: true } => {
                let answer = request.await;
                tokio::time::sleep(self.hang()).await;
                answer
            }
        }
    }

    fn hang(&self) -> Duration {
        self.config.hang.duration()
    }

    fn next(&self) -> Strike {
        let (fail, hang) = (u64::from(self.config.fail_percent), u64::from(self.config.hang_percent));
        if fail + hang == 0 {
            return Strike::Nothing;
        }
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let random = xxhash_rust::xxh3::xxh3_64_with_seed(&asked.to_le_bytes(), self.config.seed);
        let done = random >> 63 == 1;
        match random % 100 {
            percent if percent < fail => Strike::Fail { done },
            percent if percent < fail + hang => Strike::Hang { done },
            _ => Strike::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
