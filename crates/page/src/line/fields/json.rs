//! Templates that are JSON objects, read as `| json` reads lines.

use super::skeleton::{Cursor, Kept, Next, Place, Skeleton};
use model::Fields;
use model::fields::append_key;

/// Objects nested deeper than this are not looked into; `| json` looks far deeper.
const DEPTH_MAX: usize = 16;

/// The parts with `fields`; none where values may make another object of it than a well-formed one.
pub fn kept(skeleton: &Skeleton, fields: &Fields) -> Option<Vec<Kept<'static>>> {
    let mut walk = Walk { cursor: skeleton.cursor(), fields, name: String::new(), kept: Vec::new() };
    walk.object(0)?;
    // Some parsers look at what follows the object.
    walk.blanks();
    matches!(walk.cursor.peek(), Next::End).then_some(walk.kept)
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    fields: &'a Fields,
    /// The path to the object at hand as the beginning of label names.
    name: String,
    kept: Vec<Kept<'static>>,
}

impl<'a> Walk<'a> {
    fn blanks(&mut self) {
        self.cursor.skip(is_blank);
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        if !self.cursor.take(b'{') {
            return None;
        }
        self.kept.push(Kept::Text(b"{"));
        self.blanks();
        let (mut more, mut first) = (!self.cursor.take(b'}'), true);
        while more {
            self.field(depth, &mut first)?;
            self.blanks();
            more = self.cursor.take(b',');
            if !more && !self.cursor.take(b'}') {
                return None;
            }
            self.blanks();
        }
        self.kept.push(Kept::Text(b"}"));
        Some(())
    }

    fn field(&mut self, depth: usize, first: &mut bool) -> Option<()> {
        let (start, name_len, kept_len) = (self.cursor.place, self.name.len(), self.kept.len());
        let key = self.key()?;
        append_key(&mut self.name, key);
        self.blanks();
        if !self.cursor.take(b':') {
            return None;
        }
        self.blanks();
        if !*first {
            self.kept.push(Kept::Text(b","));
        }
        let value_len = self.kept.len();
        let has_wanted = self.value(start, depth)?;
        if self.fields.has(&self.name) {
            self.kept.truncate(value_len);
            self.kept.push(Kept::Between(start, self.cursor.place));
            *first = false;
        } else if has_wanted {
            *first = false;
        } else {
            self.kept.truncate(kept_len);
        }
        self.name.truncate(name_len);
        Some(())
    }

    fn key(&mut self) -> Option<&'a str> {
        if !self.cursor.take(b'"') {
            return None;
        }
        let start = self.cursor.place;
        self.cursor.skip(|byte| !matches!(byte, b'"' | b'\\'));
        let key = std::str::from_utf8(self.cursor.text_from(start)?).ok()?;
        self.cursor.take(b'"').then_some(key)
    }

    /// Passes over the value of the field that starts at `start`; says whether it is an object with wanted
    /// fields, which are kept then.
    fn value(&mut self, start: Place, depth: usize) -> Option<bool> {
        match self.cursor.peek() {
            Next::Byte(b'"') => {
                self.cursor.step();
                self.cursor.string().map(|()| false)
            }
            Next::Byte(b'{') if depth < DEPTH_MAX => {
                self.kept.push(Kept::Between(start, self.cursor.place));
                let before = self.kept.len();
                self.object(depth + 1)?;
                // There is more than its braces.
                Some(self.kept.len() > before + 2)
            }
            Next::Byte(b'[') => self.array().map(|()| false),
            _ => self.word().map(|()| false),
        }
    }

    fn array(&mut self) -> Option<()> {
        let mut closing: Vec<u8> = Vec::new();
        loop {
            let next = self.cursor.peek();
            self.cursor.step();
            match next {
                Next::Byte(b'"') => self.cursor.string()?,
                Next::Byte(b'[') => closing.push(b']'),
                Next::Byte(b'{') => closing.push(b'}'),
                Next::Byte(byte @ (b']' | b'}')) if closing.pop() != Some(byte) => return None,
                Next::Byte(_) => {}
                Next::Hole(alphabet) if alphabet.is_word() => {}
                Next::Hole(_) | Next::End => return None,
            }
            if closing.is_empty() {
                return Some(());
            }
        }
    }

    /// A number, `true`, `false` or `null`: to the parser whatever starts like a number is one.
    fn word(&mut self) -> Option<()> {
        let start = self.cursor.place;
        let is_number = match self.cursor.peek() {
            Next::Byte(byte) => byte == b'-' || byte.is_ascii_digit(),
            Next::Hole(alphabet) => alphabet.starts_with_digit(),
            Next::End => false,
        };
        loop {
            match self.cursor.peek() {
                Next::Byte(byte) if is_blank(byte) || matches!(byte, b',' | b'}' | b']') => break,
                Next::Byte(byte) if byte.is_ascii_alphanumeric() || b"+-._".contains(&byte) => {}
                Next::Hole(alphabet) if alphabet.is_word() => {}
                _ => return None,
            }
            self.cursor.step();
        }
        let named = matches!(self.cursor.text_from(start), Some(b"true" | b"false" | b"null"));
        (named || is_number).then_some(())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}
