//! Stages, compiled, and how a line goes through them.

use super::capture::{Captures, parse_pattern};
use super::choose::Chosen;
use super::decolorize::decolorize;
use super::extract::{JsonExtractions, LogfmtExtractions};
use super::format::{LabelTemplates, LineTemplate};
use super::label_filter::Condition;
use super::line_filter::LineCondition;
use super::logfmt::Flags;
use super::pattern::Pattern;
use super::row::Row;
use super::scratch::Buffers;
use super::{json, logfmt, unpack};
use crate::go;
use crate::logql::ast::Stage;
use base::{Error, Result};

/// A compiled stage.
#[derive(Debug)]
pub(super) enum Step {
    LineFilter(LineCondition),
    LabelFilter(Condition),
    Json,
    JsonPaths(JsonExtractions),
    Logfmt(Flags),
    LogfmtKeys(Flags, LogfmtExtractions),
    Pattern(Pattern),
    Regexp(Captures),
    Unpack,
    Decolorize,
    LineFormat(LineTemplate),
    LabelFormat(LabelTemplates),
    Drop(Chosen),
    Keep(Chosen),
}

/// What became of a line in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Drop,
    Stay,
    /// The stage wrote a new text.
    Rewritten,
}

impl From<bool> for Outcome {
    fn from(stays: bool) -> Self {
        if stays { Self::Stay } else { Self::Drop }
    }
}

impl Step {
    /// Compiles `stage`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in Loki's words.
    pub(super) fn compile(stage: &Stage) -> Result<Self> {
        let in_stage = |wrong: String| Error::invalid(format!("parse error : stage '{stage}' : {wrong}"));
        Ok(match stage {
            Stage::LineFilter(filter) => Self::LineFilter(LineCondition::compile(filter).map_err(in_stage)?),
            Stage::LabelFilter(filter) => Self::LabelFilter(Condition::compile(filter).map_err(in_stage)?),
            Stage::Json(extractions) if extractions.is_empty() => Self::Json,
            Stage::Json(extractions) => {
                Self::JsonPaths(JsonExtractions::compile(extractions).map_err(in_stage)?)
            }
            Stage::Logfmt { strict, keep_empty, extractions } => {
                let flags = Flags { strict: *strict, keep_empty: *keep_empty };
                match extractions.is_empty() {
                    true => Self::Logfmt(flags),
                    false => {
                        Self::LogfmtKeys(flags, LogfmtExtractions::compile(extractions).map_err(in_stage)?)
                    }
                }
            }
            Stage::Pattern(pattern) => {
                Self::Pattern(Pattern::parse(pattern).map_err(|wrong| {
                    Error::invalid(format!("parse error : invalid pattern parser: {wrong}"))
                })?)
            }
            Stage::Regexp(regex) => {
                Self::Regexp(Captures::compile(regex).map_err(|wrong| {
                    Error::invalid(format!("parse error : invalid regexp parser: {wrong}"))
                })?)
            }
            Stage::Unpack => Self::Unpack,
            Stage::Decolorize => Self::Decolorize,
            Stage::LineFormat(template) => {
                Self::LineFormat(LineTemplate::compile(template).map_err(in_stage)?)
            }
            Stage::LabelFormat(formats) => {
                Self::LabelFormat(LabelTemplates::compile(formats).map_err(in_stage)?)
            }
            Stage::Drop(items) => Self::Drop(Chosen::compile(items)),
            Stage::Keep(items) => Self::Keep(Chosen::compile(items)),
            Stage::Distinct(_) | Stage::Sort(_) => {
                return Err(Error::bug(format!("stage '{stage}' is not one of a line")));
            }
        })
    }

    /// Labels that the stage reads, by name.
    pub(super) fn reads<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::LabelFilter(condition) => condition.names(names),
            Self::LineFormat(template) => names.extend(template.names()),
            Self::LabelFormat(templates) => names.extend(templates.names()),
            _ => {}
        }
    }

    /// Whether the stage takes labels from the text, and nothing else.
    pub(super) fn is_parser(&self) -> bool {
        use Step::{Json, JsonPaths, Logfmt, LogfmtKeys, Pattern, Regexp, Unpack};
        matches!(self, Json | JsonPaths(_) | Logfmt(_) | LogfmtKeys(..) | Pattern(_) | Regexp(_) | Unpack)
    }

    pub(super) fn is_line_filter(&self) -> bool {
        matches!(self, Self::LineFilter(_))
    }

    /// Whether the stage looks at the text.
    pub(super) fn reads_text(&self) -> bool {
        !matches!(self, Self::LabelFilter(_) | Self::Drop(_) | Self::Keep(_))
    }

    /// Puts the line through the stage. A new text goes to `out`.
    pub(super) fn run(
        &self,
        text: &[u8],
        row: &mut Row<'_>,
        buffers: &mut Buffers,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let rewritten = |rewritten: bool| if rewritten { Outcome::Rewritten } else { Outcome::Stay };
        match self {
            Self::LineFilter(condition) => condition.passes(text).into(),
            Self::LabelFilter(condition) => condition.passes(row).into(),
            Self::Json => json::parse(&go::decoded(text), row, &mut buffers.json).into(),
            Self::JsonPaths(extractions) => extractions.parse(&go::decoded(text), row).into(),
            Self::Logfmt(flags) => {
                let names = [&mut buffers.name, &mut buffers.suffixed];
                logfmt::parse(&go::decoded(text), *flags, row, names).into()
            }
            Self::LogfmtKeys(flags, extractions) => {
                extractions.parse(&go::decoded(text), *flags, row, &mut buffers.name).into()
            }
            Self::Pattern(pattern) => {
                parse_pattern(pattern, &go::decoded(text), row, &mut buffers.suffixed).into()
            }
            Self::Regexp(captures) => captures.parse(&go::decoded(text), row, &mut buffers.suffixed).into(),
            Self::Unpack => {
                let names = [&mut buffers.name, &mut buffers.suffixed];
                unpack::unpack(&go::decoded(text), row, out, names)
            }
            Self::Decolorize => rewritten(decolorize(text, out)),
            Self::LineFormat(template) => rewritten(template.format(text, row, buffers, out)),
            Self::LabelFormat(templates) => {
                templates.format(text, row, buffers);
                Outcome::Stay
            }
            Self::Drop(chosen) => {
                chosen.drop_from(row);
                Outcome::Stay
            }
            Self::Keep(chosen) => {
                chosen.keep_in(row);
                Outcome::Stay
            }
        }
    }
}
