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
        VectorOp::Topk | VectorOp::ApproxTopk => {
            select(|_| k, grouping.map(By::from), series, |a, b| nan_last(*a, *b, |a, b| b.total_cmp(&a)))
        }
        VectorOp::Bottomk => {
            select(|_| k, grouping.map(By::from), series, |a, b| nan_last(*a, *b, |a, b| a.total_cmp(&b)))
        }
        VectorOp::Sum => reduce_fold(FoldKind::Sum, Fold::value, grouping, &series),
        VectorOp::Avg => reduce_fold(FoldKind::Mean, Fold::value, grouping, &series),
        VectorOp::Max => reduce_fold(FoldKind::Max, Fold::value, grouping, &series),
        VectorOp::Min => reduce_fold(FoldKind::Min, Fold::value, grouping, &series),
        VectorOp::Stddev => reduce_fold(FoldKind::Moments, |fold| fold.variance().sqrt(), grouping, &series),
        VectorOp::Stdvar => reduce_fold(FoldKind::Moments, Fold::variance, grouping, &series),
        VectorOp::Count => {
            let count = |fold: &Fold| if let Fold::Mean { count, .. } = fold { *count } else { f64::NAN };
            reduce_fold(FoldKind::Mean, count, grouping, &series)
        }
    }
}

/// `by (…)` or `without (…)`, of either language.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Whether the labels are taken away instead of kept.
    pub without: bool,
    /// Label names.
    pub labels: &'a [String],
}

impl<'a> From<&'a Grouping> for By<'a> {
    fn from(grouping: &'a Grouping) -> Self {
        Self { without: grouping.without, labels: &grouping.labels }
    }
}

/// The labels of the group that `labels` belong to.
pub fn group_labels(labels: LabelsRef<'_>, by: Option<By<'_>>, builder: &mut LabelsBuilder) -> Labels {
    builder.clear();
    let Some(by) = by else { return Labels::default() };
    for (name, value) in labels.iter() {
        let named = by.labels.iter().any(|wanted| wanted == name);
        // `without` loses labels that have no value; `by` keeps them.
        let lost = by.without && value.is_empty();
        if named != by.without && !lost {
            builder.set(name, value);
        }
    }
    builder.build()
}

/// Groups in order of their first series, each with the positions of its series.
pub fn groups<V>(by: Option<By<'_>>, series: &[StepSeries<V>]) -> IndexMap<Labels, Vec<usize>> {
    let mut builder = LabelsBuilder::default();
    let mut groups: IndexMap<Labels, Vec<usize>> = IndexMap::new();
    for (at, one) in series.iter().enumerate() {
        groups.entry(group_labels(one.labels.as_ref(), by, &mut builder)).or_default().push(at);
    }
    groups
}

/// A series per group: `take` collects the values of a step, `give` makes one of what was collected.
pub fn reduce<V, C, W>(
    by: Option<By<'_>>,
    series: &[StepSeries<V>],
    mut take: impl FnMut(&mut Option<C>, u32, &V),
    mut give: impl FnMut(u32, C) -> Option<W>,
) -> Vec<StepSeries<W>> {
    // One row of cells for all groups, as wide as the steps that have points.
    let mut cells: Vec<Option<C>> = Vec::new();
    let reduced = groups(by, series).into_iter().map(|(labels, members)| {
        let members: Vec<&StepSeries<V>> = members.iter().filter_map(|at| series.get(*at)).collect();
        let sheds_name = members.iter().any(|one| one.sheds_name);
        let first =
            members.iter().filter_map(|one| one.points.first()).map(|point| point.0).min().unwrap_or(0);
        let last = members.iter().filter_map(|one| one.points.last()).map(|point| point.0).max().unwrap_or(0);
        cells.clear();
        cells.resize_with((last - first) as usize + 1, || None);
        for (step, value) in members.iter().flat_map(|one| &one.points) {
            if let Some(cell) = cells.get_mut((step - first) as usize) {
                take(cell, *step, value);
            }
        }
        let given = cells.iter_mut().zip(first..);
        let points = given.filter_map(|(cell, step)| Some((step, give(step, cell.take()?)?)));
        StepSeries { labels, points: points.collect(), sheds_name }
    });
    reduced.collect()
}

fn reduce_fold(
    kind: FoldKind,
    value: impl Fn(&Fold) -> f64,
    grouping: Option<&Grouping>,
    series: &[StepSeries],
) -> Vec<StepSeries> {
    let take = |cell: &mut Option<Fold>, _: u32, number: &f64| {
        let fold = kind.of(0, *number);
        match cell {
            Some(held) => held.merge(&fold),
            None => *cell = Some(fold),
        }
    };
    reduce(grouping.map(By::from), series, take, |_, fold| Some(value(&fold)))
}

/// Numbers in order `by`, with NaN behind all.
pub fn nan_last(a: f64, b: f64, by: impl Fn(f64, f64) -> Ordering) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| by(a, b))
}

/// The first `k` of each group in `order`, at each step; of equal values the earlier series.
pub fn select<V>(
    k: impl Fn(u32) -> usize,
    by: Option<By<'_>>,
    mut series: Vec<StepSeries<V>>,
    order: impl Fn(&V, &V) -> Ordering,
) -> Vec<StepSeries<V>> {
    for members in groups(by, &series).into_values() {
        let mut points: Vec<(u32, V, usize)> = Vec::new();
        for at in members {
            if let Some(one) = series.get_mut(at) {
                points.extend(one.points.drain(..).map(|(step, value)| (step, value, at)));
            }
        }
        points.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| order(&a.1, &b.1)).then(a.2.cmp(&b.2)));
        let (mut step, mut taken) = (u32::MAX, 0);
        for (at_step, value, at) in points {
            taken = if at_step == step { taken + 1 } else { 1 };
            step = at_step;
            if taken <= k(step)
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
