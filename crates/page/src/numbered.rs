//! Numbers for things, so that equal ones can be told by their numbers.

use hashbrown::HashMap;
use std::hash::Hash;

/// Beyond this many things, the numbering looks whether they repeat at all.
const LOOK_AT: usize = 1024;
/// Things that are all but so many in one new are taken as all different.
const NEW_IN: usize = 16;
/// Bytes of a text that is numbered as an integer.
const SHORT: usize = 7;
/// A table by key may have so many entries for each thing.
const ENTRIES: usize = 2;
/// And so many more.
const FEW_ENTRIES: usize = 1024;

type Map<K> = HashMap<K, u32, foldhash::fast::RandomState>;

/// Things in a row, each with a number, in the order in which numbers come for the first time. Things of one number
/// are equal. Equal ones have one number, unless most things differ: then not all are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered {
    /// The number of each thing.
    pub of: Vec<u32>,
    /// Of each number the position of its first thing.
    pub firsts: Vec<u32>,
}

impl Numbered {
    /// `count` things that are equal.
    pub fn equal(count: usize) -> Self {
        Self { of: vec![0; count], firsts: if count == 0 { Vec::new() } else { vec![0] } }
    }

    /// `count` things that differ.
    pub fn different(count: usize) -> Self {
        let all: Vec<u32> = (0..count as u32).collect();
        Self { of: all.clone(), firsts: all }
    }

    /// Things that are equal when their keys are; all are below `below`, and one that is not is taken as the last
    /// of those.
    pub fn keys(keys: impl ExactSizeIterator<Item = u32>, below: usize) -> Self {
        if below > ENTRIES * keys.len() + FEW_ENTRIES {
            return Self::hashed(keys);
        }
        Self::by_table(keys.map(|key| key as usize), below)
    }

    /// Things that are equal when their integers are.
    pub fn integers(keys: &[u64]) -> Self {
        let (least, most) =
            (keys.iter().min().copied().unwrap_or(0), keys.iter().max().copied().unwrap_or(0));
        match usize::try_from(most - least) {
            Ok(range) if range < ENTRIES * keys.len() + FEW_ENTRIES => {
                Self::by_table(keys.iter().map(|key| (key - least) as usize), range + 1)
            }
            _ => Self::hashed(keys.iter().copied()),
        }
    }

    /// Things that are equal when their bytes are, or when there are none.
    pub fn texts<'a>(texts: impl Iterator<Item = Option<&'a [u8]>>) -> Self {
        let (mut short, mut long): (Map<u64>, Map<&[u8]>) = Default::default();
        Self::each(texts, |text, next| match text {
            None => *short.entry(u64::MAX).or_insert(next),
            Some(text) if text.len() <= SHORT => *short.entry(packed(text)).or_insert(next),
            Some(text) => *long.entry(text).or_insert(next),
        })
    }

    /// Things that are equal when they are equal in `self` and in `other`, which has as many.
    pub fn and(self, other: Self) -> Self {
        if other.firsts.len() <= 1 || self.is_different() {
            return self;
        }
        if self.firsts.len() <= 1 || other.is_different() {
            return other;
        }
        let width = other.firsts.len();
        let pairs = self.of.iter().zip(&other.of);
        match self.firsts.len().checked_mul(width) {
            Some(below) if below <= ENTRIES * self.of.len() + FEW_ENTRIES => {
                Self::by_table(pairs.map(|(one, two)| *one as usize * width + *two as usize), below)
            }
            _ => Self::hashed(pairs.map(|(one, two)| u64::from(*one) << 32 | u64::from(*two))),
        }
    }

    /// Those at the positions `things`, numbered anew, and the former number of each number.
    pub fn pick(&self, things: &[u32]) -> (Self, Vec<u32>) {
        let numbers = things.iter().map(|thing| self.of.get(*thing as usize).copied().unwrap_or(0));
        let former: Vec<u32> = numbers.collect();
        let picked = Self::by_table(former.iter().map(|number| *number as usize), self.firsts.len());
        let former = picked.firsts.iter().filter_map(|first| former.get(*first as usize).copied());
        let former = former.collect();
        (picked, former)
    }

    /// Number of things.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether no two things are known to be equal.
    pub fn is_different(&self) -> bool {
        self.firsts.len() == self.of.len()
    }

    fn by_table(keys: impl Iterator<Item = usize>, below: usize) -> Self {
        const UNKNOWN: u32 = u32::MAX;
        let below = below.max(1);
        let mut known = vec![UNKNOWN; below];
        let mut firsts = Vec::new();
        let number = |(at, key): (usize, usize)| {
            let Some(number) = known.get_mut(key.min(below - 1)) else { return 0 };
            if *number == UNKNOWN {
                *number = firsts.len() as u32;
                firsts.push(at as u32);
            }
            *number
        };
        let of = keys.enumerate().map(number).collect();
        Self { of, firsts }
    }

    fn hashed<K: Eq + Hash + Copy>(keys: impl Iterator<Item = K>) -> Self {
        let mut known: Map<K> = Map::default();
        Self::each(keys, |key, next| *known.entry(key).or_insert(next))
    }

    /// Things of which `number` says the number; it is told the next new one.
    fn each<T: PartialEq + Copy>(
        things: impl Iterator<Item = T>,
        mut number: impl FnMut(T, u32) -> u32,
    ) -> Self {
        let mut numbered = Self { of: Vec::with_capacity(things.size_hint().0), firsts: Vec::new() };
        let (mut last, mut differ) = (None, false);
        for (at, thing) in (0u32..).zip(things) {
            let next = numbered.firsts.len() as u32;
            let known = match last {
                _ if differ => next,
                Some((same, known)) if same == thing => known,
                _ => number(thing, next),
            };
            if known == next {
                numbered.firsts.push(at);
            }
            numbered.of.push(known);
            last = Some((thing, known));
            if at as usize == LOOK_AT {
                differ = numbered.firsts.len() > LOOK_AT - LOOK_AT / NEW_IN;
            }
        }
        numbered
    }
}

/// A text of at most [`SHORT`] bytes as an integer: its bytes, and their number in the highest byte.
fn packed(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    if let Some(front) = bytes.get_mut(..text.len()) {
        front.copy_from_slice(text);
    }
    u64::from_le_bytes(bytes) | (text.len() as u64) << 56
}

#[cfg(test)]
mod tests;
