//! Byte sizes as the Go package `humanize` reads them.

use super::float::parse_float;

/// Reads a size such as `1.5KiB`, `7 MB` or `1,000` as bytes.
///
/// # Errors
/// In the words of Go: `unhandled size name: e3b`, or those of [`parse_float`].
pub fn parse_size(text: &str) -> Result<u64, String> {
    let is_digit = |c: char| c.is_numeric() || c == '.' || c == ',';
    // Counted in characters, cut in bytes: equal for all that parses as a number.
    let number_len = text.chars().take_while(|c| is_digit(*c)).count();
    let (number, unit) = text.split_at_checked(number_len).unwrap_or((text, ""));
    let number = match number.contains(',') {
        true => parse_float(&number.replace(',', ""))?,
        false => parse_float(number)?,
    };
    let unit = unit.trim().to_lowercase();
    let factor = factor(&unit).ok_or_else(|| format!("unhandled size name: {unit}"))?;
    let bytes = number * factor;
    // 2^64 as a float; what is not less does not fit.
    if bytes >= 18_446_744_073_709_551_616.0 {
        return Err(format!("too large: {text}"));
    }
    Ok(bytes as u64)
}

fn factor(unit: &str) -> Option<f64> {
    let (prefix, binary) = match unit {
        "" | "b" => return Some(1.0),
        _ => match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('i')) {
            Some(prefix) => (prefix, true),
            None => (unit.strip_suffix('b').unwrap_or(unit), false),
        },
    };
    let power = match prefix {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return None,
    };
    Some(if binary { 1024f64.powi(power) } else { 1000f64.powi(power) })
}
