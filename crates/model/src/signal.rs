//! The closed list of what is stored.

use serde::{Deserialize, Serialize};

/// One kind of observation. Each has its own store, and a body of its own in [`crate::batch`],
/// `page` and `query::eval`; nowhere else has it a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Signal {
    /// A line of log text.
    #[serde(rename = "logs")]
    Line = 0,
}

impl Signal {
    /// The tag in stored bytes.
    pub fn tag(self) -> u8 {
        self as u8
    }

    /// The signal of a stored tag.
    pub fn from_tag(tag: u8) -> Option<Self> {
        (tag == 0).then_some(Self::Line)
    }

    /// The word in paths and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "logs",
        }
    }
}
