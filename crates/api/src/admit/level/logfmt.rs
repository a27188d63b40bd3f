//! A level in a logfmt line. Pairs are read up to the first that is no logfmt.

use crate::admit::level::fields::Fields;

/// The value of the field that comes first in the list of `fields`, whatever its case.
pub fn find<'l>(line: &'l [u8], fields: &Fields) -> Option<&'l [u8]> {
    if may_hold(line, fields) { read(line, fields) } else { None }
}

/// As [`find`], without a look whether it is worth it.
pub(super) fn read<'l>(line: &'l [u8], fields: &Fields) -> Option<&'l [u8]> {
    let mut best: Option<(usize, &[u8])> = None;
    let mut rest = line;
    while let Some((key, value)) = take_pair(&mut rest) {
        if let Some(place) = fields.place_in_any_case(key)
            && best.is_none_or(|(first, _)| place < first)
        {
            best = Some((place, value));
            if place == 0 {
                break;
            }
        }
    }
    best.map(|(_, value)| value)
}

/// Whether a field stands right before some `=`. Most lines have none, and this is far cheaper than
/// reading every pair.
fn may_hold(line: &[u8], fields: &Fields) -> bool {
    memchr::memchr_iter(b'=', line).any(|end| {
        let before = &line[..end];
        let key_len = before.iter().rev().position(|byte| matches!(byte, b'=' | b'"' | 0..=b' '));
        fields.place_in_any_case(&before[key_len.map_or(0, |len| end - len)..]).is_some()
    })
}

/// Takes a key with its value, empty without one. `None` at the end and where it is no logfmt: a
/// quote or nothing before `=`, a quote or `=` in a bare value, a quoted value that does not end.
/// Escapes in quoted values stay, since no level holds one.
fn take_pair<'l>(rest: &mut &'l [u8]) -> Option<(&'l [u8], &'l [u8])> {
    let start = rest.iter().position(|byte| *byte > b' ')?;
    let line = rest.get(start..)?;
    let key_len = line.iter().position(|byte| matches!(byte, b'=' | b'"' | 0..=b' ')).unwrap_or(line.len());
    let (key, tail) = line.split_at(key_len);
    match tail.split_first() {
        Some((b'=', value)) if !key.is_empty() => {
            let (value, tail) = take_value(value)?;
            *rest = tail;
            Some((key, value))
        }
        Some((b'=' | b'"', _)) => None,
        _ => {
            *rest = tail;
            Some((key, &[]))
        }
    }
}

/// The value at the start of `text`, and what comes after it.
fn take_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let len = text.iter().position(|byte| matches!(byte, b'=' | b'"' | 0..=b' ')).unwrap_or(text.len());
        let (value, tail) = text.split_at(len);
        return (!matches!(tail.first(), Some(b'=' | b'"'))).then_some((value, tail));
    };
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', quoted.get(at..)?)?;
        if quoted.get(at) == Some(&b'"') {
            return Some((&quoted[..at], &quoted[at + 1..]));
        }
        at += 2;
    }
}
