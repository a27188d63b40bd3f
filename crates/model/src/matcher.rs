//! Label matchers: `name="v"`, `!=`, `=~`, `!~`.

use crate::go_regex::GoRegex;
use crate::labels::{GoQuoted, LabelsRef};
use base::Result;
use std::fmt;
use std::sync::Arc;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, the whole value
    Regex,
    /// `!~`, the whole value
    NotRegex,
}

impl MatchOp {
    /// The operator's text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// One condition on a label. A missing label has the value `""`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Label name.
    pub name: String,
    /// How it compares.
    pub op: MatchOp,
    /// What it compares with.
    pub value: String,
    regex: Option<Arc<GoRegex>>,
}

impl Matcher {
    /// A matcher; compiles the value where `op` is a regex.
    ///
    /// # Errors
    /// [`base::Kind::Invalid`] for a value that is no regex.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(Arc::new(GoRegex::anchored(value)?)),
        };
        Ok(Self { name: name.to_owned(), op, value: value.to_owned(), regex })
    }

    /// Whether a label of this `value` passes.
    pub fn matches(&self, value: &str) -> bool {
        match (&self.regex, self.op) {
            (None, MatchOp::NotEqual) => value != self.value,
            (None, _) => value == self.value,
            (Some(regex), MatchOp::NotRegex) => !regex.is_match(value.as_bytes()),
            (Some(regex), _) => regex.is_match(value.as_bytes()),
        }
    }

    /// Whether `labels` pass.
    pub fn matches_labels(&self, labels: LabelsRef<'_>) -> bool {
        self.matches(labels.get(&self.name).unwrap_or(""))
    }

    /// Whether a missing label passes.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.name, self.op.text(), GoQuoted(&self.value))
    }
}
