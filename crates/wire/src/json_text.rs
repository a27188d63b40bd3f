//! JSON text as Go's encoders write it: strings safe inside HTML, invalid UTF-8 replaced, floats in
//! the two forms that Loki's answers use.

use std::io::Write as _;

/// What a byte of a string needs; everything from 0x80 on was checked as UTF-8 before.
#[derive(Clone, Copy, PartialEq)]
enum Care {
    /// Copied.
    None,
    /// Escaped.
    Escape,
    /// First byte of U+2028 and U+2029, among others.
    LineSeparator,
}

/// What each byte needs; with `html`, also in a text that a browser might take for HTML.
const fn care_table(html: bool) -> [Care; 256] {
    let mut care = [Care::None; 256];
    let mut byte = 0;
    while byte < 0x20 {
        care[byte] = Care::Escape;
        byte += 1;
    }
    care[b'"' as usize] = Care::Escape;
    care[b'\\' as usize] = Care::Escape;
    if html {
        care[b'<' as usize] = Care::Escape;
        care[b'>' as usize] = Care::Escape;
        care[b'&' as usize] = Care::Escape;
    }
    care[0xe2] = Care::LineSeparator;
    care
}

const HTML_CARE: [Care; 256] = care_table(true);
const PLAIN_CARE: [Care; 256] = care_table(false);

/// Appends `text` as a JSON string with its quotes. `<`, `>`, `&` and the two line separators of
/// Unicode are escaped; each byte that is not UTF-8 becomes `\ufffd`.
pub fn put_string(out: &mut Vec<u8>, text: &[u8]) {
    put_quoted(out, text, &HTML_CARE);
}

/// As [`put_string`], but leaves `<`, `>` and `&` as they are.
pub fn put_plain_string(out: &mut Vec<u8>, text: &[u8]) {
    put_quoted(out, text, &PLAIN_CARE);
}

fn put_quoted(out: &mut Vec<u8>, text: &[u8], care: &[Care; 256]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        put_escaped(out, chunk.valid().as_bytes(), care);
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

/// Appends valid UTF-8 with the characters escaped that need it.
fn put_escaped(out: &mut Vec<u8>, text: &[u8], care: &[Care; 256]) {
    let mut copied = 0;
    for (at, byte) in text.iter().enumerate() {
        match care[usize::from(*byte)] {
            Care::None => continue,
            Care::LineSeparator => {
                let Some([0xe2, 0x80, last @ (0xa8 | 0xa9)]) = text.get(at..at + 3) else { continue };
                out.extend_from_slice(&text[copied..at]);
                out.extend_from_slice(if *last == 0xa8 { b"\\u2028" } else { b"\\u2029" });
                copied = at + 3;
            }
            Care::Escape => {
                out.extend_from_slice(&text[copied..at]);
                put_escape(out, *byte);
                copied = at + 1;
            }
        }
    }
    out.extend_from_slice(&text[copied..]);
}

fn put_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

/// Appends an integer.
pub fn put_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a sample's value as Prometheus prints it: the shortest digits that read back the same,
/// never an exponent; `NaN`, `+Inf`, `-Inf`.
pub fn put_sample_value(out: &mut Vec<u8>, value: f64) {
    if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else {
        // Rust prints floats as Go's 'f' with precision -1 does; writing to a Vec cannot fail.
        let _ = write!(out, "{value}");
    }
}

/// Appends Unix nanoseconds as seconds with at most three digits after the point, as Prometheus
/// prints a sample's time.
pub fn put_sample_time(out: &mut Vec<u8>, ts_ns: i64) {
    let millis = ts_ns / 1_000_000;
    if millis % 1000 == 0 {
        put_integer(out, millis / 1000);
    } else {
        let _ = write!(out, "{}", millis as f64 / 1000.0);
    }
}

/// Appends a finite float as a JSON number in the form of Go's `encoding/json`: an exponent below
/// 1e-6 and from 1e21 on. What is not finite becomes 0, since JSON has no word for it.
pub fn put_number(out: &mut Vec<u8>, value: f64) {
    let abs = value.abs();
    if !value.is_finite() {
        out.push(b'0');
    } else if abs != 0.0 && !(1e-6..1e21).contains(&abs) {
        // Rust writes 1e21 where Go writes 1e+21; both write 1e-7.
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => {
                let _ = write!(out, "{digits}e+{power}");
            }
            _ => out.extend_from_slice(text.as_bytes()),
        }
    } else {
        let _ = write!(out, "{value}");
    }
}

/// Begins an object and gives the key's prefix for each of its fields.
pub fn put_key(out: &mut Vec<u8>, key: &str) {
    if !matches!(out.last(), Some(b'{') | None) {
        out.push(b',');
    }
    put_string(out, key.as_bytes());
    out.push(b':');
}

/// Appends `items` as an array.
pub fn put_array<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put(out, item);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
