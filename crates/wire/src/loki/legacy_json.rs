//! JSON of `/api/prom/push`:
//! `{"streams":[{"labels":"{k=\"v\"}","entries":[{"ts":"<RFC 3339>","line":"<line>"}]}]}`.

use crate::go_json::{Reader, unescape_lossy};
use crate::loki::{Streams, into_owned, parse_labels};
use crate::push::{ITEM_BYTES, NO_TIME_NS, Push, PushBuilder};
use crate::refused::Refused;
use model::labels::GoQuoted;
use std::borrow::Cow;

/// Reads a body. `cut_by` is why it ends early, when its decompression failed.
///
/// # Errors
/// [`base::Kind::Invalid`] in Loki's words.
pub fn push(body: &[u8], cut_by: Option<Refused>) -> Result<Push<'_>, Refused> {
    if body.is_empty() {
        return Err(Refused::invalid("EOF"));
    }
    let mut streams = Streams::default();
    let mut reader = Reader::stream(body, cut_by.clone());
    reader.structure("push.PushRequest", |reader, name| {
        if !name.eq_ignore_ascii_case(b"streams") {
            return reader.skip().map(drop);
        }
        reader
            .slice("[]push.Stream", |reader| stream(reader, &mut streams))
            .map_err(|refused| refused.within("Streams: "))
    })?;
    match cut_by {
        Some(refused) => Err(refused),
        None => streams.build(),
    }
}

fn stream<'a>(reader: &mut Reader<'a>, streams: &mut Streams<'a>) -> Result<(), Refused> {
    let mut labels: Cow<'a, [u8]> = Cow::Borrowed(&[]);
    reader.structure("push.Stream", |reader, name| {
        if name.eq_ignore_ascii_case(b"labels") {
            labels = reader.string().map_err(|refused| refused.within("Labels: "))?;
            Ok(())
        } else if name.eq_ignore_ascii_case(b"entries") {
            reader
                .slice("[]push.Entry", |reader| entry(reader, &mut streams.builder))
                .map_err(|refused| refused.within("Entries: "))
        } else {
            reader.skip().map(drop)
        }
    })?;
    match labels {
        Cow::Borrowed(text) => streams.end_text(text),
        Cow::Owned(text) => streams.end(parse_labels(&text).map(into_owned)),
    }
    Ok(())
}

fn entry<'a>(reader: &mut Reader<'a>, builder: &mut PushBuilder<'a>) -> Result<(), Refused> {
    let (mut ts_ns, mut line) = (NO_TIME_NS, Cow::Borrowed::<[u8]>(&[]));
    reader.structure("push.Entry", |reader, name| {
        if name.eq_ignore_ascii_case(b"ts") {
            ts_ns = timestamp(reader).map_err(|refused| refused.within("Timestamp: "))?;
            Ok(())
        } else if name.eq_ignore_ascii_case(b"line") {
            line = reader.string().map_err(|refused| refused.within("Line: "))?;
            Ok(())
        } else if name.eq_ignore_ascii_case(b"structuredMetadata") {
            metadata(reader, builder)
        } else {
            reader.skip().map(drop)
        }
    })?;
    reader.room.take(ITEM_BYTES)?;
    builder.entry(ts_ns, line);
    Ok(())
}

fn timestamp(reader: &mut Reader<'_>) -> Result<i64, Refused> {
    let (_, raw) = reader.raw()?;
    if raw == b"null" {
        return Ok(NO_TIME_NS);
    }
    let Some(text) = raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return Err(reader.refused("unmarshalerDecoder", "Time.UnmarshalJSON: input is not a JSON string"));
    };
    let text = String::from_utf8_lossy(text);
    model::time::parse_rfc3339(&text).map_err(|_| {
        let quoted = GoQuoted(&text);
        let why = format!(
            "parsing time {quoted} as \"2006-01-02T15:04:05Z07:00\": cannot parse {quoted} as \"2006\""
        );
        reader.refused("unmarshalerDecoder", why)
    })
}

fn metadata<'a>(reader: &mut Reader<'a>, builder: &mut PushBuilder<'a>) -> Result<(), Refused> {
    if reader.peek_token() != b'{' {
        return reader.skip().map(drop);
    }
    let mut next = reader.member(true)?;
    while let Some(name) = next {
        let value = reader.string()?;
        builder.pair(unescape_lossy(name), value);
        next = reader.member(false)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
