//! Replacement templates in Go's meaning.

use regex::bytes::Captures;

/// See [`super::GoRegex::expand`].
pub fn expand(names: &[Option<String>], template: &[u8], captures: &Captures<'_>, out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
            continue;
        }
        match variable(rest) {
            Some((name, after)) => {
                if let Some(value) = value(names, name, captures) {
                    out.extend_from_slice(value);
                }
                rest = after;
            }
            None => out.push(b'$'),
        }
    }
    out.extend_from_slice(rest);
}

/// The name at the start of `text`, in braces or not, and what follows it.
fn variable(text: &[u8]) -> Option<(&str, &[u8])> {
    let braced = text.first() == Some(&b'{');
    let body = if braced { &text[1..] } else { text };
    let valid = match std::str::from_utf8(body) {
        Ok(valid) => valid,
        Err(e) => std::str::from_utf8(&body[..e.valid_up_to()]).unwrap_or(""),
    };
    let end = valid.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(valid.len());
    let name = &valid[..end];
    let after = &body[end..];
    match (name.is_empty(), braced) {
        (true, _) => None,
        (false, false) => Some((name, after)),
        (false, true) => Some((name, after.strip_prefix(b"}")?)),
    }
}

fn value<'h>(names: &[Option<String>], name: &str, captures: &Captures<'h>) -> Option<&'h [u8]> {
    let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number {
        return captures.get(name.parse().ok()?).map(|m| m.as_bytes());
    }
    // Of several groups with one name Go takes the first that took part in the match.
    let mut groups = names.iter().enumerate().filter(|(_, n)| n.as_deref() == Some(name));
    groups.find_map(|(group, _)| captures.get(group)).map(|m| m.as_bytes())
}
