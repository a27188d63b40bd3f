//! One budget of bytes for the heads of all stores of a process.
//!
//! What is in memory is counted when it is there, also beyond the limit: rows that the log has must
//! be inserted. The limit holds at the entrance: an append reserves what its rows will take
//! before anything else happens, and waits or is refused when that is not to be had.
//!
//! Each store has a share, of which only is counted how large it is: whoever pushes one signal alone has
//! all of the budget. When the whole is tight, the stores that hold much make room; one that holds little
//! would write many small blocks for nothing.

use base::{Error, Result};
use model::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A share that is so much of the limit is large.
const LARGE_SHARE: u64 = 8;

/// The budget, as the store of one signal sees it. Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct Memory {
    inner: Arc<Inner>,
    signal: Signal,
}

#[derive(Debug)]
struct Inner {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    /// Of which each store uses so much, by the tag of its signal.
    shares_bytes: [AtomicU64; Signal::ALL.len()],
    freed: Notify,
}

/// Bytes set aside for rows on their way; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: u64,
}

impl Memory {
    /// A budget of `limit_bytes`.
    pub fn new(limit_bytes: u64) -> Self {
        let inner = Inner {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            shares_bytes: Default::default(),
            freed: Notify::new(),
        };
        Self { inner: Arc::new(inner), signal: Signal::default() }
    }

    /// The same budget for the store of `signal`.
    pub fn of(&self, signal: Signal) -> Self {
        Self { inner: self.inner.clone(), signal }
    }

    /// Bytes held and reserved by all stores.
    pub fn used_bytes(&self) -> u64 {
        self.inner.used_bytes.load(Ordering::Relaxed)
    }

    /// Bytes held and reserved by this store.
    pub fn share_bytes(&self) -> u64 {
        self.share().load(Ordering::Relaxed)
    }

    fn share(&self) -> &AtomicU64 {
        &self.inner.shares_bytes[self.signal as usize]
    }

    /// Whether so much is in use that rows of this store should leave.
    pub fn is_tight(&self) -> bool {
        self.used_bytes() > self.inner.limit_bytes / 4 * 3 && self.holds_much()
    }

    /// Whether more is in use than may be, and rows of this store should leave.
    pub fn is_beyond(&self) -> bool {
        self.used_bytes() > self.inner.limit_bytes && self.holds_much()
    }

    /// Whether this store's share is large, or no other one's is larger.
    fn holds_much(&self) -> bool {
        let share = self.share_bytes();
        let others = self.inner.shares_bytes.iter().map(|bytes| bytes.load(Ordering::Relaxed));
        share >= self.inner.limit_bytes / LARGE_SHARE || others.max().is_none_or(|most| share >= most)
    }

    /// Reserves `bytes` if they are to be had now.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        let inner = &self.inner;
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= inner.limit_bytes);
        inner.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        self.share().fetch_add(bytes, Ordering::Relaxed);
        Some(Reservation { memory: self.clone(), bytes })
    }

    /// Reserves `bytes`, waiting for them at most so long.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when they are more than the whole budget, [`base::Kind::Unavailable`]
    /// when they did not become free in time.
    pub async fn reserve(&self, bytes: u64, wait: Duration) -> Result<Reservation> {
        if bytes > self.inner.limit_bytes {
            return Err(Error::limit(format!(
                "a batch that takes {bytes} bytes of memory, the budget for rows in memory is {} bytes",
                self.inner.limit_bytes
            )));
        }
        let waiting = async {
            loop {
                let freed = self.inner.freed.notified();
                tokio::pin!(freed);
                // Listen before looking, so that nothing freed in between is missed.
                freed.as_mut().enable();
                if let Some(reservation) = self.try_reserve(bytes) {
                    return reservation;
                }
                freed.await;
            }
        };
        tokio::time::timeout(wait, waiting).await.map_err(|_| {
            Error::unavailable(format!(
                "rows wait to be written to the bucket: {} of {} bytes of memory in use, {bytes} more asked",
                self.used_bytes(),
                self.inner.limit_bytes
            ))
        })
    }

    /// Counts bytes that rows have taken.
    pub fn hold(&self, bytes: u64) {
        self.inner.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.share().fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back bytes that [`Memory::hold`] counted.
    pub fn release(&self, bytes: u64) {
        if bytes > 0 {
            self.inner.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.share().fetch_sub(bytes, Ordering::Relaxed);
            self.inner.freed.notify_waiters();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.release(self.bytes);
    }
}

#[cfg(test)]
mod tests;
