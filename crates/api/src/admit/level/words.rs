//! Words for levels in free text, in any case: `trace`, `debug`, `fatal`, `critical`, `error`,
//! `err`, `warning`, `warn`, `info`, in this order of rank. Only the first place of a word counts,
//! and only when it is a word of its own there: `stacktrace trace` does not tell `trace`.
//!
//! Most bytes belong to none: blocks in which no word has its mark, two letters that other words seldom have,
//! are skipped. The others are gone through with a bit for every letter of every word (the shift-and algorithm): a
//! table gives the bits that a byte may set, the state says which words are how far.

use crate::admit::level::UNKNOWN;
use std::ops::Range;

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

/// Bytes that are looked at together.
const BLOCK: usize = 32;
/// The longest word.
const WORD_MAX: usize = 8;
/// Two letters of each word: of `err` and `error` the second and third, of `debug` and `info` as well, of the
/// others the first two.
const MARKS: [[u8; 2]; 7] = [*b"tr", *b"eb", *b"fa", *b"cr", *b"rr", *b"wa", *b"nf"];

/// Whether a mark begins in `block`, which has a byte more behind it. Compares all bytes at once.
fn has_mark(block: &[u8; BLOCK + 1]) -> bool {
    let mut marked = false;
    for at in 0..BLOCK {
        let (first, second) = (block[at] | 0x20, block[at + 1] | 0x20);
        for mark in MARKS {
            marked |= (first == mark[0]) & (second == mark[1]);
        }
    }
    marked
}

/// The level of the word of the highest rank in `line`.
pub fn find(line: &[u8]) -> &'static str {
    let mut search = Search { line, seen: 0, best: WORDS.len() };
    let mut start = 0;
    while let Some(rest) = line.get(start..).filter(|rest| rest.len() > BLOCK) {
        if rest.first_chunk().is_some_and(has_mark) {
            // The word may have begun a byte before, and may end behind. What is seen twice counts once.
            search.run(start.saturating_sub(1)..(start + BLOCK + WORD_MAX).min(line.len()));
        }
        start += BLOCK;
    }
    search.run(start.saturating_sub(1)..line.len());
    WORDS.get(search.best).map_or(UNKNOWN, |(_, level)| level)
}

struct Search<'l> {
    line: &'l [u8],
    /// A bit for every word that was seen.
    seen: u16,
    /// The word of the highest rank that counts.
    best: usize,
}

impl Search<'_> {
    /// Looks for whole words in `range`.
    fn run(&mut self, range: Range<usize>) {
        let mut state = 0u64;
        for (at, byte) in range.clone().zip(&self.line[range]) {
            state = (state << 1 | TABLE.starts) & TABLE.letters[usize::from(*byte)];
            let mut ended = state & TABLE.ends;
            while ended != 0 {
                let word = usize::from(TABLE.word_at[ended.trailing_zeros() as usize]);
                ended &= ended - 1;
                let first = self.seen >> word & 1 == 0;
                self.seen |= 1 << word;
                if first && word < self.best && stands_alone(self.line, at + 1 - WORDS[word].0.len(), at) {
                    self.best = word;
                }
            }
        }
    }
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
