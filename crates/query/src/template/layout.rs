//! Times in Go's layouts: a layout is the reference time `Mon Jan 2 15:04:05 MST 2006` as it is to
//! be written.

mod read;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::fmt::Write;

pub(super) use read::parse;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The name of month `month`, from 1.
pub(super) fn month_name(month: i64) -> String {
    let name = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at));
    name.map_or_else(|| format!("%!Month({month})"), |name| (*name).to_owned())
}

/// The name of weekday `day`, from Sunday, 0.
pub(super) fn weekday_name(day: i64) -> String {
    let name = usize::try_from(day).ok().and_then(|at| WEEKDAYS.get(at));
    name.map_or_else(|| format!("%!Weekday({day})"), |name| (*name).to_owned())
}

/// Go's zero time: the first of January of year 1.
pub(super) fn zero_time() -> Zoned {
    Date::constant(1, 1, 1).to_zoned(TimeZone::UTC).unwrap_or_default()
}

/// The form that Go prints times in.
pub(super) fn default_text(time: &Zoned) -> String {
    format(time, "2006-01-02 15:04:05.999999999 -0700 MST")
}

/// A piece of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'l> {
    Literal(&'l str),
    LongMonth,
    ShortMonth,
    /// Number with its width: 0 for no padding; `'_'` pads with spaces.
    Month(usize),
    Day(usize, char),
    YearDay(char),
    LongWeekday,
    ShortWeekday,
    Hour24,
    Hour12(usize),
    Minute(usize),
    Second(usize),
    LongYear,
    ShortYear,
    /// `PM` or `pm`
    HalfDay(bool),
    ZoneName,
    Zone(ZoneForm),
    /// Separator, digits, and whether trailing zeros go.
    Fraction(char, usize, bool),
}

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ZoneForm {
    /// UTC is `Z`.
    z: bool,
    colons: bool,
    minutes: bool,
    seconds: bool,
}

const fn zone(z: bool, colons: bool, minutes: bool, seconds: bool) -> Part<'static> {
    Part::Zone(ZoneForm { z, colons, minutes, seconds })
}

/// What stands for itself in no layout; of two that begin alike the longer comes first.
const PARTS: &[(&str, Part<'static>)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::ShortMonth),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::ShortWeekday),
    ("MST", Part::ZoneName),
    ("002", Part::YearDay('0')),
    ("01", Part::Month(2)),
    ("02", Part::Day(2, '0')),
    ("03", Part::Hour12(2)),
    ("04", Part::Minute(2)),
    ("05", Part::Second(2)),
    ("06", Part::ShortYear),
    ("15", Part::Hour24),
    ("1", Part::Month(0)),
    ("2006", Part::LongYear),
    ("2", Part::Day(0, ' ')),
    ("__2", Part::YearDay('_')),
    ("_2", Part::Day(2, '_')),
    ("3", Part::Hour12(0)),
    ("4", Part::Minute(0)),
    ("5", Part::Second(0)),
    ("PM", Part::HalfDay(true)),
    ("pm", Part::HalfDay(false)),
    ("-070000", zone(false, false, true, true)),
    ("-07:00:00", zone(false, true, true, true)),
    ("-0700", zone(false, false, true, false)),
    ("-07:00", zone(false, true, true, false)),
    ("-07", zone(false, false, false, false)),
    ("Z070000", zone(true, false, true, true)),
    ("Z07:00:00", zone(true, true, true, true)),
    ("Z0700", zone(true, false, true, false)),
    ("Z07:00", zone(true, true, true, false)),
    ("Z07", zone(true, false, false, false)),
];

/// Cuts a layout into parts.
struct Parts<'l> {
    layout: &'l str,
    at: usize,
    pending: Option<(Part<'l>, usize)>,
}

fn parts(layout: &str) -> Parts<'_> {
    Parts { layout, at: 0, pending: None }
}

impl<'l> Iterator for Parts<'l> {
    type Item = Part<'l>;

    fn next(&mut self) -> Option<Part<'l>> {
        if let Some((part, length)) = self.pending.take() {
            self.at += length;
            return Some(part);
        }
        let rest = &self.layout[self.at..];
        if rest.is_empty() {
            return None;
        }
        let found = rest.char_indices().find_map(|(at, _)| Some((at, part_at(&rest[at..])?)));
        match found {
            None => {
                self.at = self.layout.len();
                Some(Part::Literal(rest))
            }
            Some((0, (part, length))) => {
                self.at += length;
                Some(part)
            }
            Some((at, found)) => {
                self.pending = Some(found);
                self.at += at;
                Some(Part::Literal(&rest[..at]))
            }
        }
    }
}

