//! Which of two operators binds tighter.

use super::ast::BinaryOp;
use crate::syntax::pratt::Binding;

/// How strongly `op` binds its operands.
pub fn binding(op: BinaryOp) -> Binding {
    match op {
        BinaryOp::Or => Binding::left_associative(1),
        BinaryOp::And | BinaryOp::Unless => Binding::left_associative(2),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual => Binding::left_associative(3),
        BinaryOp::Add | BinaryOp::Sub => Binding::left_associative(4),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => Binding::left_associative(5),
        BinaryOp::Pow => Binding::right_associative(6),
    }
}
