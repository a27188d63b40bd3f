//! JSON of `/loki/api/v1/push`:
//! `{"streams":[{"stream":{"k":"v"},"values":[["<ns>","<line>",{"k":"v"}]]}]}`.
//!
//! Loki's decoder has two layers: `jsoniter` finds the streams, and a lenient parser reads each of
//! them. This one goes over the body once: what the first layer refuses ends it at once, what the
//! second refuses is remembered until the end of the stream, where the second would have spoken.
//! One difference is wanted: escapes in the values of structured metadata are resolved; Loki keeps
//! them as they stand.

use crate::go_json::{Kind, Reader, unescape, unescape_lossy};
use crate::loki::{Streams, into_owned, parse_labels};
use crate::push::{ITEM_BYTES, LabelPairs, NO_TIME_NS, Push, PushBuilder};
use crate::refused::Refused;
use model::labels::GoQuoted;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the second layer says of a value it cannot use.
type Fault = &'static str;

const STRING_FAULT: Fault = "Value is string, but can't find closing '\"' symbol";
const OBJECT_FAULT: Fault = "Value looks like object, but can't find closing '}' symbol";
const ARRAY_FAULT: Fault = "Value is array, but can't find closing ']' symbol";
const VALUE_FAULT: Fault = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol";
const OVERFLOW_FAULT: Fault = "Value is number, but overflowed while parsing";
const ESCAPE_FAULT: Fault = "Encountered an invalid escape sequence in a string";

/// Reads a body; texts without escapes stay borrowed from it. `cut_by` is why the body ends early,
/// when its decompression failed.
///
/// # Errors
/// [`base::Kind::Invalid`] in Loki's words.
pub fn push(body: &[u8], cut_by: Option<Refused>) -> Result<Push<'_>, Refused> {
    if body.is_empty() {
        return Err(Refused::invalid("EOF"));
    }
    let mut streams = Streams::default();
    let mut reader = Reader::stream(body, cut_by.clone());
    reader.structure("loghttp.PushRequest", |reader, name| {
        if !name.eq_ignore_ascii_case(b"streams") {
            return reader.skip().map(drop);
        }
        reader
            .slice("[]loghttp.LogProtoStream", |reader| stream(reader, &mut streams))
            .map_err(|refused| refused.within("Streams: "))
    })?;
    match cut_by {
        Some(refused) => Err(refused),
        None => streams.build(),
    }
}

/// Reads one stream; what the second layer refuses is told at its end.
fn stream<'a>(reader: &mut Reader<'a>, streams: &mut Streams<'a>) -> Result<(), Refused> {
    let mut labels = Ok(LabelPairs::new());
    let mut fault: Option<Fault> = None;
    if reader.peek_token() != b'{' {
        reader.skip()?;
        fault = Some(OBJECT_FAULT);
    } else {
        let mut next = reader.member(true)?;
        while let Some(name) = next {
            let name = unescape(name);
            match name.as_deref() {
                _ if fault.is_some() => drop(reader.skip()?),
                Some(b"stream") => match read_labels(reader)? {
                    Ok(read) => labels = read,
                    Err(found) => fault = Some(found),
                },
                Some(b"values") => {
                    streams.builder.drop_entries();
                    fault = values(reader, &mut streams.builder)?.err();
                }
                Some(_) => drop(reader.skip()?),
                None => {
                    reader.skip()?;
                    fault = Some(ESCAPE_FAULT);
                }
            }
            next = reader.member(false)?;
        }
    }
    match fault {
        Some(fault) => Err(reader.refused("unmarshalerDecoder", fault)),
        None => {
            streams.end(labels);
            Ok(())
        }
    }
}

type ReadLabels<'a> = Result<Result<LabelPairs<'a>, Refused>, Fault>;

/// Reads an object of labels. The outer error is one of the first layer, the middle one of the
/// second, the inner one of the label parser.
fn read_labels<'a>(reader: &mut Reader<'a>) -> Result<ReadLabels<'a>, Refused> {
    let (Kind::Object, raw) = reader.raw()? else { return Ok(Err(OBJECT_FAULT)) };
    let mut pairs: BTreeMap<Cow<'a, str>, Cow<'a, str>> = BTreeMap::new();
    let mut object = Reader::whole(raw);
    let mut next = object.member(true)?;
    while let Some(name) = next {
        let value = match object.raw()? {
            (Kind::String, quoted) => unescape(quoted.get(1..quoted.len() - 1).unwrap_or(&[])),
            (_, text) => Some(Cow::Borrowed(text)),
        };
        let (Some(name), Some(value)) = (unescape(name), value) else { return Ok(Err(VALUE_FAULT)) };
        pairs.insert(text_of(name), text_of(value));
        next = object.member(false)?;
    }
    Ok(Ok(check_names(pairs)))
}

