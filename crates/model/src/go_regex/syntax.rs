//! Reads an expression as Go's `regexp/syntax` does (flags `Perl`) and writes it in the dialect of
//! the `regex` crate.

use super::class;
use std::fmt;

/// Most groups open at once. Go allows a tree of 1000 levels; nobody nests this deep, and what runs
/// the expression recurses over it.
const MAX_DEPTH: usize = 200;

/// Levels that the `regex` crate must allow: a group, its alternation, concatenation and repetition.
pub const RUST_NEST_LIMIT: u32 = 4 * MAX_DEPTH as u32 + 16;

/// Most copies of anything that repeat counts may ask for, nested ones multiplied.
const MAX_COPIES: u32 = 1000;

/// What an expression is refused for, in Go's words.
pub mod refusal {
    #![allow(missing_docs)] // the texts say it
    pub const CHAR_RANGE: &str = "invalid character class range";
    pub const ESCAPE: &str = "invalid escape sequence";
    pub const NAMED_CAPTURE: &str = "invalid named capture";
    pub const PERL_SYNTAX: &str = "invalid or unsupported Perl syntax";
    pub const NESTED_REPETITION: &str = "invalid nested repetition operator";
    pub const REPEAT_COUNT: &str = "invalid repeat count";
    pub const MISSING_BRACKET: &str = "missing closing ]";
    pub const MISSING_PAREN: &str = "missing closing )";
    pub const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
    pub const TRAILING_BACKSLASH: &str = "trailing backslash at end of expression";
    pub const UNEXPECTED_PAREN: &str = "unexpected )";
    pub const DEPTH: &str = "expression nests too deeply";
}

/// Why an expression was refused, and the part of it.
#[derive(Debug, PartialEq, Eq)]
pub struct SyntaxError {
    what: &'static str,
    part: String,
}

impl SyntaxError {
    /// Refuses `part`.
    pub fn new(what: &'static str, part: &str) -> Self {
        Self { what, part: part.to_owned() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.what, self.part)
    }
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// What `(?imsU)` sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `i`
    pub fold_case: bool,
    /// `m`
    pub multi_line: bool,
    /// `s`
    pub dot_newline: bool,
    /// `U`: repetitions are lazy unless `?` follows.
    pub ungreedy: bool,
}

impl Flags {
    /// Sets the flag called `name`; `false` when there is none.
    fn set(&mut self, name: char, on: bool) -> bool {
        match name {
            'i' => self.fold_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_newline = on,
            'U' => self.ungreedy = on,
            _ => return false,
        }
        true
    }

    /// What changes `self` into `to`; greediness is written at each repetition instead.
    fn directive(self, to: Self) -> String {
        let flags = [
            ('i', self.fold_case, to.fold_case),
            ('m', self.multi_line, to.multi_line),
            ('s', self.dot_newline, to.dot_newline),
        ];
        let on: String = flags.iter().filter(|(_, was, is)| !was && *is).map(|(name, ..)| *name).collect();
        let off: String = flags.iter().filter(|(_, was, is)| *was && !is).map(|(name, ..)| *name).collect();
        match (on.is_empty(), off.is_empty()) {
            (true, true) => String::new(),
            (_, true) => format!("(?{on})"),
            (_, false) => format!("(?{on}-{off})"),
        }
    }
}

/// An expression in the `regex` crate's dialect.
#[derive(Debug)]
pub struct Translated {
    /// The expression; its groups have Go's numbers.
    pub pattern: String,
    /// The groups' names as Go has them; the first is the whole match.
    pub names: Vec<Option<String>>,
}

/// One atom with its repetition.
struct Piece {
    text: String,
    /// Flags under which it stands.
    flags: Flags,
    /// The largest product of repeat counts inside.
    copies: u32,
    repeated: bool,
}

/// A group not closed yet; the outermost is the whole expression.
struct Group {
    opening: String,
    /// Flags before the group, which hold again after it.
    outer: Flags,
    /// Flags at the end of `text`.
    written: Flags,
    /// Its finished alternatives, each with its `|`.
    text: String,
    /// The alternative being read.
    pieces: Vec<Piece>,
    copies: u32,
}

impl Group {
    fn new(opening: String, outer: Flags) -> Self {
        Self { opening, outer, written: outer, text: String::new(), pieces: Vec::new(), copies: 1 }
    }

    /// Writes the alternative that was read.
    fn flush(&mut self) {
        for piece in self.pieces.drain(..) {
            self.text += &self.written.directive(piece.flags);
            self.text += &piece.text;
            self.written = piece.flags;
            self.copies = self.copies.max(piece.copies);
        }
    }
}

