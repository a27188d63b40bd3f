//! Walks the tree: every expression gives its values at all steps at once.

use super::annotation::Annotations;
use super::reading::{Reads, too_many_samples};
use super::{MetricQuery, MetricSeries};
use crate::eval::sample::Value;
use crate::eval::series::{METRIC_NAME, StepSeries};
use crate::eval::window::Steps;
use crate::promql::ast::{AggregateOp, Expr, Unary};
use crate::promql::functions::Function;
use crate::promql::span::Span;
use base::{Error, Kind, Lease, Result};
use hashbrown::HashMap;
use model::{Labels, LabelsBuilder};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

/// A series as it goes from operator to operator.
pub(super) type Series = StepSeries<Value>;

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// A number at each step.
    Scalar(Vec<f64>),
    /// A text.
    Text(String),
    /// Series.
    Vector(Vec<Series>),
    /// Samples over a time, as the whole answer.
    Matrix(Vec<MetricSeries>),
}

/// Evaluates one query.
pub(super) struct Evaluator<'a> {
    pub query: &'a MetricQuery,
    pub reads: &'a Reads,
    stopped: &'a AtomicBool,
    annotations: RefCell<Annotations>,
    /// For the results held now.
    lease: RefCell<Lease>,
    samples: Cell<u64>,
}

impl<'a> Evaluator<'a> {
    /// Over what was read; `stopped` says that nobody waits any more.
    pub fn new(query: &'a MetricQuery, reads: &'a Reads, stopped: &'a AtomicBool, lease: Lease) -> Self {
        Self {
            query,
            reads,
            stopped,
            annotations: RefCell::default(),
            lease: RefCell::new(lease),
            samples: Cell::new(reads.samples),
        }
    }

    /// What was remarked.
    pub fn annotations(&self) -> Annotations {
        self.annotations.borrow().clone()
    }

    /// The query's answer, before names are shed.
    ///
    /// # Errors
    /// As [`super::Engine::metrics`].
    pub fn whole(&self) -> Result<Operand> {
        let mut expr = &self.query.expr;
        while let Expr::Paren(paren) = expr {
            expr = &paren.expr;
        }
        match expr {
            Expr::Range(_) | Expr::Subquery(_) => self.matrix(expr).map(Operand::Matrix),
            _ => self.eval(expr, &self.query.steps),
        }
    }

    /// What `expr` gives at `steps`.
    pub fn eval(&self, expr: &Expr, steps: &Steps) -> Result<Operand> {
        let (bytes, samples) = (self.lease.borrow().bytes(), self.samples.get());
        let operand = self.eval_one(expr, steps)?;
        // What operands held is free now.
        self.settle(bytes, samples, &operand)?;
        Ok(operand)
    }

    fn eval_one(&self, expr: &Expr, steps: &Steps) -> Result<Operand> {
        self.check_stopped()?;
        match expr {
            Expr::Number(number) => Ok(Operand::Scalar(vec![number.value; steps.count() as usize])),
            Expr::Text(text) => Ok(Operand::Text(text.value.clone())),
            Expr::Selector(selector) => self.selector(selector, steps).map(Operand::Vector),
            Expr::Range(_) | Expr::Subquery(_) => Err(Error::bug("a range where an instant is needed")),
            Expr::Call(call) => self.call(call, steps),
            Expr::Aggregation(aggregation) => self.aggregation(aggregation, steps).map(Operand::Vector),
            Expr::Unary(unary) => self.unary(unary, steps),
            Expr::Binary(binary) => self.binary(binary, steps),
            Expr::Paren(paren) => self.eval_one(&paren.expr, steps),
        }
    }

    fn settle(&self, bytes: u64, samples: u64, operand: &Operand) -> Result<()> {
        let (held, points) = match operand {
            Operand::Scalar(values) => (values.len() as u64 * 8, values.len() as u64),
            Operand::Text(_) | Operand::Matrix(_) => (0, 0),
            Operand::Vector(series) => {
                (series.iter().map(held_bytes).sum(), series.iter().map(|one| one.points.len() as u64).sum())
            }
        };
        let mut lease = self.lease.borrow_mut();
        let over = lease.bytes().saturating_sub(bytes);
        lease.shrink(over);
        lease.grow(held)?;
        self.samples.set(samples + points);
        if samples + points > self.query.samples_max {
            return Err(too_many_samples(self.query.samples_max));
        }
        Ok(())
    }

    /// Takes room for `points` of a result that is being made; when it is made, [`Evaluator::eval`] counts it
    /// anew.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when there is no room.
    pub fn hold(&self, points: usize) -> Result<()> {
        let samples = self.samples.get().saturating_add(points as u64);
        if samples > self.query.samples_max {
            return Err(too_many_samples(self.query.samples_max));
        }
        self.samples.set(samples);
        self.lease.borrow_mut().grow((points * size_of::<(u32, Value)>()) as u64)
    }

