//! Go's `time.ParseDuration`.

use std::fmt::Write;

/// Reads a Go duration such as `1h2m3.5s`, `-5s` or `0` as nanoseconds.
///
/// # Errors
/// In Go's words: `time: invalid duration "bad"`.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    parse(text).map_err(|wrong| match wrong {
        Wrong::Invalid => format!("time: invalid duration {}", quoted(text)),
        Wrong::MissingUnit => format!("time: missing unit in duration {}", quoted(text)),
        Wrong::UnknownUnit(unit) => {
            format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text))
        }
    })
}

enum Wrong<'a> {
    Invalid,
    MissingUnit,
    UnknownUnit(&'a str),
}

/// Half of all `u64`: the magnitude of the most negative duration.
const LIMIT: u64 = 1 << 63;

fn parse(text: &str) -> Result<i64, Wrong<'_>> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Wrong::Invalid);
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (ns, tail) = parse_piece(rest)?;
        total = total.checked_add(ns).filter(|total| *total <= LIMIT).ok_or(Wrong::Invalid)?;
        rest = tail;
    }
    match (negative, i64::try_from(total)) {
        (false, Ok(ns)) => Ok(ns),
        (false, Err(_)) => Err(Wrong::Invalid),
        (true, _) => Ok((total as i64).wrapping_neg()),
    }
}

/// Reads one number with its unit, such as `1.5s`.
fn parse_piece(text: &str) -> Result<(u64, &str), Wrong<'_>> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole_len = digits(text);
    let (whole_text, mut rest) = text.split_at(whole_len);
    let mut whole = 0u64;
    for digit in whole_text.bytes() {
        let next = whole.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
        whole = next.filter(|v| *v <= LIMIT).ok_or(Wrong::Invalid)?;
    }
    let (mut fraction, mut scale, mut fraction_len) = (0u64, 1f64, 0);
    if let Some(tail) = rest.strip_prefix('.') {
        fraction_len = digits(tail);
        let (fraction_text, tail) = tail.split_at(fraction_len);
        // Digits past what fits are cut off, as Go does.
        for digit in fraction_text.bytes() {
            let next = fraction.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
            let Some(next) = next.filter(|v| *v < LIMIT) else { break };
            fraction = next;
            scale *= 10.0;
        }
        rest = tail;
    }
    if whole_len == 0 && fraction_len == 0 {
        return Err(Wrong::Invalid);
    }
    let unit_len = rest.bytes().take_while(|c| *c != b'.' && !c.is_ascii_digit()).count();
    if unit_len == 0 {
        return Err(Wrong::MissingUnit);
    }
    let (unit, rest) = rest.split_at(unit_len);
    let unit_ns = unit_ns(unit).ok_or(Wrong::UnknownUnit(unit))?;
    let mut ns = whole.checked_mul(unit_ns).filter(|ns| *ns <= LIMIT).ok_or(Wrong::Invalid)?;
    if fraction > 0 {
        ns += (fraction as f64 * (unit_ns as f64 / scale)) as u64;
        if ns > LIMIT {
            return Err(Wrong::Invalid);
        }
    }
    Ok((ns, rest))
}

/// Go knows no days and weeks.
fn unit_ns(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Quoted as package `time` does: bytes that are not printable ASCII as `\xNN`.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='\u{7f}' => out.push(c),
            _ => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// Nanoseconds as seconds, rounded as Go's `Duration.Seconds`.
pub fn seconds(ns: i64) -> f64 {
    let (whole, part) = (ns / 1_000_000_000, ns % 1_000_000_000);
    whole as f64 + part as f64 / 1e9
}
