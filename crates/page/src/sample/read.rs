//! Runs of samples out of sections.

use super::floats::Floats;
use super::kinds::Kinds;
use super::{HEADS_TAG, KINDS_TAG, OTHERS_TAG, PLANES_TAG, clocks};
use crate::section::Body;
use base::{Error, Result};
use model::sample::float_body;
use std::ops::Range;

/// Bytes of the body of a float.
const FLOAT_BYTES: usize = 9;

/// Times of all rows, of which those outside the `wanted` runs are left 0; `raw` is the content of their section.
///
/// # Errors
/// [`base::Kind::Corrupt`].
pub fn times(
    raw: &[u8],
    body: &Body<'_>,
    run_rows: &[u32],
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<i64>> {
    let kinds = Kinds::read(body.decoded(KINDS_TAG)?.as_deref(), run_rows)?;
    let lanes = kinds.iter().flat_map(|run| [run.floats(), run.others()]).filter(|rows| *rows > 0);
    let mut clocks = clocks::Times::read(raw, &lanes.collect::<Vec<_>>())?;
    let mut out = vec![0; kinds.iter().map(|run| run.rows).sum()];
    let (mut rest, mut lane) = (out.as_mut_slice(), 0);
    for (at, run) in kinds.iter().enumerate() {
        let (times, after) = rest.split_at_mut(run.rows);
        rest = after;
        for (floats, rows) in [(true, run.floats()), (false, run.others())] {
            if rows > 0 && wanted(at) {
                put_lane(times, run, floats, clocks.of(lane));
            }
            lane += usize::from(rows > 0);
        }
    }
    Ok(out)
}

/// Puts the times of a run's floats, or of its other rows, in their places.
fn put_lane(times: &mut [i64], run: &Kinds, floats: bool, lane: &[i64]) {
    if lane.len() == times.len() {
        times.copy_from_slice(lane);
        return;
    }
    let places = times.iter_mut().zip(run.each()).filter(|(_, is_float)| *is_float == floats);
    for ((place, _), time) in places.zip(lane) {
        *place = *time;
    }
}

/// One run: its rows in the page, their kinds, and where what it has lies.
#[derive(Debug)]
struct Run {
    rows: Range<usize>,
    kinds: Kinds,
    /// Start in the heads, in the planes and in the other bodies.
    starts: [usize; 3],
}

/// Puts bodies together.
#[derive(Debug)]
pub struct Reader<'b> {
    ends: &'b [u32],
    runs: Vec<Run>,
    heads: Vec<u8>,
    planes: Vec<u8>,
    others: Vec<u8>,
}

