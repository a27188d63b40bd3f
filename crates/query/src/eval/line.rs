//! The log pipeline: lines go in, lines with labels or samples come out.
//!
//! A [`Pipeline`] is compiled once per query and shared between threads; [`Pipeline::for_stream`]
//! binds it to a stream; a [`Scratch`] per thread holds everything a line needs, so that a line
//! costs no allocation in the usual case.
//!
//! The labels of a line are kept in three categories, as answers with categorised labels show them:
//! those of the stream, structured metadata, and those made by the pipeline.

mod capture;
mod choose;
mod decolorize;
mod extract;
mod field;
mod format;
mod hints;
mod ip;
mod json;
mod json_path;
mod json_scan;
mod json_search;
mod label_filter;
mod labels;
mod line_filter;
mod logfmt;
mod name_list;
mod path;
mod pattern;
mod pushdown;
mod row;
mod scratch;
mod series;
mod step;
mod unpack;
mod unwrap;

pub use json_path::json_path;
pub use pushdown::{Doer, Pushdown};
pub use scratch::Scratch;

use crate::logql::ast::{Grouping, Stage, Unwrap};
use base::Result;
use hints::{Hints, Needs, with_clashing, with_errors};
use label_filter::Condition;
use labels::{Category, LabelSet, Name, StreamLabels};
use model::fields::Format;
use model::{Digest, Fields, Form, Labels, LabelsRef, Projection, RowRef};
use row::Row;
use series::SeriesLabels;
use std::sync::Arc;
use step::{Outcome, Step};
use unwrap::Unwrapped;

/// Label that says which stage failed on a line.
pub const ERROR_LABEL: &str = "__error__";
/// Label with the words of that failure.
pub const ERROR_DETAILS_LABEL: &str = "__error_details__";
/// What a field's name gets where it clashes with a label of the stream.
const EXTRACTED_SUFFIX: &str = "_extracted";
/// Label that asks to keep samples with [`ERROR_LABEL`] instead of failing the query.
pub const PRESERVE_ERROR_LABEL: &str = "__preserve_error__";

/// What is wanted of the lines that pass. It decides which labels parsers look for, and thereby
/// also which errors they can meet.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Lines with all their labels.
    Lines,
    /// A number per line with the labels of its series.
    Samples {
        /// Where the number comes from.
        value: SampleValue<'a>,
        /// Labels of the series: all when `None`; none for `by ()`. A range aggregation passes its
        /// own grouping, or the one of the `sum` around it where that gives the same answer;
        /// `absent_over_time` passes `by ()`.
        grouping: Option<&'a Grouping>,
    },
}

/// Where the number of a sample comes from.
#[derive(Clone, Copy, Debug)]
pub enum SampleValue<'a> {
    /// One per line.
    Count,
    /// Bytes of the line after the pipeline.
    Bytes,
    /// A label's value; lines without it give no sample.
    Unwrap(&'a Unwrap),
}

/// A compiled pipeline; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pipeline {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    steps: Vec<Step>,
    hints: Hints,
    series: SeriesLabels,
    unwrapped: Option<Unwrapped>,
    projection: Projection,
    digest: Option<Digest>,
    judged_by: Option<Digest>,
    counts_bytes: bool,
    takes_numbers: bool,
}

/// A pipeline bound to the labels of a stream.
#[derive(Clone, Debug)]
pub struct StreamPipeline {
    compiled: Arc<Compiled>,
    stream: StreamLabels,
    /// Labels of the series of lines whose labels no stage and no metadata changes.
    plain_series: Labels,
}

impl Pipeline {
    /// Compiles `stages`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in Loki's words, such as `parse error : stage '…' : …`.
    pub fn compile(stages: &[Stage], wanted: Wanted<'_>) -> Result<Self> {
        let steps = in_order(stages).map(Step::compile).collect::<Result<Vec<_>>>()?;
        let (value, grouping) = match wanted {
            Wanted::Lines => (None, None),
            Wanted::Samples { value, grouping } => (Some(value), grouping),
        };
        let unwrapped = match value {
            Some(SampleValue::Unwrap(unwrap)) => Some(Unwrapped::compile(unwrap)?),
            _ => None,
        };
        let hints = match wanted {
            Wanted::Lines => Hints::all(conditions(&steps, None)),
            Wanted::Samples { .. } => sample_hints(&steps, unwrapped.as_ref(), grouping),
        };
        let series = SeriesLabels::new(grouping, unwrapped.as_ref().map(|unwrapped| &unwrapped.label));
        let runs = |step: &Step| !(hints.wants_nothing() && step.is_parser());
        let is_bare = series.is_none() && steps.iter().all(|step| !runs(step) || step.is_line_filter());
        let projection = Projection {
            body: value.is_none() || steps.iter().any(|step| runs(step) && step.reads_text()),
            metadata: !is_bare,
        };
        let counts_bytes = matches!(value, Some(SampleValue::Bytes));
        let takes_numbers = takes_numbers(&steps, unwrapped.as_ref(), grouping);
        let gives_text = value.is_none() || counts_bytes;
        let digest = if gives_text { None } else { digest(&steps, &hints, projection) };
        let judged_by = if value.is_none() { judged_by(&steps) } else { None };
        let compiled = Compiled {
            steps,
            hints,
            series,
            unwrapped,
            projection,
            digest,
            judged_by,
            counts_bytes,
            takes_numbers,
        };
        Ok(Self { compiled: Arc::new(compiled) })
    }