struct Translator<'t> {
    whole: &'t str,
    rest: &'t str,
    flags: Flags,
    /// Open groups around the innermost.
    outer: Vec<Group>,
    group: Group,
    names: Vec<Option<String>>,
}

/// Reads `text` in Go's syntax, starting with `flags`, and writes it anew.
///
/// # Errors
/// What Go would say.
pub fn translate(text: &str, flags: Flags) -> Result<Translated> {
    let mut translator = Translator {
        whole: text,
        rest: text,
        flags,
        outer: Vec::new(),
        group: Group::new(String::new(), Flags::default()),
        names: vec![None],
    };
    translator.read()?;
    if !translator.outer.is_empty() {
        return Err(SyntaxError::new(refusal::MISSING_PAREN, text));
    }
    translator.group.flush();
    Ok(Translated { pattern: translator.group.text, names: translator.names })
}

impl<'t> Translator<'t> {
    fn read(&mut self) -> Result<()> {
        let mut last_repeat: Option<&'t str> = None;
        while let Some(first) = self.rest.chars().next() {
            let before = self.rest;
            self.rest = &before[first.len_utf8()..];
            let mut repeat = None;
            match first {
                '(' => self.open(before)?,
                ')' => self.close()?,
                '|' => {
                    self.group.flush();
                    self.group.text.push('|');
                }
                '^' | '$' | '.' => self.push(first.to_string()),
                '[' => {
                    let (text, rest) = class::bracket(before)?;
                    self.rest = rest;
                    self.push(text);
                }
                '\\' => self.escape(before)?,
                '*' | '+' | '?' => {
                    self.repeat(before, &first.to_string(), 1, last_repeat)?;
                    repeat = Some(before);
                }
                '{' => match counts(before) {
                    None => self.push(class::literal('{' as u32)),
                    Some(counts) => {
                        self.rest = counts.rest;
                        self.repeat_counted(before, counts, last_repeat)?;
                        repeat = Some(before);
                    }
                },
                c => self.push(class::literal(c as u32)),
            }
            last_repeat = repeat;
        }
        Ok(())
    }

    fn push(&mut self, text: String) {
        self.group.pieces.push(Piece { text, flags: self.flags, copies: 1, repeated: false });
    }

    fn open(&mut self, before: &'t str) -> Result<()> {
        if before.starts_with("(?") {
            return self.open_perl(before);
        }
        self.names.push(None);
        self.enter("(".to_owned())
    }

