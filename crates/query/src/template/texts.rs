//! Functions on texts.

use super::functions::{Context, Function, TEXT_BYTES_MAX, function, int, text, too_long};
use super::value::Type::{Int, Text};
use super::value::{Type, Value};
use crate::go;
use std::borrow::Cow;

type Result<T> = std::result::Result<T, String>;

const ONE: &[Type] = &[Text];
const TWO: &[Type] = &[Text, Text];
const THREE: &[Type] = &[Text, Text, Text];
const COUNTED: &[Type] = &[Int, Text];

pub(super) const FUNCTIONS: &[Function] = &[
    function("ToLower", ONE, None, |_, args| owned(lower(text(args, 0)))),
    function("lower", ONE, None, |_, args| owned(lower(text(args, 0)))),
    function("ToUpper", ONE, None, |_, args| owned(upper(text(args, 0)))),
    function("upper", ONE, None, |_, args| owned(upper(text(args, 0)))),
    function("title", ONE, None, |_, args| owned(title(text(args, 0)))),
    function("Trim", TWO, None, |_, args| owned(trim_set(text(args, 0), text(args, 1)))),
    function("trimAll", TWO, None, |_, args| owned(trim_set(text(args, 1), text(args, 0)))),
    function("TrimLeft", TWO, None, |_, args| {
        owned(text(args, 0).trim_start_matches(|c| text(args, 1).contains(c)))
    }),
    function("TrimRight", TWO, None, |_, args| {
        owned(text(args, 0).trim_end_matches(|c| text(args, 1).contains(c)))
    }),
    function("TrimPrefix", TWO, None, |_, args| owned(without_prefix(text(args, 0), text(args, 1)))),
    function("trimPrefix", TWO, None, |_, args| owned(without_prefix(text(args, 1), text(args, 0)))),
    function("TrimSuffix", TWO, None, |_, args| owned(without_suffix(text(args, 0), text(args, 1)))),
    function("trimSuffix", TWO, None, |_, args| owned(without_suffix(text(args, 1), text(args, 0)))),
    function("TrimSpace", ONE, None, |_, args| owned(text(args, 0).trim())),
    function("trim", ONE, None, |_, args| owned(text(args, 0).trim())),
    function("Replace", &[Text, Text, Text, Int], None, |_, args| {
        replace(text(args, 0), text(args, 1), text(args, 2), int(args, 3))
    }),
    function("replace", THREE, None, |_, args| replace(text(args, 2), text(args, 0), text(args, 1), -1)),
    function("contains", TWO, None, |_, args| Ok(Value::Bool(text(args, 1).contains(text(args, 0))))),
    function("hasPrefix", TWO, None, |_, args| Ok(Value::Bool(text(args, 1).starts_with(text(args, 0))))),
    function("hasSuffix", TWO, None, |_, args| Ok(Value::Bool(text(args, 1).ends_with(text(args, 0))))),
    function("trunc", COUNTED, None, |_, args| owned(trunc(int(args, 0), text(args, 1)))),
    function("substr", &[Int, Int, Text], None, |_, args| substr(int(args, 0), int(args, 1), text(args, 2))),
    function("repeat", COUNTED, None, |_, args| owned(repeat(int(args, 0), text(args, 1))?)),
    function("indent", COUNTED, None, |_, args| owned(indent("", int(args, 0), text(args, 1))?)),
    function("nindent", COUNTED, None, |_, args| owned(indent("\n", int(args, 0), text(args, 1))?)),
    function("alignLeft", COUNTED, None, |_, args| align(int(args, 0), text(args, 1), true)),
    function("alignRight", COUNTED, None, |_, args| align(int(args, 0), text(args, 1), false)),
    function("b64enc", ONE, None, |_, args| owned(base64_encode(text(args, 0).as_bytes()))),
    function("b64dec", ONE, None, |_, args| owned(base64_decode(text(args, 0)))),
    function("urlencode", ONE, None, |_, args| owned(url_encode(text(args, 0)))),
    function("urldecode", ONE, None, |_, args| owned(url_decode(text(args, 0))?)),
    function("regexReplaceAll", THREE, None, |context, args| {
        regex_replace(context, text(args, 0), text(args, 1), text(args, 2), true)
    }),
    function("regexReplaceAllLiteral", THREE, None, |context, args| {
        regex_replace(context, text(args, 0), text(args, 1), text(args, 2), false)
    }),
    function("count", TWO, None, |context, args| {
        let regex = context.regexes.get(text(args, 0))?;
        Ok(Value::Int(regex.compiled().find_iter(text(args, 1).as_bytes()).count() as i64))
    }),
    function("fromJson", ONE, None, |_, args| Ok(from_json(text(args, 0)))),
    function("__line__", &[], None, |context, _| Ok(Value::text(context.line))),
];

fn owned<'a>(text: impl Into<String>) -> Result<Value<'a>> {
    Ok(Value::Text(Cow::Owned(text.into())))
}

/// Bytes that may be cut inside of a character.
fn cut(text: &str, from: usize, to: usize) -> String {
    let bytes = text.as_bytes().get(from..to).unwrap_or(&[]);
    go::decoded(bytes).into_owned()
}

/// Go maps character by character: one that would become several stays.
fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

fn upper(text: &str) -> String {
    text.chars().map(upper_char).collect()
}

fn upper_char(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

fn title(text: &str) -> String {
    let mut before = ' ';
    let titled = text.chars().map(|c| {
        let is_first = match before {
            before if before.is_ascii() => !(before.is_ascii_alphanumeric() || before == '_'),
            before => !before.is_alphanumeric() && before.is_whitespace(),
        };
        before = c;
        if is_first { upper_char(c) } else { c }
    });
    titled.collect()
}

fn trim_set<'t>(text: &'t str, set: &str) -> &'t str {
    text.trim_matches(|c| set.contains(c))
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> &'t str {
    text.strip_prefix(prefix).unwrap_or(text)
}

