//! Reads times in Go's layouts.

use super::{MONTHS, Part, WEEKDAYS, ZoneForm, parts};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

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
pub(in crate::template) fn parse(layout: &str, text: &str, zone: &TimeZone) -> Option<Zoned> {
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
