//! Typed attributes, and how they are label pairs.
//!
//! Spans and their resources have attributes of several types; labels are text. An attribute becomes one pair,
//! so that matchers, postings, metadata columns and filters serve attributes as they serve labels: a string is
//! its value under its own name, any other type is written as text under the name with a mark. The mark is
//! U+001F and a letter, which no name has in practice; one that does is escaped. So `x = "5"` and `x = 5` are
//! different pairs, and no attribute is lost (`docs/format/batch.md`, "attribute").

use crate::varint;
use std::borrow::Cow;

/// What separates a name from the letter of its type.
const MARK: char = '\u{1f}';
/// The deepest nesting of arrays and maps that is kept; deeper values are refused at the edge.
pub const DEPTH_MAX: usize = 16;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value at all.
    Empty,
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    Array(Vec<Self>),
    /// Named values in order.
    Map(Vec<(String, Self)>),
}

/// The types that have a mark of their own.
const BOOL: char = 'b';
const INT: char = 'i';
const DOUBLE: char = 'd';
const OTHER: char = 'x';

impl Value {
    /// The pair that stands for attribute `name` with this value.
    pub fn to_pair<'a>(&'a self, name: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
        let (mark, text) = match self {
            Self::String(text) => return (escaped(name), text.as_str().into()),
            Self::Bool(value) => (BOOL, value.to_string()),
            Self::Int(value) => (INT, value.to_string()),
            Self::Double(value) if value.is_nan() => (DOUBLE, "NaN".to_owned()),
            Self::Double(value) => (DOUBLE, format!("{value:?}")),
            other => {
                let mut bytes = Vec::new();
                other.put(&mut bytes);
                (OTHER, hex(&bytes))
            }
        };
        let mut marked = escaped(name).into_owned();
        marked.extend([MARK, mark]);
        (marked.into(), text.into())
    }

    /// The attribute that a pair stands for; a pair that none made is a string.
    pub fn from_pair<'a>(name: &'a str, text: &str) -> (Cow<'a, str>, Self) {
        let typed = split_mark(name).and_then(|(plain, mark)| {
            let value = match mark {
                BOOL => Self::Bool(text.parse().ok()?),
                INT => Self::Int(text.parse().ok()?),
                DOUBLE => Self::Double(text.parse().ok()?),
                OTHER => {
                    let bytes = unhex(text)?;
                    let mut rest = bytes.as_slice();
                    let value = Self::take(&mut rest, 0)?;
                    rest.is_empty().then_some(value)?
                }
                _ => return None,
            };
            Some((unescaped(plain), value))
        });
        typed.unwrap_or_else(|| (unescaped(name), Self::String(text.to_owned())))
    }

    /// Appends the value with its type.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => out.push(0),
            Self::String(text) => {
                out.push(1);
                varint::put_bytes(out, text.as_bytes());
            }
            Self::Bool(value) => out.extend([2, u8::from(*value)]),
            Self::Int(value) => {
                out.push(3);
                varint::put(out, zigzag(*value));
            }
            Self::Double(value) => {
                out.push(4);
                out.extend(value.to_bits().to_le_bytes());
            }
            Self::Bytes(bytes) => {
                out.push(5);
                varint::put_bytes(out, bytes);
            }
            Self::Array(values) => {
                out.push(6);
                varint::put(out, values.len() as u64);
                values.iter().for_each(|value| value.put(out));
            }
            Self::Map(pairs) => {
                out.push(7);
                put_attributes(out, pairs);
            }
        }
    }

    /// Takes a value off the front of `input`; none when it is damaged or nested deeper than [`DEPTH_MAX`].
    pub fn take(input: &mut &[u8], depth: usize) -> Option<Self> {
        let (tag, rest) = input.split_first()?;
        *input = rest;
        let inner = || (depth < DEPTH_MAX).then_some(depth + 1);
        Some(match tag {
            0 => Self::Empty,
            1 => Self::String(take_text(input)?),
            2 => {
                let (value, rest) = input.split_first()?;
                *input = rest;
                Self::Bool(*value != 0)
            }
            3 => Self::Int(unzigzag(varint::take(input)?)),
            4 => Self::Double(f64::from_bits(varint::take_i64(input)? as u64)),
            5 => Self::Bytes(varint::take_bytes(input)?.to_vec()),
            6 => {
                let (count, depth) = (take_count(input)?, inner()?);
                Self::Array((0..count).map(|_| Self::take(input, depth)).collect::<Option<_>>()?)
            }
            7 => Self::Map(take_attributes(input, inner()?)?),
            _ => return None,
        })
    }

    /// How deep arrays and maps are nested in it; 0 for a plain value.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(values) => 1 + values.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(pairs) => 1 + pairs.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// Appends named values: their number, then names and values.
pub fn put_attributes(out: &mut Vec<u8>, pairs: &[(String, Value)]) {
    varint::put(out, pairs.len() as u64);
    for (name, value) in pairs {
        varint::put_bytes(out, name.as_bytes());
        value.put(out);
    }
}

/// Takes what [`put_attributes`] appended; `depth` is that of the values.
pub fn take_attributes(input: &mut &[u8], depth: usize) -> Option<Vec<(String, Value)>> {
    let count = take_count(input)?;
    (0..count).map(|_| Some((take_text(input)?, Value::take(input, depth)?))).collect()
}

/// Takes a number of things that each have a byte at least.
pub(crate) fn take_count(input: &mut &[u8]) -> Option<usize> {
    let count = usize::try_from(varint::take(input)?).ok()?;
    (count <= input.len()).then_some(count)
}

pub(crate) fn take_text(input: &mut &[u8]) -> Option<String> {
    String::from_utf8(varint::take_bytes(input)?.to_vec()).ok()
}

/// `value` with its sign in the lowest bit, so that small negative numbers are short varints.
pub fn zigzag(value: i64) -> u64 {
    (value.wrapping_shl(1) ^ (value >> 63)) as u64
}

/// What [`zigzag`] made.
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Marks in a name are doubled, so that a single one before the last letter is ours.
fn escaped(name: &str) -> Cow<'_, str> {
    match name.contains(MARK) {
        true => name.replace(MARK, "\u{1f}\u{1f}").into(),
        false => name.into(),
    }
}

fn unescaped(name: &str) -> Cow<'_, str> {
    match name.contains(MARK) {
        true => name.replace("\u{1f}\u{1f}", "\u{1f}").into(),
        false => name.into(),
    }
}

/// The escaped name and the letter behind its mark.
fn split_mark(name: &str) -> Option<(&str, char)> {
    let letter = name.chars().next_back()?;
    let before = name.strip_suffix(letter)?;
    let marks = before.chars().rev().take_while(|c| *c == MARK).count();
    if marks % 2 == 0 {
        return None;
    }
    Some((before.strip_suffix(MARK)?, letter))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)] as char;
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| (c as char).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests;
