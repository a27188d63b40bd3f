//! Grams of words: which letters follow each other in the texts of a page.
//!
//! A *gram* is [`GRAM_LETTERS`] neighbouring ASCII letters, lower-cased; grams of the letters a to f alone are left out, for
//! hexadecimal ids would give nearly all of them. A text has all grams that a needle has which is in it, wherever
//! the needle is cut and in whatever case: a page that lacks one does not contain the needle. Vocabularies are small, so
//! a page has some hundred grams; one of random letters has too many and gets no filter of them.

use std::sync::LazyLock;

/// Letters of a gram.
pub const GRAM_LETTERS: usize = 4;

/// The most grams of a page for which there is a filter.
pub const GRAMS_MAX: usize = 8192;

/// Bits that tell letters apart.
const LETTER_BITS: usize = 5;
/// Bits of a gram.
const GRAM_BITS: usize = LETTER_BITS * GRAM_LETTERS;
/// Grams are shifted to the upper end of their number, so that letters drop out of them by themselves.
const SHIFT: usize = 32 - GRAM_BITS;
/// Sixty-four grams each.
const BITMAP_WORDS: usize = 1 << (GRAM_BITS - 6);

/// 1 to 26 for letters, 0 for other bytes, each where the last letter of a gram lies.
static LETTERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if (byte as u8).is_ascii_alphabetic() {
            table[byte] = ((byte as u8).to_ascii_lowercase() - b'a' + 1) as u32;
        }
        table[byte] <<= SHIFT;
        byte += 1;
    }
    table
};

/// A bit for each number that stands for no gram: one that has other bytes, or the letters a to f alone.
static NO_GRAMS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let letters = |gram: usize| (0..GRAM_LETTERS).map(move |at| gram >> (at * LETTER_BITS) & 31);
    let is_none = |gram: usize| {
        letters(gram).any(|letter| !(1..=26).contains(&letter)) || letters(gram).all(|letter| letter <= 6)
    };
    let word = |at: usize| (0..64).fold(0, |word, bit| word | u64::from(is_none(at * 64 + bit)) << bit);
    (0..BITMAP_WORDS).map(word).collect()
});

/// The distinct grams of texts.
#[derive(Clone, Debug)]
pub struct Grams {
    /// A bit for each gram that was found, and for what is none.
    known: Vec<u64>,
    /// In the order of finding.
    found: Vec<u64>,
}

impl Default for Grams {
    fn default() -> Self {
        Self { known: NO_GRAMS.clone(), found: Vec::new() }
    }
}

impl Grams {
    /// Adds the grams of `text`.
    pub fn add(&mut self, text: &[u8]) {
        let Ok(known) = <&mut [u64; BITMAP_WORDS]>::try_from(self.known.as_mut_slice()) else { return };
        if self.found.len() > GRAMS_MAX {
            return;
        }
        let mut gram = 0u32;
        for byte in text {
            gram = gram << LETTER_BITS | LETTERS[usize::from(*byte)];
            let (word, bit) = (&mut known[(gram >> (SHIFT + 6)) as usize], gram >> SHIFT & 63);
            if *word >> bit & 1 == 0 {
                *word |= 1 << bit;
                self.found.push(key(gram));
            }
        }
    }

    /// The key of each gram; none when there are more than [`GRAMS_MAX`].
    pub fn keys(&self) -> Option<&[u64]> {
        Some(self.found.as_slice()).filter(|found| found.len() <= GRAMS_MAX)
    }
}

/// The letters of a gram, the first in the highest byte.
fn key(gram: u32) -> u64 {
    let letter = |at: usize| u64::from(gram >> (SHIFT + at * LETTER_BITS) & 31) + u64::from(b'a') - 1;
    (0..GRAM_LETTERS).fold(0, |key, at| key | letter(at) << (8 * at))
}

/// The keys of all grams in `needle`: a text that contains the needle has all of them. Empty when the needle has
/// no gram.
pub fn needle_keys(needle: &[u8]) -> Vec<u64> {
    let is_gram = |letters: &&[u8]| {
        letters.iter().all(u8::is_ascii_alphabetic) && !letters.iter().all(u8::is_ascii_hexdigit)
    };
    let key = |letters: &[u8]| {
        letters.iter().fold(0, |key, letter| key << 8 | u64::from(letter.to_ascii_lowercase()))
    };
    needle.windows(GRAM_LETTERS).filter(is_gram).map(key).collect()
}
