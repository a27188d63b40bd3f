//! Points on the way of a flush or a merge, at which tests let it stand still as if the process were killed there.

/// A point that a flush or a merge passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The head is frozen.
    Frozen,
    /// A block is in the bucket, no catalogue names it.
    Put,
    /// The catalogue names the blocks; the head, or the blocks that were merged, are still there.
    Committed,
    /// The head is gone, the log is still there.
    Forgotten,
    /// The object of a removed block is gone, the catalogue does not know.
    Deleted,
}

/// Where they stand still; nowhere outside tests.
#[derive(Debug, Default)]
pub struct Passes {
    #[cfg(test)]
    closed: parking_lot::Mutex<Option<Pass>>,
    #[cfg(test)]
    reached: tokio::sync::Notify,
}

impl Passes {
    /// Goes through, or stays for ever.
    pub async fn pass(&self, pass: Pass) {
        #[cfg(test)]
        if *self.closed.lock() == Some(pass) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
        #[cfg(not(test))]
        let _ = pass;
    }

    /// Closes one point, or opens all.
    #[cfg(test)]
    pub fn close(&self, pass: Option<Pass>) {
        *self.closed.lock() = pass;
    }

    /// Waits until one stands at the closed point.
    #[cfg(test)]
    pub async fn reached(&self) {
        self.reached.notified().await;
    }
}
