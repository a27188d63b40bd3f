//! Writes trees as queries, on one line, in the form that the reference writes: the same text for
//! the same query, whatever its spaces, case, quotes and units were.

use super::ast::{
    Binary, Expr, Extraction, GroupSide, Grouping, LabelFilter, LabelFormat, LabelReplace, LineFilter,
    LineOperand, LogExpr, Matching, MetricExpr, NameOrMatcher, RangeAggregation, SortKey, Stage, Unwrap,
    VectorAggregation,
};
use super::literal;
use crate::go;
use crate::syntax::{byte_size, duration};
use base::unit::go_duration_text;
use model::MatchOp;
use model::labels::GoQuoted;
use std::fmt::{Display, Formatter, Result};

/// Items with `separator` between.
pub struct Joined<'a, T>(pub &'a [T], pub &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (at, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if at == 0 { "" } else { self.1 })?;
        }
        Ok(())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Log(log) => log.fmt(f),
            Self::Metric(metric) => metric.fmt(f),
        }
    }
}

impl Display for LogExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{{{}}}", Joined(&self.matchers, ", "))?;
        for stage in &self.stages {
            write!(f, " {stage}")?;
        }
        Ok(())
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::LineFilter(filter) => filter.fmt(f),
            Self::Json(extractions) => write!(f, "| json{}", SpaceBefore(extractions)),
            Self::Logfmt { strict, keep_empty, extractions } => {
                let strict = if *strict { " --strict" } else { "" };
                let keep_empty = if *keep_empty { " --keep-empty" } else { "" };
                write!(f, "| logfmt{strict}{keep_empty}{}", SpaceBefore(extractions))
            }
            Self::Pattern(pattern) => write!(f, "| pattern {}", GoQuoted(pattern)),
            Self::Regexp(regex) => write!(f, "| regexp {}", GoQuoted(regex)),
            Self::Unpack => f.write_str("| unpack"),
            Self::Decolorize => f.write_str("| decolorize"),
            Self::LabelFilter(filter) => write!(f, "| {filter}"),
            Self::LineFormat(template) => write!(f, "| line_format {}", GoQuoted(template)),
            Self::LabelFormat(formats) => write!(f, "| label_format {}", Joined(formats, ",")),
            Self::Drop(items) => write!(f, "| drop {}", Joined(items, ",")),
            Self::Keep(items) => write!(f, "| keep {}", Joined(items, ",")),
            Self::Distinct(labels) => write!(f, "| distinct {}", Joined(labels, ",")),
            Self::Sort(keys) => write!(f, "| sort by ({})", Joined(keys, ",")),
        }
    }
}

/// Items with commas between, and a space before unless there are none.
struct SpaceBefore<'a, T>(&'a [T]);

impl<T: Display> Display for SpaceBefore<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", if self.0.is_empty() { "" } else { " " }, Joined(self.0, ","))
    }
}

impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.label, if self.descending { " desc" } else { "" })
    }
}

impl Display for LineFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.op.text(), Joined(&self.any, " or "))
    }
}

impl Display for LineOperand {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text(text) => GoQuoted(text).fmt(f),
            Self::Ip(pattern) => write!(f, "ip({})", GoQuoted(pattern)),
        }
    }
}

impl Display for Extraction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}={}", self.label, GoQuoted(&self.expression))
    }
}

impl Display for LabelFormat {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Rename { to, from } => write!(f, "{to}={from}"),
            Self::Template { to, template } => write!(f, "{to}={}", GoQuoted(template)),
        }
    }
}

impl Display for NameOrMatcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Matcher(matcher) => matcher.fmt(f),
        }
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(left, right) => write!(f, "( {left} , {right} )"),
            Self::Or(left, right) => write!(f, "( {left} or {right} )"),
            Self::Text(matcher) => matcher.fmt(f),
            Self::Number { name, op, value } => {
                write!(f, "{name}{}{}", op.text(), go::format_float(*value, b'f', -1))
            }
            Self::Duration { name, op, ns } => write!(f, "{name}{}{}", op.text(), go_duration_text(*ns)),
            Self::Bytes { name, op, bytes } => write!(f, "{name}{}{}", op.text(), byte_size::write(*bytes)),
            Self::Ip { name, op, pattern } => {
                let op = if *op == MatchOp::NotEqual { "!=" } else { "=" };
                write!(f, "{name}{op}ip({})", GoQuoted(pattern))
            }
        }
    }
}

impl Display for MetricExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Range(aggregation) => aggregation.fmt(f),
            Self::Vector(aggregation) => aggregation.fmt(f),
            Self::Binary(binary) => binary.fmt(f),
            Self::LabelReplace(replace) => replace.fmt(f),
            Self::VectorFn(value) => write!(f, "vector({})", literal::write_fixed(*value)),
            Self::Literal(value) => f.write_str(&literal::write(*value)),
        }
    }
}

impl Display for RangeAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.op.name())?;
        if let Some(parameter) = self.parameter {
            write!(f, "{},", go::format_float(parameter, b'f', -1))?;
        }
        if let Some(label) = self.distinct_label() {
            write!(f, "{label},")?;
        }
        self.log.fmt(f)?;
        if let Some(unwrap) = self.unwrap_stage() {
            write!(f, " {unwrap}")?;
        }
        write!(f, "[{}]", duration::write(self.range_ns))?;
        if let Some(offset_ns) = self.offset_ns {
            write!(f, " offset {}", go_duration_text(offset_ns))?;
        }
        f.write_str(")")?;
        self.grouping.as_ref().map_or(Ok(()), |grouping| grouping.fmt(f))
    }
}

impl Unwrap {
    /// The stage without the filters after it.
    pub fn head(&self) -> String {
        match self.conversion.name() {
            "" => format!("| unwrap {}", self.label),
            conversion => format!("| unwrap {conversion}({})", self.label),
        }
    }
}

impl Display for Unwrap {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.head())?;
        for filter in &self.filters {
            write!(f, " | {filter}")?;
        }
        Ok(())
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, " {} ({})", if self.without { "without" } else { "by" }, Joined(&self.labels, ","))
    }
}

impl Display for VectorAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.op.name())?;
        if let Some(grouping) = &self.grouping {
            grouping.fmt(f)?;
        }
        match self.parameter {
            Some(parameter) => write!(f, "({parameter},{})", self.inner),
            None => write!(f, "({})", self.inner),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({} {}", self.left, self.op.name())?;
        if self.return_bool {
            f.write_str(" bool")?;
        }
        let right = self.right.to_string();
        if let Some(matching) = &self.matching {
            write!(f, " {matching}")?;
            // Without its own parentheses the modifier would take those of the operand.
            let bare = matches!(&matching.group, Some((_, include)) if include.is_empty());
            if bare && right.starts_with('(') {
                f.write_str(" ()")?;
            }
        }
        write!(f, " {right})")
    }
}

impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} ({}) ", if self.on { "on" } else { "ignoring" }, Joined(&self.labels, ","))?;
        if let Some((side, include)) = &self.group {
            f.write_str(side.name())?;
            if !include.is_empty() {
                write!(f, " ({})", Joined(include, ","))?;
            }
        }
        Ok(())
    }
}

impl GroupSide {
    /// Its modifier in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "group_left",
            Self::Right => "group_right",
        }
    }
}

impl Display for LabelReplace {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { inner, dst, replacement, src, regex } = self;
        let texts = [dst, replacement, src, regex].map(|text| GoQuoted(text));
        write!(f, "label_replace({inner},{})", Joined(&texts, ","))
    }
}
