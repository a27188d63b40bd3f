//! Go's `strconv.ParseFloat` and `strconv.FormatFloat`.

use super::quote::quote;
use std::borrow::Cow;

/// Reads a number as Go's `ParseFloat(text, 64)`: decimal, hexadecimal with `p` exponent,
/// underscores between digits, `inf`, `infinity` and `nan` in any case.
///
/// # Errors
/// In Go's words: `strconv.ParseFloat: parsing "x": invalid syntax` or `…: value out of range`.
pub fn parse_float(text: &str) -> Result<f64, String> {
    let wrong = |what: &str| format!("strconv.ParseFloat: parsing {}: {what}", quote(text));
    let value = parse(text).ok_or_else(|| wrong("invalid syntax"))?;
    if value.is_infinite() && !text.trim_start_matches(['+', '-']).starts_with(['i', 'I']) {
        return Err(wrong("value out of range"));
    }
    Ok(value)
}

fn parse(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match digits.as_bytes().first()? {
        b'0'..=b'9' | b'.' => {}
        b'i' | b'I' => {
            let known = digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity");
            return known.then(|| if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        b'n' | b'N' => return text.eq_ignore_ascii_case("nan").then_some(f64::NAN),
        _ => return None,
    }
    let text = match text.contains('_') {
        true if underscores_stand_well(digits) => Cow::Owned(text.replace('_', "")),
        true => return None,
        false => Cow::Borrowed(text),
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let value = parse_hex(hex)?;
        return Some(if text.starts_with('-') { -value } else { value });
    }
    // Rust reads the same decimal forms.
    text.parse().ok()
}

/// Underscores must stand between digits, or between a base prefix and a digit.
fn underscores_stand_well(digits: &str) -> bool {
    let hex = digits.starts_with("0x") || digits.starts_with("0X");
    let body = if hex { &digits.as_bytes()[2..] } else { digits.as_bytes() };
    let is_digit = |c: u8| if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
    let mut before_is_digit = hex;
    for (at, c) in body.iter().enumerate() {
        let after_is_digit = body.get(at + 1).is_some_and(|c| is_digit(*c));
        if *c == b'_' && !(before_is_digit && after_is_digit) {
            return false;
        }
        before_is_digit = is_digit(*c);
    }
    true
}

/// Reads `1.8p3` after `0x`; the exponent is required.
fn parse_hex(text: &str) -> Option<f64> {
    let (mantissa_text, exponent_text) = text.split_once(['p', 'P'])?;
    let exponent_digits = exponent_text.strip_prefix(['+', '-']).unwrap_or(exponent_text);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent_text.parse::<i32>().unwrap_or(match exponent_text.starts_with('-') {
        true => -100_000,
        false => 100_000,
    });
    let (mut mantissa, mut shift, mut any, mut after_point) = (0u64, 0i64, false, false);
    for c in mantissa_text.chars() {
        if c == '.' && !after_point {
            after_point = true;
            continue;
        }
        let digit = u64::from(c.to_digit(16)?);
        any = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            shift -= if after_point { 4 } else { 0 };
        } else {
            // Too far right to matter but for rounding: the lowest bit remembers it.
            mantissa |= u64::from(digit != 0);
            shift += if after_point { 0 } else { 4 };
        }
    }
    let power = (shift + i64::from(exponent)).clamp(-5000, 5000) as i32;
    // In two steps, so that neither power of two leaves the range alone.
    any.then(|| mantissa as f64 * 2f64.powi(power / 2) * 2f64.powi(power - power / 2))
}

/// Writes `value` as Go's `FormatFloat(value, format, precision, 64)` for the formats `e`, `f` and
/// `g` (and their capitals); a negative `precision` gives the shortest text that reads back.
pub fn format_float(value: f64, format: u8, precision: i32) -> String {
    let precision = precision.min(PRECISION_MAX);
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match format {
        b'e' | b'E' => exponent_form(value, format, precision),
        b'g' | b'G' => general_form(value, format, precision),
        _ if precision < 0 => format!("{value}"),
        _ => format!("{value:.*}", precision.unsigned_abs() as usize),
    }
}

/// Writes `value` as Go prints it by default.
pub fn format_g(value: f64) -> String {
    format_float(value, b'g', -1)
}

/// No float has more digits behind the point; Go would write zeros from there on.
const PRECISION_MAX: i32 = 1100;

/// `d.ddde±dd`
fn exponent_form(value: f64, format: u8, precision: i32) -> String {
    let text = match precision {
        ..0 => format!("{value:e}"),
        _ => format!("{value:.*e}", precision.unsigned_abs() as usize),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    with_exponent(digits, char::from(format), exponent.parse().unwrap_or(0))
}

fn with_exponent(digits: &str, letter: char, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{letter}{sign}{:02}", exponent.abs())
}

/// `%e` for small and large exponents, else `%f`, without trailing zeros.
fn general_form(value: f64, format: u8, precision: i32) -> String {
    let text = match precision {
        ..0 => format!("{value:e}"),
        0 => format!("{value:.0e}"),
        _ => format!("{value:.*e}", precision.unsigned_abs() as usize - 1),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    let digit_count = digits.bytes().filter(u8::is_ascii_digit).count() as i32;
    let threshold = match precision {
        // Go decides so for the shortest form.
        ..0 => 6,
        precision if precision > digit_count && digit_count > exponent => digit_count,
        precision => precision.max(1),
    };
    if exponent < -4 || exponent >= threshold {
        return with_exponent(digits, char::from(format - (b'g' - b'e')), exponent);
    }
    let decimals = (digit_count - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}")
}
