//! Times in Go's layouts: a layout is the reference time `Mon Jan 2 15:04:05 MST 2006` as it is to
//! be written.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use std::fmt::Write;

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

/// What was read of a time.
#[derive(Debug)]
struct Read {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    offset_s: Option<i32>,
    zone_name: Option<String>,
}

/// Reads `text` in `layout`; a time without offset is in `zone`. `None` when it does not fit.
pub(super) fn parse(layout: &str, text: &str, zone: &TimeZone) -> Option<Zoned> {
    let mut read = Read {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        afternoon: None,
        offset_s: None,
        zone_name: None,
    };
    let mut rest = text;
    let mut parts = parts(layout).peekable();
    while let Some(part) = parts.next() {
        let fraction_follows = matches!(parts.peek(), Some(Part::Fraction(..)));
        rest = read_part(&mut read, rest, part, fraction_follows)?;
    }
    rest.is_empty().then(|| read.build(zone))?
}

fn read_part<'t>(read: &mut Read, text: &'t str, part: Part<'_>, fraction_follows: bool) -> Option<&'t str> {
    let (value, rest) = match part {
        Part::Literal(literal) => return skip_literal(text, literal),
        Part::LongMonth => name(text, &MONTHS, usize::MAX)?,
        Part::ShortMonth => name(text, &MONTHS, 3)?,
        Part::LongWeekday => return name(text, &WEEKDAYS, usize::MAX).map(|(_, rest)| rest),
        Part::ShortWeekday => return name(text, &WEEKDAYS, 3).map(|(_, rest)| rest),
        Part::LongYear => digits(text, 4, 4)?,
        Part::ShortYear
        | Part::Hour24
        | Part::Month(2)
        | Part::Hour12(2)
        | Part::Minute(2)
        | Part::Second(2) => digits(text, 2, 2)?,
        Part::Month(_) | Part::Hour12(_) | Part::Minute(_) | Part::Second(_) | Part::Day(0, _) => {
            digits(text, 1, 2)?
        }
        Part::Day(_, '_') => digits(text.strip_prefix(' ').unwrap_or(text), 1, 2)?,
        Part::Day(..) => digits(text, 2, 2)?,
        Part::YearDay(pad) => {
            let trimmed = if pad == '_' { text.trim_start_matches(' ') } else { text };
            digits(trimmed, if pad == '_' { 1 } else { 3 }, 3)?
        }
        Part::HalfDay(upper) => {
            let (half, rest) = text.split_at_checked(2)?;
            let is_pm = match (half, upper) {
                ("PM", true) | ("pm", false) => true,
                ("AM", true) | ("am", false) => false,
                _ => return None,
            };
            read.afternoon = Some(is_pm);
            return Some(rest);
        }
        Part::ZoneName => return read_zone_name(read, text),
        Part::Zone(form) => return read_offset(read, text, form),
        Part::Fraction(separator, count, trims) => return read_fraction(read, text, separator, count, trims),
    };
    match part {
        Part::LongMonth | Part::ShortMonth => read.month = Some(value as i8 + 1),
        Part::Month(_) => read.month = Some(value as i8),
        Part::LongYear => read.year = value as i16,
        // Years from 69 on are of the last century.
        Part::ShortYear => read.year = value as i16 + if value >= 69 { 1900 } else { 2000 },
        Part::Day(..) => read.day = Some(value as i8),
        Part::YearDay(_) => read.year_day = Some(value as i16),
        Part::Hour24 | Part::Hour12(_) => {
            let max = if part == Part::Hour24 { 23 } else { 12 };
            read.hour = i8::try_from(value).ok().filter(|hour| *hour <= max)?;
        }
        Part::Minute(_) => read.minute = i8::try_from(value).ok().filter(|minute| *minute < 60)?,
        Part::Second(_) => {
            read.second = i8::try_from(value).ok().filter(|second| *second < 60)?;
            // A fraction is read after seconds even where the layout has none.
            if !fraction_follows
                && rest.starts_with(['.', ','])
                && rest[1..].starts_with(|c: char| c.is_ascii_digit())
            {
                let count = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                read.nanosecond = nanoseconds(&rest[1..=count])?;
                return Some(&rest[1 + count..]);
            }
        }
        _ => {}
    }
    Some(rest)
}

