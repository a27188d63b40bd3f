//! Classes and escaped characters: `[a-z]`, `\d`, `\pL`, `\x41`.
//!
//! The `regex` crate knows more inside brackets than Go (nested classes, `&&`, `--`, `~~`), so
//! every character is written as its number unless it is a letter or digit.

use super::syntax::{SyntaxError, refusal};

type Result<T> = std::result::Result<T, SyntaxError>;

/// What matches nothing; Go has it for a lone surrogate, which is no character.
const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// The characters of a lone surrogate's code, which Go reads and Rust refuses.
const SURROGATES: std::ops::RangeInclusive<u32> = 0xD800..=0xDFFF;

/// What matches the character of code `c`.
pub fn literal(c: u32) -> String {
    match char::from_u32(c) {
        Some(c) => regex_syntax::escape(c.encode_utf8(&mut [0; 4])),
        None => NOTHING.to_owned(),
    }
}

/// Reads the class at the start of `text`, which starts with `[`; gives it and what follows.
pub fn bracket(text: &str) -> Result<(String, &str)> {
    let mut rest = &text[1..];
    let negated = rest.starts_with('^');
    if negated {
        rest = &rest[1..];
    }
    let mut items = String::new();
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some((class, after)) = posix_class(rest)? {
            items += class;
            rest = after;
        } else if let Some((class, after)) = class_escape(rest)? {
            items += &class;
            rest = after;
        } else {
            let (low, high, after) = range(rest, text)?;
            push_range(&mut items, low, high);
            rest = after;
        }
    }
    let class = match (items.is_empty(), negated) {
        (false, false) => format!("[{items}]"),
        (false, true) => format!("[^{items}]"),
        (true, false) => NOTHING.to_owned(),
        (true, true) => r"[\x{0}-\x{10FFFF}]".to_owned(),
    };
    Ok((class, &rest[1..]))
}

/// `[:alpha:]`, `[:^alpha:]`
fn posix_class(text: &str) -> Result<Option<(&str, &str)>> {
    let Some(name_on) = text.strip_prefix("[:") else { return Ok(None) };
    let Some(end) = name_on.find(":]") else { return Ok(None) };
    let (class, rest) = text.split_at(end + 4);
    let name = &name_on[..end];
    match name.strip_prefix('^').unwrap_or(name) {
        "alnum" | "alpha" | "ascii" | "blank" | "cntrl" | "digit" | "graph" | "lower" | "print" | "punct"
        | "space" | "upper" | "word" | "xdigit" => Ok(Some((class, rest))),
        _ => Err(SyntaxError::new(refusal::CHAR_RANGE, class)),
    }
}

/// One character or `a-z`.
fn range<'t>(text: &'t str, whole: &str) -> Result<(u32, u32, &'t str)> {
    let (low, rest) = class_char(text, whole)?;
    let after_dash = rest.strip_prefix('-').filter(|after| !after.is_empty() && !after.starts_with(']'));
    let Some(after) = after_dash else { return Ok((low, low, rest)) };
    let (high, rest) = class_char(after, whole)?;
    if high < low {
        return Err(SyntaxError::new(refusal::CHAR_RANGE, &text[..text.len() - rest.len()]));
    }
    Ok((low, high, rest))
}

fn class_char<'t>(text: &'t str, whole: &str) -> Result<(u32, &'t str)> {
    match text.chars().next() {
        None => Err(SyntaxError::new(refusal::MISSING_BRACKET, whole)),
        Some('\\') => char_escape(text),
        Some(c) => Ok((c as u32, &text[c.len_utf8()..])),
    }
}

fn push_range(items: &mut String, low: u32, high: u32) {
    let low = if SURROGATES.contains(&low) { SURROGATES.end() + 1 } else { low };
    let high = if SURROGATES.contains(&high) { SURROGATES.start() - 1 } else { high };
    if low > high {
        return;
    }
    push_char(items, low);
    if low < high {
        items.push('-');
        push_char(items, high);
    }
}

fn push_char(items: &mut String, c: u32) {
    match char::from_u32(c) {
        Some(c) if c.is_ascii_alphanumeric() => items.push(c),
        _ => *items += &format!(r"\x{{{c:X}}}"),
    }
}

