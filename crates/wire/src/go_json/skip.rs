//! Reading over values.

use crate::go_json::{Kind, Reader};
use crate::refused::Refused;

/// Objects and arrays within each other at most.
const DEPTH_MAX: usize = 10_000;

impl<'a> Reader<'a> {
    /// Reads over a value and gives its kind.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn skip(&mut self) -> Result<Kind, Refused> {
        let kind = match self.peek_token() {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            _ => Kind::Number,
        };
        let mut open: Vec<u8> = Vec::new();
        loop {
            if !self.skip_start(&mut open)? && self.skip_ends(&mut open)? {
                return Ok(kind);
            }
            if open.len() > DEPTH_MAX {
                return Err(self.refused("skip", "exceeded max depth"));
            }
        }
    }

    /// Reads a value, or the start of an object or array that has members, up to its first value.
    /// Says whether a value comes next.
    fn skip_start(&mut self, open: &mut Vec<u8>) -> Result<bool, Refused> {
        match self.next_token() {
            b'"' => drop(self.raw_string("trySkipString")?),
            b'n' => self.rest_of("ull", "skipThreeBytes")?,
            b't' => self.rest_of("rue", "skipThreeBytes")?,
            b'f' => self.rest_of("alse", "skipFourBytes")?,
            b'-' | b'0'..=b'9' => {
                self.unread();
                self.number()?;
            }
            b'[' => {
                if self.next_token() != b']' {
                    self.unread();
                    open.push(b'[');
                    return Ok(true);
                }
            }
            b'{' => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name()?;
                    open.push(b'{');
                    return Ok(true);
                }
                b'}' => {}
                other => return Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            other => return Err(self.refused("Skip", format!("do not know how to skip: {other}"))),
        }
        Ok(false)
    }

    /// Reads the ends of objects and arrays after a value. Says whether all are ended.
    fn skip_ends(&mut self, open: &mut Vec<u8>) -> Result<bool, Refused> {
        while let Some(container) = open.last() {
            let token = self.next_token();
            match (container, token) {
                (b'{', b',') => {
                    self.field_name()?;
                    return Ok(false);
                }
                (_, b',') => return Ok(false),
                (b'{', b'}') | (b'[', b']') => drop(open.pop()),
                (b'{', _) => return Err(self.refused("ReadObject", "object not ended with }")),
                (_, other) => {
                    return Err(self.found("ReadArrayCB", "expect ] in the end, but found ", other));
                }
            }
        }
        Ok(true)
    }

    /// Reads over a value and gives the bytes of it, spaces before it left out.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn raw(&mut self) -> Result<(Kind, &'a [u8]), Refused> {
        self.peek_token();
        let start = self.at;
        let kind = self.skip()?;
        Ok((kind, self.input.get(start..self.at).unwrap_or(&[])))
    }

    pub(super) fn rest_of(&mut self, rest: &str, operation: &str) -> Result<(), Refused> {
        for byte in rest.bytes() {
            if self.byte() != byte {
                return Err(self.refused(operation, format!("expect {rest}")));
            }
        }
        Ok(())
    }

    /// Reads a number and gives its text.
    ///
    /// # Errors
    /// A text that is no number.
    pub fn number(&mut self) -> Result<&'a str, Refused> {
        self.peek_token();
        let rest = self.input.get(self.at..).unwrap_or(&[]);
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let text = std::str::from_utf8(rest.get(..len).unwrap_or(&[])).unwrap_or("");
        self.at += len;
        self.seen = self.seen.max(self.at);
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero = digits.starts_with('0') && digits[1..].starts_with(|c: char| c.is_ascii_digit());
        let starts_well = digits.starts_with(|c: char| c.is_ascii_digit()) && !leading_zero;
        let dot_ends =
            digits.split_once('.').is_some_and(|(_, part)| !part.starts_with(|c: char| c.is_ascii_digit()));
        if !starts_well || dot_ends || text.parse::<f64>().is_err() {
            return Err(self.refused("readFloat64", format!("invalid number {text:?}")));
        }
        Ok(text)
    }
}
