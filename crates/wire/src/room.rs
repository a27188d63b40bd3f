//! The memory that a body may take while it is decoded.
//!
//! An empty message is two bytes on the wire and a hundred in memory, and what a resource says is repeated for each of
//! its scopes. So whatever a decoder keeps is counted against the size of the body: records, points and spans that say
//! something stay far below the bound, and bodies that are made to fill the memory are refused.

use crate::refused::Refused;
use std::cell::Cell;

/// Bytes that a byte of a body may become when it is decoded. Who decodes a body holds that much of the budget.
pub const DECODED_BYTES_PER_BYTE: usize = 16;

/// Bytes that a body may become however short it is.
const DECODED_BYTES_MIN: usize = 4 << 20;

/// What is left of the memory for one body.
#[derive(Debug)]
pub struct Room {
    body_len: usize,
    max_bytes: usize,
    left_bytes: Cell<usize>,
}

impl Room {
    /// Room for what `body` becomes.
    pub fn of(body: &[u8]) -> Self {
        let max_bytes = body.len().saturating_mul(DECODED_BYTES_PER_BYTE).max(DECODED_BYTES_MIN);
        Self { body_len: body.len(), max_bytes, left_bytes: Cell::new(max_bytes) }
    }

    /// Takes `bytes` for what is kept until the body is decoded.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when there is not so much left.
    pub fn take(&self, bytes: usize) -> Result<(), Refused> {
        let left = self.left_bytes.get().checked_sub(bytes).ok_or_else(|| {
            Refused::too_large(format!(
                "a body of {} bytes would take more than {} bytes when it is decoded: send fewer or less empty items at once",
                self.body_len, self.max_bytes
            ))
        })?;
        self.left_bytes.set(left);
        Ok(())
    }

    /// Appends `item` to `list`.
    ///
    /// # Errors
    /// As [`Room::take`].
    pub fn keep<T>(&self, list: &mut Vec<T>, item: T) -> Result<(), Refused> {
        self.take(size_of::<T>())?;
        list.push(item);
        Ok(())
    }
}
