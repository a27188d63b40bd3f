//! Operators between spansets.

use super::pipeline::{self, Spanset};
use super::{Trace, condition};
use crate::traceql::ast::{Form, Relation, SpansetBinary, SpansetExpr, SpansetOp};

/// Which of `spans` are selected, ascending as they are.
pub fn select(trace: &Trace<'_>, expr: &SpansetExpr, spans: &[usize]) -> Vec<usize> {
    match expr {
        SpansetExpr::Filter(expr) => {
            spans.iter().copied().filter(|at| condition::holds(trace, expr, *at)).collect()
        }
        SpansetExpr::Pipeline(inner) => {
            let given = Spanset { spans: spans.to_vec(), told: Vec::new() };
            let found = pipeline::run(trace, inner, vec![given]);
            let mut marks = vec![false; trace.members.len()];
            found.iter().flat_map(|set| &set.spans).for_each(|at| marks[*at] = true);
            marked(&marks)
        }
        SpansetExpr::Binary(binary) => {
            let SpansetBinary { op, left, right } = &**binary;
            join(trace, *op, &select(trace, left, spans), &select(trace, right, spans))
        }
    }
}

fn join(trace: &Trace<'_>, op: SpansetOp, left: &[usize], right: &[usize]) -> Vec<usize> {
    let marks_of = |spans: &[usize]| {
        let mut marks = vec![false; trace.members.len()];
        spans.iter().for_each(|at| marks[*at] = true);
        marks
    };
    match op {
        SpansetOp::And if left.is_empty() || right.is_empty() => Vec::new(),
        SpansetOp::And | SpansetOp::Or => either(&marks_of(left), &marks_of(right)),
        SpansetOp::Structural(relation, form) => {
            let (left, right) = (marks_of(left), marks_of(right));
            let related = both(&related_to(trace, relation, &left), &right);
            match form {
                Form::Plain => marked(&related),
                Form::Negated => marked(
                    &right
                        .iter()
                        .zip(&related)
                        .map(|(right, related)| *right && !related)
                        .collect::<Vec<_>>(),
                ),
                Form::Union => {
                    let back = both(&related_to(trace, relation.turned(), &right), &left);
                    either(&related, &back)
                }
            }
        }
    }
}

impl Relation {
    /// What the left span is to the right one.
    fn turned(self) -> Self {
        match self {
            Self::Child => Self::Parent,
            Self::Descendant => Self::Ancestor,
            Self::Parent => Self::Child,
            Self::Ancestor => Self::Descendant,
            Self::Sibling => Self::Sibling,
        }
    }
}

/// Which spans of the trace stand in `relation` to a marked one.
fn related_to(trace: &Trace<'_>, relation: Relation, marks: &[bool]) -> Vec<bool> {
    match relation {
        Relation::Child => trace.tree.children_of(marks),
        Relation::Descendant => trace.tree.descendants_of(marks),
        Relation::Parent => trace.tree.parents_of(marks),
        Relation::Ancestor => trace.tree.ancestors_of(marks),
        Relation::Sibling => trace.tree.siblings_of(marks),
    }
}

fn both(left: &[bool], right: &[bool]) -> Vec<bool> {
    left.iter().zip(right).map(|(left, right)| *left && *right).collect()
}

fn either(left: &[bool], right: &[bool]) -> Vec<usize> {
    marked(&left.iter().zip(right).map(|(left, right)| *left || *right).collect::<Vec<_>>())
}

fn marked(marks: &[bool]) -> Vec<usize> {
    marks.iter().enumerate().filter(|(_, mark)| **mark).map(|(at, _)| at).collect()
}
