//! Which rows of a page are floats and which are not.
//!
//! Bytes, run by run: number of rows that are no floats; unless that is none or all, for each of them how many floats
//! are between it and the one before (varints).

use base::{Error, Result};
use model::varint;

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Rows.
    pub rows: usize,
    /// Positions of those that are no floats, ascending; empty also when all are none.
    others: Vec<u32>,
    /// Whether none is a float.
    no_floats: bool,
}

impl Kinds {
    /// Of rows that are a float or not.
    pub fn new(are_floats: impl ExactSizeIterator<Item = bool>) -> Self {
        let rows = are_floats.len();
        let others: Vec<u32> = are_floats.zip(0..).filter(|(float, _)| !float).map(|(_, at)| at).collect();
        let no_floats = others.len() == rows;
        Self { rows, others: if no_floats { Vec::new() } else { others }, no_floats }
    }

    /// Rows that are no floats.
    pub fn others(&self) -> usize {
        if self.no_floats { self.rows } else { self.others.len() }
    }

    /// Rows that are floats.
    pub fn floats(&self) -> usize {
        self.rows - self.others()
    }

    /// For each row whether it is a float.
    pub fn each(&self) -> impl Iterator<Item = bool> + '_ {
        let mut others = self.others.iter().copied().peekable();
        (0..self.rows as u32).map(move |row| !self.no_floats && others.next_if_eq(&row).is_none())
    }

    /// Appends it.
    pub fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, self.others() as u64);
        let mut next = 0;
        for other in &self.others {
            varint::put(out, u64::from(other - next));
            next = other + 1;
        }
    }

    /// Takes a run of `rows` rows off the front of `input`.
    fn take(rows: usize, input: &mut &[u8]) -> Option<Self> {
        let count = varint::take(input).filter(|count| *count <= rows as u64)? as usize;
        if count == rows {
            return Some(Self { rows, others: Vec::new(), no_floats: true });
        }
        let mut others = Vec::with_capacity(count);
        let mut next = 0u64;
        for _ in 0..count {
            let at = next.checked_add(varint::take(input)?).filter(|at| *at < rows as u64)?;
            others.push(at as u32);
            next = at + 1;
        }
        Some(Self { rows, others, no_floats: false })
    }

    /// Those of all runs of a page; `raw` is none when all rows are floats.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn read(raw: Option<&[u8]>, run_rows: &[u32]) -> Result<Vec<Self>> {
        let rows = run_rows.iter().map(|rows| *rows as usize);
        let Some(mut input) = raw else {
            return Ok(rows.map(|rows| Self { rows, ..Self::default() }).collect());
        };
        let corrupt = || Error::corrupt("samples: wrong kinds of rows");
        let kinds =
            rows.map(|rows| Self::take(rows, &mut input).ok_or_else(corrupt)).collect::<Result<_>>()?;
        if input.is_empty() { Ok(kinds) } else { Err(corrupt()) }
    }
}