impl<'b> Reader<'b> {
    /// Reads the sections of a page whose bodies end where `ends` say.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn open(body: &Body<'_>, run_rows: &[u32], ends: &'b [u32]) -> Result<Self> {
        let kinds = Kinds::read(body.decoded(KINDS_TAG)?.as_deref(), run_rows)?;
        let section = |tag| body.decoded(tag).map(Option::unwrap_or_default);
        let (heads, planes, others) = (section(HEADS_TAG)?, section(PLANES_TAG)?, section(OTHERS_TAG)?);
        let mut reader = Self { ends, runs: Vec::with_capacity(kinds.len()), heads, planes, others };
        let (mut heads, mut planes) = (reader.heads.as_slice(), reader.planes.as_slice());
        let (mut first, mut other) = (0, 0);
        for kinds in kinds {
            let rows = first..first + kinds.rows;
            first = rows.end;
            let starts = [reader.heads.len() - heads.len(), reader.planes.len() - planes.len(), other];
            if kinds.floats() > 0 {
                Floats::take(kinds.floats(), &mut heads, &mut planes)?;
            }
            other += other_bytes(ends, &rows, &kinds)?;
            reader.runs.push(Run { rows, kinds, starts });
        }
        if heads.is_empty() && planes.is_empty() && other == reader.others.len() && first == ends.len() {
            return Ok(reader);
        }
        Err(Error::corrupt("samples: sections of wrong lengths"))
    }

    /// Replaces what is in `out` by all bodies.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild(&self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        out.reserve(self.ends.last().map_or(0, |end| *end as usize));
        let mut scratch = Scratch::default();
        self.runs.iter().try_for_each(|run| self.put_run(run, &mut scratch, out))
    }

    /// The bodies of `rows` (ascending), and where each ends.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn rebuild_rows(&self, rows: &[u32]) -> Result<(Vec<u8>, Vec<u32>)> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
        let (mut scratch, mut of_run) = (Scratch::default(), Vec::new());
        let mut rest = rows;
        for run in &self.runs {
            let within = rest.partition_point(|row| (*row as usize) < run.rows.end);
            let (wanted, after) = rest.split_at(within);
            rest = after;
            if wanted.is_empty() {
                continue;
            }
            of_run.clear();
            self.put_run(run, &mut scratch, &mut of_run)?;
            let start = start(self.ends, run.rows.start);
            for row in wanted {
                let row = *row as usize;
                let span = self::start(self.ends, row) - start..self::start(self.ends, row + 1) - start;
                bytes.extend_from_slice(of_run.get(span).unwrap_or(&[]));
                ends.push(bytes.len() as u32);
            }
        }
        Ok((bytes, ends))
    }

    fn put_run(&self, run: &Run, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<()> {
        let [heads, planes, others] = run.starts;
        let cut = || Error::corrupt("samples: cut section");
        let (mut heads, mut planes) =
            (self.heads.get(heads..).ok_or_else(cut)?, self.planes.get(planes..).ok_or_else(cut)?);
        let mut others = self.others.get(others..).ok_or_else(cut)?;
        scratch.floats.clear();
        if run.kinds.floats() > 0 {
            let floats = Floats::take(run.kinds.floats(), &mut heads, &mut planes)?;
            floats.decode(&mut scratch.integers, &mut scratch.floats);
        }
        if run.kinds.others() == 0 {
            let start = out.len();
            out.resize(start + FLOAT_BYTES * scratch.floats.len(), 0);
            let places = out.split_at_mut(start).1.chunks_exact_mut(FLOAT_BYTES);
            for (place, value) in places.zip(&scratch.floats) {
                place.copy_from_slice(&float_body(*value));
            }
            return Ok(());
        }
        let mut floats = scratch.floats.iter();
        for (row, is_float) in run.rows.clone().zip(run.kinds.each()) {
            if is_float {
                out.extend_from_slice(&float_body(floats.next().copied().unwrap_or_default()));
            } else {
                let length = start(self.ends, row + 1) - start(self.ends, row);
                let (body, rest) = others.split_at_checked(length).ok_or_else(cut)?;
                others = rest;
                out.extend_from_slice(body);
            }
        }
        Ok(())
    }
}

/// What decoding a run needs besides.
#[derive(Default)]
struct Scratch {
    integers: Vec<i64>,
    floats: Vec<f64>,
}

/// Where the body of `row` starts.
fn start(ends: &[u32], row: usize) -> usize {
    row.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize)
}

/// Bytes of the bodies in `rows` that are no floats; the others must have the length of floats.
fn other_bytes(ends: &[u32], rows: &Range<usize>, kinds: &Kinds) -> Result<usize> {
    let all = start(ends, rows.end).checked_sub(start(ends, rows.start));
    if kinds.others() == 0 || kinds.floats() == 0 {
        let of_floats = FLOAT_BYTES * kinds.floats();
        let fits =
            all.and_then(|all| all.checked_sub(of_floats)).filter(|rest| kinds.floats() == 0 || *rest == 0);
        return fits.ok_or_else(|| Error::corrupt("samples: wrong lengths"));
    }
    let mut sum = 0;
    for (row, is_float) in rows.clone().zip(kinds.each()) {
        let length = start(ends, row + 1).saturating_sub(start(ends, row));
        match is_float {
            true if length != FLOAT_BYTES => return Err(Error::corrupt(format!("float of {length} bytes"))),
            true => {}
            false => sum += length,
        }
    }
    Ok(sum)
}
