//! Numbers and durations.

use crate::promql::token::Kind;

/// What the number or duration at the start of `text` is, none when it is neither, and how many
/// bytes were looked at.
pub fn scan(text: &str) -> (Option<Kind>, usize) {
    let number = Number::scan(text);
    if number.is_well_formed && !starts_alphanumeric(&text[number.len..]) {
        return (Some(Kind::Number), number.len);
    }
    match units_len(&text[number.len..]) {
        Ok(units) => (Some(Kind::Duration), number.len + units),
        Err(looked_at) => (None, number.len + looked_at),
    }
}

struct Number {
    len: usize,
    is_well_formed: bool,
}

impl Number {
    /// Digits with at most one point and one exponent; underscores between digits. Whether it can be
    /// understood is asked later.
    fn scan(text: &str) -> Self {
        let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
        let bytes = text.as_bytes();
        let is_digit = |at: usize| match (bytes.get(at), hexadecimal) {
            (Some(c), true) => c.is_ascii_hexdigit(),
            (Some(c), false) => c.is_ascii_digit(),
            (None, _) => false,
        };
        let (mut at, mut point, mut exponent) = (if hexadecimal { 2 } else { 0 }, false, false);
        let refused = |len: usize| Self { len: len.min(text.len()), is_well_formed: false };
        loop {
            let next = bytes.get(at + 1).copied();
            match bytes.get(at) {
                _ if is_digit(at) => {}
                Some(b'.') if point || hexadecimal => return refused(at + 1),
                Some(b'.') => {
                    point = true;
                    if matches!(next, Some(b'_' | b'.')) {
                        return refused(at + 2);
                    }
                }
                Some(b'e' | b'E') if exponent => return refused(at + 1),
                Some(b'e' | b'E') => {
                    exponent = true;
                    at += usize::from(matches!(next, Some(b'+' | b'-')));
                    match bytes.get(at + 1) {
                        None => return refused(at + 1),
                        Some(b'.' | b'_' | b'e' | b'E') => return refused(at + 2),
                        Some(_) => {}
                    }
                }
                Some(b'_') => match next {
                    None => return refused(at + 1),
                    Some(b'.' | b'_') => return refused(at + 2),
                    Some(b'e' | b'E') if !hexadecimal => return refused(at + 2),
                    Some(_) => {}
                },
                _ => return Self { len: at, is_well_formed: true },
            }
            at += 1;
        }
    }
}

/// Bytes of `h30m` behind a number: units, and numbers between them. Which units are allowed in which
/// order is asked later.
fn units_len(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut units = "smhdwy";
    loop {
        if !bytes.get(at).is_some_and(|c| units.contains(char::from(*c))) {
            return Err(at);
        }
        at += 1;
        at += usize::from(bytes.get(at) == Some(&b's'));
        let digits = bytes[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            break;
        }
        at += digits;
        // Years come first.
        units = "smhdw";
    }
    if starts_alphanumeric(&text[at..]) { Err(at + 1) } else { Ok(at) }
}

fn starts_alphanumeric(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric())
}
