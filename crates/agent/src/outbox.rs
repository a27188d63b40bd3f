//! Sends chunks: gathers them into pushes, retries what may succeed later, gives up only what the
//! server refuses for good, and says so.

use crate::source::Chunk;
use base::{Error, Result};
use model::{LabelsRef, RowRef};
use std::time::Duration;
use tokio::sync::mpsc;

/// Where and how chunks are sent.
#[derive(Clone, Debug)]
pub struct OutboxConfig {
    /// Push URL, as `http://127.0.0.1:3100/loki/api/v1/push`.
    pub url: String,
    /// Tenant, if any.
    pub tenant: Option<String>,
    /// A push is sent when it holds so many bytes of text.
    pub batch_bytes: usize,
    /// A push is sent when its first line has waited so long.
    pub batch_wait: Duration,
}

/// Chunks that may wait for the outbox; sources then wait themselves.
const QUEUE_CHUNKS: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The sending half; ends when all senders are gone.
#[derive(Debug)]
pub struct Outbox {
    config: OutboxConfig,
    http: reqwest::Client,
    chunks: mpsc::Receiver<Chunk>,
}

impl Outbox {
    /// An outbox and the sender that fills it.
    ///
    /// # Errors
    /// [`base::Kind::Unavailable`] when no HTTP client can be made.
    pub fn new(config: OutboxConfig) -> Result<(Self, mpsc::Sender<Chunk>)> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("trefoil-agent/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|e| Error::unavailable("cannot make an HTTP client").because(e))?;
        let (sender, chunks) = mpsc::channel(QUEUE_CHUNKS);
        Ok((Self { config, http, chunks }, sender))
    }

    /// Sends until all senders are gone.
    pub async fn run(mut self) {
        while let Some(first) = self.chunks.recv().await {
            let batch = self.gather(first).await;
            self.deliver(batch).await;
        }
    }

    /// More chunks after `first`, until the batch is full or its time is up.
    async fn gather(&mut self, first: Chunk) -> Vec<Chunk> {
        let mut bytes = first.byte_len();
        let mut batch = vec![first];
        let until = tokio::time::Instant::now() + self.config.batch_wait;
        while bytes < self.config.batch_bytes {
            match tokio::time::timeout_at(until, self.chunks.recv()).await {
                Ok(Some(chunk)) => {
                    bytes += chunk.byte_len();
                    batch.push(chunk);
                }
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }

    async fn deliver(&self, batch: Vec<Chunk>) {
        let streams: Vec<(LabelsRef<'_>, Vec<RowRef<'_>>)> = batch
            .iter()
            .map(|chunk| {
                let lines = chunk.lines.iter().map(|(ts_ns, text)| RowRef {
                    ts_ns: *ts_ns,
                    body: text,
                    metadata: LabelsRef::EMPTY,
                });
                (chunk.labels.as_ref(), lines.collect())
            })
            .collect();
        let body = wire::loki::encode::push_body(&streams);
        let mut pause = FIRST_PAUSE;
        loop {
            match self.post(body.clone()).await {
                Outcome::Taken => break,
                Outcome::Refused(text) => {
                    tracing::warn!(%text, "the server refused lines; they are not sent again");
                    break;
                }
                Outcome::Later(text) => {
                    tracing::debug!(%text, pause_seconds = pause.as_secs_f64(), "push is repeated later");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        for done in batch.into_iter().filter_map(|chunk| chunk.done) {
            // A source that is gone needs no word.
            let _ = done.send(());
        }
    }

    async fn post(&self, body: Vec<u8>) -> Outcome {
        let mut request = self.http.post(&self.config.url).header("content-type", "application/x-protobuf");
        if let Some(tenant) = &self.config.tenant {
            request = request.header("x-scope-orgid", tenant);
        }
        let response = match request.body(body).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Later(error.to_string()),
        };
        let status = response.status().as_u16();
        let text = response.text().await.unwrap_or_default();
        match status {
            // 260 is how a server says that it blocks this tenant's pushes.
            260 => Outcome::Refused(text),
            200..300 => Outcome::Taken,
            429 | 500.. => Outcome::Later(format!("status {status}: {text}")),
            _ => Outcome::Refused(format!("status {status}: {text}")),
        }
    }
}

enum Outcome {
    Taken,
    Refused(String),
    Later(String),
}
