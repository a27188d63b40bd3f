//! Prometheus' remote write, both ways: requests of 1.0 and 2.0 are read series by series, and written in 1.0.
//!
//! Field numbers are those of `prompb/types.proto`, `prompb/remote.proto` and `prompb/io/prometheus/write/v2/types.proto`.

pub mod encode;
mod histogram;
pub mod write_v1;
pub mod write_v2;

use crate::refused::Refused;

/// Floats of one series in one request. Empty messages take more memory than bytes on the wire, so their number is
/// bounded, too.
const FLOATS_MAX: usize = 1 << 20;

/// Labels, histograms or exemplars of one series, and buckets of one histogram, in one request.
const PARTS_MAX: usize = 1 << 16;

/// Texts in the table of a request.
const SYMBOLS_MAX: usize = 1 << 22;

/// Appends `item` unless there are `max`.
fn push_bounded<T>(list: &mut Vec<T>, item: T, max: usize, what: &str) -> Result<(), Refused> {
    if list.len() >= max {
        return Err(Refused::invalid(format!("more than {max} {what} at once; send fewer")));
    }
    list.push(item);
    Ok(())
}

#[cfg(test)]
mod tests;
