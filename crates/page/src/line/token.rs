//! Where the values of a text lie.

use super::class::{
    ALNUM, DIGIT, EQUALS, INNER, QUOTE, ShortRun, WORD, alnum_end, class, class_at, closing_quote,
    digits_end, pair_end, word_end,
};
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

/// How a value that was cut by [`Cut::Digits`] is told where it comes again.
pub fn kind_of(text: &[u8], value: &Range<usize>) -> Kind {
    let is_told = |kind: &Kind| {
        value_at(text, 0..text.len(), value.start, *kind).is_some_and(|told| told.range == *value)
    };
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
            let end = alnum_end(text, at, text.len());
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
                let digits_end = digits_end(text, at, text.len());
                if !self.push(text, at..digits_end) {
                    return;
                }
                at = digits_end;
            }
        }
    }
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
            let end = pair_end(text, at + 1, text.len());
            (Kind::Pair, at + 1..end, end)
        } else if *quotes_end && let Some(close) = closing_quote(text, at + 1, text.len()) {
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
    let next = run_at(text, 0..text.len(), start, Kind::Part)?;
    Some(Value { kind: Kind::Part, next, range: start..next })
}

/// The value of this kind that starts at `start` of the text that lies at `row` of `all`, if there is one: [`next`] would
/// find it behind a literal behind which it found one of this kind before.
// Each value of each text is told by it: a call costs a fifth of that.
#[inline(always)]
pub fn value_at(all: &[u8], row: Range<usize>, start: usize, kind: Kind) -> Option<Value> {
    let (end, next) = match kind {
        Kind::Word => word_at(all, start, row.end)?,
        Kind::Pair => same(pair_end(all, start, row.end)),
        Kind::Quoted => string_at(all, start, row.end).map(|end| (end, end + 1))?,
        Kind::Number => same(number_at(all, row, start)?),
        Kind::Run | Kind::Head | Kind::Part => same(run_at(all, row, start, kind)?),
        Kind::End if start == row.end => {
            return Some(Value { kind, range: start..start, next: start });
        }
        Kind::End | Kind::Other => return None,
    };
    (end > start).then_some(Value { kind, range: start..end, next })
}

fn same(end: usize) -> (usize, usize) {
    (end, end)
}

/// Where the value of a word that starts at `start`, before `end`, ends, and where the word does.
#[inline]
pub fn word_at(all: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let (end, has_digit) = word_end(all, start, end);
    if !has_digit || class_at(all, start) & INNER != 0 {
        return None;
    }
    let mut to = end;
    // Its first byte stops it.
    while class_at(all, to - 1) & INNER != 0 {
        to -= 1;
    }
    Some((to, end))
}

/// Where the string ends that starts at `start`, before `end`, and is no key.
#[inline(always)]
pub fn string_at(all: &[u8], start: usize, end: usize) -> Option<usize> {
    let close = closing_quote(all, start, end)?;
    (close + 1 >= end || all.get(close + 1) != Some(&b':')).then_some(close)
}

/// Where the digits end that start at `start` of the text at `row` and are a value.
#[inline]
pub fn number_at(all: &[u8], row: Range<usize>, start: usize) -> Option<usize> {
    let end = digits_end(all, start, row.end);
    let before = if start > row.start { class_at(all, start - 1) } else { 0 };
    let behind = if end < row.end { class_at(all, end) } else { 0 };
    ((before | behind) & ALNUM == 0).then_some(end)
}

/// Where the value at `start` ends that is of a kind told by the run of letters and digits that it starts.
#[inline]
pub fn run_at(all: &[u8], row: Range<usize>, start: usize, kind: Kind) -> Option<usize> {
    let before = if start > row.start { class_at(all, start - 1) } else { 0 };
    if before & ALNUM != 0 {
        return None;
    }
    let Some(run) = ShortRun::at(all, start, row.end) else {
        return long_run_at(all, row.end, start, kind);
    };
    match kind {
        Kind::Part => Some(start + run.len),
        _ if is_short_one_value(run) != (kind == Kind::Run) => None,
        Kind::Run => Some(start + run.len),
        _ => Some(start + run.leading_digits()),
    }
}

/// As [`run_at`], of any run.
#[inline(never)]
fn long_run_at(all: &[u8], end: usize, start: usize, kind: Kind) -> Option<usize> {
    let end = alnum_end(all, start, end);
    let run = all.get(start..end)?;
    match kind {
        Kind::Part => Some(end),
        _ if is_one_value(run) != (kind == Kind::Run) => None,
        Kind::Run => Some(end),
        _ => Some(digits_end(all, start, end)),
    }
}

/// The word whose first digit is at `digit` and which starts at `from` or behind: its value, and where it ends.
#[inline]
fn word(text: &[u8], from: usize, digit: usize) -> (Range<usize>, usize) {
    let (mut start, end) = (digit, word_end(text, digit, text.len()).0);
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

/// Whether a run of letters and digits is one value: a number, or what looks like an id.
fn is_one_value(run: &[u8]) -> bool {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits == run.len() {
        return digits > 0;
    }
    let changes = run.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    changes > 2 || run.len() >= 8 && run.iter().all(u8::is_ascii_hexdigit)
}

/// The same of a run that is short.
#[inline]
fn is_short_one_value(run: ShortRun) -> bool {
    let digits = run.digits();
    digits > 0 && (digits == run.len || run.changes() > 2)
}

#[cfg(test)]
mod tests;
