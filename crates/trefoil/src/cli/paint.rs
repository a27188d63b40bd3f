//! Colours, only where a person looks.

use std::io::IsTerminal;

/// Paints when standard output is a terminal and `NO_COLOR` is not set.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

/// Colours of stream labels, chosen by hash so that a stream keeps its colour.
const STREAM_COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

impl Paint {
    /// For standard output.
    pub fn stdout() -> Self {
        Self { on: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// For standard error.
    pub fn stderr() -> Self {
        Self { on: std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// For what is less important.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// For headings and names.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// For what went well.
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// For what needs a look.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// For what failed.
    pub fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// For stream labels: the same text always has the same colour.
    pub fn stream(self, text: &str) -> String {
        let hash = text.bytes().fold(0usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte as usize));
        self.wrap(&STREAM_COLOURS[hash % STREAM_COLOURS.len()].to_string(), text)
    }
}