    /// What the pipeline reads of a row besides its time. [`SampleValue::Bytes`] alone does not
    /// need the text: its length is enough.
    pub fn projection(&self) -> Projection {
        self.compiled.projection
    }

    /// What suffices of rows; none where all of them may matter. With it, what becomes of a row does not depend
    /// on its time.
    pub fn digest(&self) -> Option<&Digest> {
        self.compiled.digest.as_ref()
    }

    /// Whether it may be that lines which differ only in a number give this number, all as samples of one series: a parser,
    /// to which digits are as good as others, and `unwrap` are all there is, and the label of the number is not one of the
    /// series.
    pub fn takes_numbers(&self) -> bool {
        self.compiled.takes_numbers
    }

    /// What suffices of rows to tell lines that are surely dropped, where that is less than the lines: of a
    /// pipeline that gives lines and drops them by fields of the text.
    pub fn judged_by(&self) -> Option<&Digest> {
        self.compiled.judged_by.as_ref()
    }

    /// Binds the pipeline to the labels of a stream.
    pub fn for_stream(&self, labels: &Labels) -> StreamPipeline {
        let mut bound = StreamPipeline {
            compiled: self.compiled.clone(),
            stream: StreamLabels::new(labels),
            plain_series: Labels::default(),
        };
        let mut plain = Vec::new();
        self.compiled.series.write(&bound.row(&mut LabelSet::default(), 0), &mut plain);
        bound.plain_series = LabelsRef::trusted(&plain).to_owned();
        bound
    }
}

/// The stages in the order they run: line filters go before the others, as far as the stage before
/// them that makes a new line. To Loki `decolorize` is no such stage, so a filter after it looks at
/// the colours.
fn in_order(stages: &[Stage]) -> impl Iterator<Item = &Stage> {
    stages.split_inclusive(makes_line).flat_map(|part| {
        let is_filter = |stage: &&Stage| matches!(stage, Stage::LineFilter(_));
        part.iter().filter(is_filter).chain(part.iter().filter(move |stage| !is_filter(stage)))
    })
}

/// Whether line filters stay behind `stage`.
fn makes_line(stage: &Stage) -> bool {
    matches!(stage, Stage::LineFormat(_) | Stage::Unpack)
}

/// What suffices of rows: known where texts are not read, or only fields of them.
fn digest(steps: &[Step], hints: &Hints, projection: Projection) -> Option<Digest> {
    let fields = if projection.body { Some(fields(steps, || hints.required())?) } else { None };
    Some(Digest { fields, names: hints.named(), ..Digest::default() })
}

fn takes_numbers(steps: &[Step], unwrapped: Option<&Unwrapped>, grouping: Option<&Grouping>) -> bool {
    let (Some(unwrapped), Some(grouping)) = (unwrapped, grouping) else { return false };
    let label = unwrapped.label.get().text();
    let field = label.strip_suffix(EXTRACTED_SUFFIX).unwrap_or(label);
    let is_of_series = |name: &String| name.strip_suffix(EXTRACTED_SUFFIX).unwrap_or(name) == field;
    matches!(steps, [parser] if parser.is_parser() && !matches!(parser, Step::Unpack))
        && unwrapped.is_plain()
        && !grouping.without
        && !grouping.labels.iter().any(is_of_series)
}

/// What suffices to drop lines: what the filters up to the last one read. The stages behind it see lines that lack
/// what they look for, and drop none.
fn judged_by(steps: &[Step]) -> Option<Digest> {
    let last = steps.iter().rposition(|step| matches!(step, Step::LabelFilter(_)))?;
    let (judging, rest) = steps.split_at(last + 1);
    if rest.iter().any(Step::is_line_filter) {
        return None;
    }
    let mut read = Vec::new();
    judging.iter().for_each(|step| step.reads(&mut read));
    let names = with_clashing(read);
    let fields = fields(judging, || Some(names.clone()))?;
    Some(Digest { fields: Some(fields), names: Some(with_errors(names)), ..Digest::default() })
}

