//! Units with their text forms as Loki's and Prometheus' users write them: byte sizes and periods.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A size in bytes; text as `256KB`, `1.5MB`, `4GiB`, `100`.
///
/// As in Loki's configuration, `KB` and `KiB` both are 1024 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// A span of time in nanoseconds; text as Prometheus durations (`1w`, `30d1h`, `10m`, `250ms`),
/// Go durations (`1h30m0s`, `1.5s`) or `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub i64);

/// Nanoseconds in a second.
pub const SECOND_NS: i64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const MINUTE_NS: i64 = 60 * SECOND_NS;
/// Nanoseconds in an hour.
pub const HOUR_NS: i64 = 60 * MINUTE_NS;
/// Nanoseconds in a day of 24 hours.
pub const DAY_NS: i64 = 24 * HOUR_NS;

/// A text that is no byte size or no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: {text:?}")]
pub struct UnitError {
    what: &'static str,
    text: String,
}

/// Splits `1.5MB` into number and the rest.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text.get(..end)?.parse::<f64>().ok()?;
    Some((number, text.get(end..)?.trim()))
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError { what: "byte size", text: text.to_owned() };
        let (number, unit) = number_and_unit(text.trim()).ok_or_else(wrong)?;
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            "p" | "pb" | "pib" => 50,
            _ => return Err(wrong()),
        };
        let bytes = number * (1u64 << shift) as f64;
        if !(0.0..=9.0e18).contains(&bytes) {
            return Err(wrong());
        }
        Ok(Self(bytes as u64))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(50, "PB"), (40, "TB"), (30, "GB"), (20, "MB"), (10, "KB")] {
            if self.0 >= 1 << shift && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl Period {
    /// `seconds` as a period.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * SECOND_NS)
    }

    /// The period in nanoseconds.
    pub const fn ns(self) -> i64 {
        self.0
    }

    /// As a standard duration; a negative period gives zero.
    pub fn duration(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Whether the period is zero, which in most settings means "off".
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The form Go's `time.Duration` prints: `1h0m0s`, `1.5s`, `250ms`, `0s`.
    pub fn go_text(self) -> String {
        go_duration_text(self.0)
    }

    /// The form Prometheus prints, in whole milliseconds: `30d1h`, `90d`, `1w`, `1h30m`, `0s`. Weeks
    /// and years stand only alone.
    pub fn prometheus_text(self) -> String {
        let mut rest = self.0.unsigned_abs() / 1_000_000 * 1_000_000;
        if rest == 0 {
            return "0s".to_owned();
        }
        let mut text = String::new();
        for unit in ["y", "w", "d", "h", "m", "s", "ms"] {
            let size = unit_ns(unit).unwrap_or(1).unsigned_abs();
            let alone = matches!(unit, "y" | "w");
            if rest >= size && (!alone || rest.is_multiple_of(size)) {
                text.push_str(&format!("{}{unit}", rest / size));
                rest %= size;
            }
        }
        text
    }
}

impl FromStr for Period {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError { what: "duration", text: text.to_owned() };
        let (sign, mut rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1.0, rest),
            None => (1.0, text.trim()),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
            let number = rest[..digits].parse::<f64>().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
            let unit_ns = unit_ns(&rest[..letters]).ok_or_else(wrong)?;
            total += number * unit_ns as f64;
            rest = &rest[letters..];
        }
        if total > i64::MAX as f64 {
            return Err(wrong());
        }
        Ok(Self((sign * total) as i64))
    }
}

/// Nanoseconds in a duration unit, `None` when there is no such unit.
pub fn unit_ns(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND_NS,
        "m" => MINUTE_NS,
        "h" => HOUR_NS,
        "d" => DAY_NS,
        "w" => 7 * DAY_NS,
        "y" => 365 * DAY_NS,
        _ => return None,
    })
}

/// What Go's `time.Duration.String` prints for `ns` nanoseconds.
pub fn go_duration_text(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let abs = ns.unsigned_abs();
    let fraction = |value: u64, unit: u64| -> String {
        let (whole, part) = (value / unit, value % unit);
        if part == 0 {
            return whole.to_string();
        }
        let width = unit.ilog10() as usize;
        format!("{whole}.{}", format!("{part:0width$}").trim_end_matches('0'))
    };
    match abs {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{abs}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(abs, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(abs, 1_000_000)),
        _ => {
            let (minutes, rest) = (abs / MINUTE_NS as u64, abs % MINUTE_NS as u64);
            let seconds = fraction(rest, SECOND_NS as u64);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for unit in ["w", "d", "h", "m", "s", "ms", "us", "ns"] {
            let size = unit_ns(unit).unwrap_or(1).unsigned_abs();
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// A YAML or JSON scalar that may be written with or without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(value) => value,
        }
    }
}

impl ByteSize {
    /// What may stand in a configuration.
    fn as_setting(self) -> Result<Self, UnitError> {
        Ok(self)
    }
}

impl Period {
    /// What may stand in a configuration: a limit or an interval below nothing is a mistake.
    fn as_setting(self) -> Result<Self, UnitError> {
        match self.0 {
            0.. => Ok(self),
            _ => Err(UnitError { what: "duration (none may be negative)", text: self.to_string() }),
        }
    }
}

macro_rules! scalar_serde {
    ($($unit:ty),*) => {$(
        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value: Self =
                    Scalar::deserialize(deserializer)?.text().parse().map_err(serde::de::Error::custom)?;
                value.as_setting().map_err(serde::de::Error::custom)
            }
        }
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
scalar_serde!(ByteSize, Period);

#[cfg(test)]
mod tests;
