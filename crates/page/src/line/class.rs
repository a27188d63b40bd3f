//! What bytes are to a line, told for eight at once: loops over single bytes end somewhere else for each value, which costs
//! more than looking at all eight.

/// Part of a word.
pub const WORD: u8 = 1;
/// A decimal digit.
pub const DIGIT: u8 = 2;
/// Part of a word, but not where it starts or ends.
pub const INNER: u8 = 4;
/// `"`.
pub const QUOTE: u8 = 8;
/// `=`.
pub const EQUALS: u8 = 16;
/// Letter, digit or underscore.
pub const ALNUM: u8 = 32;
/// Part of a value after `=`.
pub const PAIR: u8 = 64;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'0'..=b'9' => WORD | DIGIT | ALNUM | PAIR,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD | ALNUM | PAIR,
            b'.' | b':' | b'/' | b'-' | b'@' | b'+' | b'%' | b'$' | b'#' => WORD | INNER | PAIR,
            b'"' => QUOTE,
            b'=' => EQUALS | PAIR,
            b' ' | b',' | b';' | b')' | b']' | b'}' | b'&' | b'|' | b'\t' | b'>' | b'\\' => 0,
            _ => PAIR,
        };
        at += 1;
    }
    table
};

/// What a byte is.
#[inline]
pub fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// What the byte at `at` is; nothing at the end.
#[inline]
pub fn class_at(text: &[u8], at: usize) -> u8 {
    text.get(at).map_or(0, |byte| class(*byte))
}

/// Eight bytes of a text, the first one lowest; zeros behind its end.
#[derive(Clone, Copy, Debug)]
struct Eight(u64);

/// A byte in all bytes of a word.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The upper bit of each byte, which says yes.
const YES: u64 = each(0x80);

impl Eight {
    const BYTES: usize = 8;

    #[inline]
    fn at(text: &[u8], at: usize) -> Self {
        match text.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Self(u64::from_le_bytes(*bytes)),
            None => Self::last(text, at),
        }
    }

    #[cold]
    fn last(text: &[u8], at: usize) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes.iter_mut().zip(text.get(at..).unwrap_or(&[])).for_each(|(to, from)| *to = *from);
        Self(u64::from_le_bytes(bytes))
    }

    /// Which bytes are `least` or `most` or between them; both are ASCII.
    #[inline]
    fn between(self, least: u8, most: u8) -> u64 {
        // No sum carries into the next byte.
        let ascii = self.0 & each(0x7f);
        (ascii + each(0x80 - least)) & !(ascii + each(0x7f - most)) & !self.0 & YES
    }

    /// Which bytes are letters.
    #[inline]
    fn letters(self) -> u64 {
        Self(self.0 | each(0x20)).between(b'a', b'z')
    }

    /// Which bytes are decimal digits.
    #[inline]
    fn digits(self) -> u64 {
        self.between(b'0', b'9')
    }

    /// Which bytes are `byte`: the first of them; behind it others may be told, too.
    #[inline]
    fn first(self, byte: u8) -> u64 {
        // Borrows go upwards.
        let differ = self.0 ^ each(byte);
        differ.wrapping_sub(each(1)) & !differ & YES
    }
}

/// How many bytes there are before the first `yes`.
#[inline]
fn before(yes: u64) -> usize {
    yes.trailing_zeros() as usize / 8
}

/// The end of the decimal digits from `at` on, `end` at most.
#[inline]
pub fn digits_end(text: &[u8], mut at: usize, end: usize) -> usize {
    loop {
        let count = before(!Eight::at(text, at).digits() & YES);
        at += count;
        if count < Eight::BYTES || at >= end {
            return at.min(end);
        }
    }
}

/// The end of the letters, digits and underscores from `at` on, `end` at most.
#[inline]
pub fn alnum_end(text: &[u8], mut at: usize, end: usize) -> usize {
    loop {
        let eight = Eight::at(text, at);
        let count = before(!(eight.letters() | eight.digits()) & YES);
        at += count;
        if at >= end {
            return end;
        }
        if count < Eight::BYTES {
            if class_at(text, at) & ALNUM == 0 {
                return at;
            }
            at += 1;
        }
    }
}

