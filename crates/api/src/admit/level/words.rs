//! Words for levels in free text, in any case: `trace`, `debug`, `fatal`, `critical`, `error`,
//! `err`, `warning`, `warn`, `info`, in this order of rank. Only the first place of a word counts,
//! and only when it is a word of its own there: `stacktrace trace` does not tell `trace`.
//!
//! One pass with a bit for every letter of every word (the shift-and algorithm): a table gives the
//! bits that a byte may set, the state says which words are how far.

use crate::admit::level::UNKNOWN;

/// Words by rank with their level.
const WORDS: [(&str, &str); 9] = [
    ("trace", "trace"),
    ("debug", "debug"),
    ("fatal", "fatal"),
    ("critical", "critical"),
    ("error", "error"),
    ("err", "error"),
    ("warning", "warn"),
    ("warn", "warn"),
    ("info", "info"),
];

struct Table {
    /// For every byte the letters it is, in small or capital.
    letters: [u64; 256],
    /// The first letters of the words.
    starts: u64,
    /// The last letters of the words.
    ends: u64,
    /// For every bit of `ends`, the word.
    word_at: [u8; 64],
}

const TABLE: Table = {
    let mut table = Table { letters: [0; 256], starts: 0, ends: 0, word_at: [0; 64] };
    let (mut word, mut bit) = (0, 0);
    while word < WORDS.len() {
        let letters = WORDS[word].0.as_bytes();
        let mut at = 0;
        table.starts |= 1 << bit;
        while at < letters.len() {
            table.letters[letters[at] as usize] |= 1 << bit;
            table.letters[letters[at].to_ascii_uppercase() as usize] |= 1 << bit;
            at += 1;
            bit += 1;
        }
        table.ends |= 1 << (bit - 1);
        table.word_at[bit - 1] = word as u8;
        word += 1;
    }
    assert!(bit <= 64);
    table
};

/// The level of the word of the highest rank in `line`.
pub fn find(line: &[u8]) -> &'static str {
    let (mut state, mut seen, mut best) = (0u64, 0u16, WORDS.len());
    for (at, byte) in line.iter().enumerate() {
        state = (state << 1 | TABLE.starts) & TABLE.letters[usize::from(*byte)];
        let mut ended = state & TABLE.ends;
        while ended != 0 {
            let word = usize::from(TABLE.word_at[ended.trailing_zeros() as usize]);
            ended &= ended - 1;
            let first = seen >> word & 1 == 0;
            seen |= 1 << word;
            if first && word < best && stands_alone(line, at + 1 - WORDS[word].0.len(), at) {
                best = word;
            }
        }
    }
    WORDS.get(best).map_or(UNKNOWN, |(_, level)| level)
}

/// Whether no letter, digit or underscore touches `line[first..=last]`.
fn stands_alone(line: &[u8], first: usize, last: usize) -> bool {
    let before = first.checked_sub(1).and_then(|at| line.get(at));
    let touches = |byte: Option<&u8>| byte.is_some_and(|byte| is_word_byte(*byte));
    !touches(before) && !touches(line.get(last + 1))
}

/// Whether `byte`, taken as a character of Latin-1 as Loki does, belongs to a word.
fn is_word_byte(byte: u8) -> bool {
    byte == b'_' || char::from(byte).is_alphabetic() || byte.is_ascii_digit()
}
