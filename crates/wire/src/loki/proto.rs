//! `PushRequest` in protobuf: streams of `labels`, `entries` of `timestamp`, `line` and
//! `structuredMetadata`.

use crate::loki::{Streams, parse_labels};
use crate::protobuf::{Fields, Value};
use crate::push::{ITEM_BYTES, LabelPairs, NO_TIME_NS, Push, PushBuilder};
use crate::refused::Refused;
use crate::room::Room;

/// Reads a decompressed body; texts stay borrowed from it.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder or of Prometheus' label parser.
pub fn push(body: &[u8]) -> Result<Push<'_>, Refused> {
    let (mut streams, room) = (Streams::default(), Room::of(body));
    let mut fields = Fields::new(body, "PushRequest");
    while let Some(field) = fields.next_field()? {
        if let Some(labels) = stream_of(field, &room, &mut streams.builder)? {
            streams.end_text(labels);
        }
    }
    streams.build()
}

/// A stream of a body, with its entries while they are still at hand.
pub struct RawStream<'p, 'a> {
    /// The text of its labels, which nobody has looked at.
    pub labels: &'a [u8],
    builder: &'p mut PushBuilder<'a>,
}

impl<'p, 'a> RawStream<'p, 'a> {
    /// Reads its labels.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in the words of Prometheus' label parser. Such a push is refused, but only when all of
    /// its streams were read: a body that is damaged anywhere is refused for that.
    pub fn read_labels(&self) -> Result<LabelPairs<'a>, Refused> {
        parse_labels(self.labels)
    }

    /// It alone as a push, with `labels`.
    pub fn push(self, labels: LabelPairs<'a>) -> &'p Push<'a> {
        self.builder.only_stream(labels)
    }
}

/// Reads a decompressed body as [`push`] does, but gives each stream to `take` as soon as it is read.
///
/// # Errors
/// [`base::Kind::Invalid`] in the words of Go's decoder.
pub fn each_stream<'a>(body: &'a [u8], mut take: impl FnMut(RawStream<'_, 'a>)) -> Result<(), Refused> {
    let (mut builder, room) = (PushBuilder::default(), Room::of(body));
    let mut fields = Fields::new(body, "PushRequest");
    while let Some(field) = fields.next_field()? {
        if let Some(labels) = stream_of(field, &room, &mut builder)? {
            take(RawStream { labels, builder: &mut builder });
            builder.clear();
        }
    }
    Ok(())
}

/// Reads the entries of a stream when `field` of a push holds one; gives the text of its labels.
#[inline]
fn stream_of<'a>(
    field: (u32, Value<'a>),
    room: &Room,
    builder: &mut PushBuilder<'a>,
) -> Result<Option<&'a [u8]>, Refused> {
    match field {
        (1, value) => Ok(Some(stream(value.bytes("Streams")?, room, builder)?)),
        (2, value) => value.bytes("Format").map(|_| None),
        _ => Ok(None),
    }
}

/// Reads the entries of a stream; gives the text of its labels.
fn stream<'a>(bytes: &'a [u8], room: &Room, builder: &mut PushBuilder<'a>) -> Result<&'a [u8], Refused> {
    let mut labels: &[u8] = b"";
    let mut fields = Fields::new(bytes, "StreamAdapter");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => labels = value.bytes("Labels")?,
            2 => entry(value.bytes("Entries")?, room, builder)?,
            3 => drop(value.varint("Hash")?),
            _ => {}
        }
    }
    Ok(labels)
}

fn entry<'a>(bytes: &'a [u8], room: &Room, builder: &mut PushBuilder<'a>) -> Result<(), Refused> {
    let mut ts_ns = NO_TIME_NS;
    let mut line: &[u8] = b"";
    let mut fields = Fields::new(bytes, "EntryAdapter");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => ts_ns = timestamp(value)?,
            2 => line = value.bytes("Line")?,
            3 => {
                let (name, value) = pair(value)?;
                room.take(ITEM_BYTES)?;
                builder.pair(name, value);
            }
            _ => {}
        }
    }
    room.take(ITEM_BYTES)?;
    builder.entry(ts_ns, line);
    Ok(())
}

fn pair(value: Value<'_>) -> Result<(&[u8], &[u8]), Refused> {
    let (mut name, mut text): (&[u8], &[u8]) = (b"", b"");
    let mut fields = Fields::new(value.bytes("StructuredMetadata")?, "LabelPairAdapter");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => name = value.bytes("Name")?,
            2 => text = value.bytes("Value")?,
            _ => {}
        }
    }
    Ok((name, text))
}

/// The first second of year 1.
const SECONDS_START: i64 = -62_135_596_800;

/// The first second of year 10000.
const SECONDS_END: i64 = 253_402_300_800;

fn timestamp(value: Value<'_>) -> Result<i64, Refused> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Fields::new(value.bytes("Timestamp")?, "Timestamp");
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => seconds = value.varint("Seconds")? as i64,
            2 => nanos = value.varint("Nanos")? as i32,
            _ => {}
        }
    }
    timestamp_ns(seconds, nanos)
}

/// Unix nanoseconds; times that `i64` cannot hold become its ends.
fn timestamp_ns(seconds: i64, nanos: i32) -> Result<i64, Refused> {
    let outside =
        |what: &str| Refused::invalid(format!("timestamp: seconds:{seconds} nanos:{nanos} : {what}"));
    match (seconds, nanos) {
        (..SECONDS_START, _) => Err(outside("before 0001-01-01")),
        (SECONDS_END.., _) => Err(outside("after 10000-01-01")),
        (_, 0..1_000_000_000) => {
            let ns = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            Ok(ns.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
        }
        _ => Err(outside("nanos not in range [0, 1e9)")),
    }
}

#[cfg(test)]
mod tests;
