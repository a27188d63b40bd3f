//! Names of attributes and metadata as label names, by the rules of Prometheus' OTLP translator.

use model::labels::GoQuoted;
use std::borrow::Cow;

/// `name` with every run of characters that are no ASCII letter or digit as one `_`, and `key_`
/// before a leading digit. Names like `__reserved__` keep their underscores.
///
/// # Errors
/// An empty name, and one of which only underscores are left, in the translator's words.
pub fn normalize(name: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some(text) = clean(name) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(name.len() + 4);
    put_normal(&mut out, name)?;
    Ok(Cow::Owned(String::from_utf8(out).unwrap_or_default()))
}

/// Appends what [`normalize`] makes of `name`: ASCII.
///
/// # Errors
/// As [`normalize`]; `out` may then hold a part.
pub fn put_normal(out: &mut Vec<u8>, name: &[u8]) -> Result<(), String> {
    if clean(name).is_some() {
        out.extend_from_slice(name);
        return Ok(());
    }
    let Some(first) = name.first() else { return Err("label name is empty".to_owned()) };
    let start = out.len();
    let reserved = name.strip_prefix(b"__").and_then(|rest| rest.strip_suffix(b"__"));
    out.extend_from_slice(match reserved {
        Some(_) => b"__",
        None if first.is_ascii_digit() => b"key_",
        None => b"",
    });
    let body_start = out.len();
    for byte in reserved.unwrap_or(name) {
        if byte.is_ascii_alphanumeric() {
            out.push(*byte);
        } else if out.len() == body_start || out.last() != Some(&b'_') {
            out.push(b'_');
        }
    }
    if reserved.is_some() {
        out.extend_from_slice(b"__");
    }
    let normal = out.get(start..).unwrap_or(&[]);
    if normal.iter().all(|byte| *byte == b'_') {
        return Err(format!(
            "normalization for label name {} resulted in invalid name {}",
            GoQuoted(&String::from_utf8_lossy(name)),
            GoQuoted(&String::from_utf8_lossy(normal))
        ));
    }
    Ok(())
}

/// `name` when it needs no change: most names.
fn clean(name: &[u8]) -> Option<&str> {
    let mut last = b'_';
    for (at, byte) in name.iter().enumerate() {
        let fits = byte.is_ascii_alphabetic()
            || (byte.is_ascii_digit() && at > 0)
            || (*byte == b'_' && (last != b'_' || at == 0));
        if !fits {
            return None;
        }
        last = *byte;
    }
    (!matches!(name, b"" | b"_")).then(|| std::str::from_utf8(name).ok()).flatten()
}

#[cfg(test)]
mod tests;
