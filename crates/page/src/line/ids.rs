//! Small numbers that repeat: which template a text has, which value of a dictionary a row.

use super::slots::{Wanted, picked};
use base::{Error, Result};

/// Values that were seen last and have a code of their own.
const RECENT: usize = 64;
/// The code of a value that is not among them.
const FAR: u8 = RECENT as u8 + 1;
/// Those in front that are looked at together.
const NEAR: usize = 16;
/// With fewer values, zstd finds as much in the numbers themselves.
const RECENT_WORTH: usize = 48;

/// Numbers that tell how all are stored.
const PROBE: usize = 2048;

/// How numbers below a count are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// All are 0: nothing.
    Zero,
    /// Byte planes: lowest bytes of all numbers, next bytes, …
    Planes(u8),
    /// A byte per number: 0 for the least number not seen yet, `1..=64` for the place among the numbers
    /// seen last, 65 for another one; then byte planes of those others.
    Recent(u8),
}

impl Coding {
    /// For numbers below `count`; with `ordered`, numbers come for the first time in ascending order, and
    /// soon again.
    pub fn of(count: usize, ordered: bool) -> Self {
        let width = match count {
            0..=256 => 1,
            257..=0x1_0000 => 2,
            _ => 3,
        };
        match count {
            0 | 1 => Self::Zero,
            count if ordered && count > RECENT_WORTH => Self::Recent(width),
            _ => Self::Planes(width),
        }
    }

    /// For `ids` below `count` that come for the first time in ascending order: as [`Coding::of`], unless those soon
    /// again are so few that the numbers themselves take fewer bits.
    pub fn for_ordered(ids: &[u32], count: usize) -> Self {
        let recent = Self::of(count, true);
        let plain = Self::of(count, false);
        let probe = ids.get(..PROBE).unwrap_or(ids);
        let bits = |coding: Self| byte_bits(&coding.encode(probe), probe.len());
        if recent == plain || bits(recent) <= bits(plain) { recent } else { plain }
    }

    /// The byte it is stored as.
    pub fn byte(self) -> u8 {
        match self {
            Self::Zero => 0,
            Self::Planes(width) => width,
            Self::Recent(width) => 16 + width,
        }
    }

    /// What [`Coding::byte`] gave.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Zero,
            1..=3 => Self::Planes(byte),
            17..=19 => Self::Recent(byte - 16),
            _ => return None,
        })
    }

    /// The stored form of `ids`.
    pub fn encode(self, ids: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Zero => {}
            Self::Planes(width) => put_planes(ids, width, &mut out),
            Self::Recent(width) => put_recent(ids, width, &mut out),
        }
        out
    }

    /// `rows` numbers, each below `count`, from their stored form.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn decode(self, stored: &[u8], rows: usize, count: usize) -> Result<Vec<u32>> {
        let ids = match self {
            Self::Zero => Some(vec![0; rows]),
            Self::Planes(width) => take_planes(stored, rows, width),
            Self::Recent(width) => take_recent(stored, rows, width),
        };
        self.checked(ids.ok_or_else(|| self.wrong(stored, rows))?, count)
    }

    /// As [`Coding::decode`], the numbers at the places that are `wanted`; none is all of them.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn pick(self, stored: &[u8], rows: usize, count: usize, wanted: Wanted<'_>) -> Result<Vec<u32>> {
        let Some(places) = wanted else { return self.decode(stored, rows, count) };
        let within = || places.iter().map(|place| *place as usize).filter(|place| *place < rows);
        match self {
            Self::Zero => self.checked(within().map(|_| 0).collect(), count),
            Self::Planes(width) => {
                let planes = planes(stored, rows, width).ok_or_else(|| self.wrong(stored, rows))?;
                let mut ids = vec![0; within().count()];
                for (plane, bytes) in planes.enumerate() {
                    let bytes = within().filter_map(|place| bytes.get(place));
                    ids.iter_mut().zip(bytes).for_each(|(id, byte)| *id |= u32::from(*byte) << (8 * plane));
                }
                self.checked(ids, count)
            }
            Self::Recent(_) => Ok(picked(self.decode(stored, rows, count)?.into(), wanted).into_owned()),
        }
    }

    /// The `rows` numbers as bytes, where they are stored so.
    pub fn bytes(self, stored: &[u8], rows: usize) -> Option<&[u8]> {
        (self == Self::Planes(1) && stored.len() == rows).then_some(stored)
    }

    /// Whether a number can be told only with all those before it.
    pub fn is_sequential(self) -> bool {
        matches!(self, Self::Recent(_))
    }

    fn checked(self, ids: Vec<u32>, count: usize) -> Result<Vec<u32>> {
        // Several at a time, where the loop has no way out.
        let most = ids.iter().fold(0, |most, id| (*id).max(most));
        match ids.is_empty() || (most as usize) < count {
            true => Ok(ids),
            false => Err(Error::corrupt(format!("number {most} of {count}, {self:?}"))),
        }
    }

    fn wrong(self, stored: &[u8], rows: usize) -> Error {
        Error::corrupt(format!("{} bytes for {rows} numbers, {self:?}", stored.len()))
    }
}

