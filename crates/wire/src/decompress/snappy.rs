//! Snappy blocks.
//!
//! A block is a row of elements: some bytes as they are, or a copy of what came out before. Which of the two comes next
//! cannot be foreseen, so a jump by it is guessed wrong every few bytes, which takes longer than the copying. Here the
//! block is put behind the room for what comes out of it, in one buffer; then both are a copy from one place of the buffer to
//! another, and the place is computed without a jump. A copy always moves half of the longest element or all of it; what is
//! too much is written over by the next one. Where the next element begins is known from the first byte of this one alone,
//! so that reading goes ahead of copying.

use super::{Broken, broken, over_limit};
use std::hint::select_unpredictable;

/// The most bytes that one byte of a block stands for: three bytes copy at most 64.
const RATIO_MAX: usize = 22;
/// The longest element that is copied at once, and half of it.
const COPY: usize = 64;
const HALF: usize = COPY / 2;
/// Bytes behind what comes out, and behind the block: elements are read and copied beyond their ends.
const BEYOND: usize = COPY;

/// The upper bits of a literal's first byte from which on its length stands in bytes after that.
const LONG_LITERAL: u8 = 60;

/// How much comes out of an element, by its first byte; 0 for elements that are rare: literals whose length stands in bytes of
/// its own, and copies from far back.
const LENGTHS: [u8; 256] = {
    let mut lengths = [0; 256];
    let mut first = 0;
    while first < 256 {
        let upper = (first >> 2) as u8;
        lengths[first] = match first & 3 {
            0 if upper >= LONG_LITERAL => 0,
            1 => (upper & 7) + 4,
            3 => 0,
            _ => upper + 1,
        };
        first += 1;
    }
    lengths
};

/// What comes out of a snappy block: the front of `room`, which is kept from block to block.
///
/// # Errors
/// As [`decompress`](super::decompress).
pub fn snappy<'r>(body: &[u8], limit_bytes: u64, room: &'r mut Vec<u8>) -> Result<&'r [u8], Broken> {
    let corrupt = || broken(None, "snappy: corrupt input");
    // snap takes no bytes for an empty block; Go asks for its length.
    if body.is_empty() {
        return Err(corrupt());
    }
    let size = snap::raw::decompress_len(body).map_err(|_| corrupt())?;
    // A block that claims to hold more is not worth the memory.
    if size / RATIO_MAX > body.len() {
        return Err(corrupt());
    }
    if size as u64 > limit_bytes {
        return Err(over_limit(size as u64, limit_bytes));
    }
    let head_len = body.iter().position(|byte| *byte < 0x80).map_or(body.len(), |last| last + 1);
    let elements = body.get(head_len..).unwrap_or(&[]);
    let start = size + BEYOND;
    let end = start + elements.len();
    if room.len() < end + BEYOND {
        room.resize(end + BEYOND, 0);
    }
    let all = room.get_mut(..end + BEYOND).ok_or_else(corrupt)?;
    all.get_mut(start..end).ok_or_else(corrupt)?.copy_from_slice(elements);
    let mut decoder = Decoder { at: start, end, done: 0, size };
    decoder.run(all).ok_or_else(corrupt)?;
    if decoder.done != size {
        return Err(corrupt());
    }
    room.get(..size).ok_or_else(corrupt)
}

/// How far a block is decoded in a buffer of `size` bytes for what comes out, the bytes beyond, the block up to `end`, and
/// bytes beyond that.
struct Decoder {
    /// Where the next element begins.
    at: usize,
    end: usize,
    /// Bytes that came out.
    done: usize,
    size: usize,
}

impl Decoder {
    /// Decodes all elements; `None` when one is wrong.
    fn run(&mut self, all: &mut [u8]) -> Option<()> {
        let mut first = *all.get(self.at)?;
        while self.at < self.end {
            first = match LENGTHS[usize::from(first)] {
                0 => {
                    self.rare(all, first)?;
                    *all.get(self.at)?
                }
                len => self.element(all, first, usize::from(len))?,
            };
        }
        Some(())
    }

    /// Decodes the element that begins with `first`, of which `len` bytes come out; gives the first byte of the next one.
    #[inline(always)]
    fn element(&mut self, all: &mut [u8], first: u8, len: usize) -> Option<u8> {
        let (kind, upper) = (usize::from(first & 3), usize::from(first >> 2));
        let (is_literal, after) = (kind == 0, self.at + 1);
        // Of a copy, the kind is the number of bytes after the first one.
        let next = after + select_unpredictable(is_literal, upper + 1, kind);
        let next_first = *all.get(next)?;
        let told = *all.get(after..)?.first_chunk::<2>()?;
        let near = usize::from(told[0]) | (upper >> 3) << 8;
        let back = select_unpredictable(kind == 1, near, usize::from(u16::from_le_bytes(told)));
        let from = select_unpredictable(is_literal, after, self.done.wrapping_sub(back));
        if len > self.size - self.done || next > self.end {
            return None;
        }
        let repeats_after = select_unpredictable(is_literal, usize::MAX, back);
        if repeats_after < len || from >= self.end {
            self.overlapping(all, back, len)?;
        } else {
            move_half(all, from, self.done)?;
            if len > HALF {
                move_half(all, from + HALF, self.done + HALF)?;
            }
        }
        self.done += len;
        self.at = next;
        Some(next_first)
    }

    /// Decodes a literal whose length stands in bytes of its own, or a copy from far back.
    #[cold]
    #[inline(never)]
    fn rare(&mut self, all: &mut [u8], first: u8) -> Option<()> {
        let (is_literal, upper, after) = (first & 3 == 0, first >> 2, self.at + 1);
        let told = u32::from_le_bytes(*all.get(after..)?.first_chunk()?);
        if !is_literal {
            let (back, len) = (told as usize, usize::from(upper) + 1);
            if len > self.size - self.done || after + 4 > self.end {
                return None;
            }
            self.overlapping(all, back, len)?;
            self.done += len;
            self.at = after + 4;
            return Some(());
        }
        let length_bytes = usize::from(upper - LONG_LITERAL) + 1;
        let len = (told & u32::MAX >> (8 * (4 - length_bytes))) as usize + 1;
        let from = after + length_bytes;
        if len > self.size - self.done || len > self.end.checked_sub(from)? {
            return None;
        }
        all.copy_within(from..from + len, self.done);
        self.done += len;
        self.at = from + len;
        Some(())
    }

    /// A copy byte by byte: what begins less than its length back repeats itself.
    #[inline(never)]
    fn overlapping(&mut self, all: &mut [u8], back: usize, len: usize) -> Option<()> {
        if back == 0 || back > self.done {
            return None;
        }
        for at in self.done..self.done + len {
            let byte = *all.get(at - back)?;
            *all.get_mut(at)? = byte;
        }
        Some(())
    }
}

/// Copies as many bytes as half of the longest element has.
#[inline(always)]
fn move_half(all: &mut [u8], from: usize, to: usize) -> Option<()> {
    let bytes: [u8; HALF] = *all.get(from..)?.first_chunk()?;
    *all.get_mut(to..)?.first_chunk_mut()? = bytes;
    Some(())
}

#[cfg(test)]
mod tests;
