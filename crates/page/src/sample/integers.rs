//! Columns of integers: what times and scaled values of samples have in common.
//!
//! All differences of a column are multiples of its *step*. Counted in steps, it holds how far values are above the
//! least one, or how far differences of neighbours are above the least difference, whatever takes fewer bits; the
//! numbers lie in as many byte planes as the greatest needs. A constant and a straight line then take no plane at
//! all. Arithmetic wraps, so every column comes back.

use base::{Error, Result};
use model::varint;

/// A column without its planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Least value, or with `rise` the first one.
    base: i64,
    /// The least difference of neighbours, in steps; none where values themselves are stored.
    rise: Option<i64>,
    step: u64,
    /// Number of planes.
    width: u8,
}

/// A column as it is to be stored.
#[derive(Debug)]
pub struct Column {
    /// How.
    pub head: Head,
    /// Bits of all numbers, each as short as it can be: what the column costs, about.
    pub bits: u64,
    numbers: Vec<u64>,
}

/// Bits of the first byte: the width, and whether there is a step and a rise.
const WIDTH: u8 = 15;
const HAS_STEP: u8 = 1 << 4;
const HAS_RISE: u8 = 1 << 5;

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn bits(value: u64) -> u64 {
    u64::from(64 - value.leading_zeros())
}

/// Appends a signed number.
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    varint::put(out, zigzag(value));
}

/// Takes a signed number off the front of `input`.
pub fn take_signed(input: &mut &[u8]) -> Option<i64> {
    varint::take(input).map(unzigzag)
}

impl Column {
    /// The column of `values`.
    pub fn new(values: &[i64]) -> Self {
        let first = values.first().copied().unwrap_or(0);
        let step = step(values, first);
        let steps: Vec<i64> = match step {
            1 => values.iter().map(|value| value.wrapping_sub(first)).collect(),
            _ => values.iter().map(|value| value.wrapping_sub(first) / step as i64).collect(),
        };
        let rises: Vec<i64> = steps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        let (least, above) = above_least(steps);
        let (least_rise, rises) = above_least(rises);
        let cost = |numbers: &[u64]| numbers.iter().map(|number| bits(*number)).sum::<u64>();
        let costs = (cost(&above), cost(&rises));
        let (base, rise, numbers) = match costs.0 <= costs.1 {
            true => (first.wrapping_add(least.wrapping_mul(step as i64)), None, above),
            false => (first, Some(least_rise), rises),
        };
        let width = bits(numbers.iter().fold(0, |all, number| all | number)).div_ceil(8) as u8;
        Self { head: Head { base, rise, step, width }, bits: costs.0.min(costs.1), numbers }
    }

    /// Appends the planes, the lowest bytes first.
    pub fn put_planes(&self, out: &mut Vec<u8>) {
        for plane in 0..self.head.width {
            out.extend(self.numbers.iter().map(|number| (number >> (8 * plane)) as u8));
        }
    }
}

/// The least of `values`, and how far each is above it.
fn above_least(values: Vec<i64>) -> (i64, Vec<u64>) {
    let least = values.iter().min().copied().unwrap_or(0);
    (least, values.into_iter().map(|value| value.wrapping_sub(least) as u64).collect())
}

/// The greatest number that divides the differences of all `values` to the first; 1 where these are too wide.
fn step(values: &[i64], first: i64) -> u64 {
    let (least, greatest) = (values.iter().min(), values.iter().max());
    let range = least.zip(greatest).and_then(|(least, greatest)| greatest.checked_sub(*least));
    if range.is_none() {
        return 1;
    }
    let mut step = 0u64;
    for value in values {
        let away = (value - first).unsigned_abs();
        if step == 0 || !away.is_multiple_of(step) {
            step = common_divisor(away, step);
            if step == 1 {
                break;
            }
        }
    }
    step.max(1)
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Head {
    /// Appends it.
    pub fn put(&self, out: &mut Vec<u8>) {
        let step = if self.step == 1 { 0 } else { HAS_STEP };
        let rise = if self.rise.is_none() { 0 } else { HAS_RISE };
        out.push(self.width | step | rise);
        put_signed(out, self.base);
        if self.step != 1 {
            varint::put(out, self.step);
        }
        if let Some(rise) = self.rise {
            put_signed(out, rise);
        }
    }

    /// Takes one off the front of `input`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn take(input: &mut &[u8]) -> Result<Self> {
        Self::read(input).ok_or_else(|| Error::corrupt("column of integers: wrong head"))
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let (first, rest) = input.split_first()?;
        *input = rest;
        let width = first & WIDTH;
        if width > 8 || first & !(WIDTH | HAS_STEP | HAS_RISE) != 0 {
            return None;
        }
        let base = take_signed(input)?;
        let step = if first & HAS_STEP != 0 { varint::take(input)? } else { 1 };
        let rise = if first & HAS_RISE != 0 { Some(take_signed(input)?) } else { None };
        Some(Self { base, rise, step, width })
    }

    /// How many of `count` values have no number in the planes: the first one, where they are differences.
    fn left_out(&self, count: usize) -> usize {
        usize::from(self.rise.is_some()).min(count)
    }

    /// Takes the planes of `count` values off the front of `input`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`] when it is too short.
    pub fn take_planes<'a>(&self, count: usize, input: &mut &'a [u8]) -> Result<&'a [u8]> {
        let length = (count - self.left_out(count)) * usize::from(self.width);
        let cut = || Error::corrupt("column of integers: cut planes");
        let (planes, rest) = input.split_at_checked(length).ok_or_else(cut)?;
        *input = rest;
        Ok(planes)
    }

    /// Replaces what is in `out` by the `count` values of `planes`.
    pub fn decode(&self, planes: &[u8], count: usize, out: &mut Vec<i64>) {
        out.clear();
        out.resize(count, 0);
        let (lead, numbers) = out.split_at_mut(self.left_out(count));
        if !numbers.is_empty() {
            for (plane, bytes) in planes.chunks_exact(numbers.len()).enumerate().take(8) {
                for (number, byte) in numbers.iter_mut().zip(bytes) {
                    *number |= i64::from(*byte) << (8 * plane);
                }
            }
        }
        let step = self.step as i64;
        let Some(rise) = self.rise else {
            for number in numbers {
                *number = self.base.wrapping_add(number.wrapping_mul(step));
            }
            return;
        };
        lead.fill(self.base);
        let (mut value, rise) = (self.base, rise.wrapping_mul(step));
        for number in numbers {
            value = value.wrapping_add(rise).wrapping_add(number.wrapping_mul(step));
            *number = value;
        }
    }
}

#[cfg(test)]
mod tests;
