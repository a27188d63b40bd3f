//! Why bytes from outside were refused.

use base::{Error, Kind};
use std::fmt;

/// A refusal in the words that Loki's clients know. The words are bytes, because some of them quote
/// the body, and a body may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    kind: Kind,
    text: Vec<u8>,
}

/// The result of reading bytes from outside.
pub type Result<T, E = Refused> = std::result::Result<T, E>;

impl Refused {
    /// The bytes are not what they should be.
    pub fn invalid(text: impl Into<Vec<u8>>) -> Self {
        Self { kind: Kind::Invalid, text: text.into() }
    }

    /// There are too many bytes.
    pub fn too_large(text: impl Into<Vec<u8>>) -> Self {
        Self { kind: Kind::Limit, text: text.into() }
    }

    /// [`Kind::Invalid`] or [`Kind::Limit`].
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The words.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Puts `before` in front of the words.
    #[must_use]
    pub fn within(mut self, before: &str) -> Self {
        self.text.splice(0..0, before.bytes());
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Error::new(refused.kind, refused.to_string())
    }
}
