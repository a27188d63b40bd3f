//! Protobuf fields read one after the other, borrowed from the message, and the few that we write.
//! There are no generated messages: a push is read in one pass without a copy of any text.

use crate::refused::Refused;
use model::varint;

/// A field's value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: a string, bytes, or a message.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// The fields of one message in the order in which they stand.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    message: &'static str,
}

/// Groups within groups that are skipped at most.
const GROUP_DEPTH_MAX: usize = 100;

impl<'a> Fields<'a> {
    /// Reads the fields of `bytes`; `message` is the name in refusals.
    pub fn new(bytes: &'a [u8], message: &'static str) -> Self {
        Self { rest: bytes, message }
    }

    /// The next field's number and value; `None` at the end. Groups are skipped.
    ///
    /// # Errors
    /// A message that is cut or no protobuf, in the words of Go's decoder.
    #[inline(always)]
    pub fn next_field(&mut self) -> Result<Option<(u32, Value<'a>)>, Refused> {
        if let Some(field) = self.short_field() {
            return Ok(Some(field));
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.any_field()
    }

    /// The next field when it is a number, a string or a message with a number below 16, as most are.
    #[inline(always)]
    fn short_field(&mut self) -> Option<(u32, Value<'a>)> {
        let (tag, mut rest) = self.rest.split_first()?;
        let number = u32::from(tag >> 3);
        if !(1..16).contains(&number) {
            return None;
        }
        let value = match tag & 7 {
            0 => Value::Varint(varint::take(&mut rest)?),
            2 => Value::Bytes(varint::take_bytes(&mut rest)?),
            _ => return None,
        };
        self.rest = rest;
        Some((number, value))
    }

    #[inline(never)]
    fn any_field(&mut self) -> Result<Option<(u32, Value<'a>)>, Refused> {
        while !self.rest.is_empty() {
            let (number, wire_type) = self.tag()?;
            match wire_type {
                3 => self.skip_group()?,
                4 => {
                    return Err(self.refused("wiretype end group for non-group"));
                }
                _ => return Ok(Some((number, self.value(wire_type)?))),
            }
        }
        Ok(None)
    }

    #[cold]
    fn refused(&self, what: &str) -> Refused {
        Refused::invalid(format!("proto: {}: {what}", self.message))
    }

    fn tag(&mut self) -> Result<(u32, u8), Refused> {
        let tag = self.varint()?;
        let (number, wire_type) = ((tag >> 3) as u32, (tag & 7) as u8);
        if number == 0 || number > i32::MAX as u32 || tag >> 35 != 0 {
            let what = format!("illegal tag {} (wire type {wire_type})", number as i32);
            return Err(self.refused(&what));
        }
        Ok((number, wire_type))
    }

    fn varint(&mut self) -> Result<u64, Refused> {
        varint::take(&mut self.rest).ok_or_else(|| {
            let overflows = self.rest.len() >= 10;
            Refused::invalid(if overflows { "proto: integer overflow" } else { "unexpected EOF" })
        })
    }

    fn value(&mut self, wire_type: u8) -> Result<Value<'a>, Refused> {
        let cut = || Refused::invalid("unexpected EOF");
        match wire_type {
            0 => Ok(Value::Varint(self.varint()?)),
            1 => {
                let (head, tail) = self.rest.split_first_chunk::<8>().ok_or_else(cut)?;
                self.rest = tail;
                Ok(Value::Fixed64(u64::from_le_bytes(*head)))
            }
            2 => {
                let length = self.varint()?;
                if length > i64::MAX as u64 {
                    return Err(Refused::invalid("proto: negative length found during unmarshaling"));
                }
                let length = usize::try_from(length).map_err(|_| cut())?;
                let (head, tail) = self.rest.split_at_checked(length).ok_or_else(cut)?;
                self.rest = tail;
                Ok(Value::Bytes(head))
            }
            5 => {
                let (head, tail) = self.rest.split_first_chunk::<4>().ok_or_else(cut)?;
                self.rest = tail;
                Ok(Value::Fixed32(u32::from_le_bytes(*head)))
            }
            _ => Err(Refused::invalid(format!("proto: illegal wireType {wire_type}"))),
        }
    }

    fn skip_group(&mut self) -> Result<(), Refused> {
        let mut depth = 1;
        while depth > 0 {
            match self.tag()?.1 {
                3 if depth == GROUP_DEPTH_MAX => return Err(self.refused("groups nested too deep")),
                3 => depth += 1,
                4 => depth -= 1,
                wire_type => {
                    self.value(wire_type)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Value<'a> {
    /// The number of the wire type.
    fn wire_type(self) -> u8 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => 2,
            Self::Fixed32(_) => 5,
        }
    }

    fn wrong(self, field: &str) -> Refused {
        Refused::invalid(format!("proto: wrong wireType = {} for field {field}", self.wire_type()))
    }

    /// The bytes of `field`, a string, bytes or a message.
    ///
    /// # Errors
    /// Another wire type.
    pub fn bytes(self, field: &str) -> Result<&'a [u8], Refused> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(self.wrong(field)) }
    }

    /// The number in `field`, a varint.
    ///
    /// # Errors
    /// Another wire type.
    pub fn varint(self, field: &str) -> Result<u64, Refused> {
        if let Self::Varint(value) = self { Ok(value) } else { Err(self.wrong(field)) }
    }

    /// The number in `field`, eight bytes.
    ///
    /// # Errors
    /// Another wire type.
    pub fn fixed64(self, field: &str) -> Result<u64, Refused> {
        if let Self::Fixed64(value) = self { Ok(value) } else { Err(self.wrong(field)) }
    }

    /// The number in `field`, four bytes.
    ///
    /// # Errors
    /// Another wire type.
    pub fn fixed32(self, field: &str) -> Result<u32, Refused> {
        if let Self::Fixed32(value) = self { Ok(value) } else { Err(self.wrong(field)) }
    }
}

/// Appends field `number` holding `value`; proto3 leaves zero out.
pub fn put_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        varint::put(out, u64::from(number) << 3);
        varint::put(out, value);
    }
}

/// Appends field `number` holding `bytes`; proto3 leaves an empty string out.
pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        varint::put(out, u64::from(number) << 3 | 2);
        varint::put_bytes(out, bytes);
    }
}

#[cfg(test)]
mod tests;
