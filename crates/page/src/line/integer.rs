//! Columns of decimal numbers.

use super::slots::{Wanted, picked};
use super::token::Span;
use hashbrown::HashMap;

/// The most digits of a number: all such are below 2^63, so differences fit in 64 bits.
pub const DIGITS_MAX: usize = 18;

/// Decimal numbers of a column.
#[derive(Debug)]
pub struct Numbers {
    /// Their values.
    pub values: Vec<u64>,
    /// All have this many digits, with leading zeros; 0: none has a leading zero.
    pub digits: u8,
    /// The least and the greatest of them.
    min: u64,
    max: u64,
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The least number; with `delta` the first one.
    pub base: u64,
    /// Whether the planes hold differences of neighbours, zigzag, instead of those to the base.
    pub delta: bool,
    /// Number of byte planes.
    pub width: u8,
    /// As in [`Numbers`].
    pub digits: u8,
}

/// Numbers by what they are above a base.
#[derive(Clone, Copy, Debug)]
pub struct Narrow<'p> {
    /// Lower byte of each.
    pub low: &'p [u8],
    /// Upper byte of each; empty where that is always 0.
    pub high: &'p [u8],
    /// A bound that all are below.
    pub below: usize,
}

/// What is known of numbers before they are stored.
#[derive(Debug)]
pub struct Facts {
    min: u64,
    max: u64,
    /// Pairs of neighbours that were looked at for what follows.
    looked_at: usize,
    /// Bits of differences to the least number, and of those between neighbours.
    bits: u64,
    delta_bits: u64,
    /// Neighbours that are equal.
    repeats: usize,
}

impl Numbers {
    /// Reads `values`; none unless all are numbers that come back the same.
    pub fn read(text: &[u8], values: &[Span]) -> Option<Self> {
        let first_len = values.first()?.len;
        let first = values.first()?.of(text).first()?;
        if !first.is_ascii_digit() {
            return None;
        }
        let (mut canonical, mut fixed, mut min, mut max) = (true, true, u64::MAX, 0);
        let mut out = Vec::with_capacity(values.len());
        for span in values {
            let Digits { value, starts_with_zero } = match span.len as usize {
                1..=EIGHT => eight(text, *span)?,
                9..=SIXTEEN => {
                    let front = Span { start: span.start, len: span.len - EIGHT as u32 };
                    let back = Span { start: front.start + front.len, len: EIGHT as u32 };
                    let front = eight(text, front)?;
                    Digits { value: front.value * 100_000_000 + eight(text, back)?.value, ..front }
                }
                17..=DIGITS_MAX => one_by_one(span.of(text))?,
                _ => return None,
            };
            canonical &= !starts_with_zero || span.len == 1;
            fixed &= span.len == first_len;
            if !canonical && !fixed {
                return None;
            }
            (min, max) = (min.min(value), max.max(value));
            out.push(value);
        }
        Some(Self { values: out, digits: if canonical { 0 } else { first_len as u8 }, min, max })
    }

    /// Looks at them, and where they are many at some pairs of neighbours only.
    pub fn facts(&self) -> Facts {
        let Self { min, max, .. } = *self;
        let mut facts = Facts { min, max, looked_at: 0, bits: 0, delta_bits: 0, repeats: 0 };
        let step = if self.values.len() > MANY { MANY_STEP } else { 1 };
        for pair in self.values.windows(2).step_by(step) {
            facts.looked_at += 1;
            facts.bits += bits(pair[1] - min);
            facts.delta_bits += bits(zigzag(pair[1].wrapping_sub(pair[0])));
            facts.repeats += usize::from(pair[0] == pair[1]);
        }
        facts
    }

    /// Where each distinct number is first, and which one each number is; none unless there are so few that a byte
    /// tells which, and so few among them that naming them costs little.
    pub fn few_distinct(&self) -> Option<(Vec<usize>, Vec<u32>)> {
        let most = (self.values.len() / FEW_AMONG).min(1 << u8::BITS);
        let mut by_value: HashMap<u64, u32, foldhash::fast::RandomState> = HashMap::default();
        // Of numbers that are near each other 1 + which distinct one each is.
        let range = self.max - self.min;
        let mut by_place = vec![0u32; if range < NEAR { range as usize + 1 } else { 0 }];
        let (mut firsts, mut ids) = (Vec::new(), Vec::with_capacity(self.values.len()));
        for (at, value) in self.values.iter().enumerate() {
            let known = match by_place.get_mut((value - self.min) as usize) {
                Some(known) => known,
                None => by_value.entry(*value).or_default(),
            };
            if *known == 0 {
                firsts.push(at);
                if firsts.len() > most {
                    return None;
                }
                *known = firsts.len() as u32;
            }
            ids.push(*known - 1);
        }
        Some((firsts, ids))
    }

