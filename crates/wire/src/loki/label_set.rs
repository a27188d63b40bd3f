//! The text of a stream's labels, `{a="b", c="d"}`, by the rules of Prometheus' metric grammar and
//! with its error texts: `1:8: parse error: unexpected identifier "c" in label set, expected ","
//! or "}"`.

use crate::push::LabelPairs;
use model::labels::GoQuoted;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The label that a metric's name becomes. It names no stream and is dropped.
const METRIC_NAME: &str = "__name__";

/// Reads `text`: pairs sorted by name, those without value and the metric's name left out.
///
/// # Errors
/// Prometheus' words: line, column, what was found and what was expected.
pub fn parse(text: &[u8]) -> Result<LabelPairs<'_>, String> {
    let mut lexer = Lexer { text, at: 0, in_braces: false };
    let mut pairs = LabelPairs::new();
    let mut token = lexer.next()?;
    if let Kind::Identifier = token.kind {
        token = lexer.next()?;
    }
    if let Kind::LeftBrace = token.kind {
        label_set(&mut lexer, &mut pairs)?;
        token = lexer.next()?;
    }
    if !matches!(token.kind, Kind::End) {
        return Err(lexer.unexpected(&token, ""));
    }
    pairs.retain(|(name, value)| !value.is_empty() && !name.is_empty() && name != METRIC_NAME);
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(pairs)
}

fn label_set<'a>(lexer: &mut Lexer<'a>, pairs: &mut LabelPairs<'a>) -> Result<(), String> {
    let mut token = lexer.next()?;
    while !matches!(token.kind, Kind::RightBrace) {
        let name = match token.kind {
            Kind::Identifier => lexer.str(&token),
            Kind::String => unquote(lexer.bytes(&token)),
            _ => return Err(lexer.unexpected(&token, " in label set, expected identifier or \"}\"")),
        };
        let quoted_name = matches!(token.kind, Kind::String);
        token = lexer.next()?;
        if let Kind::Equal = token.kind {
            token = lexer.next()?;
            if !matches!(token.kind, Kind::String) {
                return Err(lexer.unexpected(&token, " in label set, expected string"));
            }
            pairs.push((name, unquote(lexer.bytes(&token))));
            token = lexer.next()?;
        } else if !quoted_name {
            return Err(lexer.unexpected(&token, " in label set, expected \"=\""));
        }
        match token.kind {
            Kind::Comma => token = lexer.next()?,
            Kind::RightBrace => {}
            _ => return Err(lexer.unexpected(&token, " in label set, expected \",\" or \"}\"")),
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    Identifier,
    String,
    Equal,
    Comma,
    LeftBrace,
    RightBrace,
    /// `=~`, `!=`, `!~`: operators that a label set does not have.
    Operator,
    End,
}

/// A token with its place in the text.
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    in_braces: bool,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Token, String> {
        self.skip_space();
        let start = self.at;
        let Some(byte) = self.text.get(start) else {
            if self.in_braces {
                return Err(self.error(start, "unexpected end of input inside braces"));
            }
            return Ok(Token { kind: Kind::End, start, end: start });
        };
        let next = self.text.get(start + 1);
        let (kind, len) = match (byte, next) {
            (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => (Kind::Identifier, self.identifier_len()),
            (b'"' | b'\'' | b'`', _) => (Kind::String, self.string_len(*byte)?),
            (b'{', _) if !self.in_braces => (Kind::LeftBrace, 1),
            (b'{', _) => return Err(self.error(start, "unexpected left brace '{'")),
            (b'}', _) if self.in_braces => (Kind::RightBrace, 1),
            (b'}', _) => return Err(self.error(start, "unexpected right brace '}'")),
            (b',', _) => (Kind::Comma, 1),
            (b'=', Some(b'~')) if self.in_braces => (Kind::Operator, 2),
            (b'=', _) => (Kind::Equal, 1),
            (b'!', Some(b'~' | b'=')) if self.in_braces => (Kind::Operator, 2),
            (b'!', _) if self.in_braces => {
                let text = format!("unexpected character after '!' inside braces: {}", self.rune(start + 1));
                return Err(self.error(start, &text));
            }
            _ => {
                let place = if self.in_braces { " inside braces" } else { "" };
                let text = format!("unexpected character{place}: {}", self.rune(start));
                return Err(self.error(start, &text));
            }
        };
        self.at = start + len;
        self.in_braces = match kind {
            Kind::LeftBrace => true,
            Kind::RightBrace => false,
            _ => self.in_braces,
        };
        Ok(Token { kind, start, end: self.at })
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => {
                    let line_end = memchr::memchr(b'\n', &self.text[self.at..]);
                    self.at = line_end.map_or(self.text.len(), |length| self.at + length);
                }
                _ => return,
            }
        }
    }

    /// Colons belong to the names of metrics, not of labels.
    fn identifier_len(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let ends = |byte: &u8| {
            !(byte.is_ascii_alphanumeric() || *byte == b'_' || (*byte == b':' && !self.in_braces))
        };
        rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// Length of the string that begins here, quotes included.
    fn string_len(&self, quote: u8) -> Result<usize, String> {
        let start = self.at;
        let raw = quote == b'`';
        let mut at = start + 1;
        loop {
            match self.text.get(at) {
                None if raw => return Err(self.error(start, "unterminated raw string")),
                None => return Err(self.error(start, "unterminated quoted string")),
                Some(b'\n') if !raw => return Err(self.error(start, "unterminated quoted string")),
                Some(byte) if *byte == quote => return Ok(at + 1 - start),
                Some(b'\\') if !raw => at += self.escape_len(at, quote)?,
                Some(byte) if byte.is_ascii() => at += 1,
                Some(_) => {
                    // U+FFFD itself counts as invalid, as it does in Go's lexer.
                    let len = match self.char_at(at) {
                        Some(c) if c != '\u{fffd}' => c.len_utf8(),
                        _ => return Err(self.error(start, "invalid UTF-8 rune")),
                    };
                    at += len;
                }
            }
        }
    }

    /// Length of the escape sequence at `at`, backslash included.
    fn escape_len(&self, at: usize, quote: u8) -> Result<usize, String> {
        let start = self.at;
        let cut = || self.error(start, "escape sequence not terminated");
        let (first_digit, digits, base, max) = match self.text.get(at + 1) {
            None => return Err(cut()),
            Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\') => return Ok(2),
            Some(byte) if *byte == quote => return Ok(2),
            Some(b'0'..=b'7') => (at + 1, 3, 8, 255),
            Some(b'x') => (at + 2, 2, 16, 255),
            Some(b'u') => (at + 2, 4, 16, 0x10_ffff),
            Some(b'U') => (at + 2, 8, 16, 0x10_ffff),
            Some(_) => {
                let text = format!("unknown escape sequence {}", self.code_point(at + 1));
                return Err(self.error(start, &text));
            }
        };
        let mut value = 0u64;
        for digit in first_digit..first_digit + digits {
            let byte = self.text.get(digit).ok_or_else(cut)?;
            let digit_value = char::from(*byte).to_digit(base).ok_or_else(|| {
                let text = format!("illegal character {} in escape sequence", self.code_point(digit));
                self.error(start, &text)
            })?;
            value = value * u64::from(base) + u64::from(digit_value);
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err(self.error(start, "escape sequence is an invalid Unicode code point"));
        }
        Ok(first_digit + digits - at)
    }

    fn char_at(&self, at: usize) -> Option<char> {
        let rest = self.text.get(at..)?;
        let head = &rest[..rest.len().min(4)];
        head.utf8_chunks().next()?.valid().chars().next()
    }

    /// The character at `at` as Go's `%q` prints a rune.
    fn rune(&self, at: usize) -> String {
        match self.char_at(at) {
            _ if at >= self.text.len() => "'\\uffff'".to_owned(),
            Some('\'') => "'\\''".to_owned(),
            Some('"') => "'\"'".to_owned(),
            Some(c) => {
                let quoted = GoQuoted(c.encode_utf8(&mut [0; 4])).to_string();
                format!("'{}'", quoted.trim_matches('"'))
            }
            None => "'\u{fffd}'".to_owned(),
        }
    }

    /// The character at `at` as Go's `%#U` prints it.
    fn code_point(&self, at: usize) -> String {
        let c = self.char_at(at).unwrap_or('\u{fffd}');
        let mut text = format!("U+{:04X}", u32::from(c));
        if !c.is_control() {
            let _ = write!(text, " '{c}'");
        }
        text
    }

    fn bytes(&self, token: &Token) -> &'a [u8] {
        self.text.get(token.start..token.end).unwrap_or(&[])
    }

    fn str(&self, token: &Token) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes(token))
    }

    fn unexpected(&self, token: &Token, context: &str) -> String {
        let text = self.str(token);
        let what = match token.kind {
            Kind::End => "end of input".to_owned(),
            Kind::Identifier => format!("identifier {}", GoQuoted(&text)),
            Kind::Operator => format!("<op:{text}>"),
            Kind::String if text.chars().count() > 10 => {
                let short: String = text.chars().take(10).collect();
                format!("string {}...", GoQuoted(&short))
            }
            Kind::String => format!("string {}", GoQuoted(&text)),
            _ => GoQuoted(&text).to_string(),
        };
        self.error(token.start, &format!("unexpected {what}{context}"))
    }

    /// `what` with the line and column of `at`.
    fn error(&self, at: usize, what: &str) -> String {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let column = memchr::memrchr(b'\n', before).map_or(at + 1, |line_end| at - line_end);
        format!("{line}:{column}: parse error: {what}")
    }
}

