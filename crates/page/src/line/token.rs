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
    /// At what is between the letters and digits of names that are put together: values that have too little in common
    /// otherwise.
    Parts,
}

/// The most values of one text; what follows the last but one is the last.
pub const VALUES_MAX: usize = 128;

/// How a value is told from what is around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A word with a digit.
    Word,
    /// What follows a `=`.
    Pair,
    /// What is between quotes.
    Quoted,
    /// Digits between bytes that are neither letters nor digits.
    Number,
    /// Letters and digits between others that are one value.
    Run,
    /// The digits in front of letters and digits that are not one value.
    Head,
    /// Letters and digits between others, whatever they are.
    Part,
    /// The last of [`VALUES_MAX`]: all that follows; or cut in another way.
    Other,
    /// There is none: the text ends.
    End,
}

/// A value of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// How it was told.
    pub kind: Kind,
    /// Where it lies.
    pub range: Range<usize>,
    /// Where the next one is looked for.
    pub next: usize,
}

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

/// How a value that was cut by [`Cut::Digits`] is told where it comes again.
pub fn kind_of(text: &[u8], value: &Range<usize>) -> Kind {
    let is_told = |kind: &Kind| value_at(text, value.start, *kind).is_some_and(|told| told.range == *value);
    [Kind::Number, Kind::Run, Kind::Head].into_iter().find(is_told).unwrap_or(Kind::Other)
}

/// The values of a text that are told by digits.
pub fn digits(text: &[u8]) -> Vec<Span> {
    let mut values = Vec::new();
    cut(text, Span::new(0..text.len()), Cut::Digits, &mut values);
    values
}

