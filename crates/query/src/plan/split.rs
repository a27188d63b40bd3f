//! How Loki would cut a query. We answer it whole, but some of Loki's limits are checked on the
//! pieces, and decide which queries are refused.

use crate::logql::ast::{Grouping, LabelFormat, MetricExpr, RangeOp, Stage, VectorOp};

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
        MetricExpr::Vector(vector) if is_shardable(&vector.inner) => match (vector.op, &*vector.inner) {
            // Extremes of sums are known only when all is summed.
            (VectorOp::Sum, MetricExpr::Vector(inner)) => !matches!(inner.op, VectorOp::Max | VectorOp::Min),
            (VectorOp::Sum, _) => true,
            (VectorOp::Max | VectorOp::Min, inner) => matches!(inner, MetricExpr::Range(_)),
            // A series that is made in two places would count twice.
            (VectorOp::Count | VectorOp::Avg, inner) => !may_join_series(inner),
            _ => false,
        },
        _ => false,
    }
}

/// Whether lines of several streams can fall into one series of `expr`.
fn may_join_series(expr: &MetricExpr) -> bool {
    let joins = |grouping: &Option<Grouping>| grouping.as_ref().is_some_and(|by| !by.labels.is_empty());
    match expr {
        MetricExpr::Range(range) => joins(&range.grouping) || range.log.stages.iter().any(takes_labels),
        MetricExpr::Vector(vector) => joins(&vector.grouping) || may_join_series(&vector.inner),
        _ => false,
    }
}

fn takes_labels(stage: &Stage) -> bool {
    match stage {
        Stage::Drop(_) | Stage::Keep(_) => true,
        Stage::LabelFormat(formats) => {
            formats.iter().any(|format| matches!(format, LabelFormat::Rename { .. }))
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
                    | VectorOp::Sort
                    | VectorOp::SortDesc
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
