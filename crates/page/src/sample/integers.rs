//! Columns of integers: what times and scaled values of samples have in common.
//!
//! All differences of a column are multiples of its *step*. Counted in steps, it holds numbers above its least
//! one, differences of neighbours, or differences of these, whatever takes the fewest bits; the numbers lie in
//! as many byte planes as the greatest needs. A constant and a straight line then take no plane at all.
//! Arithmetic wraps, so every column comes back.

use base::{Error, Result};
use model::varint;

/// What the numbers in the planes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Steps above the base, which is the least value.
    Above = 0,
    /// Steps from value to value (zigzag), from the base on, which is the first one.
    Difference = 1,
    /// How these change (zigzag), from the slope on, which is the first difference.
    Change = 2,
}

/// A column without its planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    order: Order,
    width: u8,
    base: i64,
    step: u64,
    slope: i64,
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

const HAS_STEP: u8 = 1 << 6;

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
        let least = steps.iter().min().copied().unwrap_or(0);
        let above = || steps.iter().map(|at| at.wrapping_sub(least) as u64);
        let differences = || steps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
        let changes = || differences().zip(differences().skip(1)).map(|(a, b)| zigzag(b.wrapping_sub(a)));
        let slope = differences().next().unwrap_or(0);
        let costs = [
            above().map(bits).sum::<u64>(),
            differences().map(|d| bits(zigzag(d))).sum(),
            // The slope stands in the head.
            changes().map(bits).sum::<u64>() + bits(zigzag(slope)),
        ];
        let (order, numbers, base, slope): (_, Vec<u64>, _, _) = if costs[0] <= costs[1].min(costs[2]) {
            let base = first.wrapping_add(least.wrapping_mul(step as i64));
            (Order::Above, above().collect(), base, 0)
        } else if costs[1] <= costs[2] {
            (Order::Difference, differences().map(zigzag).collect(), first, 0)
        } else {
            (Order::Change, changes().collect(), first, slope)
        };
        let width = bits(numbers.iter().fold(0, |all, number| all | number)).div_ceil(8) as u8;
        let head = Head { order, width, base, step, slope };
        Self { head, bits: costs[order as usize], numbers }
    }

    /// Appends the planes, the lowest bytes first.
    pub fn put_planes(&self, out: &mut Vec<u8>) {
        for plane in 0..self.head.width {
            out.extend(self.numbers.iter().map(|number| (number >> (8 * plane)) as u8));
        }
    }
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
        out.push(self.order as u8 | self.width << 2 | step);
        put_signed(out, self.base);
        if self.step != 1 {
            varint::put(out, self.step);
        }
        if self.order == Order::Change {
            put_signed(out, self.slope);
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
        let order = match first & 3 {
            0 => Order::Above,
            1 => Order::Difference,
            2 => Order::Change,
            _ => return None,
        };
        let width = first >> 2 & 15;
        if width > 8 || first & 0x80 != 0 {
            return None;
        }
        let base = take_signed(input)?;
        let step = if first & HAS_STEP != 0 { varint::take(input)? } else { 1 };
        let slope = if order == Order::Change { take_signed(input)? } else { 0 };
        Some(Self { order, width, base, step, slope })
    }

    /// How many of `count` values have no number in the planes.
    fn left_out(&self, count: usize) -> usize {
        (self.order as usize).min(count)
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
        match self.order {
            Order::Above => {
                for number in numbers {
                    *number = self.base.wrapping_add(number.wrapping_mul(step));
                }
            }
            Order::Difference => {
                let mut value = self.base;
                lead.fill(value);
                for number in numbers {
                    value = value.wrapping_add(unzigzag(*number as u64).wrapping_mul(step));
                    *number = value;
                }
            }
            Order::Change => {
                let mut slope = self.slope.wrapping_mul(step);
                let mut value = self.base.wrapping_add(slope);
                for (at, place) in lead.iter_mut().enumerate() {
                    *place = if at == 0 { self.base } else { value };
                }
                for number in numbers {
                    slope = slope.wrapping_add(unzigzag(*number as u64).wrapping_mul(step));
                    value = value.wrapping_add(slope);
                    *number = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
