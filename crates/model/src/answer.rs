//! What a query gives, before any client's encoding.

use crate::labels::Labels;
use bytes::Bytes;

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Lines, grouped by label set.
    Streams(Vec<AnsweredStream>),
    /// Numbers over time.
    Matrix(Vec<Series>),
    /// Numbers at one time, in the order that is to be shown.
    Vector(Vec<Point>),
    /// One number at `ts_ns`.
    Scalar {
        /// When.
        ts_ns: i64,
        /// What.
        value: f64,
    },
}

/// Lines that share a label set, in the query's direction.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredStream {
    /// Stream labels; metadata and parsed labels are among them unless the asker had them kept apart.
    pub labels: Labels,
    /// Its lines.
    pub lines: Vec<AnsweredLine>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredLine {
    /// When.
    pub ts_ns: i64,
    /// The text after the pipeline.
    pub text: Bytes,
    /// Structured metadata; empty unless kept apart.
    pub metadata: Labels,
    /// Labels made by the pipeline; empty unless kept apart.
    pub parsed: Labels,
}

/// Numbers of one label set over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Labels.
    pub labels: Labels,
    /// `(Unix nanoseconds, value)`, ascending; steps without a value are left out.
    pub points: Vec<(i64, f64)>,
}

/// A number of one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Labels.
    pub labels: Labels,
    /// When.
    pub ts_ns: i64,
    /// What.
    pub value: f64,
}
