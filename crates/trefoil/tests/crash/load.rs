//! Writers that push until they are told to stop, each batch again and again until it is
//! acknowledged, as agents do.

use crate::ledger::Ledger;
use crate::rows::{Request, Row, Traffic};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

const ROWS_PER_BATCH: u64 = 40;
const PAUSE: Duration = Duration::from_millis(25);
const RETRY: Duration = Duration::from_millis(20);
/// Longest wait for what a test waits for.
const WAIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

pub struct Load {
    state: Arc<State>,
    writers: Vec<JoinHandle<()>>,
}

/// What the writers share.
struct State {
    url: String,
    ledger: Arc<Ledger>,
    begin_ns: i64,
    stop: AtomicBool,
    refusal: Mutex<Option<String>>,
}

impl Load {
    /// Starts `count` writers against `url`.
    pub fn start(traffic: impl Traffic, url: String, ledger: Arc<Ledger>, begin_ns: i64, count: u64) -> Self {
        let stop = AtomicBool::new(false);
        let state = Arc::new(State { url, ledger, begin_ns, stop, refusal: Mutex::default() });
        let writers = (0..count).map(|writer| tokio::spawn(write(traffic, writer, state.clone())));
        Self { writers: writers.collect(), state }
    }

    /// Lets every writer end with an acknowledged batch.
    pub async fn stop(self) {
        self.state.stop.store(true, Ordering::Relaxed);
        for writer in self.writers {
            writer.await.unwrap();
        }
    }

    pub async fn until_acknowledged(&self, rows: usize) {
        let done = async {
            while self.state.ledger.acknowledged() < rows {
                tokio::time::sleep(LOOK).await;
            }
        };
        let acknowledged = || self.state.ledger.acknowledged();
        tokio::time::timeout(WAIT, done)
            .await
            .unwrap_or_else(|_| panic!("{} of {rows} rows acknowledged in {WAIT:?}", acknowledged()));
    }

    /// The words of the next refusal.
    pub async fn until_refused(&self) -> String {
        *self.state.refusal.lock().unwrap() = None;
        let refused = async {
            loop {
                if let Some(text) = self.state.refusal.lock().unwrap().clone() {
                    return text;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(WAIT, refused).await.expect("no push was refused")
    }
}

async fn write(traffic: impl Traffic, writer: u64, state: Arc<State>) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut number = 0;
    while !state.stop.load(Ordering::Relaxed) {
        let rows: Vec<Row> = (number..number + ROWS_PER_BATCH).map(|number| Row { writer, number }).collect();
        number += ROWS_PER_BATCH;
        let request = traffic.push(&rows, state.begin_ns);
        while !is_acknowledged(&client, &request, &state).await {
            tokio::time::sleep(RETRY).await;
        }
        state.ledger.acknowledge(&rows);
        // Killing, not volume, is what is tested; reading everything back takes the most time.
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends `request` once.
async fn is_acknowledged(client: &reqwest::Client, request: &Request, state: &State) -> bool {
    let push = client.post(format!("{}{}", state.url, request.path)).body(request.body.clone());
    let push = request.headers.iter().fold(push, |push, (name, value)| push.header(*name, *value));
    // The server is away, or was killed before it answered.
    let Ok(answer) = push.send().await else { return false };
    let status = answer.status();
    if status.is_success() {
        // Part of a push may be refused in a success; then a row will be missing.
        return true;
    }
    let text = answer.text().await.unwrap_or_default();
    assert!(status.is_server_error() || status == 429, "{status}: {text}");
    *state.refusal.lock().unwrap() = Some(text);
    false
}
