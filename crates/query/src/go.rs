//! Text forms of numbers, durations, sizes and strings as Go reads and writes them, with the words
//! of Go's errors: clients of Loki see these words in `__error_details__`.

mod duration;
mod float;
mod integer;
mod quote;
mod size;
mod text;

pub use duration::{parse_duration, seconds};
pub use float::{format_float, format_g, parse_float};
pub use integer::parse_int;
pub use quote::{quote, unescape, unquote};
pub use size::parse_size;
pub use text::decoded;

#[cfg(test)]
mod tests;
