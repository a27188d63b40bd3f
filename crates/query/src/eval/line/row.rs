//! The line at hand, as stages see it: its labels and what is still wanted of it.

use super::hints::Hints;
use super::labels::{Category, LabelSet, Name, StreamLabels};
use super::{ERROR_DETAILS_LABEL, ERROR_LABEL, EXTRACTED_SUFFIX, PRESERVE_ERROR_LABEL};

/// A line's labels with what belongs to them.
pub(super) struct Row<'a> {
    pub(super) stream: &'a StreamLabels,
    pub(super) labels: &'a mut LabelSet,
    pub(super) hints: &'a Hints,
    pub(super) ts_ns: i64,
}

/// What a parser does after a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Look for more.
    More,
    /// All that is wanted was found: look no further.
    Done,
    /// A later filter will refuse the line: drop it at once.
    Drop,
}

impl Row<'_> {
    /// The value of `name`.
    pub(super) fn get(&self, name: Name<'_>) -> Option<&str> {
        self.labels.get(self.stream, name).map(|(value, _)| value)
    }

    /// What a text filter compares: the errors by their names too, `""` for what is missing.
    pub(super) fn text(&self, name: Name<'_>) -> &str {
        match name.text() {
            ERROR_LABEL => self.labels.error().unwrap_or(""),
            ERROR_DETAILS_LABEL => self.labels.error_details(),
            _ => self.get(name).unwrap_or(""),
        }
    }

    pub(super) fn was_extracted(&self, name: Name<'_>) -> bool {
        self.labels.was_extracted(name)
    }

    /// Whether a field called `name` gets a suffix: the stream or the metadata has such a label.
    pub(super) fn clashes(&self, name: Name<'_>) -> bool {
        self.stream.get(name).is_some() || self.labels.has_metadata(name)
    }

    /// Under which name a field `field` becomes a label: with a suffix where it clashes. `None` when it is not wanted. `buffer` holds the longer name.
    pub(super) fn name_for<'n>(&self, field: &'n str, buffer: &'n mut String) -> Option<Name<'n>> {
        if field.is_empty() {
            return None;
        }
        let mut name = Name::new(field);
        if self.clashes(name) {
            buffer.clear();
            buffer.push_str(field);
            buffer.push_str(EXTRACTED_SUFFIX);
            name = Name::new(buffer);
        }
        self.hints.wants(self, name).then_some(name)
    }

    /// Sets a label that a parser found.
    pub(super) fn take(&mut self, name: Name<'_>, value: &str) -> Next {
        self.labels.set(Category::Parsed, name, value);
        if !self.passes_condition(name) {
            return Next::Drop;
        }
        if self.hints.all_found(self) { Next::Done } else { Next::More }
    }

    /// Notes that a parser failed. Says whether the line stays.
    pub(super) fn parser_failed(&mut self, error: &'static str, details: &str) -> bool {
        self.labels.fail(error, details);
        if self.hints.preserves_errors() {
            self.labels.set(Category::Parsed, Name::new(PRESERVE_ERROR_LABEL), "true");
        }
        self.passes_condition(Name::new(ERROR_LABEL))
    }

    /// Whether the first filter on `name`, wherever it stands, lets the line pass now.
    fn passes_condition(&mut self, name: Name<'_>) -> bool {
        let hints = self.hints;
        hints.condition(name).is_none_or(|condition| condition.passes(self))
    }
}
