//! Lets the tests make a disk fail.

use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::Arc;

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writing a group: half of it is written, then the disk is full.
    Write,
    /// Syncing.
    Sync,
}

/// The operations that will fail, each once.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Operation>>>);

impl Faults {
    /// Makes the next `operation` fail.
    pub fn arm(&self, operation: Operation) {
        self.0.lock().push(operation);
    }

    /// Fails when `operation` is to fail.
    pub fn check(&self, operation: Operation) -> io::Result<()> {
        let mut armed = self.0.lock();
        let Some(at) = armed.iter().position(|other| *other == operation) else { return Ok(()) };
        armed.remove(at);
        Err(match operation {
            Operation::Write => io::ErrorKind::StorageFull.into(),
            Operation::Sync => io::Error::other("the disk is on fire"),
        })
    }

    /// Writes half of `slices` and fails, when writing is to fail.
    pub fn write_half(&self, file: &mut File, slices: &[IoSlice<'_>]) -> io::Result<()> {
        self.check(Operation::Write).inspect_err(|_| {
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            file.write_all(&bytes[..bytes.len() / 2]).unwrap();
        })
    }
}
