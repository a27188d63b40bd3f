//! Prometheus' remote write, both ways: requests of 1.0 and 2.0 are read series by series, and written in 1.0.
//!
//! Field numbers are those of `prompb/types.proto`, `prompb/remote.proto` and `prompb/io/prometheus/write/v2/types.proto`.

pub mod encode;
mod histogram;
pub mod write_v1;
pub mod write_v2;

#[cfg(test)]
mod tests;
