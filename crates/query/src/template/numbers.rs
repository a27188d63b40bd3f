//! Functions on numbers. Arguments of any type are read as numbers; what is none counts as zero.

use super::functions::{Context, Function, function, int};
use super::value::Type::{self, Any, Float, Int, Text};
use super::value::Value;
use crate::go;

type Result<T> = std::result::Result<T, String>;

const ONE: &[Type] = &[Any];
const TWO: &[Type] = &[Any, Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function("int", ONE, None, |_, args| Ok(Value::Int(to_int(args, 0)))),
    function("float64", ONE, None, |_, args| Ok(Value::Float(to_float(args, 0)))),
    function("add", &[], Some(Any), |_, args| {
        Ok(Value::Int64((0..args.len()).fold(0i64, |sum, at| sum.wrapping_add(to_int(args, at)))))
    }),
    function("sub", TWO, None, |_, args| Ok(Value::Int64(to_int(args, 0).wrapping_sub(to_int(args, 1))))),
    function("mul", ONE, Some(Any), |_, args| {
        Ok(Value::Int64((0..args.len()).fold(1i64, |product, at| product.wrapping_mul(to_int(args, at)))))
    }),
    function("div", TWO, None, |_, args| divide(args, i64::wrapping_div)),
    function("mod", TWO, None, |_, args| divide(args, i64::wrapping_rem)),
    function("max", ONE, Some(Any), |_, args| {
        Ok(Value::Int64((0..args.len()).map(|at| to_int(args, at)).max().unwrap_or(0)))
    }),
    function("min", ONE, Some(Any), |_, args| {
        Ok(Value::Int64((0..args.len()).map(|at| to_int(args, at)).min().unwrap_or(0)))
    }),
    function("addf", &[], Some(Any), |_, args| {
        fold_decimals(Decimal::ZERO, args, Decimal::add, |a, b| a + b)
    }),
    function("subf", ONE, Some(Any), |_, args| fold_rest(args, Decimal::sub, |a, b| a - b)),
    function("mulf", ONE, Some(Any), |_, args| fold_rest(args, Decimal::mul, |a, b| a * b)),
    function("divf", ONE, Some(Any), |_, args| {
        if (1..args.len()).any(|at| to_float(args, at) == 0.0) {
            return Err("decimal division by 0".to_owned());
        }
        fold_rest(args, Decimal::div, |a, b| a / b)
    }),
    function("maxf", ONE, Some(Any), |_, args| Ok(Value::Float(fold_floats(args, go_max)))),
    function("minf", ONE, Some(Any), |_, args| Ok(Value::Float(fold_floats(args, go_min)))),
    function("ceil", ONE, None, |_, args| Ok(Value::Float(to_float(args, 0).ceil()))),
    function("floor", ONE, None, |_, args| Ok(Value::Float(to_float(args, 0).floor()))),
    function("round", &[Any, Int], Some(Float), |_, args| Ok(Value::Float(round(args)))),
    function("bytes", &[Text], None, |_, args| {
        go::parse_size(super::functions::text(args, 0)).map(|bytes| Value::Float(bytes as f64))
    }),
    function("duration", &[Text], None, duration_seconds),
    function("duration_seconds", &[Text], None, duration_seconds),
    function("default", ONE, Some(Any), |_, args| {
        let given = args.get(1).filter(|given| given.is_true());
        Ok(given.or(args.first()).cloned().unwrap_or(Value::Nil))
    }),
];

fn duration_seconds<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Result<Value<'a>> {
    go::parse_duration(super::functions::text(args, 0)).map(|ns| Value::Float(go::seconds(ns)))
}

/// Argument `at` as a whole number; decimals are cut off.
fn to_int(args: &[Value<'_>], at: usize) -> i64 {
    match args.get(at) {
        Some(Value::Bool(value)) => i64::from(*value),
        Some(Value::Float(value)) => go_truncated(*value),
        Some(Value::Text(text)) => text_to_int(text),
        Some(value) => value.as_int().unwrap_or(0),
        None => 0,
    }
}

/// What does not fit becomes the smallest number, as on the processors Go runs on.
fn go_truncated(value: f64) -> i64 {
    if value.is_nan() || value >= 9_223_372_036_854_775_808.0 { i64::MIN } else { value as i64 }
}

fn text_to_int(text: &str) -> i64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_decimal =
        digits.bytes().all(|c| c.is_ascii_digit()) && decimals.bytes().all(|c| c.is_ascii_digit());
    let whole = if is_decimal { whole } else { text };
    go::parse_int(whole, 0).unwrap_or(0)
}

