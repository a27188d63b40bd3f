//! Hexadecimal digits, two in a byte.

/// Letters of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` to `f`.
    Lower,
    /// `A` to `F`.
    Upper,
}

impl Case {
    fn digits(self) -> &'static [u8; 16] {
        match self {
            Self::Lower => b"0123456789abcdef",
            Self::Upper => b"0123456789ABCDEF",
        }
    }

    /// Whether `byte` is such a digit.
    pub fn has(self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' => true,
            b'a'..=b'f' => self == Self::Lower,
            b'A'..=b'F' => self == Self::Upper,
            _ => false,
        }
    }
}

/// A digit's value; beyond it that it is one in lower case, and that it is one in upper case.
static DIGITS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 16 {
        table[b"0123456789abcdef"[at] as usize] |= LOWER | at as u8;
        table[b"0123456789ABCDEF"[at] as usize] |= UPPER | at as u8;
        at += 1;
    }
    table
};
const LOWER: u8 = 32;
const UPPER: u8 = 64;

/// Values of digits of one case, packed one after the other.
#[derive(Debug)]
pub struct Packer {
    all: u8,
    /// Two digits a byte.
    pub packed: Vec<u8>,
}

impl Packer {
    /// For so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { all: LOWER | UPPER, packed: Vec::with_capacity(bytes) }
    }

    /// Adds a value, unless it or one before it has other bytes, or not all have letters of one case.
    #[inline]
    pub fn add(&mut self, digits: &[u8]) -> Option<Case> {
        let mut eights = digits.chunks_exact(8);
        for eight in eights.by_ref().filter_map(|eight| eight.first_chunk()) {
            let (packed, all) = pack_eight(u64::from_le_bytes(*eight));
            self.packed.extend_from_slice(&packed.to_le_bytes());
            self.all &= all;
        }
        let all = &mut self.all;
        let mut number = |digit: &u8| {
            let digit = DIGITS[usize::from(*digit)];
            *all &= digit;
            digit & 0xf
        };
        let pairs = eights.remainder().chunks_exact(2);
        let last = pairs.remainder();
        self.packed.extend(pairs.map(|pair| number(&pair[0]) << 4 | number(&pair[1])));
        self.packed.extend(last.iter().map(&mut number));
        match self.all {
            0 => None,
            all => Some(if all & LOWER != 0 { Case::Lower } else { Case::Upper }),
        }
    }
}

/// Eight digits, the first one lowest, packed; and of which cases they are.
#[inline]
fn pack_eight(digits: u64) -> (u32, u8) {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let ascii = digits & each(0x7f);
    // No sum carries into the next byte.
    let between = |bytes: u64, least: u8, most: u8| {
        (bytes + each(0x80 - least)) & !(bytes + each(0x7f - most)) & each(0x80)
    };
    let letters = between(ascii | each(0x20), b'a', b'f');
    let lower = letters & digits << 2;
    let is_digit = (letters | between(ascii, b'0', b'9')) & !digits & each(0x80) == each(0x80);
    let case = match (is_digit, lower == letters, lower == 0) {
        (false, ..) => 0,
        (_, no_upper, no_lower) => (LOWER * u8::from(no_upper)) | (UPPER * u8::from(no_lower)),
    };
    // A letter is 9 more than its lower half.
    let numbers = (digits & each(0x0f)) + (letters >> 7) * 9;
    let pairs = (numbers << 4 | numbers >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    ((fours | fours >> 16) as u32, case)
}

/// Bytes that `digits` digits take.
pub fn packed_len(digits: usize) -> usize {
    digits.div_ceil(2)
}

fn number(digit: u8) -> u8 {
    DIGITS[usize::from(digit)] & 0xf
}

/// Appends `digits`, the first of each pair in the upper half; an odd last one alone in the lower half.
pub fn pack(digits: &[u8], out: &mut Vec<u8>) {
    let pairs = digits.chunks_exact(2);
    let last = pairs.remainder();
    out.extend(pairs.map(|pair| number(pair[0]) << 4 | number(pair[1])));
    out.extend(last.iter().map(|digit| number(*digit)));
}

/// Turns packed values of `digits` digits each, one after the other, into digits.
#[derive(Debug)]
pub struct Unpacker {
    pairs: [[u8; 2]; 256],
}

impl Unpacker {
    /// Digits of this case.
    pub fn new(case: Case) -> Self {
        let digits = case.digits();
        let pair = |byte: usize| [digits[byte >> 4], digits[byte & 15]];
        Self { pairs: std::array::from_fn(pair) }
    }

    /// Appends the digits of one value.
    #[inline]
    pub fn unpack(&self, packed: &[u8], digits: usize, out: &mut Vec<u8>) {
        let (whole, odd) = packed.split_at(packed.len().min(digits / 2));
        out.extend(whole.iter().flat_map(|byte| self.pairs[usize::from(*byte)]));
        out.extend(odd.iter().take(digits % 2).map(|byte| self.pairs[usize::from(*byte)][1]));
    }
}

#[cfg(test)]
mod tests;