/// Bits that `bytes` take, in parts of so many, when each byte has a code by how often it is in its part.
pub fn byte_bits(bytes: &[u8], part_len: usize) -> u64 {
    let bits = |part: &[u8]| {
        let mut counts = [0u32; 256];
        part.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        let all = part.len() as f64;
        let of = |count: &u32| f64::from(*count) * (all / f64::from(*count)).log2().max(1.0);
        counts.iter().filter(|count| **count > 0).map(of).sum::<f64>() as u64
    };
    bytes.chunks(part_len.max(1)).map(bits).sum()
}

fn put_planes(ids: &[u32], width: u8, out: &mut Vec<u8>) {
    for plane in 0..width {
        out.extend(ids.iter().map(|id| (id >> (8 * plane)) as u8));
    }
}

/// The `width` planes of `rows` numbers.
fn planes(stored: &[u8], rows: usize, width: u8) -> Option<std::slice::ChunksExact<'_, u8>> {
    (stored.len() == rows.checked_mul(usize::from(width))?).then(|| stored.chunks_exact(rows.max(1)))
}

fn take_planes(stored: &[u8], rows: usize, width: u8) -> Option<Vec<u32>> {
    let mut planes = planes(stored, rows, width)?;
    let lowest = planes.next().unwrap_or(&[]);
    let mut ids: Vec<u32> = lowest.iter().copied().map(u32::from).collect();
    for (plane, bytes) in (1..).zip(planes) {
        for (id, byte) in ids.iter_mut().zip(bytes) {
            *id |= u32::from(*byte) << (8 * plane);
        }
    }
    Some(ids)
}

/// Numbers seen last, the last one first.
struct Recent([u32; RECENT]);

impl Recent {
    fn new() -> Self {
        Self([u32::MAX; RECENT])
    }

    /// Puts `id`, so far at place `at` or nowhere, in front.
    #[inline]
    fn touch(&mut self, id: u32, at: usize) {
        // Most were seen a moment ago: a few are moved in registers.
        match at {
            0 => {}
            1..NEAR => {
                let front: [u32; NEAR] = std::array::from_fn(|place| self.0[place]);
                for (place, moved) in (1..NEAR).zip(front) {
                    self.0[place] = if place <= at { moved } else { front[place] };
                }
            }
            _ => self.0.copy_within(..at.min(RECENT - 1), 1),
        }
        self.0[0] = id;
    }
}

fn put_recent(ids: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut recent, mut next, mut far) = (Recent::new(), 0, Vec::new());
    for id in ids {
        let at = recent.0.iter().position(|known| known == id);
        out.push(match at {
            _ if *id == next => 0,
            Some(at) => at as u8 + 1,
            None => FAR,
        });
        if *id == next {
            next += 1;
        } else if at.is_none() {
            far.push(*id);
        }
        recent.touch(*id, at.unwrap_or(RECENT));
    }
    put_planes(&far, width, out);
}

fn take_recent(stored: &[u8], rows: usize, width: u8) -> Option<Vec<u32>> {
    let (codes, far) = stored.split_at_checked(rows)?;
    let far_count = codes.iter().filter(|code| **code == FAR).count();
    let mut far = take_planes(far, far_count, width)?.into_iter();
    let (mut recent, mut next) = (Recent::new(), 0);
    let mut ids = Vec::with_capacity(rows);
    for code in codes {
        let (id, at) = match *code {
            0 => {
                next += 1;
                (next - 1, RECENT)
            }
            FAR => (far.next()?, RECENT),
            code => (*recent.0.get(usize::from(code) - 1)?, usize::from(code) - 1),
        };
        recent.touch(id, at);
        ids.push(id);
    }
    Some(ids)
}
