//! Answers as Loki's clients read them: JSON written by hand, straight from the values.

pub mod detected;
pub mod metadata;
pub mod result;
pub mod stats;
pub mod tail;

use crate::json_text::put_string;
use model::LabelsRef;

/// Begins an object and gives the key's prefix for each of its fields.
fn put_key(out: &mut Vec<u8>, key: &str) {
    if !matches!(out.last(), Some(b'{') | None) {
        out.push(b',');
    }
    put_string(out, key.as_bytes());
    out.push(b':');
}

/// Appends `items` as an array.
fn put_array<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut put: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put(out, item);
    }
    out.push(b']');
}

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
