//! Names of metrics and labels from names and units of OTLP, by the rules of Prometheus' OTLP translator: everything that
//! is no ASCII letter, digit, `_` (or `:` in a metric's name) becomes `_`; unit and kind follow the name.

use std::borrow::Cow;

/// What a metric's name tells of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedKind {
    /// `_total` comes last.
    Counter,
    /// `_ratio` comes last when the unit is 1.
    Gauge,
    /// Nothing.
    Other,
}

/// Units and their words.
const UNITS: [(&str, &str); 26] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

/// Units after a `/` and their words.
const UNITS_PER: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The name of a metric's series; `suffixes` adds unit and kind. `None` when nothing is left of it.
pub(super) fn metric_name(name: &[u8], unit: &[u8], kind: NamedKind, suffixes: bool) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    let others = if suffixes { ":" } else { ":_" };
    let mut tokens: Vec<Cow<'_, str>> = split(&name, others).map(Cow::Borrowed).collect();
    if suffixes {
        let unit = String::from_utf8_lossy(unit);
        add_unit(&mut tokens, &unit);
        let last = match kind {
            NamedKind::Counter => Some("total"),
            NamedKind::Gauge if unit == "1" => Some("ratio"),
            _ => None,
        };
        if let Some(last) = last {
            tokens.retain(|token| token != last);
            tokens.push(last.into());
        }
    }
    let mut out = tokens.join("_");
    if out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out.contains(|c| c != '_').then_some(out)
}

/// The runs of letters, digits and `others`.
fn split<'n>(name: &'n str, others: &'static str) -> impl Iterator<Item = &'n str> {
    let parts = name.split(move |c: char| !c.is_ascii_alphanumeric() && !others.contains(c));
    parts.filter(|part| !part.is_empty())
}

/// Adds what is counted and per what, unless the name says so already.
fn add_unit(tokens: &mut Vec<Cow<'_, str>>, unit: &str) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let main = unit_word(main, &UNITS);
    if !main.is_empty() && !tokens.iter().any(|token| *token == main) {
        tokens.push(main.into());
    }
    let per = unit_word(per, &UNITS_PER);
    if !per.is_empty() {
        tokens.push(format!("per_{per}").into());
    }
}

/// The word of a unit; of one that is not known, itself as a part of a name. Units in braces only annotate.
fn unit_word(unit: &str, known: &[(&str, &'static str)]) -> String {
    let unit = unit.trim();
    if unit.contains(['{', '}']) {
        return String::new();
    }
    match known.iter().find(|(name, _)| *name == unit) {
        Some((_, word)) => (*word).to_owned(),
        None => split(unit, ":").collect::<Vec<_>>().join("_"),
    }
}

/// The name of a label: `key_` before a digit, `key` before a single `_`. `None` when nothing is left of it.
pub(super) fn label_name(name: &[u8]) -> Option<Cow<'_, [u8]>> {
    let clean = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if clean && name.first().is_some_and(u8::is_ascii_alphabetic) {
        return Some(Cow::Borrowed(name));
    }
    let text = String::from_utf8_lossy(name);
    let mut out: Vec<u8> =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c as u8 } else { b'_' }).collect();
    let prefix: &[u8] = match out.as_slice() {
        [b'0'..=b'9', ..] => b"key_",
        [b'_', b'_', ..] => b"",
        [b'_', ..] => b"key",
        _ => b"",
    };
    out.splice(0..0, prefix.iter().copied());
    out.iter().any(|byte| *byte != b'_').then_some(Cow::Owned(out))
}
