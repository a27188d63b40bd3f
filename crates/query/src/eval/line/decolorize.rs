//! `| decolorize`: takes ANSI escape sequences out.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// What terminals take as sequences: an escape (one byte, or its 8-bit form), and then either a
/// text up to a bell or parameters up to a final letter.
#[allow(clippy::expect_used)] // a constant, covered by the tests
static SEQUENCE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        "[\\x{1B}\\x{9B}][\\[\\]()#;?]*",
        "(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\\x07)",
        "|(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))",
    );
    Regex::new(pattern).expect("a valid expression")
});

/// Writes `text` without sequences to `out`; `false` when there is none.
pub(super) fn decolorize(text: &[u8], out: &mut Vec<u8>) -> bool {
    // The second byte is the end of the 8-bit form in UTF-8.
    if memchr::memchr2(0x1b, 0x9b, text).is_none() {
        return false;
    }
    out.clear();
    let mut from = 0;
    for sequence in SEQUENCE.find_iter(text) {
        out.extend_from_slice(&text[from..sequence.start()]);
        from = sequence.end();
    }
    out.extend_from_slice(&text[from..]);
    true
}
