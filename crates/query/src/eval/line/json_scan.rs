//! A scanner of JSON that is as lenient, and words its errors, as the Go package `jsonparser`:
//! what a line needs is read, the rest of it is not checked.

use std::borrow::Cow;

/// Why a text is not read further. `Display` gives the words that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JsonError {
    #[error("Malformed JSON error")]
    Malformed,
    #[error("Value is string, but can't find closing '\"' symbol")]
    String,
    #[error("Value is array, but can't find closing ']' symbol")]
    Array,
    #[error("Value looks like object, but can't find closing '}}' symbol")]
    Object,
    #[error("Unknown value type")]
    UnknownType,
    #[error("Encountered an invalid escape sequence in a string")]
    Escape,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    Boolean,
    Null,
    Object,
    Array,
}

/// A value: its text (of a string without quotes, escapes as they are) and where it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'t> {
    pub(super) text: &'t str,
    pub(super) kind: Kind,
    pub(super) end: usize,
}

/// Position of the first byte from `at` on that is no white space.
pub(super) fn next_token(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    Some(at + rest.iter().position(|c| !matches!(c, b' ' | b'\n' | b'\r' | b'\t'))?)
}

/// Where the string ends whose first byte after the quote is at `at`: the position after its
/// closing quote, and whether it has escapes.
pub(super) fn string_end(text: &str, at: usize) -> Option<(usize, bool)> {
    let bytes = text.as_bytes();
    let mut from = at;
    let mut escaped = false;
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', bytes.get(from..)?)?;
        if bytes[found] == b'"' {
            return Some((found + 1, escaped));
        }
        escaped = true;
        from = found + 2;
    }
}

/// Where the block ends that opens at `at`: the position after its closing symbol.
pub(super) fn block_end(text: &str, at: usize, open: u8, close: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut level) = (at, 0usize);
    loop {
        at += memchr::memchr3(b'"', open, close, bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => at = string_end(text, at + 1)?.0,
            c => {
                level = if c == open { level + 1 } else { level.checked_sub(1)? };
                at += 1;
                if level == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// The value that begins at or after `at`.
pub(super) fn value(text: &str, at: usize) -> Result<Value<'_>, JsonError> {
    let start = next_token(text, at).ok_or(JsonError::Malformed)?;
    let slice = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    match text.as_bytes()[start] {
        b'"' => {
            let (end, _) = string_end(text, start + 1).ok_or(JsonError::String)?;
            Ok(Value { text: slice(start + 1, end - 1), kind: Kind::String, end })
        }
        b'[' => {
            let end = block_end(text, start, b'[', b']').ok_or(JsonError::Array)?;
            Ok(Value { text: slice(start, end), kind: Kind::Array, end })
        }
        b'{' => {
            let end = block_end(text, start, b'{', b'}').ok_or(JsonError::Object)?;
            Ok(Value { text: slice(start, end), kind: Kind::Object, end })
        }
        first => {
            let rest = &text.as_bytes()[start..];
            let is_end = |c: &u8| matches!(c, b' ' | b'\n' | b'\r' | b'\t' | b',' | b'}' | b']');
            let end = start + rest.iter().position(is_end).unwrap_or(rest.len());
            let text = slice(start, end);
            let kind = match (first, text) {
                (_, "true" | "false") => Kind::Boolean,
                (_, "null") => Kind::Null,
                (b'0'..=b'9' | b'-', _) => Kind::Number,
                _ => return Err(JsonError::UnknownType),
            };
            Ok(Value { text, kind, end })
        }
    }
}

/// Why reading an object ended early.
pub(super) enum Stop<S> {
    /// The text is no object, or no more one from here on.
    Error(JsonError),
    /// Who reads does not want more.
    Asked(S),
}

impl<S> From<JsonError> for Stop<S> {
    fn from(error: JsonError) -> Self {
        Self::Error(error)
    }
}

/// Calls `each` with every key and value of the object that `text` begins with. What follows the
/// object is not looked at.
pub(super) fn each_field<'t, S>(
    text: &'t str,
    mut each: impl FnMut(&str, Value<'t>) -> Result<(), Stop<S>>,
) -> Result<(), Stop<S>> {
    let byte = |at: usize| text.as_bytes()[at];
    let mut at = next_token(text, 0).ok_or(JsonError::Object)?;
    if byte(at) != b'{' {
        return Err(JsonError::Object.into());
    }
    at = next_token(text, at + 1).ok_or(JsonError::Malformed)?;
    loop {
        match byte(at) {
            b'}' => return Ok(()),
            b'"' => {}
            _ => return Err(JsonError::Object.into()),
        }
        let (key_end, escaped) = string_end(text, at + 1).ok_or(JsonError::Malformed)?;
        let key = text.get(at + 1..key_end - 1).unwrap_or("");
        let key = if escaped { unescape(key).ok_or(JsonError::Escape)? } else { Cow::Borrowed(key) };
        at = next_token(text, key_end).ok_or(JsonError::Malformed)?;
        if byte(at) != b':' {
            return Err(JsonError::Malformed.into());
        }
        let value = value(text, at + 1)?;
        each(&key, value)?;
        at = next_token(text, value.end).ok_or(JsonError::Array)?;
        match byte(at) {
            b'}' => return Ok(()),
            b',' => at = next_token(text, at + 1).ok_or(JsonError::Array)?,
            _ => return Err(JsonError::Object.into()),
        }
    }
}

/// Which escapes are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Those of JSON, in whole pairs where they are halves of a character.
    Strict,
    /// As Go's own JSON package: `\'` too, and a lone half is a replacement character.
    Lenient,
}

/// A string's text with its escapes resolved; `None` for an escape that is none.
pub(super) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    unescape_like(text, Escapes::Strict)
}

