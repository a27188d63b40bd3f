//! Which of two operators binds tighter.

use super::ast::{BinaryOp, DurationOp};
use crate::syntax::pratt::Binding;

/// Of signs' operands: `-a ^ b` is `-(a ^ b)`, `-a * b` is `(-a) * b`.
pub const SIGN_OPERAND: u8 = binding(BinaryOp::Pow).left;

/// How strongly `op` binds its operands.
pub const fn binding(op: BinaryOp) -> Binding {
    use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual, TrimLower, TrimUpper};
    match op {
        BinaryOp::Or => Binding::left_associative(1),
        BinaryOp::And | BinaryOp::Unless => Binding::left_associative(2),
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | TrimUpper | TrimLower => {
            Binding::left_associative(3)
        }
        BinaryOp::Add | BinaryOp::Sub => Binding::left_associative(4),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Atan2 => Binding::left_associative(5),
        BinaryOp::Pow => Binding::right_associative(6),
    }
}

/// How strongly `op` binds durations.
pub const fn duration_binding(op: DurationOp) -> Binding {
    binding(match op {
        DurationOp::Add => BinaryOp::Add,
        DurationOp::Sub => BinaryOp::Sub,
        DurationOp::Mul => BinaryOp::Mul,
        DurationOp::Div => BinaryOp::Div,
        DurationOp::Mod => BinaryOp::Mod,
        DurationOp::Pow => BinaryOp::Pow,
    })
}