/// The fields that suffice of texts: where one parser is all that reads them, and the labels that it
/// looks for are known. Parsers that tell of bad pairs see them in fields that nobody wants, too.
fn fields(steps: &[Step], required: impl Fn() -> Option<Vec<String>>) -> Option<Fields> {
    let mut readers = steps.iter().filter(|step| step.reads_text());
    let (reader, None) = (readers.next()?, readers.next()) else { return None };
    let (format, names) = match reader {
        Step::Json => (Format::Json, required()?),
        Step::JsonPaths(extractions) => (Format::Json, extractions.names()?),
        Step::Logfmt(flags) if !flags.strict => (Format::Logfmt, required()?),
        Step::LogfmtKeys(flags, extractions) if !flags.strict => (Format::Logfmt, extractions.keys()),
        Step::Pattern(pattern) => (Format::Pattern(pattern.pieces()?), required()?),
        Step::Regexp(captures) => (Format::Regexp(captures.pieces()?), required()?),
        _ => return None,
    };
    Some(Fields { format, names })
}

/// What parsers must find for a query that gives samples.
fn sample_hints(steps: &[Step], unwrapped: Option<&Unwrapped>, grouping: Option<&Grouping>) -> Hints {
    let mut read = Vec::new();
    steps.iter().for_each(|step| step.reads(&mut read));
    unwrapped.iter().flat_map(|unwrapped| &unwrapped.filters).for_each(|filter| filter.names(&mut read));
    Hints::for_samples(Needs {
        stages: read,
        grouping,
        unwrapped: unwrapped.map(|unwrapped| unwrapped.label.get().text()),
        conditions: conditions(steps, unwrapped),
    })
}

/// The conditions that parsers may try early.
fn conditions(steps: &[Step], unwrapped: Option<&Unwrapped>) -> Vec<Condition> {
    let stages = steps.iter().filter_map(|step| match step {
        Step::LabelFilter(condition) => Some(condition.clone()),
        _ => None,
    });
    // Several filters after `unwrap` are one combination, and those are not tried early.
    let after = unwrapped.and_then(|unwrapped| match &*unwrapped.filters {
        [filter] => Some(filter.clone()),
        _ => None,
    });
    stages.chain(after).collect()
}

/// Two numbers that tell what a pipeline does with all.
const NUMBERS: [u32; 2] = [7, 123_456_789];

impl StreamPipeline {
    /// The series of lines that have the `form`, with whatever number; none unless each gives its number as a sample. For
    /// pipelines that take numbers ([`Pipeline::takes_numbers`]): these do the same with any two numbers, for a number
    /// is parsed in a way that does not depend on its digits, and then all that matters is the text of one label. Where
    /// that text is the digits for two numbers, it is for all. (Patterns and expressions may look at digits; but a page gives
    /// a form only where it has proved that these find the same whatever digits there are.)
    pub fn series_of(&self, scratch: &mut Scratch, form: &Form) -> Option<Labels> {
        let mut series = None;
        for number in NUMBERS {
            let text = form.with(number.into());
            let row = RowRef { ts_ns: 0, body: &text, metadata: LabelsRef::trusted(&[]) };
            let sample = self.sample(scratch, row, text.len())?;
            let is_same = series.as_ref().is_none_or(|known: &Labels| known.as_ref() == sample.labels);
            if sample.failed || sample.value != f64::from(number) || !is_same {
                return None;
            }
            series = Some(sample.labels.to_owned());
        }
        series
    }

