//! The floats of a run: a scale, a column of integers, and apart what the scale cannot say.

use super::integers::{Column, Head};
use super::scale::{self, Scale};
use base::{Error, Result};
use model::varint;

/// Set in the byte of a scale when values are kept apart.
const HAS_APART: u8 = 0x80;
/// Bits that a value kept apart costs, about.
const APART_BITS: u64 = 80;
/// With no more bits than this for a value, no other scale is tried.
const GOOD_BITS: u64 = 16;

/// A run's floats as they are to be stored.
#[derive(Debug)]
struct Encoded {
    scale: Scale,
    column: Column,
    /// Values that the scale cannot say, and where.
    apart: Vec<(usize, f64)>,
}

impl Encoded {
    /// `values` by `scale`; none when it cannot say too many of them.
    fn by(scale: Scale, values: &[f64]) -> Option<Self> {
        let most = values.len() / 8 + 1;
        let mut apart = Vec::new();
        let mut integers: Vec<i64> = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            match scale.integer(*value) {
                Some(integer) => {
                    // Those kept apart at the start: as the first one, so that they cost nothing.
                    if integers.len() == apart.len() {
                        integers.fill(integer);
                    }
                    integers.push(integer);
                }
                None if apart.len() == most => return None,
                None => {
                    apart.push((at, *value));
                    integers.push(integers.last().copied().unwrap_or(0));
                }
            }
        }
        Some(Self { scale, column: Column::new(&integers), apart })
    }

    fn bits(&self) -> u64 {
        self.column.bits + APART_BITS * self.apart.len() as u64
    }

    /// `values` by the scale that costs least.
    fn of(values: &[f64]) -> Option<Self> {
        let good = GOOD_BITS * values.len() as u64;
        let mut best: Option<Self> = None;
        let bits = || std::iter::once(Scale::Bits);
        let families: [&dyn Fn() -> Vec<Scale>; 3] =
            [&|| scale::candidates(values, false), &|| scale::candidates(values, true), &|| bits().collect()];
        for family in families {
            for scale in family() {
                let Some(encoded) = Self::by(scale, values) else { continue };
                if best.as_ref().is_none_or(|best| encoded.bits() < best.bits()) {
                    best = Some(encoded);
                }
            }
            if best.as_ref().is_some_and(|best| best.bits() <= good) {
                break;
            }
        }
        best
    }
}

/// Appends `values` (at least one): what tells how to read them to `heads`, numbers to `planes`.
pub fn put(values: &[f64], heads: &mut Vec<u8>, planes: &mut Vec<u8>) {
    let bits_of = |value: &f64| value.to_bits();
    let constant = values.windows(2).all(|pair| bits_of(&pair[0]) == bits_of(&pair[1]));
    // A constant has no planes, so that one value says all.
    let Some(encoded) = Encoded::of(if constant { &values[..values.len().min(1)] } else { values }) else {
        return;
    };
    let apart = if encoded.apart.is_empty() { 0 } else { HAS_APART };
    heads.push(encoded.scale.byte() | apart);
    encoded.column.head.put(heads);
    if !encoded.apart.is_empty() {
        varint::put(heads, encoded.apart.len() as u64);
        for (at, value) in &encoded.apart {
            varint::put(heads, *at as u64);
            heads.extend_from_slice(&value.to_le_bytes());
        }
    }
    encoded.column.put_planes(planes);
}

/// The floats of a run, found but not decoded.
#[derive(Clone, Copy, Debug)]
pub struct Floats<'a> {
    count: usize,
    scale: Scale,
    head: Head,
    planes: &'a [u8],
    apart: &'a [u8],
}

impl<'a> Floats<'a> {
    /// Takes `count` values, at least one, off the front of `heads` and `planes`.
    ///
    /// # Errors
    /// [`base::Kind::Corrupt`].
    pub fn take(count: usize, heads: &mut &'a [u8], planes: &mut &'a [u8]) -> Result<Self> {
        let corrupt = || Error::corrupt("values: wrong head");
        let (first, rest) = heads.split_first().ok_or_else(corrupt)?;
        *heads = rest;
        let scale = Scale::from_byte(first & !HAS_APART).ok_or_else(corrupt)?;
        let head = Head::take(heads)?;
        let mut apart: &[u8] = &[];
        if first & HAS_APART != 0 {
            let number = varint::take(heads).filter(|number| *number <= count as u64).ok_or_else(corrupt)?;
            let start = *heads;
            for _ in 0..number {
                take_apart(heads).filter(|(at, _)| *at < count).ok_or_else(corrupt)?;
            }
            apart = &start[..start.len() - heads.len()];
        }
        Ok(Self { count, scale, head, planes: head.take_planes(count, planes)?, apart })
    }

    /// Replaces what is in `out` by the values.
    pub fn decode(&self, integers: &mut Vec<i64>, out: &mut Vec<f64>) {
        self.head.decode(self.planes, self.count, integers);
        self.scale.floats(integers, out);
        let mut rest = self.apart;
        while let Some((at, value)) = take_apart(&mut rest) {
            if let Some(place) = out.get_mut(at) {
                *place = value;
            }
        }
    }
}

fn take_apart(input: &mut &[u8]) -> Option<(usize, f64)> {
    let at = usize::try_from(varint::take(input)?).ok()?;
    let (value, rest) = input.split_first_chunk::<8>()?;
    *input = rest;
    Some((at, f64::from_le_bytes(*value)))
}

#[cfg(test)]
mod tests;
