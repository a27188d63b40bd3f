//! The closed list of what is stored.

use serde::{Deserialize, Serialize};

/// One kind of observation. Each has a store of its own. What its rows say is understood by `page` (how they
/// are encoded), `query` (how they are evaluated), `wire` and `api` (how they come and go), and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Signal {
    /// A line of log text: the row's body as it is; its metadata is structured metadata.
    #[default]
    #[serde(rename = "logs")]
    Line = 0,
    /// A value of a metric: [`crate::sample`].
    #[serde(rename = "metrics")]
    Sample = 1,
    /// A span of a trace: [`crate::span`].
    #[serde(rename = "traces")]
    Span = 2,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Line, Self::Sample, Self::Span];

    /// The tag in stored bytes.
    pub fn tag(self) -> u8 {
        self as u8
    }

    /// The signal of a stored tag.
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.tag() == tag)
    }

    /// Whether what its store counts also stands under the names of Loki's ingester, which dashboards know.
    pub fn is_counted_as_loki(self) -> bool {
        self == Self::Line
    }

    /// The word in paths and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "logs",
            Self::Sample => "metrics",
            Self::Span => "traces",
        }
    }
}
