//! Byte budgets: whoever holds bytes for others takes a lease first, and is refused beyond the limit.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A shared count of bytes with a limit. Cloning gives the same budget.
#[derive(Clone, Debug)]
pub struct ByteBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    limit_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
}

impl ByteBudget {
    /// A budget called `name` in its refusals, of `limit_bytes`.
    pub fn new(name: &'static str, limit_bytes: u64) -> Self {
        Self(Arc::new(Inner {
            name,
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
        }))
    }

    /// A budget that refuses nothing and still counts.
    pub fn unbounded(name: &'static str) -> Self {
        Self::new(name, u64::MAX)
    }

    /// Takes `bytes`, given back when the lease is dropped.
    ///
    /// # Errors
    /// [`crate::Kind::Limit`], naming budget, wish and limit, when the budget is spent.
    pub fn lease(&self, bytes: u64) -> Result<Lease> {
        self.take(bytes)?;
        Ok(Lease { budget: self.clone(), bytes })
    }

    fn take(&self, bytes: u64) -> Result<()> {
        let inner = &self.0;
        // Checked and taken in one step: a refused wish must not be counted for a moment, or smaller
        // ones that fit would be refused beside it.
        let take = |used: u64| used.checked_add(bytes).filter(|after| *after <= inner.limit_bytes);
        let taken = inner.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let before = taken.map_err(|used| {
            Error::limit(format!(
                "{} memory limit exceeded: {used} bytes in use, {bytes} more asked, limit {} bytes",
                inner.name, inner.limit_bytes
            ))
        })?;
        let after = before + bytes;
        inner.peak_bytes.fetch_max(after, Ordering::Relaxed);
        Ok(())
    }

    /// Bytes leased now.
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes ever leased at once.
    pub fn peak_bytes(&self) -> u64 {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    /// The limit.
    pub fn limit_bytes(&self) -> u64 {
        self.0.limit_bytes
    }
}

/// Bytes taken from a [`ByteBudget`]; dropping gives them back.
#[derive(Debug)]
pub struct Lease {
    budget: ByteBudget,
    bytes: u64,
}

impl Lease {
    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `more` bytes into this lease.
    ///
    /// # Errors
    /// As [`ByteBudget::lease`]; the lease then holds what it held.
    pub fn grow(&mut self, more: u64) -> Result<()> {
        self.budget.take(more)?;
        self.bytes += more;
        Ok(())
    }

    /// Gives `less` bytes back, at most all.
    pub fn shrink(&mut self, less: u64) {
        let less = less.min(self.bytes);
        self.budget.0.used_bytes.fetch_sub(less, Ordering::Relaxed);
        self.bytes -= less;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests;
