//! Strings, with their escapes, and the other scalars.

use crate::go_json::Reader;
use crate::refused::Refused;
use std::borrow::Cow;

impl<'a> Reader<'a> {
    /// Reads a string; null counts as an empty one.
    ///
    /// # Errors
    /// What is no string.
    pub fn string(&mut self) -> Result<Cow<'a, [u8]>, Refused> {
        match self.next_token() {
            b'"' => self.raw_string("ReadString").map(unescape_lossy),
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                Ok(Cow::Borrowed(&[]))
            }
            other => Err(self.found("ReadString", "expects \" or n, but found ", other)),
        }
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// What is no boolean.
    pub fn bool(&mut self) -> Result<bool, Refused> {
        match self.next_token() {
            b't' => self.rest_of("rue", "skipThreeBytes").map(|()| true),
            b'f' => self.rest_of("alse", "skipFourBytes").map(|()| false),
            other => Err(self.found("ReadBool", "expect t or f, but found ", other)),
        }
    }

    /// Reads a string after its opening quote and gives what is between the quotes, escapes as
    /// they stand. Like `jsoniter`, looks for control characters only up to the first escape and
    /// the end of the piece.
    pub fn raw_string(&mut self, operation: &str) -> Result<&'a [u8], Refused> {
        let start = self.at;
        let rest = self.input.get(start..).unwrap_or(&[]);
        let len = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let checked_len = match self.piece_len {
            0 => len,
            piece => len.min(start.saturating_sub(1) / piece * piece + piece - start),
        };
        if let Some(control) = rest[..checked_len].iter().find(|byte| **byte < b' ') {
            return Err(self.refused(operation, format!("invalid control character found: {control}")));
        }
        self.at = start + len;
        loop {
            match self.byte() {
                b'"' => {
                    let end = self.at - 1;
                    return Ok(self.input.get(start..end).unwrap_or(&[]));
                }
                b'\\' => self.escape()?,
                _ if self.ended => return Err(self.refused("readStringSlowPath", "unexpected end of input")),
                _ => {
                    let rest = self.input.get(self.at..).unwrap_or(&[]);
                    self.at += plain_len(rest, b'"');
                    self.seen = self.seen.max(self.at);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), Refused> {
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    let digit = self.byte();
                    if self.ended {
                        return Err(self.refused("readStringSlowPath", "unexpected end of input"));
                    }
                    if !digit.is_ascii_hexdigit() {
                        return Err(self.found("readU4", "expects 0~9 or a~f, but found ", digit));
                    }
                }
                Ok(())
            }
            _ => Err(self.refused("readEscapedChar", "invalid escape char after \\")),
        }
    }
}

/// Bytes before the next backslash or `end`. Where there was one escape the next is mostly near:
/// JSON in JSON has one every few bytes, for which a search with its set-up costs too much.
fn plain_len(rest: &[u8], end: u8) -> usize {
    const NEAR: usize = 16;
    let near = rest.iter().take(NEAR).position(|byte| *byte == b'\\' || *byte == end);
    near.unwrap_or_else(|| {
        let far = rest.get(NEAR..).unwrap_or(&[]);
        memchr::memchr2(b'\\', end, far).map_or(rest.len(), |len| NEAR + len)
    })
}

/// What `raw`, the checked inside of a JSON string, stands for; halves of surrogate pairs that
/// stand alone become U+FFFD.
pub fn unescape_lossy(raw: &[u8]) -> Cow<'_, [u8]> {
    unescape_with(raw, Some('\u{fffd}')).unwrap_or(Cow::Borrowed(raw))
}

/// What `raw`, the checked inside of a JSON string, stands for; `None` when half of a surrogate
/// pair stands alone.
pub fn unescape(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    unescape_with(raw, None)
}

fn unescape_with(raw: &[u8], lone_surrogate: Option<char>) -> Option<Cow<'_, [u8]>> {
    let Some(first) = memchr::memchr(b'\\', raw) else { return Some(Cow::Borrowed(raw)) };
    let mut out = Vec::with_capacity(raw.len());
    let (plain, mut rest) = raw.split_at_checked(first)?;
    out.extend_from_slice(plain);
    while let Some((backslash, tail)) = rest.split_first() {
        if *backslash != b'\\' {
            let len = plain_len(rest, b'\\');
            out.extend_from_slice(rest.get(..len)?);
            rest = rest.get(len..)?;
            continue;
        }
        let (letter, tail) = tail.split_first()?;
        rest = tail;
        match letter {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let c = utf16(&mut rest)?.or(lone_surrogate)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(*other),
        }
    }
    Some(Cow::Owned(out))
}

/// Takes the digits after `\u`, and a second escape where the first is half of a pair. `Some(None)`
/// for a half that stands alone, `None` for what are no digits.
fn utf16(rest: &mut &[u8]) -> Option<Option<char>> {
    let high = hex4(rest)?;
    *rest = &rest[4..];
    if (0xd800..0xdc00).contains(&high)
        && let Some(low) = rest.strip_prefix(b"\\u").and_then(hex4)
        && (0xdc00..0xe000).contains(&low)
    {
        *rest = &rest[6..];
        return Some(char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
    }
    Some(char::from_u32(high))
}

fn hex4(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
