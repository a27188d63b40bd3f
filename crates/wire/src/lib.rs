//! The world's encodings both ways, as pure functions of bytes: pushes and label sets of Loki,
//! OTLP, compressed bodies (always with a limit), and the JSON of answers. No I/O, no clock.

pub mod json_text;
pub mod reply;
