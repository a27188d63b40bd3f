//! `a=1&b=x+y%20z`, read as Go's `url.ParseQuery` does.

use crate::error::{HttpError, HttpResult};

/// Appends the pairs of `text` to `pairs`.
///
/// # Errors
/// 400 for a semicolon as separator or an escape that is none.
pub fn decode(text: &[u8], pairs: &mut Vec<(String, String)>) -> HttpResult<()> {
    for part in text.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        if part.contains(&b';') {
            return Err(HttpError::bad_request("invalid semicolon separator in query"));
        }
        let split = part.iter().position(|byte| *byte == b'=');
        let (name, value) = match split {
            Some(at) => (&part[..at], &part[at + 1..]),
            None => (part, &b""[..]),
        };
        pairs.push((unescape(name)?, unescape(value)?));
    }
    Ok(())
}

fn unescape(text: &[u8]) -> HttpResult<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let (high, low) = (digit(tail.first()), digit(tail.get(1)));
                let (Some(high), Some(low)) = (high, low) else {
                    let shown = String::from_utf8_lossy(&tail[..tail.len().min(2)]);
                    return Err(HttpError::bad_request(format!("invalid URL escape \"%{shown}\"")));
                };
                out.push(high << 4 | low);
                rest = &tail[2..];
            }
            other => out.push(*other),
        }
    }
    Ok(String::from_utf8(out).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned()))
}

fn digit(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
