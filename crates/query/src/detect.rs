//! Finds the fields in lines: keys of structured metadata, what the pipeline parsed, and what json
//! or logfmt would parse, with a guess of each field's type and the number of its values.

mod distinct;

use crate::eval::line::{
    ERROR_DETAILS_LABEL, ERROR_LABEL, Pipeline, Scratch, StreamPipeline, Wanted, json_path,
};
use crate::go;
use crate::logql::ast::Stage;
use base::Result;
use distinct::Distinct;
use indexmap::IndexMap;
use model::{AnsweredLine, AnsweredStream, LabelsRef, RowRef};
use std::collections::BTreeSet;

/// What the values of a field look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is the type of its name
pub enum Kind {
    Int,
    Float,
    Boolean,
    Duration,
    Bytes,
    String,
}

impl Kind {
    /// Its word.
    pub fn text(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }

    /// The first kind that `value` can be read as.
    fn of(value: &str) -> Self {
        const BOOLEANS: [&str; 12] =
            ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
        if go::parse_int(value, 10).is_ok() {
            Self::Int
        } else if go::parse_float(value).is_ok() {
            Self::Float
        } else if BOOLEANS.contains(&value) {
            Self::Boolean
        } else if go::parse_duration(value).is_ok() {
            Self::Duration
        } else if go::parse_size(value).is_ok() {
            Self::Bytes
        } else {
            Self::String
        }
    }
}

/// What finds a field in a line's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    /// `| json`
    Json,
    /// `| logfmt`
    Logfmt,
}

impl Parser {
    /// The word of its stage.
    pub fn text(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Logfmt => "logfmt",
        }
    }

    /// What its stage says in [`ERROR_LABEL`] about a line that it cannot read; a line may well
    /// have a field of that name.
    fn error(self) -> &'static str {
        match self {
            Self::Json => "JSONParserErr",
            Self::Logfmt => "LogfmtParserErr",
        }
    }
}

/// A field of lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The label that it becomes when it is parsed.
    pub label: String,
    /// What its last value looked like.
    pub kind: Kind,
    /// About how many values it has.
    pub cardinality: u64,
    /// What finds it; empty when it is structured metadata alone.
    pub parsers: Vec<Parser>,
    /// Keys from the outermost JSON object to it; empty unless it was found in JSON.
    pub json_path: Vec<String>,
}

/// The fields of `streams`, which keep their labels by category; the first `limit` that are met.
///
/// # Errors
/// [`base::Kind::Bug`] when the parsers cannot be made.
pub fn fields(streams: &[AnsweredStream], limit: usize) -> Result<Vec<Field>> {
    let mut found: IndexMap<String, Seen> = IndexMap::new();
    visit(streams, |at, parser, line| {
        let (name, value) = at;
        let full = found.len() >= limit;
        let seen = match found.get_mut(name) {
            Some(seen) => seen,
            None if full => return,
            None => found.entry(name.to_owned()).or_default(),
        };
        seen.add(name, value, parser, line);
    })?;
    Ok(found.into_iter().map(|(label, seen)| seen.field(label)).collect())
}

/// The values of the field `name` in `streams`, at most `limit`, in order.
///
/// # Errors
/// As [`fields`].
pub fn field_values(streams: &[AnsweredStream], name: &str, limit: usize) -> Result<Vec<String>> {
    let mut values = BTreeSet::new();
    visit(streams, |(label, value), _, _| {
        if label == name && values.len() < limit && !values.contains(value) {
            values.insert(value.to_owned());
        }
    })?;
    Ok(values.into_iter().collect())
}

/// Whether a value is an id that says nothing to people: a UUID, plain, as `urn:uuid:…`, in braces or
/// without hyphens.
pub fn is_id(value: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bare = value.strip_prefix("urn:uuid:").unwrap_or(value);
    let bare = bare.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(bare);
    if bare.len() == 32 {
        return is_hex(bare);
    }
    let lengths: Vec<_> = bare.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && bare.split('-').all(is_hex)
}

