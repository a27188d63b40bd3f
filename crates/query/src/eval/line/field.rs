//! Field names and values of parsed lines as labels.

pub(super) use model::fields::append_label_name;
use std::borrow::Cow;

/// `field` as a label name: what may not stand in one becomes `_`, and a digit in front gets a `_`.
/// `buffer` holds the name where it differs.
pub(super) fn label_name<'n>(field: &'n str, buffer: &'n mut String) -> &'n str {
    let is_clean = field.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    if is_clean && !field.starts_with(|c: char| c.is_ascii_digit()) {
        return field;
    }
    buffer.clear();
    append_label_name(buffer, field);
    buffer
}

/// `text` with characters that could not be decoded as spaces: Prometheus' labels refuse them.
pub(super) fn without_undecoded(text: &str) -> Cow<'_, str> {
    // Most text is ASCII, which is quicker to see than what is looked for.
    if text.is_ascii() || !text.contains(char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(char::REPLACEMENT_CHARACTER, " "))
}
