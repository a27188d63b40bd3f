//! Times and durations as Loki's and Prometheus' clients write them, refused in their words.

use base::unit::{DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS};

/// Digits up to which a whole number is seconds; longer ones are nanoseconds.
const SECONDS_DIGITS_MAX: usize = 10;

/// Units of a duration from long to short, as they must be ordered in its text.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * DAY_NS),
    ("w", 7 * DAY_NS),
    ("d", DAY_NS),
    ("h", HOUR_NS),
    ("m", MINUTE_NS),
    ("s", SECOND_NS),
    ("ms", 1_000_000),
];

/// Unix nanoseconds of a time: seconds with a fraction (to the millisecond), whole seconds,
/// nanoseconds, or RFC 3339; `default_ns` for an empty text.
///
/// # Errors
/// The words of Go's `strconv.ParseInt`, the last form that was tried.
pub fn timestamp(text: &str, default_ns: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(default_ns);
    }
    if text.contains('.')
        && let Ok(seconds) = text.parse::<f64>()
    {
        let milliseconds = (seconds.fract() * 1000.0).round() as i64;
        let whole_ns = (seconds.trunc() as i64).saturating_mul(SECOND_NS);
        return Ok(whole_ns.saturating_add(milliseconds * 1_000_000));
    }
    match integer("ParseInt", text) {
        Ok(number) if text.len() <= SECONDS_DIGITS_MAX => Ok(number.saturating_mul(SECOND_NS)),
        Ok(number) => Ok(number),
        Err(what) => model::time::parse_rfc3339(text).map_err(|_| what),
    }
}

/// A whole number as Go's `strconv` reads it; `function` is the one of its functions that refuses.
pub fn integer(function: &str, text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if is_number { "value out of range" } else { "invalid syntax" };
    text.parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| format!("strconv.{function}: parsing {text:?}: {why}"))
}

/// Nanoseconds of a Prometheus duration: whole numbers with units from long to short, as `1h30m`.
///
/// # Errors
/// The words of Prometheus' parser.
pub fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("not a valid duration string: {text:?}");
    match text {
        "" => return Err("empty duration string".to_owned()),
        "0" => return Ok(0),
        _ => {}
    }
    let (mut rest, mut total_ns, mut units) = (text, 0i64, UNITS.as_slice());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        rest = &rest[letters..];
        let Some(at) = units.iter().position(|(name, _)| *name == unit) else {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            return Err(if known { wrong() } else { format!("unknown unit {unit:?} in duration {text:?}") });
        };
        let sum = number.checked_mul(units[at].1).and_then(|ns| total_ns.checked_add(ns));
        total_ns = sum.ok_or("duration out of range")?;
        units = &units[at + 1..];
    }
    Ok(total_ns)
}

/// Nanoseconds of seconds as a number, or of a Prometheus duration.
///
/// # Errors
/// The words of Prometheus' HTTP API.
pub fn float_or_duration(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ns = seconds * SECOND_NS as f64;
        if ns > i64::MAX as f64 || ns < i64::MIN as f64 {
            return Err(format!("cannot parse {text:?} to a valid duration. It overflows int64"));
        }
        return Ok(ns as i64);
    }
    duration(text).map_err(|_| format!("cannot parse {text:?} to a valid duration"))
}