    /// Runs the pipeline on a line; `None` when a stage drops it. For [`Wanted::Lines`].
    pub fn line<'s>(&'s self, scratch: &'s mut Scratch, line: RowRef<'s>) -> Option<Processed<'s>> {
        let rewritten = self.run(scratch, &line)?;
        let Scratch { labels, text, answer, .. } = scratch;
        let text = if rewritten { &*text } else { line.body };
        Some(Processed { text, labels, stream: &self.stream, answer })
    }

    /// The sample of a line; `None` when a stage drops it or it has no value. For
    /// [`Wanted::Samples`]. `text_bytes` is the length of the text, which is known also where
    /// [`Pipeline::projection`] left the text out.
    pub fn sample<'s>(
        &'s self,
        scratch: &'s mut Scratch,
        line: RowRef<'s>,
        text_bytes: usize,
    ) -> Option<Sample<'s>> {
        let rewritten = self.run(scratch, &line)?;
        let Scratch { labels, text, answer, .. } = scratch;
        let value = match &self.compiled.unwrapped {
            Some(unwrapped) => unwrapped.value(&mut self.row(labels, line.ts_ns))?,
            None if !self.compiled.counts_bytes => 1.0,
            None if rewritten => text.len() as f64,
            None => text_bytes as f64,
        };
        if labels.is_untouched() {
            return Some(Sample { value, labels: self.plain_series.as_ref(), failed: false });
        }
        answer.clear();
        self.compiled.series.write(&self.row(labels, line.ts_ns), answer);
        let series = LabelsRef::trusted(answer);
        Some(Sample { value, labels: series, failed: Self::fails(labels, series) })
    }

    /// Whether a sample fails the query. Its series may bear the name of the error also because a
    /// line has a field of that name.
    fn fails(labels: &LabelSet, series: LabelsRef<'_>) -> bool {
        let may_fail = labels.error().is_some() || labels.was_extracted(Name::new(ERROR_LABEL));
        may_fail
            && series.get(ERROR_LABEL).is_some_and(|error| !error.is_empty())
            && series.get(PRESERVE_ERROR_LABEL) != Some("true")
    }

    fn row<'a>(&'a self, labels: &'a mut LabelSet, ts_ns: i64) -> Row<'a> {
        Row { stream: &self.stream, labels, hints: &self.compiled.hints, ts_ns }
    }

    /// Runs all stages. `None` when the line is dropped, else whether its text is a new one, in
    /// [`Scratch::text`].
    fn run(&self, scratch: &mut Scratch, line: &RowRef<'_>) -> Option<bool> {
        let Scratch { labels, text, next, buffers, .. } = scratch;
        labels.clear();
        for (name, value) in line.metadata.iter() {
            add_metadata(labels, &self.stream, name, value, &mut buffers.suffixed);
        }
        let mut row = self.row(labels, line.ts_ns);
        let mut rewritten = false;
        for step in &self.compiled.steps {
            let current = if rewritten { &**text } else { line.body };
            match step.run(current, &mut row, buffers, next) {
                Outcome::Drop => return None,
                Outcome::Stay => {}
                Outcome::Rewritten => {
                    std::mem::swap(text, next);
                    rewritten = true;
                }
            }
        }
        Some(rewritten)
    }
}

/// Metadata that bears the name of a label of the stream gets a suffix; without a value it is none.
fn add_metadata(
    labels: &mut LabelSet,
    stream: &StreamLabels,
    name: &str,
    value: &str,
    suffixed: &mut String,
) {
    if value.is_empty() {
        return;
    }
    let mut name = Name::new(name);
    if stream.get(name).is_some() {
        suffixed.clear();
        suffixed.push_str(name.text());
        suffixed.push_str(EXTRACTED_SUFFIX);
        name = Name::new(suffixed);
    }
    labels.set(Category::Metadata, name, value);
}

/// A line after the pipeline.
#[derive(Debug)]
pub struct Processed<'s> {
    text: &'s [u8],
    labels: &'s LabelSet,
    stream: &'s StreamLabels,
    answer: &'s mut Vec<u8>,
}

impl<'s> Processed<'s> {
    /// The text; borrowed from the row where no stage changed it.
    pub fn text(&self) -> &'s [u8] {
        self.text
    }

    /// All labels together, the errors included.
    pub fn labels(&mut self) -> LabelsRef<'_> {
        if self.labels.is_untouched() {
            return self.stream.as_ref();
        }
        self.written(|_| true)
    }

    /// Labels of the stream that are still there.
    pub fn stream_labels(&mut self) -> LabelsRef<'_> {
        if self.labels.is_untouched() {
            return self.stream.as_ref();
        }
        self.written(|category| category == Category::Stream)
    }

    /// Structured metadata.
    pub fn metadata_labels(&mut self) -> LabelsRef<'_> {
        self.written(|category| category == Category::Metadata)
    }

    /// Labels made by the pipeline, the errors included.
    pub fn parsed_labels(&mut self) -> LabelsRef<'_> {
        self.written(|category| category == Category::Parsed)
    }

    fn written(&mut self, keep: impl Fn(Category) -> bool) -> LabelsRef<'_> {
        self.answer.clear();
        self.labels.write(self.stream, self.answer, |_, category| keep(category));
        LabelsRef::trusted(self.answer)
    }
}

/// A number with the labels of its series.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'s> {
    /// The number.
    pub value: f64,
    /// Labels of the series after grouping. A line with [`ERROR_LABEL`] keeps all its labels.
    pub labels: LabelsRef<'s>,
    /// Whether [`ERROR_LABEL`] is set and not to be preserved: the query fails with these labels.
    pub failed: bool,
}

#[cfg(test)]
mod tests;
