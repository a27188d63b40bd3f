//! Values of which each is stored once. A row says with 0 that its value is the next one that was not there before,
//! else with 1 + its number, by first use: so rows that all differ cost nothing here.

use crate::planes;
use base::{Error, Result};
use hashbrown::HashMap;
use model::varint;

/// Distinct values of rows, borrowed from their bodies.
#[derive(Debug, Default)]
pub struct DistinctWriter<'a> {
    known: HashMap<&'a [u8], u32, foldhash::fast::RandomState>,
    lengths: Vec<u8>,
    values: Vec<u8>,
    codes: Vec<u32>,
    last: Option<(&'a [u8], u32)>,
}

impl<'a> DistinctWriter<'a> {
    /// Adds the value of the next row.
    pub fn add(&mut self, value: &'a [u8]) {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == value) {
            return self.codes.push(number + 1);
        }
        let next = self.known.len() as u32;
        let number = *self.known.entry(value).or_insert(next);
        if number == next {
            varint::put(&mut self.lengths, value.len() as u64);
            self.values.extend_from_slice(value);
        }
        self.codes.push(if number == next { 0 } else { number + 1 });
        self.last = Some((value, number));
    }

    /// The content of two sections: values (all lengths, then all bytes), and what rows say.
    pub fn finish(mut self) -> (Vec<u8>, Vec<u8>) {
        self.lengths.append(&mut self.values);
        (self.lengths, planes::of(&self.codes))
    }
}

/// Distinct values, decoded.
#[derive(Debug)]
pub struct Distinct {
    raw: Vec<u8>,
    /// Start and end in `raw`, by number.
    spans: Vec<(u32, u32)>,
    /// By row.
    numbers: Vec<u32>,
}

impl Distinct {
    /// Reads what [`DistinctWriter::finish`] gave for `rows` rows.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(raw: Vec<u8>, planes: &[u8], rows: usize) -> Result<Self> {
        let corrupt = || Error::corrupt("spans: wrong values");
        let mut numbers = planes::read(planes, rows)?;
        let mut count = 0;
        for number in &mut numbers {
            *number = match *number {
                0 => count,
                code if code <= count => code - 1,
                _ => return Err(corrupt()),
            };
            count += u32::from(*number == count);
        }
        let mut rest = raw.as_slice();
        let mut end = 0u32;
        let mut spans = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let length = varint::take(&mut rest).and_then(|length| u32::try_from(length).ok());
            let start = end;
            end = length.and_then(|length| end.checked_add(length)).ok_or_else(corrupt)?;
            spans.push((start, end));
        }
        if rest.len() != end as usize {
            return Err(corrupt());
        }
        let before = (raw.len() - rest.len()) as u32;
        spans.iter_mut().for_each(|span| *span = (span.0 + before, span.1 + before));
        Ok(Self { raw, spans, numbers })
    }

    /// The value of `row`; empty for a row beyond the end.
    pub fn of(&self, row: usize) -> &[u8] {
        let span = self.numbers.get(row).and_then(|number| self.spans.get(*number as usize));
        span.and_then(|(start, end)| self.raw.get(*start as usize..*end as usize)).unwrap_or(&[])
    }
}
