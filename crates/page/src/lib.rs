//! Rows of one signal, encoded: sealing, scanning, merging. Pure: bytes and values only.

pub mod question;

pub use question::Question;
