//! Where the values of a text lie.

use std::ops::Range;

/// A piece of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Where it starts.
    pub start: u32,
    /// Its bytes.
    pub len: u32,
}

impl Span {
    /// The span of a range.
    pub fn new(range: Range<usize>) -> Self {
        Self { start: range.start as u32, len: range.len() as u32 }
    }

    /// Where it lies.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// Its bytes in `text`; empty when it lies outside.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.range()).unwrap_or(&[])
    }
}

/// How texts are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At quoted strings, values after `=`, words with digits: whole lines, and values like them.
    Words,
    /// At runs of digits and of hexadecimal digits: values that are one word.
    Digits,
}

/// The most values of one text; what follows the last but one is the last.
const VALUES_MAX: usize = 128;

/// Part of a word.
const WORD: u8 = 1;
const DIGIT: u8 = 2;
/// Part of a word, but not where it starts or ends.
const INNER: u8 = 4;
const QUOTE: u8 = 8;
const EQUALS: u8 = 16;
/// Letter, digit or underscore.
const ALNUM: u8 = 32;
/// Ends a value after `=`.
const END: u8 = 64;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'0'..=b'9' => WORD | DIGIT | ALNUM,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD | ALNUM,
            b'.' | b':' | b'/' | b'-' | b'@' | b'+' | b'%' | b'$' | b'#' => WORD | INNER,
            b'"' => QUOTE | END,
            b'=' => EQUALS,
            b' ' | b',' | b';' | b')' | b']' | b'}' | b'&' | b'|' | b'\t' | b'>' | b'\\' => END,
            _ => 0,
        };
        at += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// Replaces `values` by those of the text at `span`: ascending, apart, none empty. Where a value starts or ends, no
/// letter stands beside a letter.
pub fn cut(text: &[u8], span: Span, how: Cut, values: &mut Vec<Span>) {
    values.clear();
    let mut values = Values { offset: span.start, all: values };
    match how {
        Cut::Words => values.words(span.of(text)),
        Cut::Digits => values.digits(span.of(text)),
    }
}

struct Values<'a> {
    offset: u32,
    all: &'a mut Vec<Span>,
}

impl Values<'_> {
    /// Adds a value unless it is empty; false when `text` has had all that it may have.
    #[inline]
    fn push(&mut self, text: &[u8], range: Range<usize>) -> bool {
        if range.is_empty() {
            return true;
        }
        let more = self.all.len() + 1 < VALUES_MAX;
        let range = if more { range } else { range.start..text.len() };
        self.all.push(Span { start: self.offset + range.start as u32, len: range.len() as u32 });
        more
    }

    /// Looks for the next byte that a value has, be it in it or in front of it: words without a digit are passed
    /// like what is between words.
    fn words(&mut self, text: &[u8]) {
        // Up to here all is cut.
        let mut done = 0;
        // Once a quote has no end, none after it is looked for: that would take quadratic time.
        let mut quotes_end = true;
        let mut at = 0;
        while let Some(skipped) = text.get(at..).and_then(first_telling) {
            at += skipped;
            let class = class_at(text, at);
            let (value, next) = if class & DIGIT != 0 {
                word(text, done, at)
            } else if class & EQUALS != 0 {
                let end = run_end(text, at + 1, |class| class & END == 0);
                (at + 1..end, end)
            } else if quotes_end && let Some(close) = closing_quote(text, at + 1) {
                // What a colon follows is a key.
                let is_key = text.get(close + 1) == Some(&b':');
                (if is_key { at..at } else { at + 1..close }, close + 1)
            } else {
                quotes_end = false;
                (at..at, at + 1)
            };
            if !self.push(text, value) {
                return;
            }
            (done, at) = (next, next);
        }
    }

    fn digits(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            if class(*byte) & ALNUM == 0 {
                at += 1;
                continue;
            }
            let end = run_end(text, at, |class| class & ALNUM != 0);
            let run = &text[at..end];
            if is_one_value(run) {
                if !self.push(text, at..end) {
                    return;
                }
                at = end;
                continue;
            }
            while at < end {
                if class_at(text, at) & DIGIT == 0 {
                    at += 1;
                    continue;
                }
                let digits_end = run_end(text, at, |class| class & DIGIT != 0);
                if !self.push(text, at..digits_end) {
                    return;
                }
                at = digits_end;
            }
        }
    }
}

fn class_at(text: &[u8], at: usize) -> u8 {
    text.get(at).map_or(0, |byte| class(*byte))
}

/// The end of the run from `at` on whose bytes are `inside`.
#[inline]
fn run_end(text: &[u8], at: usize, inside: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|byte| !inside(class(*byte))).unwrap_or(rest.len())
}

/// The first byte by which a value is told.
#[inline]
fn first_telling(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| class(*byte) & (DIGIT | QUOTE | EQUALS) != 0)
}

/// The word whose first digit is at `digit` and which starts at `from` or behind: its value, and where it ends.
#[inline]
fn word(text: &[u8], from: usize, digit: usize) -> (Range<usize>, usize) {
    let (mut start, end) = (digit, run_end(text, digit, |class| class & WORD != 0));
    while start > from && class_at(text, start - 1) & WORD != 0 {
        start -= 1;
    }
    // The digit stops both.
    let mut to = end;
    while class_at(text, start) & INNER != 0 {
        start += 1;
    }
    while class_at(text, to - 1) & INNER != 0 {
        to -= 1;
    }
    (start..to, end)
}

/// The quote that ends a string whose content starts at `at`; a backslash escapes the next byte.
fn closing_quote(text: &[u8], mut at: usize) -> Option<usize> {
    /// Most strings are shorter than what it pays to call [`memchr`] for.
    const SHORT: usize = 16;
    let is_told = |byte: &u8| matches!(byte, b'"' | b'\\');
    loop {
        let rest = text.get(at..)?;
        at += match rest.iter().take(SHORT).position(is_told) {
            Some(short) => short,
            None => SHORT + memchr::memchr2(b'"', b'\\', rest.get(SHORT..)?)?,
        };
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether a run of letters and digits is one value: a number, or what looks like an id.
fn is_one_value(run: &[u8]) -> bool {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits == run.len() {
        return digits > 0;
    }
    let changes = run.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    changes > 2 || run.len() >= 8 && run.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests;
