//! Aggregations over a vector: at each step, over the series of a group.

use super::fold::{Fold, FoldKind};
use super::series::StepSeries;
use crate::logql::ast::{Grouping, VectorOp};
use indexmap::IndexMap;
use model::{Labels, LabelsBuilder, LabelsRef};
use std::cmp::Ordering;

/// `op by (…) (series)`; `k` is the parameter of `topk`, `bottomk` and `approx_topk`.
pub fn aggregate(
    op: VectorOp,
    k: usize,
    grouping: Option<&Grouping>,
    series: Vec<StepSeries>,
) -> Vec<StepSeries> {
    match op {
        VectorOp::Sort => sorted(series, |a, b| a.total_cmp(&b)),
        VectorOp::SortDesc => sorted(series, |a, b| b.total_cmp(&a)),
        // Counted exactly: the estimate of a sketch is an economy that is not needed here.
        VectorOp::Topk | VectorOp::ApproxTopk => select(k, grouping, series, |a, b| b.total_cmp(&a)),
        VectorOp::Bottomk => select(k, grouping, series, |a, b| a.total_cmp(&b)),
        VectorOp::Sum => reduce(FoldKind::Sum, Fold::value, grouping, &series),
        VectorOp::Avg => reduce(FoldKind::Mean, Fold::value, grouping, &series),
        VectorOp::Max => reduce(FoldKind::Max, Fold::value, grouping, &series),
        VectorOp::Min => reduce(FoldKind::Min, Fold::value, grouping, &series),
        VectorOp::Stddev => reduce(FoldKind::Moments, |fold| fold.variance().sqrt(), grouping, &series),
        VectorOp::Stdvar => reduce(FoldKind::Moments, Fold::variance, grouping, &series),
        VectorOp::Count => {
            let count = |fold: &Fold| if let Fold::Mean { count, .. } = fold { *count } else { f64::NAN };
            reduce(FoldKind::Mean, count, grouping, &series)
        }
    }
}

/// The labels of the group that `labels` belong to.
pub fn group_labels(
    labels: LabelsRef<'_>,
    grouping: Option<&Grouping>,
    builder: &mut LabelsBuilder,
) -> Labels {
    builder.clear();
    let Some(grouping) = grouping else { return Labels::default() };
    for (name, value) in labels.iter() {
        let named = grouping.labels.iter().any(|wanted| wanted == name);
        // `without` loses labels that have no value; `by` keeps them.
        let lost = grouping.without && value.is_empty();
        if named != grouping.without && !lost {
            builder.set(name, value);
        }
    }
    builder.build()
}

/// Groups in order of their first series, each with the positions of its series.
fn groups(grouping: Option<&Grouping>, series: &[StepSeries]) -> IndexMap<Labels, Vec<usize>> {
    let mut builder = LabelsBuilder::default();
    let mut groups: IndexMap<Labels, Vec<usize>> = IndexMap::new();
    for (at, one) in series.iter().enumerate() {
        groups.entry(group_labels(one.labels.as_ref(), grouping, &mut builder)).or_default().push(at);
    }
    groups
}

fn reduce(
    kind: FoldKind,
    value: impl Fn(&Fold) -> f64,
    grouping: Option<&Grouping>,
    series: &[StepSeries],
) -> Vec<StepSeries> {
    // One row of cells for all groups, as wide as the steps that have points.
    let mut cells: Vec<Option<Fold>> = Vec::new();
    let reduced = groups(grouping, series).into_iter().map(|(labels, members)| {
        let members: Vec<&StepSeries> = members.iter().filter_map(|at| series.get(*at)).collect();
        let first =
            members.iter().filter_map(|one| one.points.first()).map(|point| point.0).min().unwrap_or(0);
        let last = members.iter().filter_map(|one| one.points.last()).map(|point| point.0).max().unwrap_or(0);
        cells.clear();
        cells.resize((last - first) as usize + 1, None);
        for (step, number) in members.iter().flat_map(|one| &one.points) {
            let Some(cell) = cells.get_mut((step - first) as usize) else { continue };
            let fold = kind.of(0, *number);
            match cell {
                Some(held) => held.merge(&fold),
                None => *cell = Some(fold),
            }
        }
        let points = cells.iter().zip(first..).filter_map(|(cell, step)| Some((step, value(cell.as_ref()?))));
        StepSeries { labels, points: points.collect() }
    });
    reduced.collect()
}

/// Numbers in order `by`, with NaN behind all.
fn nan_last(a: f64, b: f64, by: impl Fn(f64, f64) -> Ordering) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| by(a, b))
}

/// The first `k` of each group in order `by`, at each step; of equal values the earlier series.
fn select(
    k: usize,
    grouping: Option<&Grouping>,
    mut series: Vec<StepSeries>,
    by: impl Fn(f64, f64) -> Ordering,
) -> Vec<StepSeries> {
    for members in groups(grouping, &series).into_values() {
        if members.len() <= k {
            continue;
        }
        let mut points: Vec<(u32, f64, usize)> = Vec::new();
        for at in members {
            if let Some(one) = series.get_mut(at) {
                points.extend(one.points.drain(..).map(|(step, value)| (step, value, at)));
            }
        }
        points.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| nan_last(a.1, b.1, &by)).then(a.2.cmp(&b.2)));
        let (mut step, mut taken) = (u32::MAX, 0);
        for (at_step, value, at) in points {
            taken = if at_step == step { taken + 1 } else { 1 };
            step = at_step;
            if taken <= k
                && let Some(one) = series.get_mut(at)
            {
                one.points.push((at_step, value));
            }
        }
    }
    series.retain(|one| !one.points.is_empty());
    series
}

/// Ordered by value at the first step. Order has a meaning only in instant queries, which have one.
fn sorted(mut series: Vec<StepSeries>, by: impl Fn(f64, f64) -> Ordering) -> Vec<StepSeries> {
    let value = |one: &StepSeries| one.points.first().map_or(f64::NAN, |point| point.1);
    series.sort_by(|a, b| nan_last(value(a), value(b), &by).then_with(|| a.labels.cmp(&b.labels)));
    series
}

#[cfg(test)]
mod tests;
