//! Plans in words.

use super::ExplainedStage;
use crate::eval::line::Doer;
use crate::logql::ast::{LabelFilter, LineFilter, LineOp, LineOperand, Stage};
use crate::plan::{Leaf, MetricPlan, Node};
use model::Projection;

/// The name of who does a stage.
pub fn doer(doer: Doer) -> &'static str {
    match doer {
        Doer::Store => "store",
        Doer::Both => "both",
        Doer::Pipeline => "engine",
    }
}

/// What is read of rows.
pub fn reads(projection: Projection) -> String {
    match (projection.body, projection.metadata) {
        (true, true) => "texts and metadata",
        (true, false) => "texts, no metadata",
        (false, true) => "metadata; texts only where they are searched",
        (false, false) => "times; texts and metadata only where they are searched",
    }
    .to_owned()
}

/// Each of `stages` with who does it, and why.
pub fn stages(stages: &[Stage], doers: &[Doer]) -> Vec<ExplainedStage> {
    let (mut rewriter, mut labeller) = (None, None);
    let mut explained = Vec::with_capacity(stages.len());
    for (stage, doer) in stages.iter().zip(doers) {
        if matches!(stage, Stage::LineFormat(_) | Stage::Unpack) {
            rewriter = Some(name(stage));
        }
        let why = match stage {
            Stage::LineFilter(filter) => line_filter(filter, *doer, rewriter),
            Stage::LabelFilter(filter) => label_filter(filter, *doer, labeller),
            other => other_stage(other).to_owned(),
        };
        if !matches!(stage, Stage::LineFilter(_) | Stage::LabelFilter(_)) {
            labeller = Some(name(stage));
        }
        explained.push(ExplainedStage { text: stage.to_string(), done_by: self::doer(*doer), why });
    }
    explained
}

fn name(stage: &Stage) -> &'static str {
    match stage {
        Stage::LineFilter(_) => "a line filter",
        Stage::Json(_) => "json",
        Stage::Logfmt { .. } => "logfmt",
        Stage::Pattern(_) => "pattern",
        Stage::Regexp(_) => "regexp",
        Stage::Unpack => "unpack",
        Stage::Decolorize => "decolorize",
        Stage::LabelFilter(_) => "a label filter",
        Stage::LineFormat(_) => "line_format",
        Stage::LabelFormat(_) => "label_format",
        Stage::Drop(_) => "drop",
        Stage::Keep(_) => "keep",
        Stage::Distinct(_) => "distinct",
        Stage::Sort(_) => "sort",
    }
}

fn line_filter(filter: &LineFilter, doer: Doer, rewriter: Option<&str>) -> String {
    let negated = matches!(filter.op, LineOp::NotContains | LineOp::NotRegex | LineOp::NotPattern);
    match doer {
        Doer::Store if negated => {
            "searched in templates and columns; filters cannot skip pages by it".to_owned()
        }
        Doer::Store => {
            "searched in templates and columns; filters skip pages without its words and long ids".to_owned()
        }
        Doer::Both => "pattern filter: only its longest text is searched by the store".to_owned(),
        Doer::Pipeline => match rewriter {
            Some(stage) => format!("line filter after {stage}: the line is no longer the one that is stored"),
            None if filter.any.iter().any(|operand| !matches!(operand, LineOperand::Text(_))) => {
                "ip filter: addresses are compared, not texts".to_owned()
            }
            None if negated => "negated pattern filter: no text alone rules a line out".to_owned(),
            None => "pattern filter: no single text is in every line that passes".to_owned(),
        },
    }
}

fn label_filter(filter: &LabelFilter, doer: Doer, labeller: Option<&str>) -> String {
    match (doer, labeller) {
        (Doer::Store | Doer::Both, _) => {
            "by the index where streams have the label, else by structured metadata".to_owned()
        }
        (Doer::Pipeline, Some(stage @ ("json" | "logfmt" | "pattern" | "regexp" | "unpack"))) => {
            format!("label filter after {stage}: the label comes from the line")
        }
        (Doer::Pipeline, Some(stage)) => format!("label filter after {stage}: labels were changed before"),
        (Doer::Pipeline, None) => match filter {
            LabelFilter::Number { .. } | LabelFilter::Duration { .. } | LabelFilter::Bytes { .. } => {
                "label filter: the store compares texts, not numbers"
            }
            LabelFilter::Ip { .. } => "label filter: the store compares texts, not addresses",
            LabelFilter::Or(..) => "label filter with or: the store takes conditions that must all hold",
            LabelFilter::And(..) => "label filter: one of its conditions is not on a text",
            LabelFilter::Text(matcher) if matcher.name.starts_with("__") => {
                "label filter: the label is made by the engine"
            }
            LabelFilter::Text(_) => "label filter: the store takes conditions on two labels at most",
        }
        .to_owned(),
    }
}

fn other_stage(stage: &Stage) -> &'static str {
    match stage {
        Stage::Json(_) | Stage::Logfmt { .. } | Stage::Pattern(_) | Stage::Regexp(_) | Stage::Unpack => {
            "parser: makes labels of each line that is left"
        }
        Stage::LineFormat(_) => "makes a new line of each line that is left",
        Stage::Decolorize => "takes colours out of each line that is left",
        Stage::Distinct(_) | Stage::Sort(_) => "looks at the whole answer: no limit ends the reading early",
        _ => "changes the labels of each line that is left",
    }
}

/// A leaf with its grouping.
pub fn leaf(leaf: &Leaf) -> String {
    let grouping = leaf.grouping.as_ref().filter(|_| leaf.aggregates);
    match grouping {
        Some(grouping) if grouping.labels.is_empty() && !grouping.without => {
            format!("{}, all in one", leaf.range)
        }
        Some(grouping) => format!("{}, grouped{grouping}", leaf.range),
        None => leaf.range.to_string(),
    }
}

/// The root of `plan` as a tree, line by line; empty when it is nothing but a leaf.
pub fn tree(plan: &MetricPlan) -> Vec<String> {
    let mut out = Vec::new();
    draw(&plan.root, "", "", &mut out);
    out
}

fn draw(node: &Node, first: &str, others: &str, out: &mut Vec<String>) {
    let (text, inner): (String, Vec<&Node>) = match node {
        Node::Limited(inner) => return draw(inner, first, others, out),
        Node::Scalar(number) => (format!("{number}"), vec![]),
        Node::Vector(number) => (format!("vector({number})"), vec![]),
        Node::Leaf(at) => (format!("leaf {}", at + 1), vec![]),
        Node::Aggregate { op, k, grouping, inner } => {
            let k = if *k > 0 { format!("({k})") } else { String::new() };
            let grouping = grouping.as_ref().map_or_else(String::new, ToString::to_string);
            (format!("{}{k}{grouping}", op.name()), vec![&**inner])
        }
        Node::Binary { op, return_bool, left, right, .. } => {
            let return_bool = if *return_bool { " bool" } else { "" };
            (format!("{}{return_bool}", op.name()), vec![&**left, &**right])
        }
        Node::Relabel { inner, .. } => ("label_replace".to_owned(), vec![&**inner]),
    };
    out.push(format!("{first}{text}"));
    for (at, node) in inner.iter().enumerate() {
        let last = at + 1 == inner.len();
        let (branch, trunk) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw(node, &format!("{others}{branch}"), &format!("{others}{trunk}"), out);
    }
}
