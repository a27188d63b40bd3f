//! Functions on times, and the methods of times and durations.

use super::functions::{Function, function, int, text};
use super::layout::{format, parse, zero_time};
use super::value::Type::{self, Any, Duration, Int, Text};
use super::value::Value;
use crate::go;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use std::rc::Rc;

type Result<T> = std::result::Result<T, String>;

const TIME: &[Type] = &[Type::Time];

pub(super) const FUNCTIONS: &[Function] = &[
    function("__timestamp__", &[], None, |context, _| Ok(at_ns(context.ts_ns))),
    function("now", &[], None, |context, _| Ok(at_ns(context.clock.now_ns()))),
    function("unixEpoch", TIME, None, |_, args| number_text(time(args, 0).timestamp().as_second().into())),
    function("unixEpochMillis", TIME, None, |_, args| number_text(unix_ns(args, 0).div_euclid(1_000_000))),
    function("unixEpochNanos", TIME, None, |_, args| number_text(unix_ns(args, 0))),
    function("date", &[Text, Any], None, |context, args| {
        let time = match args.get(1) {
            Some(Value::Time(time)) => time.with_time_zone(TimeZone::UTC),
            Some(Value::Int(seconds) | Value::Int64(seconds)) => at_seconds(*seconds),
            _ => utc(context.clock.now_ns()),
        };
        Ok(Value::text(format(&time, text(args, 0))))
    }),
    function("toDate", &[Text, Text], None, |_, args| Ok(read(text(args, 0), text(args, 1), TimeZone::UTC))),
    function("toDateInZone", &[Text, Text, Text], None, |_, args| {
        let zone = TimeZone::get(text(args, 1)).unwrap_or(TimeZone::UTC);
        Ok(read(text(args, 0), text(args, 2), zone))
    }),
    function("unixToTime", &[Text], None, |_, args| unix_to_time(text(args, 0))),
];

/// What may be called on a time.
pub(super) const TIME_METHODS: &[Function] = &[
    function("Year", &[], None, |_, args| Ok(Value::Int(time(args, 0).year().into()))),
    function("Month", &[], None, |_, args| Ok(Value::Month(time(args, 0).month().into()))),
    function("Day", &[], None, |_, args| Ok(Value::Int(time(args, 0).day().into()))),
    function("Hour", &[], None, |_, args| Ok(Value::Int(time(args, 0).hour().into()))),
    function("Minute", &[], None, |_, args| Ok(Value::Int(time(args, 0).minute().into()))),
    function("Second", &[], None, |_, args| Ok(Value::Int(time(args, 0).second().into()))),
    function("Nanosecond", &[], None, |_, args| Ok(Value::Int(time(args, 0).subsec_nanosecond().into()))),
    function("Weekday", &[], None, |_, args| {
        Ok(Value::Weekday(time(args, 0).weekday().to_sunday_zero_offset().into()))
    }),
    function("YearDay", &[], None, |_, args| Ok(Value::Int(time(args, 0).day_of_year().into()))),
    function("Unix", &[], None, |_, args| Ok(Value::Int64(time(args, 0).timestamp().as_second()))),
    function("UnixMilli", &[], None, |_, args| {
        Ok(Value::Int64(unix_ns(args, 0).div_euclid(1_000_000) as i64))
    }),
    function("UnixMicro", &[], None, |_, args| Ok(Value::Int64(unix_ns(args, 0).div_euclid(1_000) as i64))),
    function("UnixNano", &[], None, |_, args| Ok(Value::Int64(unix_ns(args, 0) as i64))),
    function("Format", &[Text], None, |_, args| Ok(Value::text(format(&time(args, 0), text(args, 1))))),
    function("String", &[], None, |_, args| Ok(Value::text(super::layout::default_text(&time(args, 0))))),
    function("IsZero", &[], None, |_, args| {
        Ok(Value::Bool(time(args, 0).timestamp() == zero_time().timestamp()))
    }),
    function("UTC", &[], None, |_, args| Ok(in_utc(args))),
    function("Local", &[], None, |_, args| Ok(in_utc(args))),
    function("Add", &[Duration], None, |_, args| {
        let time = time(args, 0);
        let moved = time.checked_add(SignedDuration::from_nanos(int(args, 1))).unwrap_or(time);
        Ok(Value::Time(Rc::new(moved)))
    }),
    function("AddDate", &[Int, Int, Int], None, |_, args| {
        let span = jiff::Span::new()
            .try_years(int(args, 1))
            .and_then(|span| span.try_months(int(args, 2)))
            .and_then(|span| span.try_days(int(args, 3)));
        let time = time(args, 0);
        let moved = span.and_then(|span| time.checked_add(span)).unwrap_or(time);
        Ok(Value::Time(Rc::new(moved)))
    }),
    function("Sub", TIME, None, |_, args| {
        let ns = unix_ns(args, 0) - unix_ns(args, 1);
        Ok(Value::Duration(i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })))
    }),
    function("Before", TIME, None, |_, args| Ok(Value::Bool(unix_ns(args, 0) < unix_ns(args, 1)))),
    function("After", TIME, None, |_, args| Ok(Value::Bool(unix_ns(args, 0) > unix_ns(args, 1)))),
    function("Equal", TIME, None, |_, args| Ok(Value::Bool(unix_ns(args, 0) == unix_ns(args, 1)))),
    function("Truncate", &[Duration], None, |_, args| {
        let (ns, unit) = (unix_ns(args, 0) - unix_ns_of(&zero_time()), i128::from(int(args, 1)));
        let rest = if unit > 0 { ns.rem_euclid(unit) } else { 0 };
        let time = time(args, 0);
        let moved = time.checked_sub(SignedDuration::from_nanos(rest as i64)).unwrap_or(time);
        Ok(Value::Time(Rc::new(moved)))
    }),
];

