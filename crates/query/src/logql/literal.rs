//! Numbers that stand in queries.

use super::ast::BinaryOp;
use crate::go;

/// The number that an operator makes of two numbers; comparisons give 1 or 0.
pub fn fold(op: BinaryOp, a: f64, b: f64) -> f64 {
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::Mod if b == 0.0 => f64::NAN,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Equal => truth(a == b),
        BinaryOp::NotEqual => truth(a != b),
        BinaryOp::Greater => truth(a > b),
        BinaryOp::GreaterEqual => truth(a >= b),
        BinaryOp::Less => truth(a < b),
        BinaryOp::LessEqual => truth(a <= b),
        // No set of series is a number; `check` has refused them.
        BinaryOp::Or | BinaryOp::And | BinaryOp::Unless => f64::NAN,
    }
}

/// The number that `vector(value)` has once it was printed with six decimals and read again, as
/// between the reference's front end and its queriers.
pub fn written(value: f64) -> f64 {
    go::parse_float(&write_fixed(value)).unwrap_or(value)
}

/// `value` with six decimals.
pub fn write_fixed(value: f64) -> String {
    go::format_float(value, b'f', 6)
}

/// `value` as Go prints a number: shortest, with an exponent for 21 digits and more. What no number
/// in a query can be is written as an operation that gives it.
pub fn write(value: f64) -> String {
    if value.is_nan() {
        return "(0 / 0)".to_owned();
    }
    if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("({sign}1e+308 * 10)");
    }
    if value == 0.0 && value.is_sign_negative() {
        // `-0` reads as a duration.
        return "(0 * -1)".to_owned();
    }
    let magnitude = value.abs();
    let exponent = magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude);
    go::format_float(value, if exponent { b'e' } else { b'f' }, -1)
}
