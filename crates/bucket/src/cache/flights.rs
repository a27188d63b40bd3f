//! Pages on their way here: the first who asks fetches, the others wait for what comes.

use super::page::Key;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

type Board = Mutex<HashMap<Key, watch::Receiver<Option<Bytes>>>>;

/// Which pages are being fetched.
#[derive(Debug, Default)]
pub struct Flights(Arc<Board>);

/// Who fetches a page.
pub enum Turn {
    /// We do.
    Ours(Claim),
    /// Somebody else does.
    Theirs(Landing),
}

/// Gives the page that somebody else fetches; `None` when that one failed or was cancelled.
pub type Landing = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

impl Flights {
    /// Whose turn it is to fetch the page.
    pub fn turn(&self, key: Key) -> Turn {
        let mut board = self.0.lock();
        if let Some(flight) = board.get(&key) {
            let mut flight = flight.clone();
            return Turn::Theirs(Box::pin(async move {
                flight.wait_for(Option::is_some).await.ok().and_then(|page| page.clone())
            }));
        }
        let (sender, receiver) = watch::channel(None);
        board.insert(key, receiver);
        Turn::Ours(Claim { board: Arc::clone(&self.0), key, sender })
    }
}

/// The right to fetch a page, until dropped.
#[derive(Debug)]
pub struct Claim {
    board: Arc<Board>,
    key: Key,
    sender: watch::Sender<Option<Bytes>>,
}

impl Claim {
    /// Which page.
    pub fn key(&self) -> Key {
        self.key
    }

    /// Gives the page to those who wait.
    pub fn land(&self, page: Bytes) {
        self.sender.send_replace(Some(page));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.board.lock().remove(&self.key);
    }
}
