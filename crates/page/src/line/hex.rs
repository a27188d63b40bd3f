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

/// Bytes that `digits` digits take.
pub fn packed_len(digits: usize) -> usize {
    digits.div_ceil(2)
}

fn number(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10) & 0xf,
    }
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