    /// How to store them, and their byte planes.
    pub fn planes(&self, facts: &Facts) -> (Layout, Vec<u8>) {
        if !facts.by_difference() {
            let (base, width) = (self.min, byte_width(self.max - self.min));
            let planes = planes_of(&self.values, base, width);
            return (Layout { base, delta: false, width, digits: self.digits }, planes);
        }
        let difference = |pair: &[u64]| zigzag(pair[1].wrapping_sub(pair[0]));
        let numbers: Vec<u64> = self.values.windows(2).map(difference).collect();
        let width = byte_width(numbers.iter().fold(0, |all, number| all | number));
        let base = self.values.first().copied().unwrap_or(0);
        let planes = planes_of(&numbers, 0, width);
        (Layout { base, delta: true, width, digits: self.digits }, planes)
    }
}

/// The byte planes of what `numbers` are above `base`.
fn planes_of(numbers: &[u64], base: u64, width: u8) -> Vec<u8> {
    let mut planes = Vec::with_capacity(numbers.len() * usize::from(width));
    for plane in 0..width {
        planes.extend(numbers.iter().map(|number| ((number - base) >> (8 * plane)) as u8));
    }
    planes
}

/// Numbers less than this apart are counted by a table.
const NEAR: u64 = 1 << 14;

/// Numbers for each distinct one, at least, for which they are stored by that.
const FEW_AMONG: usize = 32;

/// With more numbers than these, one pair of neighbours in so many tells how to store them.
const MANY: usize = 2048;
const MANY_STEP: usize = 8;

const EIGHT: usize = 8;
const SIXTEEN: usize = 16;

/// What digits say.
#[derive(Clone, Copy, Debug)]
struct Digits {
    value: u64,
    starts_with_zero: bool,
}

/// The number of the 1 to [`EIGHT`] digits at `span`; none when there are other bytes. All at once, in the bytes of one
/// register.
#[inline]
fn eight(text: &[u8], span: Span) -> Option<Digits> {
    let Some(bytes) = text.get(span.start as usize..).and_then(|rest| rest.first_chunk::<EIGHT>()) else {
        return one_by_one(span.of(text));
    };
    let all = u64::from_le_bytes(*bytes) ^ ASCII;
    // The first digit lies lowest: what is not there becomes zeros in front.
    let digits = all << (8 * (EIGHT as u32 - span.len));
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    Some(Digits { value, starts_with_zero: all as u8 == 0 })
}

fn one_by_one(digits: &[u8]) -> Option<Digits> {
    let value = digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    })?;
    Some(Digits { value, starts_with_zero: digits.first() == Some(&b'0') })
}

impl Facts {
    fn width(&self) -> u8 {
        byte_width(self.max - self.min)
    }

    /// Whether they take more than a byte, and neighbours tell little about each other.
    pub fn is_wide(&self) -> bool {
        self.width() > 1 && !self.by_difference()
    }

    /// Whether differences of neighbours are smaller.
    fn by_difference(&self) -> bool {
        let repeats = self.repeats * 2 > self.looked_at + 1 && self.width() > 1;
        self.delta_bits * 10 < self.bits * 8 || repeats
    }

    /// Whether they are wide and neighbours tell little about each other: then a dictionary may be better.
    pub fn scattered(&self) -> bool {
        self.width() >= 3 && self.delta_bits * 10 > self.bits * 7
    }
}

impl Layout {
    /// Bytes of the planes of `count` numbers.
    pub fn planes_len(&self, count: usize) -> usize {
        let stored = if self.delta { count.saturating_sub(1) } else { count };
        stored.saturating_mul(usize::from(self.width))
    }

    /// What no number without `delta` is above.
    pub fn most(&self) -> u64 {
        let range = 1u64.checked_shl(8 * u32::from(self.width)).unwrap_or(u64::MAX);
        // What does not fit wraps, in a page that is damaged.
        self.base.saturating_add(range)
    }

    /// The most digits that a number can have.
    pub fn digits_max(&self) -> usize {
        match (self.digits, 1u64.checked_shl(8 * u32::from(self.width))) {
            (0, Some(_)) if !self.delta => self.most().to_string().len(),
            (0, _) => DIGITS_MAX,
            (digits, _) => usize::from(digits),
        }
    }