/// The end of the value after `=` that starts at `at`, `end` at most.
#[inline]
pub fn pair_end(text: &[u8], at: usize, end: usize) -> usize {
    run_end(text, at, end, PAIR).0
}

/// The end of the word that starts at `at`, `end` at most, and whether it has a digit.
#[inline]
pub fn word_end(text: &[u8], at: usize, end: usize) -> (usize, bool) {
    run_end(text, at, end, WORD)
}

/// The end of the run of bytes of `class`, to which letters, digits and `-./:` belong, and whether it has a digit.
#[inline(always)]
fn run_end(text: &[u8], mut at: usize, end: usize, class: u8) -> (usize, bool) {
    let mut digits = 0;
    loop {
        let eight = Eight::at(text, at);
        let others = !(eight.letters() | eight.between(b'-', b':')) & YES;
        let count = before(others).min(end.saturating_sub(at));
        // Those behind `count` are shifted out; twice, for a shift by all bits is none.
        digits |= eight.digits() << (4 * (Eight::BYTES - count)) << (4 * (Eight::BYTES - count));
        at += count;
        if at >= end {
            return (end, digits != 0);
        }
        if count < Eight::BYTES {
            if class_at(text, at) & class == 0 {
                return (at, digits != 0);
            }
            at += 1;
        }
    }
}

/// A run of fewer than eight letters and digits.
#[derive(Clone, Copy, Debug)]
pub struct ShortRun {
    /// Its bytes.
    pub len: usize,
    /// Which of them are digits.
    digits: u64,
}

impl ShortRun {
    /// The one from `at` on, up to `end`; none where there is a longer one, or one with underscores.
    #[inline]
    pub fn at(text: &[u8], at: usize, end: usize) -> Option<Self> {
        let eight = Eight::at(text, at);
        let digits = eight.digits();
        let others = !(eight.letters() | digits) & YES;
        let count = before(others);
        let len = count.min(end.saturating_sub(at));
        if len == Eight::BYTES || at + len < end && class_at(text, at + len) & ALNUM != 0 {
            return None;
        }
        Some(Self { len, digits: digits & !(u64::MAX << (8 * len)) })
    }

    /// How many of its bytes are digits.
    #[inline]
    pub fn digits(self) -> usize {
        sum(self.digits)
    }

    /// How many digits it starts with.
    #[inline]
    pub fn leading_digits(self) -> usize {
        before(!self.digits & YES)
    }

    /// How often a digit and another byte are neighbours.
    #[inline]
    pub fn changes(self) -> usize {
        let within = !(u64::MAX << (8 * self.len.saturating_sub(1)));
        sum((self.digits ^ self.digits >> 8) & within)
    }
}

/// How many bytes say yes.
#[inline]
fn sum(yes: u64) -> usize {
    ((yes >> 7).wrapping_mul(each(1)) >> (u64::BITS - 8)) as usize
}

/// Bytes that are looked at together for whether they have a quote at all.
const MANY: usize = 32;

/// The quote before `end` that ends a string whose content starts at `at`; a backslash escapes the next byte.
#[inline]
pub fn closing_quote(text: &[u8], mut at: usize, end: usize) -> Option<usize> {
    loop {
        at = first_quote(text, at, end)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// The first quote or backslash from `at` on, before `end`.
#[inline]
fn first_quote(text: &[u8], mut at: usize, end: usize) -> Option<usize> {
    loop {
        while let Some(many) = text.get(at..).and_then(|rest| rest.first_chunk::<MANY>())
            && at < end
            && !has_quote(many)
        {
            at += MANY;
        }
        for _ in 0..MANY / Eight::BYTES {
            let eight = Eight::at(text, at);
            let count = before(eight.first(b'"') | eight.first(b'\\'));
            at += count;
            if at >= end {
                return None;
            }
            if count < Eight::BYTES {
                return Some(at);
            }
        }
    }
}

/// Whether there is a quote or a backslash among `bytes`.
#[inline]
fn has_quote(bytes: &[u8; MANY]) -> bool {
    // Without a branch, so that all are compared at once.
    bytes.iter().fold(0, |any, byte| any | u8::from(*byte == b'"') | u8::from(*byte == b'\\')) != 0
}

#[cfg(test)]
mod tests;
