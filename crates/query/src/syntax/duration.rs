//! Durations as Prometheus reads them: `1w2d`, `5m`, `1m30s`, whole numbers, units falling.

use crate::go;
use base::unit::unit_ns;

/// Units from the largest to the smallest; each may stand once, in this order.
const UNITS: [&str; 7] = ["y", "w", "d", "h", "m", "s", "ms"];

/// Reads `1h30m`, or `0`, as nanoseconds.
///
/// # Errors
/// In Prometheus' words: `not a valid duration string: "5"`, `unknown unit "." in duration "1.5h"`.
pub fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("not a valid duration string: {}", go::quote(text));
    match text {
        "0" => return Ok(0),
        "" => return Err("empty duration string".to_owned()),
        _ => {}
    }
    let (mut rest, mut total_ns, mut units_used) = (text, 0i64, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| invalid())?;
        let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
        if unit.is_empty() {
            return Err(invalid());
        }
        let at = UNITS.iter().position(|known| *known == unit);
        let (Some(at), Some(unit_ns)) = (at, unit_ns(unit)) else {
            return Err(format!("unknown unit {} in duration {}", go::quote(unit), go::quote(text)));
        };
        if at < units_used {
            return Err(invalid());
        }
        units_used = at + 1;
        let part_ns = i64::try_from(number).ok().and_then(|number| number.checked_mul(unit_ns));
        let sum_ns = part_ns.and_then(|part_ns| total_ns.checked_add(part_ns));
        total_ns = sum_ns.ok_or_else(|| "duration out of range".to_owned())?;
        rest = tail;
    }
    Ok(total_ns)
}

/// `ns` as Prometheus writes it: whole milliseconds, in days and smaller where those are exact.
pub fn write(ns: i64) -> String {
    let mut ms = ns / 1_000_000;
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    if ms < 0 {
        text.push('-');
        ms = -ms;
    }
    for unit in UNITS {
        let unit_ms = unit_ns(unit).unwrap_or(1_000_000) / 1_000_000;
        // Years and weeks only alone: `1y1d` would hide that a year is 365 days here.
        if matches!(unit, "y" | "w") && ms % unit_ms != 0 {
            continue;
        }
        if ms >= unit_ms {
            text += &format!("{}{unit}", ms / unit_ms);
            ms %= unit_ms;
        }
    }
    text
}

#[cfg(test)]
mod tests;
