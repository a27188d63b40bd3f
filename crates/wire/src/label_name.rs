//! Names of attributes and metadata as label names, by the rules of Prometheus' OTLP translator.

use model::labels::GoQuoted;
use std::borrow::Cow;

/// `name` with every run of characters that are no ASCII letter or digit as one `_`, and `key_`
/// before a leading digit. Names like `__reserved__` keep their underscores.
///
/// # Errors
/// An empty name, and one of which only underscores are left, in the translator's words.
pub fn normalize(name: &[u8]) -> Result<Cow<'_, str>, String> {
    if name.is_empty() {
        return Err("label name is empty".to_owned());
    }
    if let Some(text) = clean(name) {
        return Ok(Cow::Borrowed(text));
    }
    let text = String::from_utf8_lossy(name);
    let reserved = text.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    let mut out = String::with_capacity(name.len() + 4);
    for c in reserved.unwrap_or(&text).chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    if reserved.is_some() {
        out = format!("__{out}__");
    } else if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "key_");
    }
    if out.bytes().all(|byte| byte == b'_') {
        return Err(format!(
            "normalization for label name {} resulted in invalid name {}",
            GoQuoted(&text),
            GoQuoted(&out)
        ));
    }
    Ok(Cow::Owned(out))
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
    (name != b"_").then(|| std::str::from_utf8(name).ok()).flatten()
}

#[cfg(test)]
mod tests;
