//! What bytes the values of a column have: enough to tell, without reading them, that they neither end a
//! quoted string nor a word.

/// What is known of all values of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alphabet(u8);

/// A value that is no content of a quoted string: it has a quote that no backslash escapes, or ends in a
/// backslash that escapes what follows.
const BREAKS_QUOTES: u8 = 1;
/// A byte other than ASCII letters, digits and `_+-./:@%#$`.
const NO_WORD: u8 = 2;
/// A byte up to space, or a quote.
const ENDS_PAIR: u8 = 4;
/// A value that does not start with a digit.
const NO_DIGIT: u8 = 8;
/// All that there is.
const ALL: u8 = 15;
/// A quote or a backslash; only while values are looked at.
const ESCAPES: u8 = 128;

static BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => 0,
            b'_' | b'+' | b'-' | b'.' | b'/' | b':' | b'@' | b'%' | b'#' | b'$' => 0,
            b'"' => NO_WORD | ENDS_PAIR | ESCAPES,
            b'\\' => NO_WORD | ESCAPES,
            0..=b' ' => NO_WORD | ENDS_PAIR,
            _ => NO_WORD,
        };
        at += 1;
    }
    table
};

/// The alphabet of values of which all bytes are known, but not in which order.
#[derive(Debug, Default)]
pub struct AlphabetOfBytes(u8);

impl AlphabetOfBytes {
    /// Adds bytes that values have.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |seen, byte| seen | BYTES[usize::from(*byte)]);
    }

    /// That of values that are not empty and start with `firsts`; none when there are quotes or backslashes, whose order
    /// counts.
    pub fn with_firsts(&self, mut firsts: impl Iterator<Item = u8>) -> Option<Alphabet> {
        if self.0 & ESCAPES != 0 {
            return None;
        }
        let no_digit = if firsts.all(|first| first.is_ascii_digit()) { 0 } else { NO_DIGIT };
        Some(Alphabet(self.0 & ALL | no_digit))
    }
}

impl Alphabet {
    /// That of decimal numbers.
    pub const NUMBERS: Self = Self(0);
    /// That of values of which nothing is known.
    pub const UNKNOWN: Self = Self(ALL);
    /// That of words of which nothing else is known.
    pub const WORDS: Self = Self(NO_DIGIT);

    /// That of `values`.
    pub fn of<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let mut seen = 0;
        for value in values {
            let bytes = value.iter().fold(0, |seen, byte| seen | BYTES[usize::from(*byte)]);
            seen |= bytes;
            if bytes & ESCAPES != 0 && breaks_quotes(value) {
                seen |= BREAKS_QUOTES;
            }
            if !value.first().is_some_and(u8::is_ascii_digit) {
                seen |= NO_DIGIT;
            }
            if seen & ALL == ALL {
                break;
            }
        }
        Self(seen & ALL)
    }

    /// The byte it is stored as.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// What [`Alphabet::byte`] gave; of a byte that this version does not write nothing is known.
    pub fn from_byte(byte: u8) -> Self {
        Self(if byte & !ALL == 0 { byte } else { ALL })
    }

    /// Whether values that start within a quoted string, not behind a backslash, end within it.
    pub fn stays_in_quotes(self) -> bool {
        self.0 & BREAKS_QUOTES == 0
    }

    /// Whether values have nothing but letters, digits and what usually stands between them.
    pub fn is_word(self) -> bool {
        self.0 & NO_WORD == 0
    }

    /// Whether values have neither white space nor quotes.
    pub fn stays_in_pair(self) -> bool {
        self.0 & ENDS_PAIR == 0
    }

    /// Whether no value has this byte.
    pub fn lacks(self, byte: u8) -> bool {
        let class = BYTES[usize::from(byte)];
        class & NO_WORD != 0 && self.is_word() || class & ENDS_PAIR != 0 && self.stays_in_pair()
    }

    /// Whether values start with a digit, and so are not empty.
    pub fn starts_with_digit(self) -> bool {
        self.0 & NO_DIGIT == 0
    }
}

fn breaks_quotes(value: &[u8]) -> bool {
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return true,
            b'\\' if bytes.next().is_none() => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
