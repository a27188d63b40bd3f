//! JSON as Go's `jsoniter` reads it, which is what Loki and OTLP servers read pushes with: the same
//! inputs are taken and the others are refused in the same words, with the same piece of the body
//! quoted. Clients show these words to people. Strings stay borrowed unless they hold escapes.

use crate::refused::Refused;
use std::borrow::Cow;

/// What kind of value was read over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `"…"`
    String,
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
}

/// Reads a body value by value.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    /// End of the bytes that were looked at.
    seen: usize,
    /// Size of the pieces in which Go's reader would have got the body; refusals quote no further
    /// than the piece. 0 when it had all at once.
    piece_len: usize,
    /// What ended the body too early, when it did not end by itself.
    cut_by: Option<Refused>,
    ended: bool,
}

/// Objects and arrays within each other at most.
const DEPTH_MAX: usize = 10_000;

/// Size of the buffer of `jsoniter`'s stream decoder.
pub const STREAM_PIECE_LEN: usize = 512;

impl<'a> Reader<'a> {
    /// Reads `input`, which Go had all at once.
    pub fn whole(input: &'a [u8]) -> Self {
        Self { input, at: 0, seen: 0, piece_len: 0, cut_by: None, ended: false }
    }

    /// Reads `input`, which Go got in pieces; `cut_by` is why there is no more, if that is no end.
    pub fn stream(input: &'a [u8], cut_by: Option<Refused>) -> Self {
        Self { piece_len: STREAM_PIECE_LEN, cut_by, ..Self::whole(input) }
    }