    fn enter(&mut self, opening: String) -> Result<()> {
        if self.outer.len() >= MAX_DEPTH {
            return Err(SyntaxError::new(refusal::DEPTH, self.whole));
        }
        let group = Group::new(opening, self.flags);
        self.outer.push(std::mem::replace(&mut self.group, group));
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let outer =
            self.outer.pop().ok_or_else(|| SyntaxError::new(refusal::UNEXPECTED_PAREN, self.whole))?;
        let mut group = std::mem::replace(&mut self.group, outer);
        group.flush();
        self.flags = group.outer;
        self.group.pieces.push(Piece {
            text: format!("{}{})", group.opening, group.text),
            flags: group.outer,
            copies: group.copies,
            repeated: false,
        });
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags:`, `(?flags)`
    fn open_perl(&mut self, before: &'t str) -> Result<()> {
        let name_at = if before.starts_with("(?P<") && before.len() > 4 {
            Some(4)
        } else if before.starts_with("(?<") && before.len() > 3 {
            Some(3)
        } else {
            None
        };
        match name_at {
            Some(name_at) => self.open_named(before, name_at),
            None => self.open_flags(before),
        }
    }

    fn open_named(&mut self, before: &'t str, name_at: usize) -> Result<()> {
        let Some(end) = before.find('>') else {
            return Err(SyntaxError::new(refusal::NAMED_CAPTURE, before));
        };
        let name = &before[name_at..end];
        if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
            return Err(SyntaxError::new(refusal::NAMED_CAPTURE, &before[..=end]));
        }
        // The regex crate refuses both; the names are kept apart for them.
        let unwritable = name.starts_with(|c: char| c.is_ascii_digit())
            || self.names.iter().any(|n| n.as_deref() == Some(name));
        self.names.push(Some(name.to_owned()));
        self.rest = &before[end + 1..];
        self.enter(if unwritable { "(".to_owned() } else { format!("(?P<{name}>") })
    }

    fn open_flags(&mut self, before: &'t str) -> Result<()> {
        let mut rest = &before[2..];
        let mut flags = self.flags;
        let (mut on, mut named) = (true, false);
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '-' if on => (on, named) = (false, false),
                ':' | ')' if on || named => {
                    self.rest = rest;
                    if c == ':' {
                        self.enter("(?:".to_owned())?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ if flags.set(c, on) => named = true,
                _ => break,
            }
        }
        Err(SyntaxError::new(refusal::PERL_SYNTAX, consumed(before, rest)))
    }

    /// A backslash outside of a class.
    fn escape(&mut self, before: &'t str) -> Result<()> {
        let after = before.get(2..);
        match before.as_bytes().get(1) {
            Some(b'A') => self.push_escape(r"\A", after),
            Some(b'z') => self.push_escape(r"\z", after),
            Some(b'b') => self.push_escape(r"(?-u:\b)", after),
            Some(b'B') => self.push_escape(r"(?-u:\B)", after),
            Some(b'C') => return Err(SyntaxError::new(refusal::ESCAPE, r"\C")),
            Some(b'Q') => {
                let quoted = after.unwrap_or_default();
                let (literals, rest) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                for c in literals.chars() {
                    self.push(class::literal(c as u32));
                }
                self.rest = rest;
            }
            _ => {
                let (text, rest) = match class::class_escape(before)? {
                    Some((text, rest)) => (format!("[{text}]"), rest),
                    None => {
                        let (c, rest) = class::char_escape(before)?;
                        (class::literal(c), rest)
                    }
                };
                self.rest = rest;
                self.push(text);
            }
        }
        Ok(())
    }

    fn push_escape(&mut self, text: &str, after: Option<&'t str>) {
        self.rest = after.unwrap_or_default();
        self.push(text.to_owned());
    }

    fn repeat_counted(&mut self, before: &'t str, counts: Counts<'t>, last: Option<&'t str>) -> Result<()> {
        let too_many = |count: Option<u32>| count.is_some_and(|count| count > MAX_COPIES);
        if too_many(Some(counts.min)) || too_many(counts.max) || counts.max.is_some_and(|m| counts.min > m) {
            return Err(SyntaxError::new(refusal::REPEAT_COUNT, consumed(before, counts.rest)));
        }
        let operator = match counts.max {
            Some(max) => format!("{{{},{max}}}", counts.min),
            None => format!("{{{},}}", counts.min),
        };
        self.repeat(before, &operator, counts.max.unwrap_or(counts.min.max(1)), last)
    }

    /// Repeats the last piece. `before` starts with the operator, `copies` is the most it asks for.
    fn repeat(&mut self, before: &'t str, operator: &str, copies: u32, last: Option<&'t str>) -> Result<()> {
        let mut lazy = self.flags.ungreedy;
        if let Some(after) = self.rest.strip_prefix('?') {
            self.rest = after;
            lazy = !lazy;
        }
        if let Some(last) = last {
            return Err(SyntaxError::new(refusal::NESTED_REPETITION, consumed(last, self.rest)));
        }
        let refuse = |what| Err(SyntaxError::new(what, consumed(before, self.rest)));
        let Some(piece) = self.group.pieces.last_mut() else {
            return refuse(refusal::MISSING_ARGUMENT);
        };
        piece.copies = if copies == 0 { 1 } else { piece.copies.saturating_mul(copies) };
        if copies >= 2 && piece.copies > MAX_COPIES {
            return refuse(refusal::REPEAT_COUNT);
        }
        // `a*(?i)?` repeats `a*` in Go; written side by side the `?` would make it lazy.
        if piece.repeated {
            piece.text = format!("(?:{})", piece.text);
        }
        piece.text += operator;
        piece.text += if lazy { "?" } else { "" };
        piece.repeated = true;
        Ok(())
    }
}

/// The part of `before` that was read when `rest` is left.
fn consumed<'t>(before: &'t str, rest: &str) -> &'t str {
    &before[..before.len() - rest.len()]
}

/// `{min,max}`
struct Counts<'t> {
    min: u32,
    max: Option<u32>,
    rest: &'t str,
}

/// Reads `{2}`, `{2,}` or `{2,3}`; of any other form the brace is a literal. Numbers that are too
/// large come out as [`u32::MAX`].
fn counts(text: &str) -> Option<Counts<'_>> {
    let (min, rest) = number(text.strip_prefix('{')?)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => number(rest).map(|(max, rest)| (Some(max), rest))?,
    };
    Some(Counts { min, max, rest: rest.strip_prefix('}')? })
}

/// Digits without leading zeros.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[..end];
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), &text[end..]))
}
