//! Templates of `key=value` pairs, read as `| logfmt` reads lines: wrong pairs are passed over.

use super::skeleton::{Cursor, Kept, Next, Skeleton};
use model::Fields;
use model::fields::append_label_name;

/// The pairs of `fields`; none where values may make other pairs of it.
pub fn kept(skeleton: &Skeleton, fields: &Fields) -> Option<Vec<Kept<'static>>> {
    let mut walk = Walk { cursor: skeleton.cursor(), fields };
    let mut kept = Vec::new();
    loop {
        walk.cursor.skip(is_blank);
        if matches!(walk.cursor.peek(), Next::End) {
            return Some(kept);
        }
        let start = walk.cursor.place;
        if walk.pair()? {
            if !kept.is_empty() {
                kept.push(Kept::Text(b" "));
            }
            kept.push(Kept::Between(start, walk.cursor.place));
        }
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    fields: &'a Fields,
}

impl Walk<'_> {
    /// Passes over a pair, or something wrong; says whether it is wanted.
    fn pair(&mut self) -> Option<bool> {
        let start = self.cursor.place;
        let wanted = self.key()?;
        match self.cursor.peek() {
            Next::Byte(b'=') if self.cursor.place != start => self.cursor.step(),
            // Something wrong, or the end of a key without value.
            _ => return self.rest().map(|()| wanted),
        }
        if self.cursor.take(b'"') {
            self.cursor.string()?;
            // Behind a value with a wrong escape all is passed over up to the next white space.
            return self.is_at_end().then_some(wanted);
        }
        let mut behind_hole = false;
        loop {
            match self.cursor.peek() {
                // The value in front may be empty, and this its quote.
                Next::Byte(b'"') if behind_hole => return None,
                Next::Byte(b'"' | b'=') => return self.rest().map(|()| wanted),
                Next::Hole(alphabet) if !alphabet.stays_in_pair() => return None,
                _ if self.is_at_end() => return Some(wanted),
                next => behind_hole = matches!(next, Next::Hole(_)),
            }
            self.cursor.step();
        }
    }

    /// Passes over a key; says whether its field is wanted.
    fn key(&mut self) -> Option<bool> {
        let start = self.cursor.place;
        let is_number = match self.cursor.peek() {
            Next::Byte(byte) => byte.is_ascii_digit(),
            Next::Hole(alphabet) => alphabet.starts_with_digit(),
            Next::End => false,
        };
        loop {
            match self.cursor.peek() {
                _ if self.is_at_end() => break,
                Next::Byte(b'=' | b'"') => break,
                // Such a key may be one that cannot be decoded, which is wrong.
                Next::Byte(byte) if !byte.is_ascii() => return None,
                Next::Hole(alphabet) if !alphabet.is_word() => return None,
                _ => self.cursor.step(),
            }
        }
        let Some(key) = self.cursor.text_from(start) else {
            // It is not known, but if it starts with a digit its label starts with `_` and that.
            let number = |name: &String| name.strip_prefix('_').is_some_and(starts_with_digit);
            return (is_number && !self.fields.names.iter().any(number)).then_some(false);
        };
        let mut name = String::new();
        append_label_name(&mut name, std::str::from_utf8(key).ok()?);
        Some(self.fields.has(&name))
    }

    /// Passes over what is left up to the next white space.
    fn rest(&mut self) -> Option<()> {
        while !self.is_at_end() {
            if matches!(self.cursor.peek(), Next::Hole(alphabet) if !alphabet.stays_in_pair()) {
                return None;
            }
            self.cursor.step();
        }
        Some(())
    }

    fn is_at_end(&self) -> bool {
        match self.cursor.peek() {
            Next::Byte(byte) => is_blank(byte),
            Next::Hole(_) => false,
            Next::End => true,
        }
    }
}

fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}
