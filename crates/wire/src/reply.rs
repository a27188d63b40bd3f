//! Answers as Loki's clients read them: JSON written by hand, straight from the values.

pub mod detected;
pub mod metadata;
pub mod prometheus;
pub mod result;
pub mod stats;
pub mod tail;
pub mod tempo;

use crate::json_text::{put_array, put_key, put_string};
use model::LabelsRef;

/// Appends a label set as an object.
fn put_labels(out: &mut Vec<u8>, labels: LabelsRef<'_>) {
    out.push(b'{');
    for (name, value) in labels.iter() {
        put_key(out, name);
        put_string(out, value.as_bytes());
    }
    out.push(b'}');
}

/// Appends an array of strings.
fn put_strings<T: AsRef<str>>(out: &mut Vec<u8>, texts: &[T]) {
    put_array(out, texts, |out, text| put_string(out, text.as_ref().as_bytes()));
}

#[cfg(test)]
mod tests;
