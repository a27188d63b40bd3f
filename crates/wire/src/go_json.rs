//! JSON as Go's `jsoniter` reads it, which is what Loki and OTLP servers read pushes with: the same
//! inputs are taken and the others are refused in the same words, with the same piece of the body
//! quoted. Clients show these words to people. Strings stay borrowed unless they hold escapes.

mod object;
mod skip;
mod string;

pub use string::{unescape, unescape_lossy};

use crate::refused::Refused;
use crate::room::Room;

/// What kind of value was read over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `"…"`
    String,
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
}

/// Reads a body value by value.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    /// End of the bytes that were looked at.
    seen: usize,
    /// Size of the pieces in which Go's reader would have got the body; refusals quote no further
    /// than the piece. 0 when it had all at once.
    piece_len: usize,
    /// What ended the body too early, when it did not end by itself.
    cut_by: Option<Refused>,
    ended: bool,
    /// Room for what the body becomes.
    pub room: Room,
}

/// Size of the buffer of `jsoniter`'s stream decoder.
pub const STREAM_PIECE_LEN: usize = 512;

impl<'a> Reader<'a> {
    /// Reads `input`, which Go had all at once.
    pub fn whole(input: &'a [u8]) -> Self {
        Self { input, at: 0, seen: 0, piece_len: 0, cut_by: None, ended: false, room: Room::of(input) }
    }

    /// Reads `input`, which Go got in pieces; `cut_by` is why there is no more, if that is no end.
    pub fn stream(input: &'a [u8], cut_by: Option<Refused>) -> Self {
        Self { piece_len: STREAM_PIECE_LEN, cut_by, ..Self::whole(input) }
    }

    /// The next byte that is no space, 0 at the end.
    pub fn next_token(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\t' | b'\r' => {}
                other => return other,
            }
        }
    }

    /// The next byte that is no space, which stays the next; 0 at the end.
    pub fn peek_token(&mut self) -> u8 {
        let token = self.next_token();
        if !self.ended {
            self.at -= 1;
        }
        token
    }

    fn byte(&mut self) -> u8 {
        match self.input.get(self.at) {
            Some(byte) => {
                self.at += 1;
                self.seen = self.seen.max(self.at);
                *byte
            }
            None => {
                self.ended = true;
                0
            }
        }
    }

    fn unread(&mut self) {
        if !self.ended {
            self.at -= 1;
        }
    }

    /// A refusal of what stands before here, found by `operation`.
    pub fn refused(&self, operation: &str, what: impl AsRef<[u8]>) -> Refused {
        if let (true, Some(cut_by)) = (self.ended, &self.cut_by) {
            return cut_by.clone();
        }
        let piece_start = match self.piece_len {
            0 => 0,
            len => self.seen.saturating_sub(1) / len * len,
        };
        let piece_end = match self.piece_len {
            0 => self.input.len(),
            len => self.input.len().min(piece_start + len),
        };
        let quoted = |around: usize| {
            let start = self.at.saturating_sub(around).max(piece_start);
            let end = (self.at + around).min(piece_end);
            self.input.get(start..end).unwrap_or(&[])
        };
        let distance = self.at - self.at.saturating_sub(10).max(piece_start).min(self.at);
        let mut text = operation.as_bytes().to_vec();
        text.extend_from_slice(b": ");
        text.extend_from_slice(what.as_ref());
        text.extend_from_slice(format!(", error found in #{distance} byte of ...|").as_bytes());
        text.extend_from_slice(quoted(10));
        text.extend_from_slice(b"|..., bigger context ...|");
        text.extend_from_slice(quoted(50));
        text.extend_from_slice(b"|...");
        Refused::invalid(text)
    }

    /// A refusal saying `what` and then the byte that was found instead.
    pub fn found(&self, operation: &str, what: &str, byte: u8) -> Refused {
        let mut text = what.as_bytes().to_vec();
        text.push(byte);
        self.refused(operation, text)
    }
}

#[cfg(test)]
mod tests;
