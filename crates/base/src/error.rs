//! One error type for everything that crosses a crate edge, named by what the caller does next.

use std::fmt;

/// What the caller should do about an error.
///
/// Mapped to HTTP and gRPC status in one place (`api::error`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong: mend it, do not retry.
    Invalid,
    /// A size, series or byte limit was passed: ask for less.
    Limit,
    /// Too fast: retry later with the same request.
    Rate,
    /// What was asked for does not exist.
    Missing,
    /// Somebody else changed it first: read again, then retry.
    Conflict,
    /// A part that is needed does not answer now: retry with backoff.
    Unavailable,
    /// The caller went away or the deadline passed.
    Cancelled,
    /// Stored bytes are not what was written: the disk or the network lied.
    Corrupt,
    /// We broke our own rule.
    Bug,
}

/// An error with its kind, its message (lower case, no full stop, with the value) and its cause.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result that crosses crate edges.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` saying `what`.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller should do.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message without its cause.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The request is wrong.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, what)
    }

    /// A limit was passed.
    pub fn limit(what: impl Into<String>) -> Self {
        Self::new(Kind::Limit, what)
    }

    /// A needed part does not answer.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, what)
    }

    /// Stored bytes are damaged.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::new(Kind::Corrupt, what)
    }

    /// Our own rule is broken.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::new(Kind::Bug, what)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}
