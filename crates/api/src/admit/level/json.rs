//! A level in a JSON line: the first string in the text whose key is one of the fields, in the
//! outermost object or, in the order of the text, in objects inside it.
//!
//! Lenient like the parser that Loki uses here: what is wrong after the level does no harm, and
//! what is wrong before it only ends the search.

use crate::admit::level::fields::Fields;

/// Whether the line begins with `{` and ends with `}`, spaces aside.
pub fn is_object(line: &[u8]) -> bool {
    let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let first = line.iter().find(|byte| !is_space(byte));
    first == Some(&b'{') && line.iter().rev().find(|byte| !is_space(byte)) == Some(&b'}')
}

/// The value of the first field, escapes as they stand. Searches `depth_max` objects deep, or
/// everywhere when that is 0.
pub fn find<'l>(line: &'l [u8], fields: &Fields, depth_max: usize) -> Option<&'l [u8]> {
    let depth_max = if depth_max == 0 { DEPTH_MAX } else { depth_max.min(DEPTH_MAX) };
    let mut search = Search { rest: line, fields, depth_max };
    match search.object(1) {
        Some(Found::Level(level)) => Some(level),
        _ => None,
    }
}

/// Objects within each other that are searched at most.
const DEPTH_MAX: usize = 128;

enum Found<'l> {
    Level(&'l [u8]),
    Nothing,
}

struct Search<'l, 'f> {
    rest: &'l [u8],
    fields: &'f Fields,
    depth_max: usize,
}

impl<'l> Search<'l, '_> {
    /// Searches the object that begins here; `None` when it is no JSON.
    fn object(&mut self, depth: usize) -> Option<Found<'l>> {
        self.expect(b'{')?;
        if self.token()? == b'}' {
            return self.expect(b'}').map(|()| Found::Nothing);
        }
        loop {
            self.expect(b'"')?;
            let key = self.string_rest()?;
            self.expect(b':')?;
            match self.token()? {
                b'"' => {
                    self.expect(b'"')?;
                    let value = self.string_rest()?;
                    if self.fields.place(key).is_some() {
                        return Some(Found::Level(value));
                    }
                }
                b'{' if depth < self.depth_max => {
                    if let found @ Found::Level(_) = self.object(depth + 1)? {
                        return Some(found);
                    }
                }
                b'{' | b'[' => self.skip_container()?,
                _ => self.skip_scalar()?,
            }
            match self.token()? {
                b',' => self.expect(b',')?,
                b'}' => return self.expect(b'}').map(|()| Found::Nothing),
                _ => return None,
            }
        }
    }

    /// The next byte that is no space, which stays the next.
    fn token(&mut self) -> Option<u8> {
        let start = self.rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))?;
        self.rest = &self.rest[start..];
        self.rest.first().copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.token()? == byte).then(|| self.rest = &self.rest[1..])
    }

    /// Takes a string after its opening quote, with its closing quote; gives what is between.
    fn string_rest(&mut self) -> Option<&'l [u8]> {
        let text = self.rest;
        let mut at = 0;
        loop {
            at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
            if text.get(at) == Some(&b'"') {
                self.rest = &text[at + 1..];
                return Some(&text[..at]);
            }
            at += 2;
        }
    }

    /// Skips an object or array: counts brackets outside strings.
    fn skip_container(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            let at = self.rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
            let byte = self.rest[at];
            self.rest = &self.rest[at + 1..];
            match byte {
                b'"' => drop(self.string_rest()?),
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_scalar(&mut self) -> Option<()> {
        let end = self
            .rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r'))?;
        self.rest = &self.rest[end..];
        (end > 0).then_some(())
    }
}