    /// Ends the work when nobody waits any more.
    pub fn check_stopped(&self) -> Result<()> {
        match self.stopped.load(Ordering::Relaxed) {
            true => Err(Error::new(Kind::Cancelled, "the query was cancelled")),
            false => Ok(()),
        }
    }

    /// Series of `expr`.
    pub fn vector(&self, expr: &Expr, steps: &Steps) -> Result<Vec<Series>> {
        match self.eval(expr, steps)? {
            Operand::Vector(series) => Ok(series),
            _ => Err(Error::bug("no vector where one is needed")),
        }
    }

    /// Numbers of `expr`, one for each step.
    pub fn scalar(&self, expr: &Expr, steps: &Steps) -> Result<Vec<f64>> {
        match self.eval(expr, steps)? {
            Operand::Scalar(values) => Ok(values),
            _ => Err(Error::bug("no number where one is needed")),
        }
    }

    /// The text of `expr`.
    pub fn text(&self, expr: &Expr, steps: &Steps) -> Result<String> {
        match self.eval(expr, steps)? {
            Operand::Text(text) => Ok(text),
            _ => Err(Error::bug("no text where one is needed")),
        }
    }

    fn unary(&self, unary: &Unary, steps: &Steps) -> Result<Operand> {
        let operand = self.eval(&unary.expr, steps)?;
        if !unary.negative {
            return Ok(operand);
        }
        Ok(match operand {
            Operand::Scalar(values) => Operand::Scalar(values.into_iter().map(|value| -value).collect()),
            Operand::Vector(series) => Operand::Vector(mapped(series, |_, value| {
                Some(match value {
                    Value::Float(value) => Value::Float(-value),
                    Value::Histogram(histogram) => histogram.scaled(-1.0).into(),
                })
            })),
            other => other,
        })
    }

    /// Warns of `what` at `span`.
    pub fn warn(&self, span: Span, what: &str) {
        self.annotations.borrow_mut().warn(&self.query.text, span, what);
    }

    /// Tells `what` about `span`.
    pub fn inform(&self, span: Span, what: &str) {
        self.annotations.borrow_mut().inform(&self.query.text, span, what);
    }

    /// With the annotations, for remarks of functions.
    pub fn annotate(&self, annotate: impl FnOnce(&mut Annotations, &str)) {
        annotate(&mut self.annotations.borrow_mut(), &self.query.text);
    }
}

fn held_bytes(series: &Series) -> u64 {
    series.held_bytes() + series.points.iter().map(|point| point.1.held_bytes()).sum::<u64>()
}

/// `series` with every value mapped, and without their names.
pub(super) fn mapped(series: Vec<Series>, mut map: impl FnMut(u32, Value) -> Option<Value>) -> Vec<Series> {
    let mapped = series.into_iter().map(|one| {
        let points = one.points.into_iter().filter_map(|(step, value)| Some((step, map(step, value)?)));
        Series { points: points.collect(), sheds_name: true, ..one }
    });
    mapped.filter(|one| !one.points.is_empty()).collect()
}

/// `series` without the names that go at the end of a query.
///
/// # Errors
/// As [`unified`].
pub(super) fn shed_names(mut series: Vec<Series>) -> Result<Vec<Series>> {
    for one in series.iter_mut().filter(|one| one.sheds_name) {
        one.labels = LabelsBuilder::from(one.labels.as_ref()).remove(METRIC_NAME).build();
        one.sheds_name = false;
    }
    unified(series)
}

/// Series of equal labels as one, each where the first of them was.
///
/// # Errors
/// [`base::Kind::Invalid`] when two of them have a value at one step.
pub(super) fn unified(series: Vec<Series>) -> Result<Vec<Series>> {
    let mut known: HashMap<(Labels, bool), usize> = HashMap::new();
    let mut unified: Vec<Series> = Vec::with_capacity(series.len());
    for one in series {
        match known.entry((one.labels.clone(), one.sheds_name)) {
            hashbrown::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(unified.len());
                unified.push(one);
            }
            hashbrown::hash_map::Entry::Occupied(at) => {
                let Some(first) = unified.get_mut(*at.get()) else { continue };
                first.points.extend(one.points);
                first.points.sort_by_key(|point| point.0);
                if first.points.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                    return Err(Error::invalid("vector cannot contain metrics with the same labelset"));
                }
            }
        }
    }
    Ok(unified)
}

/// Whether the order of an instant vector is what `expr` asks for.
pub(super) fn orders(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => orders(&paren.expr),
        Expr::Call(call) => matches!(
            call.function,
            Function::Sort | Function::SortDesc | Function::SortByLabel | Function::SortByLabelDesc
        ),
        Expr::Aggregation(aggregation) => {
            matches!(aggregation.op, AggregateOp::Topk | AggregateOp::Bottomk)
        }
        _ => false,
    }
}
