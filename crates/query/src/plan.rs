//! From a tree to a plan.
//!
//! A metric query falls into two halves. The *leaves* are range aggregations, each with the
//! grouping of the `sum`, `max` or `min` around it where that gives the same answer: they touch
//! lines, and are what may run near the data. The *root* works on the numbers that leaves give.

mod literal;
mod split;

use crate::eval::relabel::Relabel;
use crate::logql::ast::{
    BinaryOp, Expr, Grouping, LogExpr, Matching, MetricExpr, RangeAggregation, RangeOp, VectorAggregation,
    VectorOp,
};
use base::{Error, Kind, Result};
use model::Matcher;

/// What is done to answer a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Lines.
    Log(LogExpr),
    /// Numbers.
    Metric(MetricPlan),
}

/// What is done to answer a metric query.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPlan {
    /// The half that touches lines; no two are equal.
    pub leaves: Vec<Leaf>,
    /// The half that works on what the leaves gave.
    pub root: Node,
    /// Whether a `sort` or `sort_desc` sets the order of an instant vector.
    pub sorts: bool,
    /// Whether an `approx_topk` is in it.
    pub estimates: bool,
    /// Whether Loki cuts the ranges of an instant query of it into pieces.
    pub splittable: bool,
}

/// A range aggregation over lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The range aggregation as written.
    pub range: RangeAggregation,
    /// Labels of its series: all when `None`. Its own grouping, or that of the aggregation around it.
    pub grouping: Option<Grouping>,
    /// Whether the grouping is that of the aggregation around it, and so takes all lines: also those
    /// with an error that is to be kept, which otherwise keep all their labels.
    pub aggregates: bool,
}

/// An operation on numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A number.
    Scalar(f64),
    /// `vector(1)`
    Vector(f64),
    /// What the leaf at this position gave.
    Leaf(usize),
    /// The same, refused when it has more series than the tenant may ask for. Loki checks what each
    /// downstream query gives, not only the answer; so the same queries are refused here.
    Limited(Box<Node>),
    /// `sum by (…) (…)`
    Aggregate {
        /// Which aggregation.
        op: VectorOp,
        /// The parameter of topk, bottomk and approx_topk.
        k: usize,
        /// Its groups.
        grouping: Option<Grouping>,
        /// Over what.
        inner: Box<Node>,
    },
    /// `a + b`
    Binary {
        /// Which operator.
        op: BinaryOp,
        /// Comparisons give 0 or 1.
        return_bool: bool,
        /// How series of both sides find each other.
        matching: Option<Matching>,
        /// Left side.
        left: Box<Node>,
        /// Right side.
        right: Box<Node>,
    },
    /// `label_replace(…)`
    Relabel {
        /// Its arguments.
        relabel: Box<Relabel>,
        /// Over what.
        inner: Box<Node>,
    },
}

impl Plan {
    /// The plan for `expr`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for what cannot be evaluated.
    pub fn new(expr: Expr) -> Result<Self> {
        match expr {
            Expr::Log(log) => Ok(Self::Log(log)),
            Expr::Metric(metric) => {
                let metric = literal::fold(metric);
                let mut planner = Planner::default();
                let (root, _) = planner.node(&metric)?;
                let Planner { leaves, sorts, estimates } = planner;
                let splittable = split::is_splittable(&metric);
                Ok(Self::Metric(MetricPlan { leaves, root, sorts, estimates, splittable }))
            }
        }
    }

    /// The matchers of every selector in the query.
    pub fn selectors(&self) -> impl Iterator<Item = &[Matcher]> {
        let logs: Vec<&LogExpr> = match self {
            Self::Log(log) => vec![log],
            Self::Metric(metric) => metric.leaves.iter().map(|leaf| &leaf.range.log).collect(),
        };
        logs.into_iter().map(|log| log.matchers.as_slice())
    }
}

#[derive(Default)]
struct Planner {
    leaves: Vec<Leaf>,
    sorts: bool,
    estimates: bool,
}