/// The part that `text` begins with, and its length.
fn part_at(text: &str) -> Option<(Part<'static>, usize)> {
    // `_2006` is an underscore and a year.
    if text.starts_with("_2006") {
        return None;
    }
    for (word, part) in PARTS {
        let Some(rest) = text.strip_prefix(word) else { continue };
        let begins_longer_word = rest.starts_with(|c: char| c.is_ascii_lowercase());
        if !(begins_longer_word && matches!(part, Part::ShortMonth | Part::ShortWeekday)) {
            return Some((*part, word.len()));
        }
    }
    let separator = text.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = text[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = text[1..].chars().take_while(|c| *c == digit).count();
    let ends = !text[1 + digits..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some((Part::Fraction(separator, digits, digit == '9'), 1 + digits))
}

/// `time` in `layout`.
pub(super) fn format(time: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    for part in parts(layout) {
        write_part(&mut out, time, part);
    }
    out
}

fn write_part(out: &mut String, time: &Zoned, part: Part<'_>) {
    let number = |out: &mut String, value: i64, width: usize| {
        let _ = write!(out, "{value:0width$}");
    };
    let month = i64::from(time.month());
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    let hour12 = i64::from((time.hour() + 11) % 12 + 1);
    match part {
        Part::Literal(text) => out.push_str(text),
        Part::LongMonth => out.push_str(&month_name(month)),
        Part::ShortMonth => out.push_str(&month_name(month)[..3]),
        Part::Month(width) => number(out, month, width),
        Part::Day(width, pad) => write_padded(out, i64::from(time.day()), width, pad),
        Part::YearDay(pad) => write_padded(out, i64::from(time.day_of_year()), 3, pad),
        Part::LongWeekday => out.push_str(&weekday_name(weekday)),
        Part::ShortWeekday => out.push_str(&weekday_name(weekday)[..3]),
        Part::Hour24 => number(out, i64::from(time.hour()), 2),
        Part::Hour12(width) => number(out, hour12, width),
        Part::Minute(width) => number(out, i64::from(time.minute()), width),
        Part::Second(width) => number(out, i64::from(time.second()), width),
        Part::LongYear => number(out, i64::from(time.year()), 4),
        Part::ShortYear => number(out, i64::from(time.year()).rem_euclid(100), 2),
        Part::HalfDay(upper) => out.push_str(match (time.hour() >= 12, upper) {
            (true, true) => "PM",
            (true, false) => "pm",
            (false, true) => "AM",
            (false, false) => "am",
        }),
        Part::ZoneName => write_zone_name(out, time),
        Part::Zone(form) => write_offset(out, time.offset().seconds(), form),
        Part::Fraction(separator, digits, trims) => {
            let text = format!("{:09}", time.subsec_nanosecond());
            // More digits than nanoseconds have are zeros.
            let text = text + &"0".repeat(digits.saturating_sub(9));
            let text = if trims { text[..digits].trim_end_matches('0') } else { &text[..digits] };
            if !text.is_empty() {
                out.push(separator);
                out.push_str(text);
            }
        }
    }
}

fn write_padded(out: &mut String, value: i64, width: usize, pad: char) {
    let _ = match pad {
        '_' => write!(out, "{value:width$}"),
        _ => write!(out, "{value:0width$}"),
    };
}

fn write_zone_name(out: &mut String, time: &Zoned) {
    let is_utc = time.time_zone() == &TimeZone::UTC;
    if is_utc || time.time_zone().iana_name().is_some() {
        let _ = write!(out, "{}", time.strftime("%Z"));
    } else {
        // A fixed offset has no name.
        let form = ZoneForm { z: false, colons: false, minutes: true, seconds: false };
        write_offset(out, time.offset().seconds(), form);
    }
}

fn write_offset(out: &mut String, offset_s: i32, form: ZoneForm) {
    if form.z && offset_s == 0 {
        out.push('Z');
        return;
    }
    let (sign, abs) = (if offset_s < 0 { '-' } else { '+' }, offset_s.unsigned_abs());
    let colon = if form.colons { ":" } else { "" };
    let _ = write!(out, "{sign}{:02}", abs / 3600);
    if form.minutes {
        let _ = write!(out, "{colon}{:02}", abs / 60 % 60);
    }
    if form.seconds {
        let _ = write!(out, "{colon}{:02}", abs % 60);
    }
}
