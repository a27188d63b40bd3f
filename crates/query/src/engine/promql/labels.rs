//! Functions that look at labels: absent, label_replace, label_join, the sorts.

use super::evaluator::{Evaluator, Operand, Series, unified};
use crate::eval::aggregate::nan_last;
use crate::eval::relabel::Relabel;
use crate::eval::sample::Value;
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::eval::window::Steps;
use crate::promql::ast::{Call, Expr};
use crate::promql::functions::Function;
use base::{Error, Result};
use model::{Labels, LabelsBuilder, MatchOp, Matcher};
use std::cmp::Ordering;

/// Labels of what `absent` and `absent_over_time` give: those that a matcher of the selector `expr` sets to
/// one value, and no other.
pub(super) fn absent_labels(expr: &Expr) -> Labels {
    let matchers: &[Matcher] = match expr {
        Expr::Paren(paren) => return absent_labels(&paren.expr),
        Expr::Selector(selector) => &selector.matchers,
        Expr::Range(range) => &range.selector.matchers,
        _ => &[],
    };
    let mut labels = LabelsBuilder::default();
    for (at, matcher) in matchers.iter().enumerate().filter(|(_, matcher)| matcher.name != METRIC_NAME) {
        let alone = matchers.iter().enumerate().all(|(other, m)| other == at || m.name != matcher.name);
        if alone && matcher.op == MatchOp::Equal && !matcher.value.is_empty() {
            labels.set(&matcher.name, &matcher.value);
        }
    }
    labels.build()
}

/// 1 at every step at which no series has a value.
pub(super) fn absence(series: &[Series], labels: Labels, count: u32) -> Series {
    let mut present = vec![false; count as usize];
    for (step, _) in series.iter().flat_map(|one| &one.points) {
        if let Some(present) = present.get_mut(*step as usize) {
            *present = true;
        }
    }
    let steps = (0..count).zip(present).filter(|(_, present)| !present);
    StepSeries::new(labels, steps.map(|(step, _)| (step, Value::Float(1.0))).collect())
}

impl Evaluator<'_> {
    fn texts(&self, args: &[Expr], steps: &Steps) -> Result<Vec<String>> {
        args.iter().map(|arg| self.text(arg, steps)).collect()
    }

    /// `label_replace(v, dst, replacement, src, regex)`
    pub fn label_replace(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [inner, texts @ ..] = call.args.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let texts = self.texts(texts, steps)?;
        let [dst, replacement, src, regex] = texts.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let wrong_regex =
            |_| Error::invalid(format!("invalid regular expression in label_replace(): {regex}"));
        let relabel = Relabel::new(dst, replacement, src, regex).map_err(wrong_regex)?;
        check_name(dst, "destination label name in label_replace()")?;
        let mut series = self.vector(inner, steps)?;
        for one in &mut series {
            if let Some(labels) = relabel.labels(&one.labels)? {
                one.labels = labels;
                // Who sets a name wants it.
                one.sheds_name &= relabel.dst() != METRIC_NAME;
            }
        }
        unified(series).map(Operand::Vector)
    }

    /// `label_join(v, dst, separator, src…)`
    pub fn label_join(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [inner, texts @ ..] = call.args.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let texts = self.texts(texts, steps)?;
        let [dst, separator, sources @ ..] = texts.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        for source in sources {
            check_name(source, "source label name in label_join()")?;
        }
        check_name(dst, "destination label name in label_join()")?;
        let mut series = self.vector(inner, steps)?;
        for one in &mut series {
            let values: Vec<&str> = sources.iter().map(|name| one.labels.get(name).unwrap_or("")).collect();
            let value = values.join(separator);
            let mut labels = LabelsBuilder::from(one.labels.as_ref());
            match value.is_empty() {
                true => labels.remove(dst),
                false => labels.set(dst, &value),
            };
            one.labels = labels.build();
            one.sheds_name &= dst != METRIC_NAME;
        }
        unified(series).map(Operand::Vector)
    }

    /// `absent(v)`
    pub fn absent(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let inner = call.args.first().ok_or_else(|| Error::bug("arguments are missing"))?;
        let series = self.vector(inner, steps)?;
        Ok(Operand::Vector(vec![absence(&series, absent_labels(inner), steps.count())]))
    }

    /// `sort(v)`, `sort_desc(v)`: order has a meaning only at an instant. Histograms have none and go.
    pub fn sort(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let inner = call.args.first().ok_or_else(|| Error::bug("arguments are missing"))?;
        let mut series = self.vector(inner, steps)?;
        if self.query.instant {
            let value = |one: &Series| one.points.first().and_then(|point| point.1.float());
            series.retain(|one| value(one).is_some());
            let descending = call.function == Function::SortDesc;
            let by = |a: f64, b: f64| if descending { b.total_cmp(&a) } else { a.total_cmp(&b) };
            series.sort_by(|a, b| {
                let (x, y) = (value(a).unwrap_or(f64::NAN), value(b).unwrap_or(f64::NAN));
                nan_last(x, y, by).then_with(|| a.labels.cmp(&b.labels))
            });
        }
        Ok(Operand::Vector(series))
    }

    /// `sort_by_label(v, label…)`, `sort_by_label_desc(v, label…)`
    pub fn sort_by_label(&self, call: &Call, steps: &Steps) -> Result<Operand> {
        let [inner, names @ ..] = call.args.as_slice() else {
            return Err(Error::bug("arguments are missing"));
        };
        let names = self.texts(names, steps)?;
        let mut series = self.vector(inner, steps)?;
        let value = |one: &Series, name: &String| one.labels.get(name).unwrap_or("").to_owned();
        series.sort_by(|a, b| {
            let by_names = names.iter().map(|name| natural(&value(a, name), &value(b, name)));
            let order = by_names.fold(Ordering::Equal, Ordering::then);
            order.then_with(|| a.labels.cmp(&b.labels))
        });
        if call.function == Function::SortByLabelDesc {
            series.reverse();
        }
        Ok(Operand::Vector(series))
    }
}

fn check_name(name: &str, what: &str) -> Result<()> {
    // The parser puts U+FFFD where a text is no UTF-8; a name must be.
    match name.is_empty() || name.contains('\u{fffd}') {
        true => Err(Error::invalid(format!("invalid {what}: {name}"))),
        false => Ok(()),
    }
}

/// Texts compared with runs of digits as numbers: `a2` comes before `a10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let ((number_a, rest_a), (number_b, rest_b)) = (a.split_at(digits(a)), b.split_at(digits(b)));
            let (trim_a, trim_b) = (number_a.trim_start_matches('0'), number_b.trim_start_matches('0'));
            let order = trim_a.len().cmp(&trim_b.len()).then_with(|| trim_a.cmp(trim_b));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            if x != y {
                return x.cmp(&y);
            }
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        }
    }
    a.len().cmp(&b.len())
}
