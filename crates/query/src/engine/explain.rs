//! What answering a query would take: who does which stage, and what the store would read for it. Rows are not read.

mod words;

use super::ask::{InstantQuery, RangeQuery, ScanCounts};
use super::ending::Ending;
use super::gather::{Compiled, Gather, Question, compile};
use super::uniform::RowValue;
use super::{Engine, check_plan, checks, numbers};
use crate::eval::line::{Doer, Wanted};
use crate::eval::window::{Steps, Windows};
use crate::logql;
use crate::logql::ast::{LogExpr, Stage};
use crate::plan::{Leaf, MetricPlan, Plan};
use base::{Error, Result};
use model::{Direction, Estimate, Limits, Matcher};
use serde::Serialize;
use std::sync::Arc;

/// How a query would be answered.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The query as it was understood.
    pub query: String,
    /// What is done with the numbers of the leaves: a tree, line by line. Empty for lines.
    pub root: Vec<String>,
    /// What touches lines.
    pub leaves: Vec<ExplainedLeaf>,
    /// What finding this out has read.
    pub cost: ScanCounts,
}

/// A part of a query that reads lines.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedLeaf {
    /// The log query, or the range aggregation.
    pub text: String,
    /// Its selector.
    pub selector: String,
    /// First nanosecond that is read.
    pub start_ns: i64,
    /// End of what is read, exclusive.
    pub end_ns: i64,
    /// The stages of its pipeline in their order.
    pub stages: Vec<ExplainedStage>,
    /// What is read of a row besides its time and length, and what ends the reading.
    pub reads: String,
    /// Selections that the store is asked.
    pub selections: u64,
    /// What they read.
    pub estimate: Estimate,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedStage {
    /// As it was understood.
    pub text: String,
    /// `store`, `engine`, or `both`.
    pub done_by: &'static str,
    /// How, or why not by the store.
    pub why: String,
}

impl Engine {
    /// Explains a query over a range of time.
    ///
    /// # Errors
    /// As [`Engine::range`], for what is found before rows are read.
    pub async fn explain_range(&self, query: &RangeQuery, limits: &Limits) -> Result<Explanation> {
        checks::resolution(query.start_ns, query.end_ns, query.step_ns)?;
        let expr = logql::parse(&query.query)?;
        let text = expr.to_string();
        let plan = Plan::new(expr)?;
        checks::length(limits, query.start_ns, query.end_ns)?;
        check_plan(limits, &query.query, &plan, false)?;
        let gather = self.gather(limits, &query.tenants, None);
        let start_ns = checks::lookback(limits, query.start_ns, query.end_ns, query.now_ns);
        let start_ns = start_ns.unwrap_or(query.end_ns);
        match &plan {
            Plan::Log(log) => {
                let leaf = lines(&gather, log, query, start_ns).await?;
                Ok(gather.explained(text, Vec::new(), vec![leaf]))
            }
            Plan::Metric(plan) => {
                let steps = Steps { start_ns, end_ns: query.end_ns, step_ns: query.step_ns };
                let steps = if query.align { steps.aligned() } else { steps };
                gather.explain_metric(text, plan, &steps).await
            }
        }
    }

    /// Explains a query at one point of time.
    ///
    /// # Errors
    /// As [`Engine::instant`], for what is found before rows are read.
    pub async fn explain_instant(&self, query: &InstantQuery, limits: &Limits) -> Result<Explanation> {
        let expr = logql::parse(&query.query)?;
        let text = expr.to_string();
        let plan = Plan::new(expr)?;
        check_plan(limits, &query.query, &plan, true)?;
        let Plan::Metric(plan) = plan else {
            return Err(Error::invalid("a query for lines has no single time: explain it over a range"));
        };
        let gather = self.gather(limits, &query.tenants, None);
        gather.explain_metric(text, &plan, &Steps::instant(query.time_ns)).await
    }
}

