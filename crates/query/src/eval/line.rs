//! The log pipeline: lines go in, lines with labels or samples come out.
//!
//! A [`Pipeline`] is compiled once per query and shared between threads; [`Pipeline::for_stream`]
//! binds it to a stream; a [`Scratch`] per thread holds everything a line needs, so that a line
//! costs no allocation in the usual case.
//!
//! The labels of a line are kept in three categories, as answers with categorised labels show them:
//! those of the stream, structured metadata, and those made by the pipeline.

mod pushdown;
mod scratch;

pub use pushdown::Pushdown;
pub use scratch::Scratch;

use crate::logql::ast::{Grouping, Stage, Unwrap};
use base::Result;
use model::{Labels, LabelsRef, LineRef, Projection};
use std::sync::Arc;

/// Label that says which stage failed on a line.
pub const ERROR_LABEL: &str = "__error__";
/// Label with the words of that failure.
pub const ERROR_DETAILS_LABEL: &str = "__error_details__";
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
struct Compiled {}

/// A pipeline bound to the labels of a stream.
#[derive(Clone, Debug)]
pub struct StreamPipeline {
    #[allow(dead_code)]
    pipeline: Pipeline,
    labels: Labels,
}

impl Pipeline {
    /// Compiles `stages`.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] in Loki's words, such as `parse error : stage '…' : …`.
    pub fn compile(stages: &[Stage], wanted: Wanted<'_>) -> Result<Self> {
        let _ = (stages, wanted);
        Ok(Self { compiled: Arc::new(Compiled {}) })
    }

    /// What the pipeline reads of a row besides its time. [`SampleValue::Bytes`] alone does not
    /// need the text: its length is enough.
    pub fn projection(&self) -> Projection {
        let _ = &self.compiled;
        Projection::ALL
    }

    /// Binds the pipeline to the labels of a stream.
    pub fn for_stream(&self, labels: &Labels) -> StreamPipeline {
        StreamPipeline { pipeline: self.clone(), labels: labels.clone() }
    }
}

impl StreamPipeline {
    /// Runs the pipeline on a line; `None` when a stage drops it. For [`Wanted::Lines`].
    pub fn line<'s>(&'s self, scratch: &'s mut Scratch, line: LineRef<'s>) -> Option<Processed<'s>> {
        let _ = scratch;
        Some(Processed { text: line.text, stream: self.labels.as_ref(), metadata: line.metadata })
    }

    /// The sample of a line; `None` when a stage drops it or it has no value. For
    /// [`Wanted::Samples`]. `text_bytes` is the length of the text, which is known also where
    /// [`Pipeline::projection`] left the text out.
    pub fn sample<'s>(
        &'s self,
        scratch: &'s mut Scratch,
        line: LineRef<'s>,
        text_bytes: usize,
    ) -> Option<Sample<'s>> {
        let _ = (scratch, line);
        Some(Sample { value: text_bytes as f64, labels: self.labels.as_ref(), failed: false })
    }
}

/// A line after the pipeline.
#[derive(Debug)]
pub struct Processed<'s> {
    text: &'s [u8],
    stream: LabelsRef<'s>,
    metadata: LabelsRef<'s>,
}

impl Processed<'_> {
    /// The text; borrowed from the row where no stage changed it.
    pub fn text(&self) -> &[u8] {
        self.text
    }

    /// All labels together, the errors included.
    pub fn labels(&mut self) -> LabelsRef<'_> {
        self.stream
    }

    /// Labels of the stream that are still there.
    pub fn stream_labels(&mut self) -> LabelsRef<'_> {
        self.stream
    }

    /// Structured metadata.
    pub fn metadata_labels(&mut self) -> LabelsRef<'_> {
        self.metadata
    }

    /// Labels made by the pipeline, the errors included.
    pub fn parsed_labels(&mut self) -> LabelsRef<'_> {
        LabelsRef::EMPTY
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
