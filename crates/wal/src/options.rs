//! How a log behaves.

use base::meter::Registry;
use base::unit::{Period, UnitError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// When what was appended is forced to the disk. As text: `always`, `off`, or the interval (`100ms`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sync {
    /// Before the acknowledgement: survives power loss.
    #[default]
    Always,
    /// At most this long after the acknowledgement: survives `kill -9`; power loss costs an interval.
    Interval(Duration),
    /// When the system likes to, and at the end of a segment: survives `kill -9`.
    Off,
}

impl FromStr for Sync {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match text {
            "always" => Ok(Self::Always),
            "off" => Ok(Self::Off),
            period => Ok(Self::Interval(period.parse::<Period>()?.duration())),
        }
    }
}

impl TryFrom<String> for Sync {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl From<Sync> for String {
    fn from(sync: Sync) -> Self {
        sync.to_string()
    }
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Off => f.write_str("off"),
            Self::Interval(interval) => {
                write!(f, "{}", Period(i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX)))
            }
        }
    }
}

/// Settings of a log.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment of this size is closed. The last batch of records may go beyond.
    pub segment_bytes: u64,
    /// Bytes of records that may wait for the writer; more appends wait outside.
    pub queue_bytes: u32,
    /// When appended records are forced to the disk.
    pub sync: Sync,
    /// What the log is called in metrics.
    pub name: &'static str,
    /// Where the log counts what it does.
    pub registry: Registry,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 128 << 20,
            queue_bytes: 64 << 20,
            sync: Sync::Always,
            name: "log",
            registry: Registry::default(),
        }
    }
}

#[cfg(test)]
mod tests;
