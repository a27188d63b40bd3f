//! Rules of meaning that a query must keep once its syntax is right.

use super::ast::{BinaryOp, Expr, MetricExpr, RangeAggregation, RangeOp, Stage, VectorAggregation, VectorOp};
use crate::go;
use crate::syntax::{Position, parse_error};
use base::{Error, Result};
use model::Matcher;
use model::go_regex::GoRegex;

fn refuse<T>(message: &str) -> Result<T> {
    Err(parse_error(Position::NOWHERE, message))
}

/// A selector must name something that a stream has: one matcher at least must refuse the empty
/// value.
pub fn matchers(matchers: &[Matcher]) -> Result<()> {
    match matchers.iter().all(Matcher::matches_empty) {
        true => Err(nothing_selected()),
        false => Ok(()),
    }
}

fn nothing_selected() -> Error {
    parse_error(
        Position::NOWHERE,
        "queries require at least one regexp or equality matcher that does not have an empty-compatible \
         value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will",
    )
}

/// Both legs of an operator must give numbers, and those of a set operator series.
pub fn binary_legs(op: BinaryOp, left: Expr, right: Expr) -> Result<(MetricExpr, MetricExpr)> {
    let left = binary_leg(op, left, "left")?;
    let right = binary_leg(op, right, "right")?;
    if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) {
        for (leg, name) in [(&left, "left"), (&right, "right")] {
            if let MetricExpr::Literal(value) = leg {
                let value = go::format_float(*value, b'f', 6);
                let message = format!(
                    "unexpected literal for {name} leg of logical/set binary operation ({}): {value}",
                    op.name()
                );
                return refuse(&message);
            }
        }
    }
    Ok((left, right))
}

fn binary_leg(op: BinaryOp, leg: Expr, name: &str) -> Result<MetricExpr> {
    let kind = match leg {
        Expr::Metric(metric) => return Ok(metric),
        Expr::Log(log) if log.stages.is_empty() => "MatchersExpr",
        Expr::Log(_) => "PipelineExpr",
    };
    refuse(&format!("unexpected type for {name} leg of binary operation ({}): *syntax.{kind}", op.name()))
}

/// The quantile that `number` is.
pub fn range_parameter(op: RangeOp, number: Option<&str>) -> Result<Option<f64>> {
    match (op, number) {
        (RangeOp::QuantileOverTime, Some(number)) => match go::parse_float(number) {
            Ok(value) => Ok(Some(value)),
            Err(why) => refuse(&format!("invalid parameter for operation {}: {why}", op.name())),
        },
        (RangeOp::QuantileOverTime, None) => {
            refuse(&format!("parameter required for operation {}", op.name()))
        }
        (_, Some(number)) => refuse(&format!("parameter {number} not supported for operation {}", op.name())),
        (_, None) => Ok(None),
    }
}

/// `count_distinct_over_time` names its label; there is nothing to unwrap.
pub fn unwrap_of_distinct() -> Error {
    let op = RangeOp::CountDistinctOverTime.name();
    parse_error(
        Position::NOWHERE,
        &format!("invalid aggregation {op} with unwrap: its first argument names the label"),
    )
}

/// `distinct` and `sort by` look at the whole answer, so nothing comes after them.
pub fn endings(stages: &[Stage]) -> Result<()> {
    let first = stages.iter().position(Stage::is_ending).unwrap_or(stages.len());
    let endings = &stages[first..];
    if let Some(late) = endings.iter().find(|stage| !stage.is_ending()) {
        return refuse(&format!("stage '{late}' after '{}', which must come last", endings[0]));
    }
    let twice = |is: fn(&Stage) -> bool| endings.iter().filter(|stage| is(stage)).count() > 1;
    if twice(|stage| matches!(stage, Stage::Distinct(_))) || twice(|stage| matches!(stage, Stage::Sort(_))) {
        return refuse("distinct and sort by may each be given once");
    }
    Ok(())
}

/// Which functions take a grouping, and which need or refuse `unwrap`.
pub fn range_aggregation(aggregation: &RangeAggregation) -> Result<()> {
    use RangeOp::{
        AbsentOverTime, AvgOverTime, BytesOverTime, BytesRate, CountDistinctOverTime, CountOverTime,
        FirstOverTime, LastOverTime, MaxOverTime, MinOverTime, QuantileOverTime, Rate, StddevOverTime,
        StdvarOverTime,
    };
    let op = aggregation.op;
    let groups = matches!(
        op,
        AvgOverTime
            | StddevOverTime
            | StdvarOverTime
            | QuantileOverTime
            | MaxOverTime
            | MinOverTime
            | FirstOverTime
            | LastOverTime
            | CountDistinctOverTime
    );
    if aggregation.grouping.is_some() && !groups {
        return refuse(&format!("grouping not allowed for {} aggregation", op.name()));
    }
    let refuses_unwrap = matches!(op, BytesOverTime | BytesRate | CountOverTime);
    let needs_unwrap = !refuses_unwrap && !matches!(op, Rate | AbsentOverTime);
    if aggregation.unwrap.is_some() && refuses_unwrap {
        return refuse(&format!("invalid aggregation {} with unwrap", op.name()));
    }
    if aggregation.unwrap.is_none() && needs_unwrap {
        return refuse(&format!("invalid aggregation {} without unwrap", op.name()));
    }
    if let Some(stage) = aggregation.log.stages.iter().find(|stage| stage.is_ending()) {
        return refuse(&format!(
            "stage '{stage}' is for queries of lines; count_distinct_over_time counts values"
        ));
    }
    matchers(&aggregation.log.matchers)
}

/// The k that `number` is.
pub fn vector_parameter(op: VectorOp, number: Option<&str>) -> Result<Option<u64>> {
    let name = op.name();
    let Some(number) = number else {
        return match takes_parameter(op) {
            true => refuse(&format!("parameter required for operation {name}")),
            false => Ok(None),
        };
    };
    if !takes_parameter(op) {
        return refuse(&format!("unsupported parameter for operation {name}({number},"));
    }
    match number.parse::<i64>() {
        Err(_) => refuse(&format!("invalid parameter {name}({number},")),
        Ok(..=0) => refuse(&format!("invalid parameter (must be greater than 0) {name}({number}")),
        Ok(k) => Ok(Some(k.unsigned_abs())),
    }
}

fn takes_parameter(op: VectorOp) -> bool {
    matches!(op, VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk)
}

/// Which functions take a grouping; and numbers are nothing to add up.
pub fn vector_aggregation(aggregation: &VectorAggregation) -> Result<()> {
    match aggregation.op {
        VectorOp::ApproxTopk if aggregation.grouping.is_some() => {
            refuse("grouping not allowed for approx_topk aggregation")
        }
        VectorOp::Sort | VectorOp::SortDesc if aggregation.grouping.is_some() => {
            refuse("sort and sort_desc doesn't allow grouping by ")
        }
        VectorOp::Sum | VectorOp::Avg | VectorOp::Count | VectorOp::Max | VectorOp::Min
            if matches!(*aggregation.inner, MetricExpr::Literal(_)) =>
        {
            Err(nothing_selected())
        }
        _ => Ok(()),
    }
}

/// The regex of `label_replace` is anchored before it is read, so errors show it so.
pub fn label_replace_regex(regex: &str) -> Result<()> {
    match GoRegex::new(&format!("^(?:{regex})$")) {
        Ok(_) => Ok(()),
        Err(why) => refuse(&format!("invalid regex in label_replace: {why}")),
    }
}
