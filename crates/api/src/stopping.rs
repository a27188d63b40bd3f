//! Word that the process stops, for those who would go on for long.

use tokio::sync::watch;

/// Gives the word.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Hears it. Cloning gives one that hears the same.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stop {
    /// Who gives the word, and who hears it.
    pub fn new() -> (Self, Stopping) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stopping(receiver))
    }

    /// Gives the word.
    pub fn say(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Hears nothing ever, for services without a process around them.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether the process stops.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the process stops.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|stopping| *stopping).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