    /// The next byte that is no space, 0 at the end.
    pub fn next_token(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\t' | b'\r' => {}
                other => return other,
            }
        }
    }

    /// The next byte that is no space, which stays the next; 0 at the end.
    pub fn peek_token(&mut self) -> u8 {
        let token = self.next_token();
        if !self.ended {
            self.at -= 1;
        }
        token
    }

    fn byte(&mut self) -> u8 {
        match self.input.get(self.at) {
            Some(byte) => {
                self.at += 1;
                self.seen = self.seen.max(self.at);
                *byte
            }
            None => {
                self.ended = true;
                0
            }
        }
    }

    fn unread(&mut self) {
        if !self.ended {
            self.at -= 1;
        }
    }

    /// A refusal of what stands before here, found by `operation`.
    pub fn refused(&self, operation: &str, what: impl AsRef<[u8]>) -> Refused {
        if let (true, Some(cut_by)) = (self.ended, &self.cut_by) {
            return cut_by.clone();
        }
        let piece_start = match self.piece_len {
            0 => 0,
            len => self.seen.saturating_sub(1) / len * len,
        };
        let piece_end = match self.piece_len {
            0 => self.input.len(),
            len => self.input.len().min(piece_start + len),
        };
        let quoted = |around: usize| {
            let start = self.at.saturating_sub(around).max(piece_start);
            let end = (self.at + around).min(piece_end);
            self.input.get(start..end).unwrap_or(&[])
        };
        let distance = self.at - self.at.saturating_sub(10).max(piece_start).min(self.at);
        let mut text = operation.as_bytes().to_vec();
        text.extend_from_slice(b": ");
        text.extend_from_slice(what.as_ref());
        text.extend_from_slice(format!(", error found in #{distance} byte of ...|").as_bytes());
        text.extend_from_slice(quoted(10));
        text.extend_from_slice(b"|..., bigger context ...|");
        text.extend_from_slice(quoted(50));
        text.extend_from_slice(b"|...");
        Refused::invalid(text)
    }

    /// A refusal saying `what` and then the byte that was found instead.
    pub fn found(&self, operation: &str, what: &str, byte: u8) -> Refused {
        let mut text = what.as_bytes().to_vec();
        text.push(byte);
        self.refused(operation, text)
    }

    /// Reads over a value and gives its kind.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn skip(&mut self) -> Result<Kind, Refused> {
        let kind = match self.peek_token() {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            _ => Kind::Number,
        };
        let mut open: Vec<u8> = Vec::new();
        loop {
            if !self.skip_start(&mut open)? && self.skip_ends(&mut open)? {
                return Ok(kind);
            }
            if open.len() > DEPTH_MAX {
                return Err(self.refused("skip", "exceeded max depth"));
            }
        }
    }

    /// Reads a value, or the start of an object or array that has members, up to its first value.
    /// Says whether a value comes next.
    fn skip_start(&mut self, open: &mut Vec<u8>) -> Result<bool, Refused> {
        match self.next_token() {
            b'"' => drop(self.raw_string("trySkipString")?),
            b'n' => self.rest_of("ull", "skipThreeBytes")?,
            b't' => self.rest_of("rue", "skipThreeBytes")?,
            b'f' => self.rest_of("alse", "skipFourBytes")?,
            b'-' | b'0'..=b'9' => {
                self.unread();
                self.number()?;
            }
            b'[' => {
                if self.next_token() != b']' {
                    self.unread();
                    open.push(b'[');
                    return Ok(true);
                }
            }
            b'{' => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name()?;
                    open.push(b'{');
                    return Ok(true);
                }
                b'}' => {}
                other => return Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            other => return Err(self.refused("Skip", format!("do not know how to skip: {other}"))),
        }
        Ok(false)
    }

    /// Reads the ends of objects and arrays after a value. Says whether all are ended.
    fn skip_ends(&mut self, open: &mut Vec<u8>) -> Result<bool, Refused> {
        while let Some(container) = open.last() {
            let token = self.next_token();
            match (container, token) {
                (b'{', b',') => {
                    self.field_name()?;
                    return Ok(false);
                }
                (_, b',') => return Ok(false),
                (b'{', b'}') | (b'[', b']') => drop(open.pop()),
                (b'{', _) => return Err(self.refused("ReadObject", "object not ended with }")),
                (_, other) => {
                    return Err(self.found("ReadArrayCB", "expect ] in the end, but found ", other));
                }
            }
        }
        Ok(true)
    }

    /// Reads over a value and gives the bytes of it, spaces before it left out.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn raw(&mut self) -> Result<(Kind, &'a [u8]), Refused> {
        self.peek_token();
        let start = self.at;
        let kind = self.skip()?;
        Ok((kind, self.input.get(start..self.at).unwrap_or(&[])))
    }

    fn rest_of(&mut self, rest: &str, operation: &str) -> Result<(), Refused> {
        for byte in rest.bytes() {
            if self.byte() != byte {
                return Err(self.refused(operation, format!("expect {rest}")));
            }
        }
        Ok(())
    }

    /// Reads a number and gives its text.
    ///
    /// # Errors
    /// A text that is no number.
    pub fn number(&mut self) -> Result<&'a str, Refused> {
        self.peek_token();
        let rest = self.input.get(self.at..).unwrap_or(&[]);
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let text = std::str::from_utf8(rest.get(..len).unwrap_or(&[])).unwrap_or("");
        self.at += len;
        self.seen = self.seen.max(self.at);
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero = digits.starts_with('0') && digits[1..].starts_with(|c: char| c.is_ascii_digit());
        let starts_well = digits.starts_with(|c: char| c.is_ascii_digit()) && !leading_zero;
        let dot_ends =
            digits.split_once('.').is_some_and(|(_, part)| !part.starts_with(|c: char| c.is_ascii_digit()));
        if !starts_well || dot_ends || text.parse::<f64>().is_err() {
            return Err(self.refused("readFloat64", format!("invalid number {text:?}")));
        }
        Ok(text)
    }

    /// Reads an object's next field name with its colon.
    ///
    /// # Errors
    /// What is no string or not followed by a colon.
    fn field_name(&mut self) -> Result<&'a [u8], Refused> {
        let name = match self.next_token() {
            b'"' => self.raw_string("ReadString")?,
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                &[]
            }
            other => return Err(self.found("ReadString", "expects \" or n, but found ", other)),
        };
        match self.next_token() {
            b':' => Ok(name),
            other => Err(self.found("ReadObject", "expect : after object field, but found ", other)),
        }
    }

    /// Reads an object as `jsoniter` reads a Go struct called `type_name`: `each` gets the name of
    /// every member and reads its value. Null is an empty object.
    ///
    /// # Errors
    /// What is no object, and what `each` refuses, with the type's name in front.
    pub fn structure(
        &mut self,
        type_name: &str,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        match self.next_token() {
            b'{' => {}
            b'n' => return self.rest_of("ull", "skipThreeBytes"),
            other => return Err(self.found("readObjectStart", "expect { or n, but found ", other)),
        }
        match self.next_token() {
            b'"' => self.unread(),
            b'}' => return Ok(()),
            other => return Err(self.found("readObjectStart", "expect \" after {, but found ", other)),
        }
        let mut members = || loop {
            let name = self.struct_field()?;
            each(self, &unescape_lossy(name))?;
            match self.next_token() {
                b',' => {}
                b'}' => return Ok(()),
                other => {
                    let what = "object ended prematurely, unexpected char ";
                    return Err(self.found("isObjectEnd", what, other));
                }
            }
        };
        members().map_err(|refused: Refused| refused.within(&format!("{type_name}.")))
    }

    fn struct_field(&mut self) -> Result<&'a [u8], Refused> {
        let token = self.next_token();
        if token != b'"' {
            return Err(self.found("readFieldHash", "expect \", but found ", token));
        }
        let start = self.at;
        let rest = self.input.get(start..).unwrap_or(&[]);
        let name = match memchr::memchr2(b'"', b'\\', rest) {
            None => {
                self.ended = true;
                return Err(self.refused("readFieldHash", "incomplete field name"));
            }
            Some(len) if rest[len] == b'"' => {
                self.at += len + 1;
                self.seen = self.seen.max(self.at);
                &rest[..len]
            }
            Some(_) => self.raw_string("ReadString")?,
        };
        match self.next_token() {
            b':' => Ok(name),
            other => Err(self.found("readFieldHash", "expect :, but found ", other)),
        }
    }

    /// Reads an array as `jsoniter` reads a Go slice called `type_name`: `each` reads an element.
    /// Null is an empty array.
    ///
    /// # Errors
    /// What is no array, and what `each` refuses, with the type's name in front.
    pub fn slice(
        &mut self,
        type_name: &str,
        mut each: impl FnMut(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut elements = || {
            match self.next_token() {
                b'[' => {}
                b'n' => return self.rest_of("ull", "skipThreeBytes"),
                other => return Err(self.found("decode slice", "expect [ or n, but found ", other)),
            }
            if self.next_token() == b']' {
                return Ok(());
            }
            self.unread();
            loop {
                each(self)?;
                match self.next_token() {
                    b',' => {}
                    b']' => return Ok(()),
                    other => return Err(self.found("decode slice", "expect ], but found ", other)),
                }
            }
        };
        elements().map_err(|refused: Refused| refused.within(&format!("{type_name}: ")))
    }

    /// Reads an object's start (`first`) or the comma after a member, and the raw name of the next
    /// member, as [`Reader::skip`] would; `None` at the end.
    ///
    /// # Errors
    /// What is no object.
    pub fn member(&mut self, first: bool) -> Result<Option<&'a [u8]>, Refused> {
        match (first, self.next_token()) {
            (true, b'{') => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name().map(Some)
                }
                b'}' => Ok(None),
                other => Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            (true, other) => Err(self.found("ReadObject", "expect { or n, but found ", other)),
            (false, b',') => self.field_name().map(Some),
            (false, b'}') => Ok(None),
            (false, _) => Err(self.refused("ReadObject", "object not ended with }")),
        }
    }

    /// Reads an array's start (`first`) or the comma after an item, as [`Reader::skip`] would; says
    /// whether an item comes next.
    ///
    /// # Errors
    /// What is no array.
    pub fn item(&mut self, first: bool) -> Result<bool, Refused> {
        match (first, self.next_token()) {
            (true, b'[') => {
                let token = self.next_token();
                if token != b']' {
                    self.unread();
                }
                Ok(token != b']')
            }
            (true, other) => Err(self.found("ReadArray", "expect [ or , or ] or n, but found ", other)),
            (false, b',') => Ok(true),
            (false, b']') => Ok(false),
            (false, other) => Err(self.found("ReadArrayCB", "expect ] in the end, but found ", other)),
        }
    }

    /// Reads an object's start or the comma after a member, and the name of the next member;
    /// `None` when the object ends or is null.
    ///
    /// # Errors
    /// What is no object.
    pub fn field(&mut self) -> Result<Option<Cow<'a, [u8]>>, Refused> {
        match self.next_token() {
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                Ok(None)
            }
            b'{' => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name().map(|name| Some(unescape_lossy(name)))
                }
                b'}' => Ok(None),
                other => Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            b',' => self.field_name().map(|name| Some(unescape_lossy(name))),
            b'}' => Ok(None),
            other => Err(self.found("ReadObject", "expect { or , or } or n, but found ", other)),
        }
    }

    /// Reads an array's start or the comma after an element; says whether an element comes next.
    /// Null counts as an empty array.
    ///
    /// # Errors
    /// What is no array.
    pub fn element(&mut self) -> Result<bool, Refused> {
        match self.next_token() {
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                Ok(false)
            }
            b'[' => {
                let token = self.next_token();
                if token == b']' {
                    return Ok(false);
                }
                self.unread();
                Ok(true)
            }
            b',' => Ok(true),
            b']' => Ok(false),
            other => Err(self.found("ReadArray", "expect [ or , or ] or n, but found ", other)),
        }
    }

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
        let plain_len = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let checked_len = match self.piece_len {
            0 => plain_len,
            len => plain_len.min(start.saturating_sub(1) / len * len + len - start),
        };
        if let Some(control) = rest[..checked_len].iter().find(|byte| **byte < b' ') {
            return Err(self.refused(operation, format!("invalid control character found: {control}")));
        }
        self.at = start + plain_len;
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
                    self.at += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
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
            let len = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
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

#[cfg(test)]
mod tests;
