//! What a push's headers say about its body.

use crate::push::failure::Failure;
use crate::push::prepare::{Encoded, Format};
use http::{HeaderMap, HeaderName, StatusCode, header};
use model::labels::GoQuoted;
use std::borrow::Cow;
use wire::decompress::Encoding;

fn text(headers: &HeaderMap, name: HeaderName) -> Cow<'_, str> {
    headers.get(name).map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()))
}

fn bad_request(text: impl Into<Vec<u8>>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, text)
}

/// On `/loki/api/v1/push`.
pub fn loki(headers: &HeaderMap) -> Result<Format, Failure> {
    of_loki(headers, Encoded::LokiJson)
}

/// On `/api/prom/push`.
pub fn legacy(headers: &HeaderMap) -> Result<Format, Failure> {
    of_loki(headers, Encoded::LegacyJson)
}

/// JSON is JSON; everything else is protobuf in a snappy block, whatever else it is wrapped in.
fn of_loki(headers: &HeaderMap, json: Encoded) -> Result<Format, Failure> {
    let compression = match text(headers, header::CONTENT_ENCODING).as_ref() {
        "" | "snappy" => None,
        "gzip" => Some(Encoding::Gzip),
        "deflate" => Some(Encoding::Deflate),
        other => {
            return Err(bad_request(format!("Content-Encoding {} not supported", GoQuoted(other))));
        }
    };
    let content_type = text(headers, header::CONTENT_TYPE);
    let media_type = media_type(&content_type).map_err(bad_request)?;
    let encoded = if media_type == "application/json" { json } else { Encoded::LokiProto };
    Ok(Format { compression, encoded })
}

/// On the paths of OTLP. The content type is compared as it is, without a look at parameters.
pub fn otlp(headers: &HeaderMap) -> Result<Format, Failure> {
    let compression = match text(headers, header::CONTENT_ENCODING).as_ref() {
        "" => None,
        "gzip" => Some(Encoding::Gzip),
        "zstd" => Some(Encoding::Zstd),
        "lz4" => Some(Encoding::Lz4),
        other => {
            let why = format!("unsupported content encoding {other}: only gzip, lz4 and zstd are supported");
            return Err(bad_request(why));
        }
    };
    let encoded = match text(headers, header::CONTENT_TYPE).as_ref() {
        "application/x-protobuf" => Encoded::OtlpProto,
        "application/json" => Encoded::OtlpJson,
        other => Encoded::Unknown(other.to_owned()),
    };
    Ok(Format { compression, encoded })
}

/// The media type in small letters, by the rules and in the words of Go's `mime.ParseMediaType`.
fn media_type(content_type: &str) -> Result<String, &'static str> {
    let (media_type, mut rest) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim().to_ascii_lowercase();
    let (kind, subtype) = split_token(&media_type);
    if kind.is_empty() {
        return Err("mime: no media type");
    }
    if !subtype.is_empty() {
        let Some(subtype) = subtype.strip_prefix('/') else {
            return Err("mime: expected slash after first token");
        };
        match split_token(subtype) {
            ("", _) => return Err("mime: expected token after slash"),
            (_, "") => {}
            _ => return Err("mime: unexpected content after media subtype"),
        }
    }
    let mut names: Vec<String> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.trim() == ";" {
            return Ok(media_type);
        }
        let (name, tail) =
            parameter(rest.trim_start_matches(';').trim_start()).ok_or("mime: invalid media parameter")?;
        let name = name.to_ascii_lowercase();
        if names.contains(&name) {
            return Err("mime: duplicate parameter name");
        }
        names.push(name);
        rest = tail;
        if !(rest.trim_start().is_empty() || rest.trim_start().starts_with(';')) {
            return Err("mime: invalid media parameter");
        }
    }
}

/// The token at the start of `text`, perhaps none, and what follows.
fn split_token(text: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
    text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

/// Takes `name=value` or `name="value"`; gives the name and what follows.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = split_token(text);
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    if name.is_empty() {
        return None;
    }
    let Some(quoted) = value.strip_prefix('"') else {
        let (value, rest) = split_token(value);
        return (!value.is_empty()).then_some((name, rest));
    };
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((name, &quoted[at + 1..])),
            '\r' | '\n' => return None,
            _ => {}
        }
    }
    None
}
