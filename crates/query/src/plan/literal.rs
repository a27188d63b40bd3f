//! Operators between numbers that stand in the query are computed once.

use crate::eval::binary::scalars;
use crate::logql::ast::{Binary, BinaryOp, LabelReplace, MetricExpr, VectorAggregation};

/// `expr` with every operator between two numbers replaced by its result.
pub fn fold(expr: MetricExpr) -> MetricExpr {
    match expr {
        MetricExpr::Binary(binary) => {
            let Binary { op, left, right, return_bool, matching } = *binary;
            let (left, right) = (fold(left), fold(right));
            match (&left, &right) {
                (MetricExpr::Literal(a), MetricExpr::Literal(b)) if !is_set(op) => {
                    MetricExpr::Literal(scalars(op, *a, *b))
                }
                _ => MetricExpr::Binary(Box::new(Binary { op, left, right, return_bool, matching })),
            }
        }
        MetricExpr::Vector(vector) => {
            let inner = Box::new(fold(*vector.inner));
            MetricExpr::Vector(VectorAggregation { inner, ..vector })
        }
        MetricExpr::LabelReplace(replace) => {
            let LabelReplace { inner, dst, replacement, src, regex } = *replace;
            MetricExpr::LabelReplace(Box::new(LabelReplace {
                inner: fold(inner),
                dst,
                replacement,
                src,
                regex,
            }))
        }
        other => other,
    }
}

fn is_set(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
}
