//! Writers that push until they are told to stop, each batch again and again until it is
//! acknowledged, as agents do.

use crate::ledger::{Batch, Ledger};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

const LINES_PER_BATCH: u64 = 40;
const PAUSE: Duration = Duration::from_millis(25);

pub struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
    ledger: Arc<Ledger>,
    refusal: Arc<std::sync::Mutex<Option<String>>>,
}

impl Load {
    /// Starts `count` writers against `url`.
    pub fn start(url: String, ledger: Arc<Ledger>, count: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let refusal = Arc::new(std::sync::Mutex::new(None));
        let writers = (0..count)
            .map(|writer| {
                tokio::spawn(write(writer, url.clone(), ledger.clone(), stop.clone(), refusal.clone()))
            })
            .collect();
        Self { stop, writers, ledger, refusal }
    }

    /// Lets every writer end with an acknowledged batch.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers {
            writer.await.unwrap();
        }
    }

    pub async fn until_acknowledged(&self, lines: usize) {
        for _ in 0..600 {
            if self.ledger.acknowledged() >= lines {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} of {lines} lines acknowledged in 30 s", self.ledger.acknowledged());
    }

    /// The words of the next refusal.
    pub async fn until_refused(&self) -> String {
        *self.refusal.lock().unwrap() = None;
        for _ in 0..600 {
            if let Some(text) = self.refusal.lock().unwrap().clone() {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no push was refused in 30 s");
    }
}

async fn write(
    writer: u64,
    url: String,
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    refusal: Arc<std::sync::Mutex<Option<String>>>,
) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let batch = Batch::make(writer, number, LINES_PER_BATCH);
        number += LINES_PER_BATCH;
        loop {
            let push = client
                .post(format!("{url}/loki/api/v1/push"))
                .header("content-type", "application/json")
                .body(batch.body.clone());
            match push.send().await {
                Ok(answer) if answer.status() == 204 => break,
                Ok(answer) => {
                    let status = answer.status();
                    let text = answer.text().await.unwrap_or_default();
                    assert!(status.is_server_error() || status == 429, "{status}: {text}");
                    *refusal.lock().unwrap() = Some(text);
                }
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ledger.acknowledge(&batch);
        // Killing, not volume, is what is tested; reading everything back takes the most time.
        tokio::time::sleep(PAUSE).await;
    }
}
