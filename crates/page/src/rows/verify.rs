//! Whether a sealed page holds what was sealed. It is read back from its bytes, as questions will read it, and
//! compared where it lies: rows are not made of it.

use super::Piece;
use super::bodies::{PageBodies, lines};
use super::lengths::Lengths;
use super::metadata::Metadata;
use super::open::read_times;
use super::seal::{metadata_of, span};
use crate::bits::Bits;
use crate::question::Question;
use crate::section::Body;
use base::Result;
use std::ops::Range;

/// Whether the rows in `body`, of runs of `run_rows` rows, are those of `pieces`.
///
/// # Errors
/// [`base::Kind::Corrupt`] when they cannot even be read.
pub fn holds(body: &Body<'_>, run_rows: &[u32], pieces: &[Piece<'_>]) -> Result<bool> {
    let times = read_times(body, run_rows, |_| true)?;
    let lengths = Lengths::new(body, times.len());
    let ends = lengths.ends()?;
    let mut metadata = Metadata::read(body, times.len(), &Question::all())?;
    let mut all = Bits::new(times.len());
    all.set_range(0..times.len());
    let mut texts = PageBodies::open(body, run_rows, &lengths, lines(body)?, true)?;
    texts.read(&all, false)?;
    let mut same = pieces.len() == run_rows.len();
    let mut next = 0;
    for (piece, rows) in pieces.iter().zip(run_rows) {
        let rows = next..next + *rows as usize;
        next = rows.end;
        same = same
            && times.get(rows.clone()) == piece.rows.ts_ns.get(piece.range.clone())
            && texts.block().bytes.get(span(ends, &rows))
                == piece.rows.bodies.get(span(&piece.rows.ends, &piece.range))
            && same_lengths(ends, &rows, piece)
            && same_metadata(metadata.as_mut(), &rows, piece);
    }
    texts.close();
    Ok(same)
}

/// Whether the texts of `rows`, which end where `ends` say, are as long as those of `piece`.
fn same_lengths(ends: &[u32], rows: &Range<usize>, piece: &Piece<'_>) -> bool {
    let given = &piece.rows.ends;
    let (start, given_start) = (span(ends, rows).start as u32, span(given, &piece.range).start as u32);
    let ends = ends.get(rows.clone()).unwrap_or(&[]).iter().map(|end| end - start);
    ends.eq(given.get(piece.range.clone()).unwrap_or(&[]).iter().map(|end| end - given_start))
}

fn same_metadata(metadata: Option<&mut Metadata>, rows: &Range<usize>, piece: &Piece<'_>) -> bool {
    let Some(metadata) = metadata else { return span(&piece.rows.metadata_ends, &piece.range).is_empty() };
    rows.clone().zip(metadata_of(piece.rows, &piece.range)).all(|(row, given)| {
        let number = metadata.number(row);
        metadata.bytes(number) == given
    })
}
