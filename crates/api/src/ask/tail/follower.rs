//! One tail from its first frame to its last.

use crate::ask::legacy;
use crate::ask::tail::lines::Filter;
use crate::stopping::Stopping;
use axum::extract::ws::{Message, WebSocket};
use base::Pool;
use futures_util::StreamExt as _;
use hashbrown::HashSet;
use model::{AnsweredStream, Followed, Labels};
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use wire::reply::tail::{Dropped, TailLine, frame};

/// Lines in one frame.
const FRAME_LINES: usize = 100;

/// How often the client is asked whether it lives.
const PING: Duration = Duration::from_secs(1);

/// Lines that may wait for their delay; the oldest are dropped beyond.
const DELAYED_MAX: usize = 10_000;

/// Dropped lines that are told by name.
const DROPPED_MAX: usize = 1000;

/// The shape of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Of `/loki/api/v1/tail`.
    Current,
    /// Of `/api/prom/tail`.
    Legacy,
}

/// What a tail is made of.
pub struct Parts {
    /// Where lines are filtered.
    pub pool: Pool,
    /// What is pushed from now on.
    pub live: Pin<Box<dyn futures_util::Stream<Item = Followed> + Send>>,
    /// What of it is wanted.
    pub filter: Filter,
    /// The shape of frames.
    pub layout: Layout,
    /// How long lines wait before they are sent.
    pub delay: Duration,
    /// When the tail ends at the latest.
    pub life: Duration,
}

/// A tail.
pub struct Follower {
    parts: Parts,
    /// Lines that are to be sent, and when.
    delayed: VecDeque<(Instant, TailLine)>,
    dropped: Vec<Dropped>,
    /// What was sent of the past: lines pushed while it was read come in both ways.
    past: HashSet<u64>,
    hasher: RandomState,
}

impl Follower {
    /// A tail that begins with `past`.
    pub fn new(parts: Parts, past: Vec<TailLine>) -> Self {
        let (hasher, now) = (RandomState::new(), Instant::now());
        let seen = past.iter().map(|line| fingerprint(&hasher, line)).collect();
        let delayed = past.into_iter().map(|line| (now, line)).collect();
        Self { parts, delayed, dropped: Vec::new(), past: seen, hasher }
    }

    /// Sends until the client leaves, which is the good end.
    ///
    /// # Errors
    /// The reason for the close frame.
    pub async fn run(mut self, socket: &mut WebSocket, mut stopping: Stopping) -> Result<(), String> {
        let end = sleep(self.parts.life);
        tokio::pin!(end);
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.delayed.front().map(|(due, _)| *due);
            tokio::select! {
                followed = self.parts.live.next() => self.take(followed).await?,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if self.send_due(socket).await.is_err() {
                        return Ok(());
                    }
                }
                _ = ping.tick() => {
                    if socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                        return Ok(());
                    }
                }
                message = socket.recv() => {
                    if matches!(message, None | Some(Err(_) | Ok(Message::Close(_)))) {
                        return Ok(());
                    }
                }
                () = &mut end => return Err("reached tail max duration limit".to_owned()),
                () = stopping.wait() => return Err("the server is stopping".to_owned()),
            }
        }
    }

    async fn take(&mut self, followed: Option<Followed>) -> Result<(), String> {
        match followed {
            None => return Err("all ingesters closed the connection".to_owned()),
            // how many lines were in the lost batches, and whose, nobody knows
            Some(Followed::Missed(_)) => self.drop_line(Dropped { ts_ns: 0, labels: Labels::default() }),
            // most batches are of no concern to a tail; seeing that costs less than a compute thread
            Some(Followed::Batch(batch)) if !self.parts.filter.selects(&batch) => {}
            Some(Followed::Batch(batch)) => {
                let filter = self.parts.filter.clone();
                let lines = self.parts.pool.run(move || filter.lines(&batch));
                let lines = lines.await.map_err(|error| error.to_string())?;
                let due = Instant::now() + self.parts.delay;
                for line in lines {
                    if !self.past.is_empty() && self.past.contains(&fingerprint(&self.hasher, &line)) {
                        continue;
                    }
                    self.delayed.push_back((due, line));
                    if self.delayed.len() > DELAYED_MAX
                        && let Some((_, TailLine { labels, line })) = self.delayed.pop_front()
                    {
                        self.drop_line(Dropped { ts_ns: line.ts_ns, labels });
                    }
                }
            }
        }
        Ok(())
    }

    fn drop_line(&mut self, dropped: Dropped) {
        if self.dropped.len() < DROPPED_MAX {
            self.dropped.push(dropped);
        }
    }

    /// Sends a frame of the lines whose time has come.
    async fn send_due(&mut self, socket: &mut WebSocket) -> Result<(), axum::Error> {
        let now = Instant::now();
        let due = self.delayed.iter().take(FRAME_LINES).take_while(|(due, _)| *due <= now).count();
        if due == 0 {
            return Ok(());
        }
        let lines: Vec<TailLine> = self.delayed.drain(..due).map(|(_, line)| line).collect();
        let dropped = std::mem::take(&mut self.dropped);
        let body = match self.parts.layout {
            Layout::Current => frame(&lines, &dropped, self.parts.filter.categorize()),
            Layout::Legacy => legacy_frame(lines),
        };
        let text = String::from_utf8(body).unwrap_or_default();
        socket.send(Message::Text(text.into())).await
    }
}

fn legacy_frame(lines: Vec<TailLine>) -> Vec<u8> {
    let streams = lines
        .into_iter()
        .map(|TailLine { labels, line }| legacy::stream(&AnsweredStream { labels, lines: vec![line] }));
    serde_json::json!({ "streams": streams.collect::<Vec<_>>() }).to_string().into_bytes()
}

fn fingerprint(hasher: &RandomState, line: &TailLine) -> u64 {
    let TailLine { labels, line } = line;
    hasher.hash_one((labels, line.ts_ns, &line.text, &line.metadata, &line.parsed))
}