/// Reads a class at the start of `text`: `\d`, `\pN`, `\p{Greek}`; gives the inside of a bracket.
pub fn class_escape(text: &str) -> Result<Option<(String, &str)>> {
    let mut chars = text.chars();
    if chars.next() != Some('\\') {
        return Ok(None);
    }
    let class = match chars.next() {
        Some('d') => "0-9",
        Some('D') => "[^0-9]",
        Some('s') => r"\t\n\x0C\r\x20",
        Some('S') => r"[^\t\n\x0C\r\x20]",
        Some('w') => "0-9A-Za-z_",
        Some('W') => "[^0-9A-Za-z_]",
        Some('p') => return unicode_class(text, false).map(Some),
        Some('P') => return unicode_class(text, true).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), chars.as_str())))
}

/// `\pN`, `\p{Greek}`, `\p{^Greek}`
fn unicode_class(text: &str, negated: bool) -> Result<(String, &str)> {
    let after = &text[2..];
    let (name, rest) = match after.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or_else(|| SyntaxError::new(refusal::CHAR_RANGE, text))?,
        None => after.split_at(after.chars().next().map_or(0, char::len_utf8)),
    };
    let part = &text[..text.len() - rest.len()];
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, !negated),
        None => (name, negated),
    };
    let class = unicode_table(name).ok_or_else(|| SyntaxError::new(refusal::CHAR_RANGE, part))?;
    Ok((if negated { format!("[^{class}]") } else { class }, rest))
}

/// The inside of a bracket for a category or script; Go has no other properties.
fn unicode_table(name: &str) -> Option<String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
    {
        return None;
    }
    if matches!(name.to_ascii_lowercase().as_str(), "cs" | "surrogate") {
        return Some(NOTHING.to_owned());
    }
    ["gc", "sc"]
        .into_iter()
        .map(|kind| format!(r"\p{{{kind}={name}}}"))
        .find(|class| regex_syntax::Parser::new().parse(class).is_ok())
}

/// Reads the escaped character at the start of `text`, which starts with `\`.
pub fn char_escape(text: &str) -> Result<(u32, &str)> {
    let after = &text[1..];
    let Some(c) = after.chars().next() else {
        return Err(SyntaxError::new(refusal::TRAILING_BACKSLASH, ""));
    };
    let rest = &after[c.len_utf8()..];
    let refuse = |rest: &str| Err(SyntaxError::new(refusal::ESCAPE, &text[..text.len() - rest.len()]));
    let is_octal = |text: &str| text.starts_with(|c: char| ('0'..='7').contains(&c));
    let code = match c {
        // A single digit other than zero would be a back reference.
        '1'..='7' if !is_octal(rest) => return refuse(rest),
        '0'..='7' => return Ok(octal(after)),
        'x' => return hex(rest).or_else(refuse),
        'a' => 0x07,
        'f' => 0x0C,
        'n' => 0x0A,
        'r' => 0x0D,
        't' => 0x09,
        'v' => 0x0B,
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c as u32,
        _ => return refuse(rest),
    };
    Ok((code, rest))
}

/// Up to three octal digits.
fn octal(text: &str) -> (u32, &str) {
    let digits = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    (text.bytes().take(digits).fold(0, |code, b| code * 8 + u32::from(b - b'0')), &text[digits..])
}

/// Two hexadecimal digits, or any number of them in braces; the error is what was left unread.
fn hex(text: &str) -> std::result::Result<(u32, &str), &str> {
    let mut chars = text.chars();
    let braced = text.starts_with('{');
    if braced {
        chars.next();
    }
    let (mut code, mut digits) = (0u32, 0);
    while braced || digits < 2 {
        match chars.next() {
            Some('}') if braced && digits > 0 => return Ok((code, chars.as_str())),
            Some(c) if c.is_ascii_hexdigit() => {
                code = code * 16 + c.to_digit(16).unwrap_or(0);
                digits += 1;
            }
            // Go looks at two characters before it refuses the first.
            Some(_) if !braced && digits == 0 => {
                chars.next();
                return Err(chars.as_str());
            }
            _ => return Err(chars.as_str()),
        }
        if code > char::MAX as u32 {
            return Err(chars.as_str());
        }
    }
    Ok((code, chars.as_str()))
}
