//! How long the bodies of a page are.

use super::{BODIES_TAG, LENGTHS_TAG};
use crate::kept::Item;
use crate::section::Body;
use base::{Error, Result};
use std::cell::OnceCell;
use std::sync::Arc;

/// Where bodies end, read when that is first needed.
pub struct Lengths<'b> {
    body: &'b Body<'b>,
    rows: usize,
    ends: OnceCell<Arc<Vec<u32>>>,
}

impl<'b> Lengths<'b> {
    /// Those of `rows` bodies.
    pub fn new(body: &'b Body<'b>, rows: usize) -> Self {
        Self { body, rows, ends: OnceCell::new() }
    }

    /// Number of bodies.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of all bodies, as the directory says.
    pub fn bytes(&self) -> u64 {
        let section = self.body.sections.iter().find(|section| section.tag == BODIES_TAG);
        section.map_or(0, |section| u64::from(section.raw_len))
    }

    /// Where each body ends; they fill the text exactly.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn ends(&self) -> Result<&[u32]> {
        if let Some(ends) = self.ends.get() {
            return Ok(ends);
        }
        let ends = self.body.keep(Item::Ends, || self.read())?;
        Ok(self.ends.get_or_init(|| ends))
    }

    fn read(&self) -> Result<Vec<u32>> {
        let mut ends = self.body.numbers(LENGTHS_TAG, self.rows)?;
        let mut sum = 0u64;
        for end in &mut ends {
            sum += u64::from(*end);
            *end = sum as u32;
        }
        if self.bytes() != sum {
            return Err(Error::corrupt(format!("lengths sum to {sum}, text has {} bytes", self.bytes())));
        }
        Ok(ends)
    }

    /// Where each body ends, if that was read.
    pub fn known(&self) -> Option<&[u32]> {
        self.ends.get().map(|ends| ends.as_slice())
    }
}
