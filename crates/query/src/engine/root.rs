//! The root half of a metric plan, over the numbers that its leaves gave.

use super::checks;
use crate::eval::aggregate::aggregate;
use crate::eval::binary::{Operand, binary};
use crate::eval::series::StepSeries;
use crate::eval::window::Steps;
use crate::plan::Node;
use base::{Error, Result};
use hashbrown::{HashMap, HashSet};

/// What evaluating a root needs.
pub(super) struct Root {
    pub steps: Steps,
    /// What each leaf gave.
    pub leaves: Vec<Vec<StepSeries>>,
    /// Most series of an answer; 0 is no limit.
    pub max_series: usize,
    /// Length of the pieces that Loki cuts a query into; it checks each piece's series.
    pub split_ns: i64,
}

impl Root {
    /// What `node` gives.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] for too many series; what operators refuse.
    pub fn evaluate(&self, node: &Node) -> Result<Operand> {
        match node {
            Node::Scalar(number) => Ok(Operand::Scalar(*number)),
            Node::Vector(number) => {
                Ok(Operand::Vector(vec![StepSeries::constant(*number, self.steps.count())]))
            }
            Node::Leaf(at) => {
                let series = self.leaves.get(*at).ok_or_else(|| Error::bug("a plan without its leaf"))?;
                Ok(Operand::Vector(series.clone()))
            }
            Node::Limited(inner) => {
                let series = self.vector(inner)?;
                self.check_pieces(&series)?;
                Ok(Operand::Vector(series))
            }
            Node::Aggregate { op, k, grouping, inner } => {
                Ok(Operand::Vector(aggregate(*op, *k, grouping.as_ref(), self.vector(inner)?)))
            }
            Node::Relabel { relabel, inner } => Ok(Operand::Vector(relabel.apply(self.vector(inner)?)?)),
            Node::Binary { op, return_bool, matching, left, right } => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                binary(*op, *return_bool, matching.as_ref(), left, right)
            }
        }
    }

    fn vector(&self, node: &Node) -> Result<Vec<StepSeries>> {
        match self.evaluate(node)? {
            Operand::Vector(series) => Ok(series),
            Operand::Scalar(_) => Err(Error::bug("a number where a vector is needed")),
        }
    }

    fn check_pieces(&self, series: &[StepSeries]) -> Result<()> {
        if self.max_series == 0 || series.len() <= self.max_series {
            return Ok(());
        }
        if self.split_ns <= 0 || self.steps.count() <= 1 {
            return Err(checks::too_many_series(self.max_series));
        }
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for one in series {
            let mut last = None;
            for (step, _) in &one.points {
                let piece = self.steps.ts_ns(*step).div_euclid(self.split_ns);
                if last.replace(piece) != Some(piece) {
                    *counts.entry(piece).or_default() += 1;
                }
            }
        }
        if counts.values().any(|count| *count > self.max_series) {
            return Err(checks::too_many_series(self.max_series));
        }
        Ok(())
    }

    /// Refuses an answer with too many series.
    ///
    /// # Errors
    /// [`base::Kind::Limit`].
    pub fn check_answer(&self, series: &[StepSeries]) -> Result<()> {
        let distinct: HashSet<_> = series.iter().map(|one| &one.labels).collect();
        if self.max_series > 0 && distinct.len() > self.max_series {
            return Err(checks::too_many_series(self.max_series));
        }
        Ok(())
    }
}
