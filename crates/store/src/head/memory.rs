//! One budget of bytes for all heads of a store.
//!
//! What is in memory is counted when it is there, also beyond the limit: rows that the log has must
//! be inserted. The limit holds at the entrance: an append reserves what its rows will take
//! before anything else happens, and waits or is refused when that is not to be had.

use base::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The budget. Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit_bytes: u64,
    used_bytes: AtomicU64,
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
        Self(Arc::new(Inner { limit_bytes, used_bytes: AtomicU64::new(0), freed: Notify::new() }))
    }

    /// Bytes held and reserved.
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The limit.
    pub fn limit_bytes(&self) -> u64 {
        self.0.limit_bytes
    }

    /// Whether so much is in use that rows should leave.
    pub fn is_tight(&self) -> bool {
        self.used_bytes() > self.0.limit_bytes / 4 * 3
    }

    /// Reserves `bytes` if they are to be had now.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        let inner = &self.0;
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= inner.limit_bytes);
        inner.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Reservation { memory: self.clone(), bytes })
    }

    /// Reserves `bytes`, waiting for them at most so long.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when they are more than the whole budget, [`base::Kind::Unavailable`]
    /// when they did not become free in time.
    pub async fn reserve(&self, bytes: u64, wait: Duration) -> Result<Reservation> {
        if bytes > self.0.limit_bytes {
            return Err(Error::limit(format!(
                "a batch that takes {bytes} bytes of memory, the budget for rows in memory is {} bytes",
                self.0.limit_bytes
            )));
        }
        let waiting = async {
            loop {
                let freed = self.0.freed.notified();
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
                self.0.limit_bytes
            ))
        })
    }

    /// Counts bytes that rows have taken.
    pub fn hold(&self, bytes: u64) {
        self.0.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back bytes that [`Memory::hold`] counted.
    pub fn release(&self, bytes: u64) {
        if bytes > 0 {
            self.0.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.0.freed.notify_waiters();
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
