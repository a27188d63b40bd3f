//! Which of two operators binds tighter. Both languages share the table: the one inside of braces
//! and the one of spansets, numbers about spansets, and series.

use super::ast::{Arithmetic, FieldOp, SpansetOp};
use crate::syntax::pratt::Binding;

const LOGIC: u8 = 1;
const COMPARISON: u8 = 2;
const SUM: u8 = 3;
const NOT: u8 = 4;
const PRODUCT: u8 = 5;
const POWER: u8 = 6;
const NEGATION: u8 = 7;

/// Comparisons, and structural operators.
pub const COMPARED: Binding = Binding::left_associative(COMPARISON);
/// What `!` takes: `!a * b` is `!(a * b)`, `!a + b` is `(!a) + b`.
pub const NEGATED: Binding = Binding::right_associative(NOT);
/// What the sign `-` takes: `-a ^ b` is `(-a) ^ b`.
pub const SIGNED: Binding = Binding::right_associative(NEGATION);
/// Of what has no operators outside.
pub const WHOLE: u8 = 2 * NEGATION + 2;

/// `&&` and `||` bind alike: `a || b && c` is `(a || b) && c`.
const JOINED: Binding = Binding::left_associative(LOGIC);

/// How strongly `op` binds its operands.
pub fn arithmetic(op: Arithmetic) -> Binding {
    match op {
        Arithmetic::Add | Arithmetic::Sub => Binding::left_associative(SUM),
        Arithmetic::Mul | Arithmetic::Div | Arithmetic::Mod => Binding::left_associative(PRODUCT),
        Arithmetic::Pow => Binding::right_associative(POWER),
    }
}

/// How strongly `op` binds its operands.
pub fn field(op: FieldOp) -> Binding {
    match op {
        FieldOp::And | FieldOp::Or => JOINED,
        FieldOp::Compare(_) => COMPARED,
        FieldOp::Compute(op) => arithmetic(op),
    }
}

/// How strongly `op` binds its operands.
pub fn spanset(op: SpansetOp) -> Binding {
    match op {
        SpansetOp::And | SpansetOp::Or => JOINED,
        SpansetOp::Structural(..) => COMPARED,
    }
}
