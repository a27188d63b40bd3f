//! Go's `strconv.ParseInt`.

use super::quote::quote;

/// Reads an integer as Go's `ParseInt(text, base, 64)`; base 0 takes prefixes (`0x`, `0o`, `0b`,
/// `0`) and underscores between digits.
///
/// # Errors
/// In Go's words: `strconv.ParseInt: parsing "x": invalid syntax` or `…: value out of range`.
pub fn parse_int(text: &str, base: u32) -> Result<i64, String> {
    let wrong = |what: &str| format!("strconv.ParseInt: parsing {}: {what}", quote(text));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = if base == 0 { prefix(digits) } else { (base, digits) };
    let cleaned;
    let digits = match base == 0 && digits.contains('_') {
        true if digits.ends_with('_') || digits.contains("__") => return Err(wrong("invalid syntax")),
        true if radix == 10 && digits.starts_with('_') => return Err(wrong("invalid syntax")),
        true => {
            cleaned = digits.replace('_', "");
            cleaned.as_str()
        }
        false => digits,
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(wrong("invalid syntax"));
    }
    let out_of_range = |_| wrong("value out of range");
    let magnitude = i128::from(u64::from_str_radix(digits, radix).map_err(|_| wrong("value out of range"))?);
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(out_of_range)
}

fn prefix(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}
