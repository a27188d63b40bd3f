//! What sources give to the outbox.

use model::Labels;
use tokio::sync::oneshot;

/// Lines of one stream, read together.
#[derive(Debug)]
pub struct Chunk {
    /// The stream.
    pub labels: Labels,
    /// Time (Unix nanoseconds) and text of each line.
    pub lines: Vec<(i64, Vec<u8>)>,
    /// Told when the server has taken the lines (or refused them for good).
    pub done: Option<oneshot::Sender<()>>,
}

impl Chunk {
    /// Bytes of text.
    pub fn byte_len(&self) -> usize {
        self.lines.iter().map(|(_, text)| text.len()).sum()
    }
}
