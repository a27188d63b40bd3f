//! The world's encodings both ways, as pure functions of bytes: pushes and label sets of Loki,
//! OTLP, compressed bodies (always with a limit), and the JSON of answers. No I/O, no clock.

pub mod decompress;
pub mod go_json;
pub mod histogram;
pub mod json_text;
pub mod label_name;
pub mod loki;
pub mod otlp;
pub mod prometheus;
pub mod protobuf;
pub mod push;
pub mod refused;
pub mod reply;
pub mod room;
pub mod series;

pub use push::Push;
pub use refused::Refused;