/// The same with a choice of escapes.
pub(super) fn unescape_like(text: &str, escapes: Escapes) -> Option<Cow<'_, str>> {
    let Some(first) = memchr::memchr(b'\\', text.as_bytes()) else { return Some(Cow::Borrowed(text)) };
    let (head, mut rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len());
    out.push_str(head);
    while let Some(tail) = rest.strip_prefix('\\') {
        let (c, tail) = escaped(tail, escapes)?;
        out.push(c);
        let plain = memchr::memchr(b'\\', tail.as_bytes()).unwrap_or(tail.len());
        out.push_str(&tail[..plain]);
        rest = &tail[plain..];
    }
    Some(Cow::Owned(out))
}

/// The character of the escape that `text` begins with after its backslash.
fn escaped(text: &str, escapes: Escapes) -> Option<(char, &str)> {
    let mut rest = text.chars();
    let c = match rest.next()? {
        c @ ('"' | '\\' | '/') => c,
        '\'' if escapes == Escapes::Lenient => '\'',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(rest.as_str(), escapes),
        _ => return None,
    };
    Some((c, rest.as_str()))
}

/// `text` is what follows `\u`. Characters outside of the basic plane take two escapes.
fn unicode(text: &str, escapes: Escapes) -> Option<(char, &str)> {
    let (first, rest) = code_unit(text)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, rest));
    }
    let second = rest.strip_prefix("\\u").and_then(code_unit);
    match (second.filter(|(low, _)| *low >= 0xdc00), escapes) {
        (Some((low, rest)), Escapes::Strict) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest))
        }
        (Some((low @ ..=0xdfff, rest)), Escapes::Lenient) if first < 0xdc00 => {
            Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00))?, rest))
        }
        (_, Escapes::Lenient) => Some((char::REPLACEMENT_CHARACTER, rest)),
        (None, Escapes::Strict) => None,
    }
}

/// Four hexadecimal digits.
fn code_unit(text: &str) -> Option<(u32, &str)> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))?;
    Some((u32::from_str_radix(digits, 16).ok()?, &text[4..]))
}
