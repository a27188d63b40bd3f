//! What a thread reuses from line to line.

/// Buffers of one thread. Keep one per thread and pass it with every line.
#[derive(Debug, Default)]
pub struct Scratch {}
