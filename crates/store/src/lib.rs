//! One node's engine: head, block, catalogue, flush, select.

pub mod block;