impl Planner {
    /// The node of `expr`, and whether Loki would evaluate a part of it downstream.
    fn node(&mut self, expr: &MetricExpr) -> Result<(Node, bool)> {
        match expr {
            MetricExpr::Literal(number) => Ok((Node::Scalar(*number), false)),
            MetricExpr::VectorFn(number) => Ok((Node::Vector(*number), false)),
            MetricExpr::Range(range) => {
                let leaf = self.leaf(range, range.grouping.clone(), false);
                Ok(limited_if(split::is_shardable(expr), leaf))
            }
            MetricExpr::Vector(vector) => self.aggregate(expr, vector),
            MetricExpr::LabelReplace(replace) => {
                check_vector(&replace.inner)?;
                let relabel = Relabel::new(&replace.dst, &replace.replacement, &replace.src, &replace.regex)?;
                let (inner, downstream) = self.node(&replace.inner)?;
                Ok((Node::Relabel { relabel: Box::new(relabel), inner: Box::new(inner) }, downstream))
            }
            MetricExpr::Binary(binary) => {
                let (left, left_downstream) = self.node(&binary.left)?;
                let (right, right_downstream) = self.node(&binary.right)?;
                let downstream = left_downstream || right_downstream;
                let side = |node: Node, own: bool| {
                    let local = matches!(node, Node::Scalar(_) | Node::Vector(_));
                    Box::new(if downstream && !own && !local { Node::Limited(Box::new(node)) } else { node })
                };
                let node = Node::Binary {
                    op: binary.op,
                    return_bool: binary.return_bool,
                    matching: binary.matching.clone(),
                    left: side(left, left_downstream),
                    right: side(right, right_downstream),
                };
                Ok((node, downstream))
            }
        }
    }

    fn leaf(&mut self, range: &RangeAggregation, grouping: Option<Grouping>, aggregates: bool) -> Node {
        // `absent_over_time` asks only whether there is any line.
        let absent = range.op == RangeOp::AbsentOverTime;
        let grouping = if absent { Some(Grouping::default()) } else { grouping };
        let leaf = Leaf { range: range.clone(), grouping, aggregates: aggregates || absent };
        let known = self.leaves.iter().position(|known| *known == leaf);
        Node::Leaf(known.unwrap_or_else(|| {
            self.leaves.push(leaf);
            self.leaves.len() - 1
        }))
    }

    fn aggregate(&mut self, expr: &MetricExpr, vector: &VectorAggregation) -> Result<(Node, bool)> {
        check_vector(&vector.inner)?;
        self.sorts |= matches!(vector.op, VectorOp::Sort | VectorOp::SortDesc);
        self.estimates |= vector.op == VectorOp::ApproxTopk;
        let shardable = split::is_shardable(expr);
        if let MetricExpr::Range(range) = &*vector.inner
            && merges_into_groups(vector.op, range)
        {
            let leaf = self.leaf(range, Some(vector.grouping.clone().unwrap_or_default()), true);
            return Ok(limited_if(shardable, leaf));
        }
        let (inner, downstream) = if shardable {
            // The limit is on what this aggregation gives; what it takes may be more.
            (unlimited(self.node(&vector.inner)?.0), true)
        } else {
            self.node(&vector.inner)?
        };
        let node = Node::Aggregate {
            op: vector.op,
            k: vector.parameter.map_or(0, |k| usize::try_from(k).unwrap_or(usize::MAX)),
            grouping: vector.grouping.clone(),
            inner: Box::new(inner),
        };
        Ok(if shardable { limited_if(true, node) } else { (node, downstream) })
    }
}

fn limited_if(limited: bool, node: Node) -> (Node, bool) {
    if limited { (Node::Limited(Box::new(node)), true) } else { (node, false) }
}

fn unlimited(node: Node) -> Node {
    if let Node::Limited(inner) = node { *inner } else { node }
}

/// Whether the aggregation over the function's series is the function over the groups' rows.
fn merges_into_groups(op: VectorOp, range: &RangeAggregation) -> bool {
    if range.grouping.is_some() {
        return false;
    }
    match op {
        VectorOp::Sum => matches!(
            range.op,
            RangeOp::CountOverTime
                | RangeOp::Rate
                | RangeOp::BytesOverTime
                | RangeOp::BytesRate
                | RangeOp::SumOverTime
        ),
        VectorOp::Max => range.op == RangeOp::MaxOverTime,
        VectorOp::Min => range.op == RangeOp::MinOverTime,
        _ => false,
    }
}

/// Functions of vectors take no bare number; Loki answers 500.
fn check_vector(inner: &MetricExpr) -> Result<()> {
    if matches!(inner, MetricExpr::Literal(_)) {
        let what = "unexpected expr type (*syntax.LiteralExpr) for Evaluator type (*logql.DefaultEvaluator)";
        return Err(Error::new(Kind::Bug, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
