//! Runs of samples to sections.

use super::kinds::Kinds;
use super::{HEADS_TAG, KINDS_TAG, OTHERS_TAG, PLANES_TAG, clocks, floats};
use crate::section::SectionWriter;
use base::Result;
use model::RowColumns;
use model::sample::float_of;
use std::borrow::Cow;
use std::ops::Range;

/// The raw content of the sections of a page.
#[derive(Debug, Default)]
pub struct Encoded {
    /// Times of all rows.
    pub times: Vec<u8>,
    kinds: Vec<u8>,
    heads: Vec<u8>,
    planes: Vec<u8>,
    others: Vec<u8>,
    has_others: bool,
}

/// Encodes runs, each not empty.
pub fn encode<'a>(runs: impl Iterator<Item = (&'a RowColumns, Range<usize>)>) -> Encoded {
    let mut out = Encoded::default();
    let mut lanes: Vec<Cow<'a, [i64]>> = Vec::new();
    let mut values: Vec<f64> = Vec::new();
    for (rows, range) in runs {
        values.clear();
        let kinds = Kinds::new(range.clone().map(|row| {
            let body = rows.row(row).body;
            match float_of(body) {
                Some(value) => values.push(value),
                None => out.others.extend_from_slice(body),
            }
            float_of(body).is_some()
        }));
        kinds.put(&mut out.kinds);
        out.has_others |= kinds.others() > 0;
        if !values.is_empty() {
            floats::put(&values, &mut out.heads, &mut out.planes);
        }
        let times = rows.ts_ns.get(range).unwrap_or(&[]);
        if kinds.floats() == 0 || kinds.others() == 0 {
            lanes.push(Cow::Borrowed(times));
            continue;
        }
        for floats in [true, false] {
            let of_lane = times.iter().zip(kinds.each()).filter(|(_, is_float)| *is_float == floats);
            lanes.push(of_lane.map(|(time, _)| *time).collect());
        }
    }
    let lanes: Vec<&[i64]> = lanes.iter().map(AsRef::as_ref).collect();
    clocks::put(&lanes, &mut out.times);
    out
}

impl Encoded {
    /// Writes all sections but that of the times.
    ///
    /// # Errors
    /// As [`SectionWriter::add`].
    pub fn write(&self, out: &mut SectionWriter) -> Result<()> {
        if self.has_others {
            out.add_bytes(KINDS_TAG, &self.kinds)?;
        }
        for (tag, raw) in [(HEADS_TAG, &self.heads), (PLANES_TAG, &self.planes), (OTHERS_TAG, &self.others)] {
            if !raw.is_empty() {
                out.add_bytes(tag, raw)?;
            }
        }
        Ok(())
    }
}
