//! Places in a query's text, and errors that tell them.

use base::Error;

/// From where to where something stands in a query, in bytes. Where a thing stands is no part of what
/// it means: spans are always equal, so that trees compare by meaning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// The byte behind it.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Span {
    /// From byte `start` to before byte `end`. Queries are shorter than 4 GiB.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// From the start of this one to the end of `last`.
    pub fn to(self, last: Self) -> Self {
        Self { end: last.end, ..self }
    }

    /// `line:column` of its first byte in `text`, both from 1; columns are bytes. This is how errors
    /// and annotations name places.
    pub fn place(self, text: &str) -> String {
        if text.is_empty() {
            return "unknown position".to_owned();
        }
        let before = &text.as_bytes()[..text.len().min(self.start as usize)];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        format!("{line}:{column}")
    }
}

/// `1:5: parse error: …`
pub fn parse_error(text: &str, span: Span, message: &str) -> Error {
    Error::invalid(format!("{}: parse error: {message}", span.place(text)))
}
