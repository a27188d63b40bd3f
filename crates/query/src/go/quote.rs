//! Go's string literals.

use model::labels::GoQuoted;

/// `text` as Go's `strconv.Quote` writes it.
pub fn quote(text: &str) -> String {
    GoQuoted(text).to_string()
}

/// The text of a Go string literal with its quotes: `"…"` with escapes, `` `…` `` raw, or `'x'`.
/// `None` when it is none.
pub fn unquote(literal: &str) -> Option<String> {
    let mut chars = literal.chars();
    let quote = chars.next()?;
    let body = chars.as_str().strip_suffix(quote)?;
    match quote {
        '`' => (!body.contains('`')).then(|| body.replace('\r', "")),
        '"' => unescape(body, '"'),
        '\'' => unescape(body, '\'').filter(|text| text.chars().count() == 1),
        _ => None,
    }
}

/// What a Go string literal holds between its quotes `quote`, escapes resolved. `None` when it is none.
pub fn unescape(body: &str, quote: char) -> Option<String> {
    // Escaped bytes may be parts of one character.
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' => return None,
            c if c == quote => return None,
            '\\' => escape(&mut rest, quote, &mut out)?,
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(match String::from_utf8(out) {
        Ok(text) => text,
        Err(wrong) => String::from_utf8_lossy(wrong.as_bytes()).into_owned(),
    })
}

/// Reads what stands after a backslash.
fn escape(rest: &mut std::str::Chars<'_>, quote: char, out: &mut Vec<u8>) -> Option<()> {
    let kind = rest.next()?;
    let mut number = |first: u32, digits: usize, radix: u32| {
        (0..digits)
            .try_fold(first, |value, _| Some(value.checked_mul(radix)? + rest.next()?.to_digit(radix)?))
    };
    let byte = match kind {
        'a' => b'\x07',
        'b' => b'\x08',
        'f' => b'\x0c',
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => b'\x0b',
        '\\' => b'\\',
        c @ ('"' | '\'') if c == quote => c as u8,
        c @ '0'..='7' => u8::try_from(number(c.to_digit(8)?, 2, 8)?).ok()?,
        'x' => u8::try_from(number(0, 2, 16)?).ok()?,
        'u' | 'U' => {
            let c = char::from_u32(number(0, if kind == 'u' { 4 } else { 8 }, 16)?)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(());
        }
        _ => return None,
    };
    out.push(byte);
    Some(())
}
