//! Objects and arrays, member by member: the ways in which Go's servers walk through them differ
//! in what they take and in the words of their refusals.

use crate::go_json::{Reader, unescape_lossy};
use crate::refused::Refused;
use std::borrow::Cow;

impl<'a> Reader<'a> {
    /// Reads an object's next field name with its colon.
    ///
    /// # Errors
    /// What is no string or not followed by a colon.
    pub(super) fn field_name(&mut self) -> Result<&'a [u8], Refused> {
        let name = match self.next_token() {
            b'"' => self.raw_string("ReadString")?,
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                &[]
            }
            other => return Err(self.found("ReadString", "expects \" or n, but found ", other)),
        };
        match self.next_token() {
            b':' => Ok(name),
            other => Err(self.found("ReadObject", "expect : after object field, but found ", other)),
        }
    }

    /// Reads an object as `jsoniter` reads a Go struct called `type_name`: `each` gets the name of
    /// every member and reads its value. Null is an empty object.
    ///
    /// # Errors
    /// What is no object, and what `each` refuses, with the type's name in front.
    pub fn structure(
        &mut self,
        type_name: &str,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        match self.next_token() {
            b'{' => {}
            b'n' => return self.rest_of("ull", "skipThreeBytes"),
            other => return Err(self.found("readObjectStart", "expect { or n, but found ", other)),
        }
        match self.next_token() {
            b'"' => self.unread(),
            b'}' => return Ok(()),
            other => return Err(self.found("readObjectStart", "expect \" after {, but found ", other)),
        }
        let mut members = || loop {
            let name = self.struct_field()?;
            each(self, &unescape_lossy(name))?;
            match self.next_token() {
                b',' => {}
                b'}' => return Ok(()),
                other => {
                    let what = "object ended prematurely, unexpected char ";
                    return Err(self.found("isObjectEnd", what, other));
                }
            }
        };
        members().map_err(|refused: Refused| refused.within(&format!("{type_name}.")))
    }

    fn struct_field(&mut self) -> Result<&'a [u8], Refused> {
        let token = self.next_token();
        if token != b'"' {
            return Err(self.found("readFieldHash", "expect \", but found ", token));
        }
        let start = self.at;
        let rest = self.input.get(start..).unwrap_or(&[]);
        let name = match memchr::memchr2(b'"', b'\\', rest) {
            None => {
                self.ended = true;
                return Err(self.refused("readFieldHash", "incomplete field name"));
            }
            Some(len) if rest[len] == b'"' => {
                self.at += len + 1;
                self.seen = self.seen.max(self.at);
                &rest[..len]
            }
            Some(_) => self.raw_string("ReadString")?,
        };
        match self.next_token() {
            b':' => Ok(name),
            other => Err(self.found("readFieldHash", "expect :, but found ", other)),
        }
    }

    /// Reads an array as `jsoniter` reads a Go slice called `type_name`: `each` reads an element.
    /// Null is an empty array.
    ///
    /// # Errors
    /// What is no array, and what `each` refuses, with the type's name in front.
    pub fn slice(
        &mut self,
        type_name: &str,
        mut each: impl FnMut(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut elements = || {
            match self.next_token() {
                b'[' => {}
                b'n' => return self.rest_of("ull", "skipThreeBytes"),
                other => return Err(self.found("decode slice", "expect [ or n, but found ", other)),
            }
            if self.next_token() == b']' {
                return Ok(());
            }
            self.unread();
            loop {
                each(self)?;
                match self.next_token() {
                    b',' => {}
                    b']' => return Ok(()),
                    other => return Err(self.found("decode slice", "expect ], but found ", other)),
                }
            }
        };
        elements().map_err(|refused: Refused| refused.within(&format!("{type_name}: ")))
    }

    /// Reads an object's start (`first`) or the comma after a member, and the raw name of the next
    /// member, as [`Reader::skip`] would; `None` at the end.
    ///
    /// # Errors
    /// What is no object.
    pub fn member(&mut self, first: bool) -> Result<Option<&'a [u8]>, Refused> {
        match (first, self.next_token()) {
            (true, b'{') => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name().map(Some)
                }
                b'}' => Ok(None),
                other => Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            (true, other) => Err(self.found("ReadObject", "expect { or n, but found ", other)),
            (false, b',') => self.field_name().map(Some),
            (false, b'}') => Ok(None),
            (false, _) => Err(self.refused("ReadObject", "object not ended with }")),
        }
    }

    /// Reads an array's start (`first`) or the comma after an item, as [`Reader::skip`] would; says
    /// whether an item comes next.
    ///
    /// # Errors
    /// What is no array.
    pub fn item(&mut self, first: bool) -> Result<bool, Refused> {
        match (first, self.next_token()) {
            (true, b'[') => {
                let token = self.next_token();
                if token != b']' {
                    self.unread();
                }
                Ok(token != b']')
            }
            (true, other) => Err(self.found("ReadArray", "expect [ or , or ] or n, but found ", other)),
            (false, b',') => Ok(true),
            (false, b']') => Ok(false),
            (false, other) => Err(self.found("ReadArrayCB", "expect ] in the end, but found ", other)),
        }
    }

    /// Reads an object's start or the comma after a member, and the name of the next member;
    /// `None` when the object ends or is null.
    ///
    /// # Errors
    /// What is no object.
    pub fn field(&mut self) -> Result<Option<Cow<'a, [u8]>>, Refused> {
        match self.next_token() {
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                Ok(None)
            }
            b'{' => match self.next_token() {
                b'"' => {
                    self.unread();
                    self.field_name().map(|name| Some(unescape_lossy(name)))
                }
                b'}' => Ok(None),
                other => Err(self.found("ReadObject", "expect \" after {, but found ", other)),
            },
            b',' => self.field_name().map(|name| Some(unescape_lossy(name))),
            b'}' => Ok(None),
            other => Err(self.found("ReadObject", "expect { or , or } or n, but found ", other)),
        }
    }

    /// Reads an array's start or the comma after an element; says whether an element comes next.
    /// Null counts as an empty array.
    ///
    /// # Errors
    /// What is no array.
    pub fn element(&mut self) -> Result<bool, Refused> {
        match self.next_token() {
            b'n' => {
                self.rest_of("ull", "skipThreeBytes")?;
                Ok(false)
            }
            b'[' => {
                let token = self.next_token();
                if token == b']' {
                    return Ok(false);
                }
                self.unread();
                Ok(true)
            }
            b',' => Ok(true),
            b']' => Ok(false),
            other => Err(self.found("ReadArray", "expect [ or , or ] or n, but found ", other)),
        }
    }
}
