//! How Loki would cut a query. We answer it whole, but some of Loki's limits are checked on the
//! pieces, and decide which queries are refused.

use crate::logql::ast::{MetricExpr, RangeOp, VectorOp};

/// Whether Loki sends `expr` as a whole to its queriers, so that the limit on series is checked on
/// what it gives.
pub fn is_shardable(expr: &MetricExpr) -> bool {
    match expr {
        MetricExpr::Range(range) => matches!(
            range.op,
            RangeOp::CountOverTime
                | RangeOp::Rate
                | RangeOp::BytesOverTime
                | RangeOp::BytesRate
                | RangeOp::SumOverTime
                | RangeOp::AvgOverTime
                | RangeOp::MaxOverTime
                | RangeOp::MinOverTime
        ),
        MetricExpr::Vector(vector) => {
            let merges = matches!(
                vector.op,
                VectorOp::Sum | VectorOp::Avg | VectorOp::Count | VectorOp::Max | VectorOp::Min
            );
            merges && is_shardable(&vector.inner)
        }
        _ => false,
    }
}

/// Whether Loki cuts the range of an instant query of `expr` into pieces, so that the limit on the
/// range is checked on the pieces.
pub fn is_splittable(expr: &MetricExpr) -> bool {
    match expr {
        MetricExpr::Range(range) => matches!(
            range.op,
            RangeOp::CountOverTime
                | RangeOp::Rate
                | RangeOp::BytesOverTime
                | RangeOp::BytesRate
                | RangeOp::SumOverTime
                | RangeOp::MaxOverTime
                | RangeOp::MinOverTime
        ),
        MetricExpr::Vector(vector) => {
            let merges = matches!(
                vector.op,
                VectorOp::Sum
                    | VectorOp::Avg
                    | VectorOp::Count
                    | VectorOp::Max
                    | VectorOp::Min
                    | VectorOp::Topk
            );
            merges && is_splittable(&vector.inner)
        }
        MetricExpr::LabelReplace(replace) => is_splittable(&replace.inner),
        MetricExpr::Binary(binary) => {
            let side = |expr: &MetricExpr| matches!(expr, MetricExpr::Literal(_)) || is_splittable(expr);
            let literal = |expr: &MetricExpr| matches!(expr, MetricExpr::Literal(_));
            side(&binary.left) && side(&binary.right) && !(literal(&binary.left) && literal(&binary.right))
        }
        MetricExpr::VectorFn(_) | MetricExpr::Literal(_) => false,
    }
}
