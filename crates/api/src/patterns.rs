//! Patterns of the lines pushed lately: what is acknowledged goes by the miner, behind the answer to
//! the push. Mining is a side business: batches that come faster than they are mined are left out.

use base::{Clock, Pool, Result};
use hashbrown::HashMap;
use model::{Ack, Append, Batch, BoxFuture, Matcher, Tenant, TimeRange};
use parking_lot::Mutex;
use query::patterns::{Miner, Pattern};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Batches that may wait to be mined.
const QUEUE: usize = 64;

/// How often old counts are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// Metadata that holds a line's level.
const LEVEL: &str = model::DETECTED_LEVEL;

type Miners = Arc<Mutex<HashMap<Tenant, Arc<Mutex<Miner>>>>>;

/// What was mined, by tenant. Cloning gives the same patterns.
#[derive(Clone, Debug)]
pub struct Patterns {
    miners: Miners,
    queue: mpsc::Sender<Batch>,
}

impl Patterns {
    /// Starts mining on `pool`. Must be called inside of a tokio runtime.
    pub fn start(pool: Pool, clock: Clock) -> Self {
        let (queue, batches) = mpsc::channel(QUEUE);
        let miners = Miners::default();
        tokio::spawn(mine(miners.clone(), batches, pool, clock));
        Self { miners, queue }
    }

    /// A door that keeps batches as `append` does, and has what was kept mined.
    pub fn behind(&self, append: Arc<dyn Append>) -> Arc<dyn Append> {
        Arc::new(Mined { append, queue: self.queue.clone() })
    }

    /// The patterns of `tenant`'s streams that match, in steps of `step_ns`.
    pub fn find(
        &self,
        tenant: &Tenant,
        matchers: &[Matcher],
        range: TimeRange,
        step_ns: i64,
    ) -> Vec<Pattern> {
        let miner = self.miners.lock().get(tenant).cloned();
        miner.map_or_else(Vec::new, |miner| miner.lock().find(matchers, range, step_ns))
    }
}

/// Mines until nobody can send batches any more.
async fn mine(miners: Miners, mut batches: mpsc::Receiver<Batch>, pool: Pool, clock: Clock) {
    let mut forget = tokio::time::interval(FORGET);
    loop {
        let miners = miners.clone();
        let mined = tokio::select! {
            batch = batches.recv() => {
                let Some(batch) = batch else { return };
                pool.run(move || learn(&miners, &batch)).await
            }
            _ = forget.tick() => {
                let now_ns = clock.now_ns();
                pool.run(move || all(&miners).iter().for_each(|miner| miner.lock().forget(now_ns))).await
            }
        };
        if let Err(error) = mined {
            tracing::error!(%error, "mining patterns failed");
        }
    }
}

fn all(miners: &Miners) -> Vec<Arc<Mutex<Miner>>> {
    miners.lock().values().cloned().collect()
}

fn learn(miners: &Miners, batch: &Batch) {
    let miner = miners.lock().entry(batch.tenant().clone()).or_default().clone();
    let mut miner = miner.lock();
    for stream in batch.streams() {
        let labels = stream.labels.to_owned();
        for line in stream.rows() {
            miner.observe(&labels, line.metadata.get(LEVEL).unwrap_or(""), line.ts_ns, line.body);
        }
    }
}

/// See [`Patterns::behind`].
struct Mined {
    append: Arc<dyn Append>,
    queue: mpsc::Sender<Batch>,
}

impl Append for Mined {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Ack>> {
        Box::pin(async move {
            let ack = self.append.append(batch.clone()).await?;
            let refused: Vec<_> = ack.refused.iter().map(|refused| refused.stream).collect();
            let kept = if refused.is_empty() { batch } else { batch.without_streams(&refused) };
            // a full queue means that this batch is left out
            let _ = self.queue.try_send(kept);
            Ok(ack)
        })
    }
}

#[cfg(test)]
mod tests;
