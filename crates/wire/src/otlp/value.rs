//! Values of attributes and bodies, and their text as Loki stores it.

use crate::json_text::{put_integer, put_number, put_plain_string};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Values within each other at most.
pub const DEPTH_MAX: usize = 64;

/// A value of any type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AnyValue<'a> {
    /// No value.
    #[default]
    Empty,
    /// A text.
    String(Cow<'a, [u8]>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A float.
    Double(f64),
    /// Values in an order.
    Array(Vec<AnyValue<'a>>),
    /// Values by key.
    Map(Vec<KeyValue<'a>>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

/// A value with its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValue<'a> {
    /// The key.
    pub key: Cow<'a, [u8]>,
    /// The value.
    pub value: AnyValue<'a>,
}

impl<'a> AnyValue<'a> {
    /// The value as text: a string as it is, arrays and maps as JSON, bytes in base64, no value as
    /// nothing.
    pub fn into_text(self) -> Cow<'a, [u8]> {
        if let Self::String(text) = self {
            return text;
        }
        self.text().into_owned().into()
    }

    /// As [`AnyValue::into_text`], borrowed where it can be.
    pub fn text(&self) -> Cow<'_, [u8]> {
        let mut out = Vec::new();
        match self {
            Self::Empty => {}
            Self::String(text) => return Cow::Borrowed(text),
            Self::Bool(value) => return Cow::Borrowed(if *value { b"true" } else { b"false" }),
            Self::Int(value) => put_integer(&mut out, *value),
            Self::Double(value) if value.is_finite() => put_number(&mut out, *value),
            Self::Double(value) => return not_in_json(*value).as_bytes().into(),
            Self::Bytes(bytes) => put_base64(&mut out, bytes),
            Self::Array(_) | Self::Map(_) if self.has_json() => self.put_json(&mut out),
            Self::Array(_) | Self::Map(_) => {}
        }
        Cow::Owned(out)
    }

    /// Whether JSON has words for it: not for NaN and infinity.
    fn has_json(&self) -> bool {
        match self {
            Self::Double(value) => value.is_finite(),
            Self::Array(values) => values.iter().all(Self::has_json),
            Self::Map(pairs) => pairs.iter().all(|pair| pair.value.has_json()),
            _ => true,
        }
    }

    fn put_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => out.extend_from_slice(b"null"),
            Self::String(text) => put_plain_string(out, text),
            Self::Bytes(bytes) => {
                out.push(b'"');
                put_base64(out, bytes);
                out.push(b'"');
            }
            Self::Array(values) => {
                out.push(b'[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    value.put_json(out);
                }
                out.push(b']');
            }
            // Go prints maps in the order of their keys; of two with one key the last holds.
            Self::Map(pairs) => {
                let by_key: BTreeMap<&[u8], &AnyValue<'_>> =
                    pairs.iter().map(|pair| (pair.key.as_ref(), &pair.value)).collect();
                out.push(b'{');
                for (at, (key, value)) in by_key.into_iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    put_plain_string(out, key);
                    out.push(b':');
                    value.put_json(out);
                }
                out.push(b'}');
            }
            Self::Bool(_) | Self::Int(_) | Self::Double(_) => out.extend_from_slice(&self.text()),
        }
    }
}

fn not_in_json(value: f64) -> &'static str {
    if value.is_nan() {
        "json: unsupported value: NaN"
    } else if value > 0.0 {
        "json: unsupported value: +Inf"
    } else {
        "json: unsupported value: -Inf"
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends `bytes` in base64, padded.
pub fn put_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let digit = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = digit(0) << 16 | digit(1) << 8 | digit(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = BASE64[(bits >> shift & 63) as usize];
            out.push(if at <= chunk.len() { letter } else { b'=' });
        }
    }
}

/// What `text` stands for in base64, with or without padding; `None` when it is no base64.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding.min(2))?;
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for chunk in digits.chunks(4) {
        let mut bits = 0;
        for letter in chunk {
            let digit = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let bytes = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
        match chunk.len() {
            1 => return None,
            len => out.extend_from_slice(bytes.get(1..len)?),
        }
    }
    Some(out)
}