    /// As [`Layout::decode`], the numbers at the places that are `wanted`; none is all of them.
    pub fn pick(&self, planes: &[u8], count: usize, wanted: Wanted<'_>) -> Vec<u64> {
        let Some(places) = wanted.filter(|_| !self.delta) else {
            return picked(self.decode(planes, count).into(), wanted).into_owned();
        };
        let within = || places.iter().map(|place| *place as usize).filter(|place| *place < count);
        let mut numbers = vec![0; within().count()];
        for (plane, bytes) in planes.chunks_exact(count.max(1)).enumerate().take(8) {
            let bytes = within().filter_map(|place| bytes.get(place));
            numbers
                .iter_mut()
                .zip(bytes)
                .for_each(|(number, byte)| *number |= u64::from(*byte) << (8 * plane));
        }
        numbers.iter_mut().for_each(|number: &mut u64| *number = number.wrapping_add(self.base));
        numbers
    }

    /// The planes of `count` numbers, where they tell equal ones and are two at most.
    pub fn narrow<'p>(&self, planes: &'p [u8], count: usize) -> Option<Narrow<'p>> {
        let (low, high) = planes.split_at_checked(count).filter(|_| !self.delta && self.width <= 2)?;
        let most = high.iter().max().map_or(0, |most| usize::from(*most));
        Some(Narrow { low, high, below: (most + 1) << 8 })
    }

    /// The `count` numbers of `planes`, which have the length above.
    pub fn decode(&self, planes: &[u8], count: usize) -> Vec<u64> {
        let stored = if self.delta { count.saturating_sub(1) } else { count };
        let mut numbers = Vec::with_capacity(count);
        if self.delta && count > 0 {
            numbers.push(self.base);
        }
        let offset = if self.delta { 0 } else { self.base };
        numbers.resize(numbers.len() + stored, 0);
        let at = numbers.len() - stored;
        for (plane, bytes) in planes.chunks_exact(stored.max(1)).enumerate().take(8) {
            for (number, byte) in numbers[at..].iter_mut().zip(bytes) {
                *number |= u64::from(*byte) << (8 * plane);
            }
        }
        if self.delta {
            let mut last = self.base;
            for number in &mut numbers[at..] {
                last = last.wrapping_add(unzigzag(*number));
                *number = last;
            }
        } else {
            numbers.iter_mut().for_each(|number| *number = number.wrapping_add(offset));
        }
        numbers
    }
}

fn bits(value: u64) -> u64 {
    u64::from(u64::BITS - value.leading_zeros())
}

fn byte_width(most: u64) -> u8 {
    bits(most).div_ceil(8).max(1) as u8
}

fn zigzag(difference: u64) -> u64 {
    let difference = difference as i64;
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn unzigzag(stored: u64) -> u64 {
    (stored >> 1) ^ (stored & 1).wrapping_neg()
}

/// Room that [`write_decimal`] needs.
pub const DECIMAL_ROOM: usize = 24;

/// Writes `value` in decimal to `out` at `at`, with `digits` digits (it has no more) where that is not 0, and
/// perhaps more behind it; gives where it ends. Without [`DECIMAL_ROOM`] bytes nothing is written.
#[inline]
pub fn write_decimal(value: u64, digits: u8, out: &mut [u8], at: usize) -> usize {
    const EIGHT: u64 = 100_000_000;
    let room = out.get_mut(at..).and_then(|out| out.first_chunk_mut::<DECIMAL_ROOM>());
    let Some(room) = room else { return at };
    if value < EIGHT && digits <= 8 {
        let all = eight_digits(value as u32);
        let skipped = if digits == 0 { (all.trailing_zeros() / 8).min(7) } else { 8 - u32::from(digits) };
        room[..8].copy_from_slice(&((all | ASCII) >> (8 * skipped)).to_le_bytes());
        return at + 8 - skipped as usize;
    }
    let mut buffer = [0; 24];
    for (part, at) in
        [value / EIGHT / EIGHT, value / EIGHT % EIGHT, value % EIGHT].into_iter().zip([0, 8, 16])
    {
        buffer[at..at + 8].copy_from_slice(&(eight_digits(part as u32) | ASCII).to_le_bytes());
    }
    let leading = buffer.iter().take_while(|digit| **digit == b'0').count();
    let start = if digits == 0 { leading.min(23) } else { leading.min(24 - usize::from(digits).min(24)) };
    room[..24 - start].copy_from_slice(&buffer[start..]);
    at + 24 - start
}

const ASCII: u64 = 0x3030_3030_3030_3030;

/// The eight decimal digits of a number below 10^8, the first in the lowest byte. Divides by multiplying,
/// in all lanes of a register at once.
#[inline]
fn eight_digits(value: u32) -> u64 {
    let fours = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos - 10 * tens) << 8
}