fn text_of(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    }
}

/// Loki prints labels as text and reads the text again, so that names which are no identifiers are
/// refused by the label parser in its words.
fn check_names<'a>(pairs: BTreeMap<Cow<'a, str>, Cow<'a, str>>) -> Result<LabelPairs<'a>, Refused> {
    let is_identifier = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if pairs.keys().all(|name| is_identifier(name) && name != "__name__") {
        return Ok(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect());
    }
    let printed: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", GoQuoted(value))).collect();
    let text = format!("{{{}}}", printed.join(", "));
    parse_labels(text.as_bytes()).map(into_owned)
}

/// Reads the entries of a stream.
fn values<'a>(reader: &mut Reader<'a>, builder: &mut PushBuilder<'a>) -> Result<Result<(), Fault>, Refused> {
    match reader.peek_token() {
        b'[' => {}
        b'n' => return reader.skip().map(|_| Ok(())),
        _ => return reader.skip().map(|_| Err(ARRAY_FAULT)),
    }
    let mut fault = Ok(());
    let mut more = reader.item(true)?;
    while more {
        match reader.peek_token() {
            b'[' if fault.is_ok() => fault = entry(reader, builder)?,
            b'[' | b'n' => drop(reader.skip()?),
            _ => {
                reader.skip()?;
                fault = fault.and(Err(ARRAY_FAULT));
            }
        }
        more = reader.item(false)?;
    }
    Ok(fault)
}

/// Reads `["<ns>","<line>",{…}]`. An element that is refused does not count: the next one is taken
/// for it, and what is said of that one is what the client hears. So it is in Loki.
fn entry<'a>(reader: &mut Reader<'a>, builder: &mut PushBuilder<'a>) -> Result<Result<(), Fault>, Refused> {
    let (mut ts_ns, mut line) = (NO_TIME_NS, Cow::Borrowed::<[u8]>(&[]));
    let (mut taken, mut fault) = (0, Ok(()));
    let mut more = reader.item(true)?;
    while more {
        let is_string = reader.peek_token() == b'"';
        let judged = match taken {
            0 | 1 if !is_string => reader.skip().map(|_| Err(STRING_FAULT))?,
            0 => {
                let (_, quoted) = reader.raw()?;
                parse_ts(quoted).map(|parsed| ts_ns = parsed)
            }
            1 => {
                reader.next_token();
                let raw = reader.raw_string("trySkipString")?;
                unescape(raw).ok_or(VALUE_FAULT).map(|text| line = text)
            }
            2 => metadata(reader, builder)?,
            _ => reader.skip().map(|_| Ok(()))?,
        };
        match judged {
            Ok(()) => taken += 1,
            Err(found) => fault = Err(found),
        }
        more = reader.item(false)?;
    }
    reader.room.take(ITEM_BYTES)?;
    builder.entry(ts_ns, line);
    Ok(fault)
}

/// Reads the digits between the quotes of a timestamp.
fn parse_ts(quoted: &[u8]) -> Result<i64, Fault> {
    let text = quoted.get(1..quoted.len() - 1).unwrap_or(&[]);
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(VALUE_FAULT);
    }
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(OVERFLOW_FAULT)
}

fn metadata<'a>(
    reader: &mut Reader<'a>,
    builder: &mut PushBuilder<'a>,
) -> Result<Result<(), Fault>, Refused> {
    if reader.peek_token() != b'{' {
        return reader.skip().map(|_| Err(OBJECT_FAULT));
    }
    let mut fault = Ok(());
    let mut next = reader.member(true)?;
    while let Some(name) = next {
        let (kind, raw) = reader.raw()?;
        match (kind, unescape(name)) {
            _ if fault.is_err() => {}
            (_, None) => fault = Err(ESCAPE_FAULT),
            (Kind::String, Some(name)) => {
                builder.pair(name, unescape_lossy(raw.get(1..raw.len() - 1).unwrap_or(&[])));
            }
            _ => fault = Err(STRING_FAULT),
        }
        next = reader.member(false)?;
    }
    Ok(fault)
}

#[cfg(test)]
mod tests;
