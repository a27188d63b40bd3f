//! The threads that compute. Async workers never scan or evaluate; they hand the work here and
//! await it. A job never waits for I/O: fetch first, compute after.

use crate::error::{Error, Result};
use futures_channel::oneshot;
use std::sync::Arc;

/// Stack of each thread that serves or computes, in bytes. A query may be a tree a thousand levels
/// deep and is walked by recursion, at up to 6 kB a level where nothing is optimised; what is not
/// used of a stack costs addresses, not memory.
pub const STACK_BYTES: usize = 16 << 20;

/// A pool of compute threads. Cloning gives the same pool.
#[derive(Clone, Debug)]
pub struct Pool {
    threads: Arc<rayon::ThreadPool>,
}

impl Pool {
    /// A pool of `threads` threads; 0 means one per core.
    ///
    /// # Errors
    /// [`crate::Kind::Unavailable`] when the machine gives no threads.
    pub fn new(threads: usize) -> Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_BYTES)
            .thread_name(|n| format!("compute-{n}"))
            .build()
            .map_err(|e| Error::unavailable("cannot start compute threads").because(e))?;
        Ok(Self { threads: Arc::new(threads) })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// Runs `job` on the pool. The job starts in order of asking even when the future is not
    /// polled; dropping the future drops the result.
    ///
    /// # Errors
    /// [`crate::Kind::Bug`] when the job panicked.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let (sender, receiver) = oneshot::channel();
        self.threads.spawn_fifo(move || {
            if !sender.is_canceled() {
                let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                if let Ok(value) = done {
                    let _ = sender.send(value);
                }
            }
        });
        async move { receiver.await.map_err(|_| Error::bug("a compute job panicked")) }
    }
}

#[cfg(test)]
mod tests;