impl Gather<'_> {
    async fn explain_metric(&self, text: String, plan: &MetricPlan, steps: &Steps) -> Result<Explanation> {
        let mut leaves = Vec::with_capacity(plan.leaves.len());
        for leaf in &plan.leaves {
            leaves.push(numbers_of(self, leaf, steps).await?);
        }
        Ok(self.explained(text, words::tree(plan), leaves))
    }

    fn explained(&self, query: String, root: Vec<String>, leaves: Vec<ExplainedLeaf>) -> Explanation {
        Explanation { query, root, leaves, cost: ScanCounts::from(&*self.scan) }
    }

    async fn leaf(
        &self,
        text: String,
        question: Question<'_>,
        stages: Vec<ExplainedStage>,
        reads: String,
    ) -> Result<ExplainedLeaf> {
        let (estimate, selections) = self.estimate(&question).await?;
        Ok(ExplainedLeaf {
            text,
            selector: selector(question.matchers),
            start_ns: question.range.start_ns,
            end_ns: question.range.end_ns,
            stages,
            reads,
            selections,
            estimate,
        })
    }
}

async fn lines(
    gather: &Gather<'_>,
    log: &LogExpr,
    query: &RangeQuery,
    start_ns: i64,
) -> Result<ExplainedLeaf> {
    let (of_line, ending) = Ending::split(&log.stages);
    let Compiled { predicates, on_labels, pipeline, mut doers, rest } = compile(of_line, Wanted::Lines)?;
    doers.resize(log.stages.len(), Doer::Pipeline);
    let most = Some(query.limit).filter(|limit| *limit > 0 && query.interval_ns == 0 && ending.is_none());
    let mut reads = words::reads(pipeline.projection());
    let first = if query.direction == Direction::Backward { "newest" } else { "oldest" };
    reads.push_str(&match most {
        Some(limit) if rest.is_empty() => format!("; {first} first, until {limit} lines are found"),
        Some(limit) => format!("; {first} first, until {limit} lines pass the engine's stages"),
        None => "; all of the range".to_owned(),
    });
    let judged_by = pipeline.judged_by().filter(|_| ending.is_none() && query.interval_ns == 0);
    if let Some(fields) = judged_by.and_then(|digest| digest.fields.as_ref()) {
        reads.push_str(&format!(
            "; which lines are dropped is told first, where texts are in columns by {} alone",
            fields.names.join(", ")
        ));
    }
    let question = Question {
        matchers: &log.matchers,
        predicates,
        on_labels,
        range: checks::line_range(start_ns, query.end_ns),
        projection: pipeline.projection(),
        digest: None,
        direction: query.direction,
        limit_hint: most,
        nearest: most.filter(|_| rest.iter().all(Stage::only_adds_labels)),
    };
    gather.leaf(log.to_string(), question, words::stages(&log.stages, &doers), reads).await
}

async fn numbers_of(gather: &Gather<'_>, leaf: &Leaf, steps: &Steps) -> Result<ExplainedLeaf> {
    let range = &leaf.range;
    let Compiled { predicates, on_labels, pipeline, doers, rest } = numbers::compiled(leaf)?;
    let mut stages = words::stages(&range.log.stages, &doers);
    stages.extend(range.unwrap.as_ref().map(|unwrap| ExplainedStage {
        text: unwrap.to_string(),
        done_by: words::doer(Doer::Pipeline),
        why: "takes the number of each line from a label".to_owned(),
    }));
    let mut reads = words::reads(pipeline.projection());
    if range.unwrap.is_none() && RowValue::new(range.op, &rest).is_some() {
        reads.push_str("; rows that fall into one series are counted by their times");
    }
    let windows = Windows::new(steps, range.range_ns, range.offset_ns.unwrap_or(0));
    let digest = numbers::digest(leaf, &pipeline, &windows);
    if let Some(fields) = digest.as_ref().and_then(|digest| digest.fields.as_ref()) {
        reads.push_str(&format!(
            "; where texts are in columns, those of {} alone are decoded",
            fields.names.join(", ")
        ));
    }
    let question = Question {
        matchers: &range.log.matchers,
        predicates,
        on_labels,
        range: windows.time_range(),
        projection: pipeline.projection(),
        digest: digest.map(Arc::new),
        direction: Direction::Forward,
        limit_hint: None,
        nearest: None,
    };
    gather.leaf(words::leaf(leaf), question, stages, reads).await
}

fn selector(matchers: &[Matcher]) -> String {
    LogExpr { matchers: matchers.to_vec(), stages: Vec::new() }.to_string()
}

#[cfg(test)]
mod tests;
