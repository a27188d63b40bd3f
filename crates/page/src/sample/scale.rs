//! Floats as integers. Most values of metrics were written in decimal, or are a whole number of small units: as
//! such they have few digits, though their 52 bits of fraction look random.

/// The greatest power of ten that values are multiplied by.
const EXPONENT_MAX: u8 = 18;
/// Whole numbers below this are exact as floats.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

const POWERS: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];
const FRACTIONS: [f64; 19] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
    1e-16, 1e-17, 1e-18,
];

/// How a float comes out of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Divided by 10 to this: what was read from decimal digits.
    Divided(u8),
    /// Multiplied by 10 to the minus this, 1 or more: what was computed from a count of small units. It
    /// differs from the quotient in the last bit.
    Multiplied(u8),
    /// Not as a number at all: the bits, so that their order is that of the floats.
    Bits,
}

impl Scale {
    /// Its byte.
    pub fn byte(self) -> u8 {
        match self {
            Self::Divided(exponent) => exponent,
            Self::Multiplied(exponent) => EXPONENT_MAX + exponent,
            Self::Bits => 2 * EXPONENT_MAX + 1,
        }
    }

    /// The scale of a byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0..=EXPONENT_MAX => Some(Self::Divided(byte)),
            _ if byte <= 2 * EXPONENT_MAX => Some(Self::Multiplied(byte - EXPONENT_MAX)),
            _ => (byte == Self::Bits.byte()).then_some(Self::Bits),
        }
    }

    /// The integer that `value` comes out of, bit by bit; none when there is none.
    pub fn integer(self, value: f64) -> Option<i64> {
        let exponent = match self {
            Self::Bits => return Some(order_of(value)),
            Self::Divided(exponent) | Self::Multiplied(exponent) => exponent,
        };
        let scaled = value * POWERS[usize::from(exponent)];
        // What is no number is above nothing and below nothing.
        if scaled.is_nan() || scaled.abs() >= WHOLE_MAX {
            return None;
        }
        let integer = scaled.round_ties_even() as i64;
        (self.float(integer).to_bits() == value.to_bits()).then_some(integer)
    }

    fn float(self, integer: i64) -> f64 {
        match self {
            Self::Divided(exponent) => integer as f64 / POWERS[usize::from(exponent)],
            Self::Multiplied(exponent) => integer as f64 * FRACTIONS[usize::from(exponent)],
            Self::Bits => value_of(integer),
        }
    }

    /// Replaces what is in `out` by the floats of `integers`.
    pub fn floats(self, integers: &[i64], out: &mut Vec<f64>) {
        out.clear();
        // One loop each, which the compiler can make wide.
        match self {
            Self::Divided(0) => out.extend(integers.iter().map(|integer| *integer as f64)),
            Self::Divided(exponent) => {
                let power = POWERS[usize::from(exponent)];
                out.extend(integers.iter().map(|integer| *integer as f64 / power));
            }
            Self::Multiplied(exponent) => {
                let fraction = FRACTIONS[usize::from(exponent)];
                out.extend(integers.iter().map(|integer| *integer as f64 * fraction));
            }
            Self::Bits => out.extend(integers.iter().map(|integer| value_of(*integer))),
        }
    }

    /// The scale of the same family with fewest digits for `value`; `like` is tried first.
    fn least(of: impl Fn(u8) -> Self, value: f64, like: u8) -> Option<u8> {
        let fits = |exponent: u8| of(exponent).integer(value).is_some();
        if !fits(like) {
            return (like + 1..=EXPONENT_MAX).find(|exponent| fits(*exponent));
        }
        let mut least = like;
        while least > 0 && fits(least - 1) {
            least -= 1;
        }
        Some(least)
    }
}

/// The bits of `value`, changed so that they are ordered as the values are.
fn order_of(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

fn value_of(order: i64) -> f64 {
    f64::from_bits((order ^ ((order >> 63) as u64 >> 1) as i64) as u64)
}

/// Values that are looked at to find scales worth trying.
const SAMPLE: usize = 32;
/// Scales of a family that are tried at most.
const TRIED_MAX: usize = 3;

/// Scales by division, or those by multiplication, that suit most of `values`; those with most digits first.
pub fn candidates(values: &[f64], multiplied: bool) -> Vec<Scale> {
    let family = |exponent: u8| match exponent {
        1.. if multiplied => Scale::Multiplied(exponent),
        _ => Scale::Divided(exponent),
    };
    let mut counts = [0usize; EXPONENT_MAX as usize + 1];
    let (mut last, mut looked_at) = (0, 0);
    for value in values.iter().step_by(values.len().div_ceil(SAMPLE).max(1)) {
        looked_at += 1;
        if let Some(exponent) = Scale::least(family, *value, last) {
            last = exponent;
            counts[usize::from(exponent)] += 1;
        }
    }
    let mut left: usize = counts.iter().sum();
    let mut out = Vec::new();
    for exponent in (0..=EXPONENT_MAX).rev() {
        let count = counts[usize::from(exponent)];
        // What has more digits than the scale is kept apart, which only few may be.
        if count > 0 && out.len() < TRIED_MAX && left * 4 >= looked_at * 3 {
            out.push(family(exponent));
        }
        left -= count;
    }
    if multiplied {
        out.retain(|scale| matches!(scale, Scale::Multiplied(_)));
    }
    out
}

#[cfg(test)]
mod tests;
