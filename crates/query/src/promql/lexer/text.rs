//! Quoted texts.

use crate::go;

/// Bytes of the text at the start of `text`, with its quotes.
///
/// # Errors
/// In the words of Prometheus.
pub fn scan(text: &str, quote: char) -> Result<usize, String> {
    if quote == '`' {
        return text[1..].find('`').map(|end| end + 2).ok_or_else(|| "unterminated raw string".to_owned());
    }
    let mut at = 1;
    loop {
        let Some(c) = text[at..].chars().next().filter(|c| *c != '\n') else {
            return Err("unterminated quoted string".to_owned());
        };
        at += c.len_utf8();
        match c {
            '\\' => at += escape_len(&text[at..], quote)?,
            c if c == quote => return Ok(at),
            _ => {}
        }
    }
}

/// Bytes of an escape behind its backslash.
fn escape_len(text: &str, quote: char) -> Result<usize, String> {
    let not_terminated = || "escape sequence not terminated".to_owned();
    let first = text.chars().next().ok_or_else(not_terminated)?;
    let (before, digits, radix, largest) = match first {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => return Ok(1),
        c if c == quote => return Ok(1),
        '0'..='7' => (0, 3, 8, 255),
        'x' => (1, 2, 16, 255),
        'u' => (1, 4, 16, u32::from(char::MAX)),
        'U' => (1, 8, 16, u32::from(char::MAX)),
        c => return Err(format!("unknown escape sequence {}", unicode(c))),
    };
    let mut value = 0u64;
    for at in 0..digits {
        let c = text.chars().nth(before + at).ok_or_else(not_terminated)?;
        let illegal = || format!("illegal character {} in escape sequence", unicode(c));
        value = value * u64::from(radix) + u64::from(c.to_digit(radix).ok_or_else(illegal)?);
    }
    if value > u64::from(largest) || (0xD800..0xE000).contains(&value) {
        return Err("escape sequence is an invalid Unicode code point".to_owned());
    }
    Ok(before + digits)
}

/// `c` as Go's `%#U` prints it: `U+0063 'c'`.
fn unicode(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}

/// The text of a well formed literal, its escapes resolved. Unlike Go's, raw texts keep their carriage
/// returns, and single quotes hold any number of characters.
pub fn unquoted(literal: &str) -> Option<String> {
    let quote = literal.chars().next()?;
    let body = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    if quote == '`' { Some(body.to_owned()) } else { go::unescape(body, quote) }
}
