//! Words of the domain: time, tenant, labels, matcher, stream identity, batch, pushed-down filter,
//! limits, and the two doors, [`Append`] and [`Select`], that everything between the edge and the
//! disk speaks.

pub mod answer;
pub mod append;
pub mod attribute;
pub mod batch;
pub mod digest;
pub mod estimate;
pub mod fields;
pub mod filter;
pub mod go_regex;
pub mod labels;
pub mod limits;
pub mod matcher;
pub mod row;
pub mod sample;
pub mod select;
pub mod signal;
pub mod span;
pub mod stream;
pub mod tenant;
pub mod time;
pub mod trace;
pub mod twin;
pub mod varint;

pub use answer::{Answer, AnsweredLine, AnsweredStream, Point, Series};
pub use append::{Ack, Append, Refusal, Refused};
pub use batch::{Batch, BatchBuilder};
pub use digest::{Cells, Digest};
pub use estimate::{Estimate, RowsEstimate, SectionKind, SectionsEstimate};
pub use fields::Fields;
pub use filter::{LineFilter, Needle, Predicate};
pub use labels::{Labels, LabelsBuilder, LabelsRef};
pub use limits::{Limits, LimitsOf};
pub use matcher::{MatchOp, Matcher};
pub use row::{DETECTED_LEVEL, Form, Numbers, RowColumns, RowRef};
pub use select::{
    BoxFuture, Direction, Follow, Followed, Operate, Projection, Run, RunFacts, RunStream, ScanStats, Select,
    Selection, StreamFacts, StreamQuery,
};
pub use signal::Signal;
pub use stream::Stream;
pub use tenant::Tenant;
pub use time::TimeRange;
