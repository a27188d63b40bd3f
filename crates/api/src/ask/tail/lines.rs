//! From batches to the lines of a tail.

use base::Result;
use model::{AnsweredLine, Batch, Labels, LabelsRef, Matcher, RowRef};
use query::eval::line::{Pipeline, Scratch, Wanted};
use query::logql::ast::Stage;
use wire::reply::tail::TailLine;

/// A selector with its pipeline; cheap to clone.
#[derive(Clone, Debug)]
pub struct Filter {
    matchers: Vec<Matcher>,
    pipeline: Pipeline,
    categorize: bool,
}

impl Filter {
    /// Compiles the pipeline.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for stages that do not compile.
    pub fn new(matchers: Vec<Matcher>, stages: &[Stage], categorize: bool) -> Result<Self> {
        Ok(Self { matchers, pipeline: Pipeline::compile(stages, Wanted::Lines)?, categorize })
    }

    /// Whether labels are kept by category.
    pub fn categorize(&self) -> bool {
        self.categorize
    }

    /// Whether any stream of `batch` is selected.
    pub fn selects(&self, batch: &Batch) -> bool {
        batch.streams().any(|stream| self.selects_stream(stream.labels))
    }

    fn selects_stream(&self, labels: LabelsRef<'_>) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches_labels(labels))
    }

    /// The lines of `batch` that pass, in its order.
    pub fn lines(&self, batch: &Batch) -> Vec<TailLine> {
        let mut scratch = Scratch::default();
        let mut out = Vec::new();
        for stream in batch.streams() {
            if !self.selects_stream(stream.labels) {
                continue;
            }
            let bound = self.pipeline.for_stream(&stream.labels.to_owned());
            for line in stream.rows() {
                let Some(mut processed) = bound.line(&mut scratch, line) else { continue };
                let text = bytes::Bytes::copy_from_slice(processed.text());
                let (labels, metadata, parsed) = if self.categorize {
                    let metadata = processed.metadata_labels().to_owned();
                    let parsed = processed.parsed_labels().to_owned();
                    (processed.stream_labels().to_owned(), metadata, parsed)
                } else {
                    (processed.labels().to_owned(), Labels::default(), Labels::default())
                };
                out.push(TailLine { labels, line: answered(line, text, metadata, parsed) });
            }
        }
        out
    }
}

fn answered(line: RowRef<'_>, text: bytes::Bytes, metadata: Labels, parsed: Labels) -> AnsweredLine {
    AnsweredLine { ts_ns: line.ts_ns, text, metadata, parsed }
}
