//! From a question to an answer over any [`model::Select`]: languages, pipelines, evaluation.
//! Knows nothing of how rows are stored or how answers are sent.

pub mod detect;
pub mod engine;
pub mod eval;
pub mod go;
pub mod logql;
pub mod patterns;
pub mod plan;
pub mod promql;
pub mod syntax;
pub mod template;
pub mod traceql;
pub mod traces;
pub mod volume;
