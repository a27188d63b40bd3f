//! Which values of spans a query needs: what storage must read, and what replies tell of each span.

use super::ast::*;

impl Query {
    /// Every value that is read anywhere in the query, each once, in the order written.
    pub fn fields(&self) -> Vec<Field> {
        let mut found = Vec::new();
        match &self.expr {
            Expr::Spans(pipeline) => pipeline.visit(&mut found),
            Expr::Metrics(metrics) => metrics.visit(&mut found),
        }
        found
    }
}

impl Pipeline {
    /// As [`Query::fields`].
    pub fn fields(&self) -> Vec<Field> {
        let mut found = Vec::new();
        self.visit(&mut found);
        found
    }

    fn visit(&self, found: &mut Vec<Field>) {
        for stage in &self.stages {
            match stage {
                Stage::Spansets(expr) => expr.visit(found),
                Stage::By(expr) => expr.visit(found),
                Stage::Coalesce => {}
                Stage::Select(fields) => fields.iter().for_each(|field| note(field, found)),
                Stage::Scalar(filter) => {
                    filter.left.visit(found);
                    filter.right.visit(found);
                }
            }
        }
    }
}

fn note(field: &Field, found: &mut Vec<Field>) {
    if !found.contains(field) {
        found.push(field.clone());
    }
}

impl SpansetExpr {
    fn visit(&self, found: &mut Vec<Field>) {
        match self {
            Self::Filter(expr) => expr.visit(found),
            Self::Pipeline(pipeline) => pipeline.visit(found),
            Self::Binary(binary) => {
                binary.left.visit(found);
                binary.right.visit(found);
            }
        }
    }
}

impl FieldExpr {
    fn visit(&self, found: &mut Vec<Field>) {
        match self {
            Self::Literal(_) => {}
            Self::Field(field) => note(field, found),
            Self::Not(of) | Self::Negate(of) => of.visit(found),
            Self::Match(matched) => matched.value.visit(found),
            Self::Binary(binary) => {
                binary.left.visit(found);
                binary.right.visit(found);
            }
        }
    }
}

impl ScalarExpr {
    fn visit(&self, found: &mut Vec<Field>) {
        match self {
            Self::Literal(_) | Self::Aggregate(Aggregate::Count) => {}
            Self::Aggregate(Aggregate::Over(_, expr)) => expr.visit(found),
            Self::Negate(of) => of.visit(found),
            Self::Binary(binary) => {
                binary.left.visit(found);
                binary.right.visit(found);
            }
        }
    }
}

impl MetricsExpr {
    fn visit(&self, found: &mut Vec<Field>) {
        match self {
            Self::Number(_) => {}
            Self::Refined(of, _) => of.visit(found),
            Self::Binary(binary) => {
                binary.left.visit(found);
                binary.right.visit(found);
            }
            Self::Aggregate(aggregate) => {
                aggregate.spans.visit(found);
                aggregate.stage.visit(found);
            }
        }
    }
}

impl FirstStage {
    fn visit(&self, found: &mut Vec<Field>) {
        match self {
            Self::Compare(compare) => compare.selection.visit(found),
            Self::Range { function, by } => {
                match function {
                    RangeFunction::Rate | RangeFunction::Count => {}
                    RangeFunction::Over(_, field)
                    | RangeFunction::Quantile(field, _)
                    | RangeFunction::Histogram(field) => note(field, found),
                }
                by.iter().for_each(|field| note(field, found));
            }
        }
    }
}
