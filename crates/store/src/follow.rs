//! Who follows what is appended.

use base::{ByteBudget, Lease};
use futures_util::Stream;
use model::{Batch, Followed, Tenant};
use parking_lot::{Mutex, RwLock};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Batches that a follower may be behind.
const QUEUE_BATCHES: usize = 1024;
/// Bytes of batches that a follower may be behind.
const QUEUE_BYTES: u64 = 16 << 20;

/// All followers of a store. What they are too slow for is counted and told them; nobody waits.
#[derive(Debug, Default)]
pub struct Followers {
    followers: RwLock<Vec<Follower>>,
}

#[derive(Debug)]
struct Follower {
    tenant: Tenant,
    queue: mpsc::Sender<(Followed, Option<Lease>)>,
    budget: ByteBudget,
    missed: Mutex<u64>,
}

/// What one follower sees.
struct Following {
    queue: mpsc::Receiver<(Followed, Option<Lease>)>,
}

impl Followers {
    /// The batches of `tenant` from now on.
    pub fn follow(&self, tenant: &Tenant) -> Pin<Box<dyn Stream<Item = Followed> + Send>> {
        let (sender, queue) = mpsc::channel(QUEUE_BATCHES);
        let follower = Follower {
            tenant: tenant.clone(),
            queue: sender,
            budget: ByteBudget::new("follower", QUEUE_BYTES),
            missed: Mutex::default(),
        };
        let mut followers = self.followers.write();
        followers.retain(|follower| !follower.queue.is_closed());
        followers.push(follower);
        Box::pin(Following { queue })
    }

    /// Tells the followers of its tenant about `batch`.
    pub fn tell(&self, batch: &Batch) {
        let followers = self.followers.read();
        let mut gone = false;
        for follower in followers.iter().filter(|follower| follower.tenant == *batch.tenant()) {
            follower.tell(batch);
            gone |= follower.queue.is_closed();
        }
        drop(followers);
        if gone {
            self.followers.write().retain(|follower| !follower.queue.is_closed());
        }
    }
}

impl Follower {
    fn tell(&self, batch: &Batch) {
        let mut missed = self.missed.lock();
        if !self.queue_batch(batch, &mut missed) {
            *missed += 1;
        }
    }

    /// Queues what was missed, as soon as there is room for more, and then `batch`.
    fn queue_batch(&self, batch: &Batch, missed: &mut u64) -> bool {
        let Ok(lease) = self.budget.lease(batch.bytes().len() as u64) else { return false };
        if *missed > 0 {
            if self.queue.try_send((Followed::Missed(*missed), None)).is_err() {
                return false;
            }
            *missed = 0;
        }
        self.queue.try_send((Followed::Batch(batch.clone()), Some(lease))).is_ok()
    }
}

impl Stream for Following {
    type Item = Followed;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Followed>> {
        self.queue.poll_recv(context).map(|told| told.map(|(followed, _)| followed))
    }
}

#[cfg(test)]
mod tests;
