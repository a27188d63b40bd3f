//! Trace ids: each once, and for each row which one. Rows of one trace are near each other, and so are the numbers
//! of traces that run at a time; hence a row says how far its number is from that of the row before.

use super::body::TRACE_ID_BYTES;
use crate::bits::Bits;
use crate::planes;
use base::{Error, Result};
use hashbrown::HashMap;
use model::attribute::{unzigzag, zigzag};
use model::span::TraceId;

/// Trace ids of rows, numbered.
#[derive(Debug, Default)]
pub struct TracesWriter {
    known: HashMap<TraceId, u32, foldhash::fast::RandomState>,
    ids: Vec<u8>,
    /// By row.
    pub numbers: Vec<u32>,
    codes: Vec<u32>,
}

impl TracesWriter {
    /// Adds the trace id of the next row.
    pub fn add(&mut self, id: TraceId) {
        let next = self.known.len() as u32;
        let last = self.numbers.last().copied().unwrap_or(0);
        let number = *self.known.entry(id).or_insert(next);
        if number == next {
            self.ids.extend_from_slice(&id);
            self.codes.push(0);
        } else {
            self.codes.push(1 + zigzag(i64::from(number) - i64::from(last)) as u32);
        }
        self.numbers.push(number);
    }

    /// Number of distinct ids.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// The content of two sections: the ids, and what rows say.
    pub fn finish(self) -> (Vec<u8>, Vec<u8>) {
        (self.ids, planes::of(&self.codes))
    }
}

/// Trace ids, decoded.
#[derive(Debug)]
pub struct Traces {
    ids: Vec<u8>,
    /// By row; each is below the number of ids.
    pub numbers: Vec<u32>,
}

impl Traces {
    /// Reads what [`TracesWriter::finish`] gave for `rows` rows.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(ids: Vec<u8>, planes: &[u8], rows: usize) -> Result<Self> {
        let corrupt = || Error::corrupt("spans: wrong trace ids");
        let mut numbers = planes::read(planes, rows)?;
        let (mut count, mut last) = (0, 0);
        for number in &mut numbers {
            *number = match *number {
                0 => count,
                code => {
                    let number = i64::from(last) + unzigzag(u64::from(code - 1));
                    u32::try_from(number).ok().filter(|number| *number < count).ok_or_else(corrupt)?
                }
            };
            last = *number;
            count += u32::from(last == count);
        }
        if ids.len() != TRACE_ID_BYTES * count as usize {
            return Err(corrupt());
        }
        Ok(Self { ids, numbers })
    }

    /// Number of distinct ids.
    pub fn count(&self) -> usize {
        self.ids.len() / TRACE_ID_BYTES
    }

    /// The id of `row`; zeros for a row beyond the end.
    pub fn of(&self, row: usize) -> TraceId {
        let id = self.numbers.get(row).and_then(|number| self.ids.get(TRACE_ID_BYTES * *number as usize..));
        id.and_then(|ids| ids.first_chunk()).copied().unwrap_or_default()
    }

    /// The rows with this id.
    pub fn find(&self, id: &TraceId) -> Bits {
        let mut rows = Bits::new(self.numbers.len());
        let known = self.ids.chunks_exact(TRACE_ID_BYTES).position(|known| known == id);
        if let Some(wanted) = known {
            let of_rows = self.numbers.iter().enumerate();
            of_rows.filter(|(_, number)| **number as usize == wanted).for_each(|(row, _)| rows.set(row));
        }
        rows
    }
}