fn to_float(args: &[Value<'_>], at: usize) -> f64 {
    match args.get(at) {
        Some(Value::Bool(value)) => f64::from(u8::from(*value)),
        Some(Value::Float(value)) => *value,
        Some(Value::Text(text)) => go::parse_float(text).unwrap_or(0.0),
        Some(value) => value.as_int().unwrap_or(0) as f64,
        None => 0.0,
    }
}

fn divide<'a>(args: &[Value<'a>], divide: fn(i64, i64) -> i64) -> Result<Value<'a>> {
    match to_int(args, 1) {
        0 => Err("runtime error: integer divide by zero".to_owned()),
        divisor => Ok(Value::Int64(divide(to_int(args, 0), divisor))),
    }
}

fn fold_floats(args: &[Value<'_>], fold: fn(f64, f64) -> f64) -> f64 {
    (1..args.len()).fold(to_float(args, 0), |value, at| fold(value, to_float(args, at)))
}

/// Go's `math.Max`: not a number wins.
fn go_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn go_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// Half of what is behind the places rounds up, a negative half down.
fn round(args: &[Value<'_>]) -> f64 {
    let half = match args.get(2) {
        Some(Value::Float(half)) => *half,
        _ => 0.5,
    };
    let power = 10f64.powi(int(args, 1).clamp(-400, 400) as i32);
    let shifted = power * to_float(args, 0);
    let rounded = if shifted.fract() >= half { shifted.ceil() } else { shifted.floor() };
    rounded / power
}

/// A decimal number, `digits × 10^exponent`: arithmetic on these is exact where floats are not.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    const ZERO: Self = Self { digits: 0, exponent: 0 };
    /// Decimal places of a quotient.
    const DIVISION_PLACES: i32 = 16;

    /// The shortest decimal that reads as `value`.
    fn new(value: f64) -> Result<Self> {
        if !value.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", go::format_g(value)));
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
        let digits = mantissa.replace('.', "").parse().unwrap_or(0);
        Ok(Self { digits, exponent: exponent.parse::<i32>().unwrap_or(0) - decimals })
    }

    /// The same value with a smaller exponent.
    fn scaled(self, exponent: i32) -> Option<i128> {
        let power = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10i128.checked_pow(power)?)
    }

    fn add(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let digits = self.scaled(exponent)?.checked_add(other.scaled(exponent)?)?;
        Some(Self { digits, exponent })
    }

    fn sub(self, other: Self) -> Option<Self> {
        self.add(Self { digits: -other.digits, ..other })
    }

    fn mul(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self { digits, exponent: self.exponent + other.exponent })
    }

    fn div(self, other: Self) -> Option<Self> {
        let exponent = -Self::DIVISION_PLACES;
        let shift = self.exponent - other.exponent - exponent;
        let (mut above, mut below) = (self.digits, other.digits);
        match u32::try_from(shift) {
            Ok(shift) => above = above.checked_mul(10i128.checked_pow(shift)?)?,
            Err(_) => below = below.checked_mul(10i128.checked_pow(shift.unsigned_abs())?)?,
        }
        let (quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
        let rounds_up = rest.checked_abs()?.checked_mul(2)? >= below.checked_abs()?;
        let away = if (above < 0) == (below < 0) { 1 } else { -1 };
        Some(Self { digits: if rounds_up { quotient + away } else { quotient }, exponent })
    }

    fn float(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(0.0)
    }
}

fn fold_rest<'a>(
    args: &[Value<'a>],
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
    float: fn(f64, f64) -> f64,
) -> Result<Value<'a>> {
    fold_decimals(Decimal::new(to_float(args, 0))?, args.get(1..).unwrap_or(&[]), exact, float)
}

/// Folds with decimals as long as they fit, and with floats from there on.
fn fold_decimals<'a>(
    first: Decimal,
    args: &[Value<'a>],
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
    float: fn(f64, f64) -> f64,
) -> Result<Value<'a>> {
    let mut value = (Some(first), first.float());
    for at in 0..args.len() {
        let next = to_float(args, at);
        let decimal = Decimal::new(next)?;
        value = match value.0.and_then(|value| exact(value, decimal)) {
            Some(result) => (Some(result), result.float()),
            None => (None, float(value.1, next)),
        };
    }
    Ok(Value::Float(value.1))
}