/// What was seen of a field.
#[derive(Default)]
struct Seen {
    kind: Option<Kind>,
    values: Distinct,
    parsers: Vec<Parser>,
    json_path: Vec<String>,
}

impl Seen {
    fn add(&mut self, name: &str, value: &str, parser: Option<Parser>, line: &[u8]) {
        self.kind = Some(Kind::of(value));
        self.values.add(value.as_bytes());
        let Some(parser) = parser else { return };
        if !self.parsers.contains(&parser) {
            self.parsers.push(parser);
        }
        if parser == Parser::Json && self.json_path.is_empty() {
            self.json_path =
                std::str::from_utf8(line).ok().and_then(|text| json_path(text, name)).unwrap_or_default();
        }
    }

    fn field(self, label: String) -> Field {
        Field {
            label,
            kind: self.kind.unwrap_or(Kind::String),
            cardinality: self.values.count(),
            parsers: self.parsers,
            json_path: self.json_path,
        }
    }
}

/// Calls `each` with every field of every line: name and value, what parses it, and the line's text.
fn visit(
    streams: &[AnsweredStream],
    mut each: impl FnMut((&str, &str), Option<Parser>, &[u8]),
) -> Result<()> {
    let parsers = Parsers::new()?;
    let mut scratch = Scratch::default();
    for stream in streams {
        let bound = parsers.for_stream(stream);
        for line in &stream.lines {
            for pair in line.metadata.iter() {
                each(pair, None, &line.text);
            }
            bound.visit(line, &mut scratch, &mut each);
        }
    }
    Ok(())
}

/// The pipelines that lines are tried with.
struct Parsers {
    json: Pipeline,
    logfmt: Pipeline,
}

/// The same for one stream.
struct StreamParsers {
    json: StreamPipeline,
    logfmt: StreamPipeline,
}

impl Parsers {
    fn new() -> Result<Self> {
        let logfmt = Stage::Logfmt { strict: false, keep_empty: false, extractions: Vec::new() };
        Ok(Self {
            json: Pipeline::compile(&[Stage::Json(Vec::new())], Wanted::Lines)?,
            logfmt: Pipeline::compile(&[logfmt], Wanted::Lines)?,
        })
    }

    fn for_stream(&self, stream: &AnsweredStream) -> StreamParsers {
        StreamParsers {
            json: self.json.for_stream(&stream.labels),
            logfmt: self.logfmt.for_stream(&stream.labels),
        }
    }
}

impl StreamParsers {
    /// What the query's own pipeline parsed counts as found by the parser that fits the line.
    fn visit(
        &self,
        line: &AnsweredLine,
        scratch: &mut Scratch,
        each: &mut impl FnMut((&str, &str), Option<Parser>, &[u8]),
    ) {
        let is_field = |name: &str| name != ERROR_LABEL && name != ERROR_DETAILS_LABEL;
        let row = RowRef { ts_ns: line.ts_ns, body: &line.text, metadata: LabelsRef::EMPTY };
        let mut parsed_by = None;
        for (parser, pipeline) in [(Parser::Json, &self.json), (Parser::Logfmt, &self.logfmt)] {
            let Some(mut processed) = pipeline.line(scratch, row) else { continue };
            let labels = processed.parsed_labels();
            if labels.get(ERROR_LABEL) == Some(parser.error()) {
                continue;
            }
            for pair in labels.iter().filter(|(name, _)| is_field(name)) {
                each(pair, Some(parser), &line.text);
            }
            parsed_by = Some((parser, labels.to_owned()));
            break;
        }
        for (name, value) in line.parsed.iter().filter(|(name, _)| is_field(name)) {
            let again = parsed_by.as_ref().is_some_and(|(_, labels)| labels.get(name).is_some());
            if !again {
                each((name, value), parsed_by.as_ref().map(|(parser, _)| *parser), &line.text);
            }
        }
    }
}

#[cfg(test)]
mod tests;