/// Replaces `values` by those of the text at `span`: ascending, apart, none empty. Where a value starts or ends, no
/// letter stands beside a letter.
pub fn cut(text: &[u8], span: Span, how: Cut, values: &mut Vec<Span>) {
    values.clear();
    let mut values = Values { offset: span.start, all: values };
    match how {
        Cut::Words => values.words(span.of(text)),
        Cut::Digits => values.digits(span.of(text)),
        Cut::Parts => values.parts(span.of(text)),
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

    fn words(&mut self, text: &[u8]) {
        let (mut at, mut quotes_end) = (0, true);
        while let Some(value) = next(text, at, &mut quotes_end) {
            if !self.push(text, value.range) {
                return;
            }
            at = value.next;
        }
    }

    fn parts(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(value) = next_part(text, at) {
            if !self.push(text, value.range) {
                return;
            }
            at = value.next;
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

/// The next value of a line from `at` on, where the one before was done; none up to its end. Looks for the next byte
/// that a value has, be it in it or in front of it: words without a digit are passed like what is between words.
/// `quotes_end` is true at first.
#[inline]
pub fn next(text: &[u8], mut at: usize, quotes_end: &mut bool) -> Option<Value> {
    // Up to here all is cut.
    let mut done = at;
    while let Some(skipped) = text.get(at..).and_then(first_telling) {
        at += skipped;
        let class = class_at(text, at);
        let (kind, range, next) = if class & DIGIT != 0 {
            let (range, end) = word(text, done, at);
            (Kind::Word, range, end)
        } else if class & EQUALS != 0 {
            let end = run_end(text, at + 1, |class| class & END == 0);
            (Kind::Pair, at + 1..end, end)
        } else if *quotes_end && let Some(close) = closing_quote(text, at + 1) {
            // What a colon follows is a key.
            let is_key = text.get(close + 1) == Some(&b':');
            (Kind::Quoted, if is_key { at..at } else { at + 1..close }, close + 1)
        } else {
            // Once a quote has no end, none after it is looked for: that would take quadratic time.
            *quotes_end = false;
            (Kind::Quoted, at..at, at + 1)
        };
        if !range.is_empty() {
            return Some(Value { kind, range, next });
        }
        (done, at) = (next, next);
    }
    None
}

/// The next run of letters and digits from `at` on, where the one before was done.
#[inline]
pub fn next_part(text: &[u8], at: usize) -> Option<Value> {
    let start = at + text.get(at..)?.iter().position(|byte| class(*byte) & ALNUM != 0)?;
    let range = run_at(text, start, Kind::Part)?;
    Some(Value { kind: Kind::Part, next: range.end, range })
}

/// The value of this kind that starts at `start`, if there is one: [`next`] would find it behind a literal behind
/// which it found one of this kind before.
// Each value of each text is told by it: a call costs a fifth of that.
#[inline(always)]
pub fn value_at(text: &[u8], start: usize, kind: Kind) -> Option<Value> {
    let (range, next) = match kind {
        Kind::Word => {
            let rest = text.get(start..)?;
            let mut len = leading_digits(rest);
            let mut seen = if len > 0 { DIGIT } else { 0 };
            for byte in rest.get(len..)? {
                let class = class(*byte);
                if class & WORD == 0 {
                    break;
                }
                seen |= class;
                len += 1;
            }
            if seen & DIGIT == 0 || class_at(text, start) & INNER != 0 {
                return None;
            }
            let (mut to, end) = (start + len, start + len);
            // Its first byte stops it.
            while class_at(text, to - 1) & INNER != 0 {
                to -= 1;
            }
            (start..to, end)
        }
        Kind::Pair => {
            let end = run_end(text, start, |class| class & END == 0);
            (start..end, end)
        }
        Kind::Quoted => {
            let close = closing_quote(text, start)?;
            if text.get(close + 1) == Some(&b':') {
                return None;
            }
            (start..close, close + 1)
        }
        Kind::Number => {
            let rest = text.get(start..)?;
            let mut len = leading_digits(rest);
            while class_at(rest, len) & DIGIT != 0 {
                len += 1;
            }
            let before = start.checked_sub(1).map_or(0, |before| class_at(text, before));
            if (before | class_at(rest, len)) & ALNUM != 0 {
                return None;
            }
            (start..start + len, start + len)
        }
        Kind::Run | Kind::Head | Kind::Part => {
            let range = run_at(text, start, kind)?;
            (range.clone(), range.end)
        }
        Kind::End if start == text.len() => return Some(Value { kind, range: start..start, next: start }),
        Kind::End | Kind::Other => return None,
    };
    (!range.is_empty()).then_some(Value { kind, range, next })
}

/// The value at `start` of a kind that is told by the run of letters and digits that it starts.
fn run_at(text: &[u8], start: usize, kind: Kind) -> Option<Range<usize>> {
    let before = start.checked_sub(1).map_or(0, |before| class_at(text, before));
    let end = run_end(text, start, |class| class & ALNUM != 0);
    let run = text.get(start..end).filter(|_| before & ALNUM == 0)?;
    let len = match kind {
        Kind::Part => run.len(),
        _ if is_one_value(run) != (kind == Kind::Run) => return None,
        Kind::Run => run.len(),
        _ => run_end(run, 0, |class| class & DIGIT != 0),
    };
    Some(start..start + len)
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

/// A byte in all bytes of a word.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Digits that `text` starts with, as far as they are among its first 8 bytes; 0 when it is shorter. What is looked at at
/// once needs no branch that depends on how long values are.
#[inline]
fn leading_digits(text: &[u8]) -> usize {
    let Some(bytes) = text.first_chunk::<8>() else { return 0 };
    let digits = u64::from_le_bytes(*bytes) ^ each(b'0');
    // Carries go upwards, behind the first byte that is none.
    let others = (digits.wrapping_add(each(0x80 - 10)) | digits) & each(0x80);
    others.trailing_zeros() as usize / 8
}

/// The first quote or backslash among 8 bytes; 8 when there is none.
#[inline]
fn first_told(bytes: &[u8; 8]) -> usize {
    let word = u64::from_le_bytes(*bytes);
    // The lowest bit found is right; borrows go upwards.
    let zeros = |word: u64| word.wrapping_sub(each(1)) & !word & each(0x80);
    let told = zeros(word ^ each(b'"')) | zeros(word ^ each(b'\\'));
    told.trailing_zeros() as usize / 8
}

/// The quote that ends a string whose content starts at `at`; a backslash escapes the next byte.
#[inline]
fn closing_quote(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        // Most strings are shorter than what it pays to call [`memchr`] for.
        let rest = text.get(at..)?;
        at += match (rest.first_chunk(), rest.get(8..).and_then(|rest| rest.first_chunk())) {
            (Some(first), second) if first_told(first) < 8 || second.is_none() => match first_told(first) {
                8 => 8 + memchr::memchr2(b'"', b'\\', rest.get(8..)?)?,
                short => short,
            },
            (_, Some(second)) => match first_told(second) {
                8 => 16 + memchr::memchr2(b'"', b'\\', rest.get(16..)?)?,
                short => 8 + short,
            },
            (_, None) => memchr::memchr2(b'"', b'\\', rest)?,
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