/// What may be called on a duration.
pub(super) const DURATION_METHODS: &[Function] = &[
    function("Seconds", &[], None, |_, args| Ok(Value::Float(go::seconds(int(args, 0))))),
    function("Minutes", &[], None, |_, args| Ok(Value::Float(int(args, 0) as f64 / 60e9))),
    function("Hours", &[], None, |_, args| Ok(Value::Float(int(args, 0) as f64 / 3600e9))),
    function("Milliseconds", &[], None, |_, args| Ok(Value::Int64(int(args, 0) / 1_000_000))),
    function("Microseconds", &[], None, |_, args| Ok(Value::Int64(int(args, 0) / 1_000))),
    function("Nanoseconds", &[], None, |_, args| Ok(Value::Int64(int(args, 0)))),
    STRING,
];

/// What may be called on a month or a weekday.
pub(super) const NAME_METHODS: &[Function] = &[STRING];

const STRING: Function = function("String", &[], None, |_, args| {
    Ok(Value::text(args.first().map(Value::to_text).unwrap_or_default()))
});

fn utc(ns: i64) -> Zoned {
    Timestamp::from_nanosecond(ns.into()).unwrap_or_default().to_zoned(TimeZone::UTC)
}

fn at_ns<'a>(ns: i64) -> Value<'a> {
    Value::Time(Rc::new(utc(ns)))
}

fn at_seconds(seconds: i64) -> Zoned {
    Timestamp::from_second(seconds).map_or_else(|_| zero_time(), |time| time.to_zoned(TimeZone::UTC))
}

fn time(args: &[Value<'_>], at: usize) -> Zoned {
    match args.get(at) {
        Some(Value::Time(time)) => (**time).clone(),
        _ => zero_time(),
    }
}

fn in_utc<'a>(args: &[Value<'a>]) -> Value<'a> {
    Value::Time(Rc::new(time(args, 0).with_time_zone(TimeZone::UTC)))
}

fn unix_ns_of(time: &Zoned) -> i128 {
    time.timestamp().as_nanosecond()
}

fn unix_ns(args: &[Value<'_>], at: usize) -> i128 {
    unix_ns_of(&time(args, at))
}

fn number_text<'a>(number: i128) -> Result<Value<'a>> {
    Ok(Value::text(number.to_string()))
}

/// What is no time is the zero time.
fn read<'a>(layout: &str, text: &str, zone: TimeZone) -> Value<'a> {
    Value::Time(Rc::new(parse(layout, text, &zone).unwrap_or_else(zero_time)))
}

/// The number of digits says the unit: days, seconds, milli-, micro- or nanoseconds.
fn unix_to_time<'a>(text: &str) -> Result<Value<'a>> {
    let wrong = |cause: &str| format!("unable to parse time '{text}': {cause}");
    let number = go::parse_int(text, 10).map_err(|cause| wrong(&cause))?;
    let unit_ns: i128 = match text.len() {
        5 => 86_400_000_000_000,
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        // Go formats an error that is none so.
        _ => return Err(wrong("%!w(<nil>)")),
    };
    let time = Timestamp::from_nanosecond(i128::from(number) * unit_ns).unwrap_or_default();
    Ok(Value::Time(Rc::new(time.to_zoned(TimeZone::UTC))))
}
