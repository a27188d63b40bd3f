//! Words for levels in free text, in any case: `trace`, `debug`, `fatal`, `critical`, `error`,
//! `err`, `warning`, `warn`, `info`, in this order of rank. Only the first place of a word counts,
//! and only when it is a word of its own there: `stacktrace trace` does not tell `trace`.
//!
//! Most bytes belong to none: blocks are searched for marks, two letters that each word has and others seldom do,
//! and words are compared only where a mark is.

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

/// Bytes that are looked at together.
const BLOCK: usize = 32;
/// Two letters of each word: of `err` and `error` the second and third, of `debug` and `info` as well, of the
/// others the first two.
const MARKS: [[u8; 2]; 7] = [*b"tr", *b"cr", *b"rr", *b"fa", *b"wa", *b"eb", *b"nf"];

/// Where [`MARKS`] begin in `first`, whose bytes are followed by those of `second`: a byte for each place. Compares all bytes
/// at once.
#[inline(always)]
fn marks(first: &[u8; BLOCK], second: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut marked = [0; BLOCK];
    for at in 0..BLOCK {
        let is = |letter: u8| u8::from(first[at] | 0x20 == letter);
        let then = |letter: u8| u8::from(second[at] | 0x20 == letter);
        marked[at] = (is(b't') | is(b'c') | is(b'r')) & then(b'r')
            | (is(b'f') | is(b'w')) & then(b'a')
            | is(b'e') & then(b'b')
            | is(b'n') & then(b'f');
    }
    marked
}

/// The words that may have the mark that begins with `letter`, and how many letters stand before it.
fn words_of(letter: u8) -> (Range<usize>, usize) {
    match letter | 0x20 {
        b't' => (0..1, 0),
        b'e' => (1..2, 1),
        b'f' => (2..3, 0),
        b'c' => (3..4, 0),
        b'r' => (4..6, 1),
        b'w' => (6..8, 0),
        _ => (8..9, 1),
    }
}

/// The level of the word of the highest rank in `line`.
pub fn find(line: &[u8]) -> &'static str {
    let mut search = Search { line, seen: 0, best: WORDS.len() };
    match line.len().checked_sub(BLOCK + 1) {
        Some(last) => {
            (0..last).step_by(BLOCK).for_each(|start| search.look_in_block(start));
            // Looking at a place once more changes nothing.
            search.look_in_block(last);
        }
        None => {
            let is_mark = |pair: &[u8]| MARKS.iter().any(|mark| pair.eq_ignore_ascii_case(mark));
            let marked = line.windows(2).enumerate().filter(|(_, pair)| is_mark(pair));
            marked.for_each(|(at, _)| search.look(at));
        }
    }
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
    /// Looks at the marks that begin in the block at `start`, which a byte follows.
    #[inline(always)]
    fn look_in_block(&mut self, start: usize) {
        let chunk = |from: usize| self.line.get(from..).and_then(<[u8]>::first_chunk);
        let (Some(first), Some(second)) = (chunk(start), chunk(start + 1)) else { return };
        let marked = marks(first, second);
        let eights: [u64; BLOCK / 8] = std::array::from_fn(|at| {
            marked.as_chunks().0.get(at).map_or(0, |eight| u64::from_le_bytes(*eight))
        });
        if eights.iter().all(|marked| *marked == 0) {
            return;
        }
        for (eight, mut marked) in (start..).step_by(8).zip(eights) {
            while marked != 0 {
                self.look(eight + marked.trailing_zeros() as usize / 8);
                marked &= marked - 1;
            }
        }
    }

    /// Looks for the words of the mark at `at`. To be called from the front to the back.
    fn look(&mut self, at: usize) {
        let (words, before) = words_of(self.line[at]);
        let Some(start) = at.checked_sub(before) else { return };
        for word in words {
            let end = start + WORDS[word].0.len();
            let is_there = self
                .line
                .get(start..end)
                .is_some_and(|text| text.eq_ignore_ascii_case(WORDS[word].0.as_bytes()));
            if is_there {
                let first = self.seen >> word & 1 == 0;
                self.seen |= 1 << word;
                if first && word < self.best && stands_alone(self.line, start, end - 1) {
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