/// What is between the quotes of `token`, which the lexer checked; bytes that are not UTF-8 (from
/// `\xff`) become U+FFFD.
fn unquote(token: &[u8]) -> Cow<'_, str> {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or(&[]);
    if token.first() == Some(&b'`') || memchr::memchr(b'\\', inner).is_none() {
        return String::from_utf8_lossy(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        if *byte == b'\\' {
            at += unescape(inner.get(at + 1..).unwrap_or(&[]), &mut out) + 1;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Appends what the escape sequence after a backslash stands for; gives its length.
fn unescape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let (skip, digits, base) = match rest.first() {
        Some(b'x') => (1, 2, 16),
        Some(b'u') => (1, 4, 16),
        Some(b'U') => (1, 8, 16),
        Some(b'0'..=b'7') => (0, 3, 8),
        Some(byte) => {
            out.push(match byte {
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 11,
                other => *other,
            });
            return 1;
        }
        None => return 0,
    };
    let digits = rest.get(skip..skip + digits).unwrap_or(&[]);
    let value = digits.iter().fold(0u32, |value, digit| {
        value.wrapping_mul(base).wrapping_add(char::from(*digit).to_digit(base).unwrap_or(0))
    });
    if skip == 1 && rest.first() != Some(&b'x') {
        let c = char::from_u32(value).unwrap_or('\u{fffd}');
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        out.push(value as u8);
    }
    skip + digits.len()
}

#[cfg(test)]
mod tests;
