//! Evaluation: from rows to answers.

pub mod aggregate;
pub mod binary;
pub mod counter;
pub mod fold;
pub mod function;
pub mod join;
pub mod kept;
pub mod line;
pub mod quantile;
pub mod relabel;
pub mod sample;
pub mod series;
pub mod span;
pub mod window;
