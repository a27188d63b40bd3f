//! Evaluation: from rows to answers.

pub mod line;
