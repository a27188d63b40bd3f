//! Spans in a page (`docs/format/page.md`, "span page"): each part of a body is a column. Trace ids are numbered, a
//! parent is a place among the rows of its trace, durations are integers; and what many spans have in common, their
//! [`form`](body::Parts::form), is stored once, as is what comes behind it.
//!
//! A trace is found in the column of trace ids alone; other columns are decoded when bodies are put together. A
//! body that is no span keeps its bytes: its form is empty, which that of no span is.

mod body;
mod distinct;
mod encode;
mod parents;
mod read;
mod traces;

pub use encode::encode;
pub use read::Reader;

use crate::section::Tag;

/// Trace ids.
const TRACES_TAG: Tag = Tag::body(15);
/// Which of them each row has; absent when each has its own.
const TRACE_NUMBERS_TAG: Tag = Tag::body(16);
/// Span id of each row.
const SPAN_IDS_TAG: Tag = Tag::body(17);
/// Which parent each row has; absent when none has one.
const PARENTS_TAG: Tag = Tag::body(18);
/// Ids of parents that are not found in the page.
const PARENT_IDS_TAG: Tag = Tag::body(19);
/// Duration of each row.
const DURATIONS_TAG: Tag = Tag::body(20);
/// Forms: kinds, statuses, names and messages.
const FORMS_TAG: Tag = Tag::body(21);
/// Which form each row has; absent when each has its own.
const FORM_NUMBERS_TAG: Tag = Tag::body(22);
/// What comes behind the forms.
const EXTRAS_TAG: Tag = Tag::body(23);
/// Which of these each row has; absent when each has its own.
const EXTRA_NUMBERS_TAG: Tag = Tag::body(24);

/// Whether `tag` is a section of these, and if so whether it is needed even when only trace ids are looked up.
pub fn section(tag: Tag) -> Option<bool> {
    match tag {
        TRACES_TAG | TRACE_NUMBERS_TAG => Some(true),
        SPAN_IDS_TAG | PARENTS_TAG | PARENT_IDS_TAG | DURATIONS_TAG | FORMS_TAG | FORM_NUMBERS_TAG
        | EXTRAS_TAG | EXTRA_NUMBERS_TAG => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