/// Skips what stands in the layout; a space there stands for any number of them.
fn skip_literal<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    let mut text = text;
    let mut literal = literal.chars().peekable();
    while let Some(c) = literal.next() {
        if c != ' ' {
            text = text.strip_prefix(c)?;
            continue;
        }
        while literal.next_if_eq(&' ').is_some() {}
        if !text.is_empty() && !text.starts_with(' ') {
            return None;
        }
        text = text.trim_start_matches(' ');
    }
    Some(text)
}

/// The number of the name, cut to `length`, that `text` begins with in any case.
fn name<'t>(text: &'t str, names: &[&str], length: usize) -> Option<(i64, &'t str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = &name[..length.min(name.len())];
        let (head, rest) = text.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name).then_some((at as i64, rest))
    })
}

fn digits(text: &str, min: usize, max: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    (count >= min).then_some(())?;
    Some((digits.parse().ok()?, rest))
}

fn nanoseconds(digits: &str) -> Option<i32> {
    let shown = digits.get(..9).unwrap_or(digits);
    format!("{shown:0<9}").parse().ok()
}

fn read_fraction<'t>(
    read: &mut Read,
    text: &'t str,
    separator: char,
    count: usize,
    trims: bool,
) -> Option<&'t str> {
    let Some(rest) = text.strip_prefix(separator) else { return trims.then_some(text) };
    let available = rest.bytes().take_while(u8::is_ascii_digit).count();
    let count = match trims {
        true if available == 0 => return Some(text),
        true => available,
        false if available < count => return None,
        false => count,
    };
    read.nanosecond = nanoseconds(&rest[..count])?;
    Some(&rest[count..])
}

fn read_offset<'t>(read: &mut Read, text: &'t str, form: ZoneForm) -> Option<&'t str> {
    if form.z
        && let Some(rest) = text.strip_prefix('Z')
    {
        read.offset_s = Some(0);
        return Some(rest);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let mut rest = &text[1..];
    let mut total = 0;
    for (wanted, unit, first) in [(true, 3600, true), (form.minutes, 60, false), (form.seconds, 1, false)] {
        if wanted {
            if form.colons && !first {
                rest = rest.strip_prefix(':')?;
            }
            let (value, tail) = digits(rest, 2, 2)?;
            total += value as i32 * unit;
            rest = tail;
        }
    }
    read.offset_s = Some(sign * total);
    Some(rest)
}

fn read_zone_name<'t>(read: &mut Read, text: &'t str) -> Option<&'t str> {
    let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let (name, rest) = text.split_at(length);
    if !(3..=5).contains(&length) {
        return None;
    }
    read.zone_name = Some(name.to_owned());
    Some(rest)
}

impl Read {
    fn build(self, zone: &TimeZone) -> Option<Zoned> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let date = match (self.year_day, self.month, self.day) {
            (Some(day), None, None) => {
                let first = Date::new(self.year, 1, 1).ok()?;
                first.with().day_of_year(day).build().ok()?
            }
            (_, month, day) => Date::new(self.year, month.unwrap_or(1), day.unwrap_or(1)).ok()?,
        };
        let time = Time::new(hour, self.minute, self.second, self.nanosecond).ok()?;
        let local = DateTime::from_parts(date, time);
        if let Some(offset_s) = self.offset_s {
            let offset = Offset::from_seconds(offset_s).ok()?;
            let instant: Timestamp = offset.to_timestamp(local).ok()?;
            // The zone is kept where it has this offset at that time.
            let same = zone.to_offset(instant) == offset;
            let zone = if same { zone.clone() } else { TimeZone::fixed(offset) };
            return Some(instant.to_zoned(zone));
        }
        if self.zone_name.as_deref() == Some("UTC") {
            return local.to_zoned(TimeZone::UTC).ok();
        }
        local.to_zoned(zone.clone()).ok()
    }
}