fn without_suffix<'t>(text: &'t str, suffix: &str) -> &'t str {
    text.strip_suffix(suffix).unwrap_or(text)
}

/// Replaces the first `count` places, all when negative. An empty `old` stands before every
/// character and at the end.
fn replace<'a>(text: &str, old: &str, new: &str, count: i64) -> Result<Value<'a>> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let places = text.matches(old).count().min(count);
    let grows = new.len().saturating_sub(old.len());
    if places.saturating_mul(grows).saturating_add(text.len()) > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    owned(text.replacen(old, new, places))
}

fn trunc(count: i64, text: &str) -> String {
    let length = text.len() as i64;
    if count < 0 && length.saturating_add(count) > 0 {
        return cut(text, (length + count) as usize, text.len());
    }
    if count >= 0 && length > count {
        return cut(text, 0, count as usize);
    }
    text.to_owned()
}

fn substr<'a>(start: i64, end: i64, text: &str) -> Result<Value<'a>> {
    let wrong = |bounds: String| Err(format!("runtime error: slice bounds out of range {bounds}"));
    let length = text.len() as i64;
    let (from, to) = match (start, end) {
        (..0, ..0) => return wrong(format!("[:{end}]")),
        (..0, _) if end > length => return wrong(format!("[:{end}] with length {length}")),
        (..0, _) => (0, end),
        _ if end < 0 || end > length => (start, length),
        _ => (start, end),
    };
    if from > to {
        return wrong(format!("[{from}:{to}]"));
    }
    owned(cut(text, from as usize, to as usize))
}

fn repeat(count: i64, text: &str) -> Result<String> {
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count".to_owned())?;
    if count.saturating_mul(text.len()) > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    Ok(text.repeat(count))
}

fn indent(begin: &str, spaces: i64, text: &str) -> Result<String> {
    let pad = repeat(spaces, " ")?;
    let lines = text.matches('\n').count() + 1;
    if lines.saturating_mul(pad.len()).saturating_add(text.len()) > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    Ok(format!("{begin}{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

/// Fills or cuts to `count` characters.
fn align<'a>(count: i64, text: &str, left: bool) -> Result<Value<'a>> {
    let Ok(count) = usize::try_from(count) else { return owned(text) };
    let length = text.chars().count();
    if length >= count {
        let skipped = if left { 0 } else { length - count };
        return owned(text.chars().skip(skipped).take(count).collect::<String>());
    }
    let pad = repeat((count - length) as i64, " ")?;
    owned(if left { format!("{text}{pad}") } else { format!("{pad}{text}") })
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = BASE64[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// Decodes with or without padding; where that fails gives the words of the failure.
fn base64_decode(text: &str) -> String {
    // Line ends are skipped, as Go does.
    let letters: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, c)| !matches!(c, b'\n' | b'\r')).collect();
    let padding = letters.iter().rev().take(2).take_while(|(_, c)| *c == b'=').count();
    let padded = padding > 0 && letters.len().is_multiple_of(4);
    let body = &letters[..letters.len() - if padded { padding } else { 0 }];
    let wrong = |at: usize| format!("illegal base64 data at input byte {at}");
    let (mut bits, mut bit_count, mut out) = (0u32, 0, Vec::with_capacity(body.len()));
    for (at, letter) in body {
        let Some(value) = BASE64.iter().position(|known| known == letter) else { return wrong(*at) };
        bits = bits << 6 | value as u32;
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            out.push((bits >> bit_count) as u8);
        }
    }
    if body.len() % 4 == 1 {
        return wrong(text.len());
    }
    go::decoded(&out).into_owned()
}

/// As in the query of an URL.
pub(super) fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn url_decode(text: &str) -> Result<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = tail.first_chunk::<2>().filter(|d| d.iter().all(u8::is_ascii_hexdigit));
                let value =
                    digits.and_then(|d| std::str::from_utf8(d).ok()).map(|d| u8::from_str_radix(d, 16));
                let Some(Ok(value)) = value else {
                    let shown = go::decoded(&tail[..tail.len().min(2)]);
                    return Err(format!("invalid URL escape {}", go::quote(&format!("%{shown}"))));
                };
                out.push(value);
                rest = &tail[2..];
            }
            _ => out.push(*byte),
        }
    }
    Ok(go::decoded(&out).into_owned())
}

fn regex_replace<'a>(
    context: &mut Context<'_, 'a>,
    regex: &str,
    text: &str,
    replacement: &str,
    expands: bool,
) -> Result<Value<'a>> {
    let regex = context.regexes.get(regex)?;
    let (mut out, mut from) = (Vec::new(), 0);
    for captures in regex.compiled().captures_iter(text.as_bytes()) {
        let Some(found) = captures.get(0) else { continue };
        out.extend_from_slice(&text.as_bytes()[from..found.start()]);
        match expands {
            true => regex.expand(replacement.as_bytes(), &captures, &mut out),
            false => out.extend_from_slice(replacement.as_bytes()),
        }
        from = found.end();
        if out.len() > TEXT_BYTES_MAX {
            return Err(too_long());
        }
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
    owned(go::decoded(&out))
}

/// What is no JSON is nil.
fn from_json<'a>(text: &str) -> Value<'a> {
    serde_json::from_str(text).map_or(Value::Nil, from_json_value)
}

fn from_json_value<'a>(value: serde_json::Value) -> Value<'a> {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(from_json_value).collect()),
        serde_json::Value::Object(pairs) => {
            Value::Map(pairs.into_iter().map(|(key, value)| (key, from_json_value(value))).collect())
        }
    }
}
