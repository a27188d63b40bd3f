//! Values of templates, with Go's types, truth and default text forms.

use super::layout;
use crate::go;
use jiff::Zoned;
use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

/// A value. Texts borrow from the line's labels where they can.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// Nothing: a nil, or what a pipeline without value has.
    Nil,
    Bool(bool),
    /// A Go `int`.
    Int(i64),
    /// A Go `int64`.
    Int64(i64),
    /// A Go `float64`.
    Float(f64),
    Text(Cow<'a, str>),
    /// The line's labels: a Go `map[string]string`.
    Fields(&'a [(&'a str, &'a str)]),
    /// A Go `[]interface {}`.
    List(Rc<[Value<'a>]>),
    /// A Go `map[string]interface {}`, by key.
    Map(Rc<[(String, Value<'a>)]>),
    Time(Rc<Zoned>),
    /// A Go `time.Duration`, nanoseconds.
    Duration(i64),
    /// A Go `time.Month`, from 1.
    Month(i64),
    /// A Go `time.Weekday`, from Sunday, 0.
    Weekday(i64),
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Any,
    Text,
    Int,
    Float,
    Time,
    Duration,
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Text => "string",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Time => "time.Time",
            Self::Duration => "time.Duration",
        }
    }
}

/// Kinds that Go compares among themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'v str),
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The name of its Go type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Fields(_) => "map[string]string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            Self::Time(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
            Self::Month(_) => "time.Month",
            Self::Weekday(_) => "time.Weekday",
        }
    }

    /// Whether it may be given where `wanted` is asked for.
    pub(super) fn is_a(&self, wanted: Type) -> bool {
        matches!(
            (wanted, self),
            (Type::Any, _)
                | (Type::Text, Self::Text(_))
                | (Type::Int, Self::Int(_))
                | (Type::Float, Self::Float(_))
                | (Type::Time, Self::Time(_))
                | (Type::Duration, Self::Duration(_))
        )
    }

    /// Whether `if` takes it as true: neither zero nor empty.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Fields(fields) => !fields.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(pairs) => !pairs.is_empty(),
            Self::Time(_) => true,
            Self::Int(v) | Self::Int64(v) | Self::Duration(v) | Self::Month(v) | Self::Weekday(v) => *v != 0,
        }
    }

    /// The whole number that it is, if it is one.
    pub(super) fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(v) | Self::Int64(v) | Self::Duration(v) | Self::Month(v) | Self::Weekday(v) => Some(*v),
            _ => None,
        }
    }

    /// What comparisons look at, if it can be compared by order.
    pub(super) fn basic(&self) -> Option<Basic<'_>> {
        match self {
            Self::Bool(value) => Some(Basic::Bool(*value)),
            Self::Float(value) => Some(Basic::Float(*value)),
            Self::Text(text) => Some(Basic::Text(text)),
            _ => self.as_int().map(Basic::Int),
        }
    }

    /// Number of elements, or of bytes of a text.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.len()),
            Self::Fields(fields) => Some(fields.len()),
            Self::List(items) => Some(items.len()),
            Self::Map(pairs) => Some(pairs.len()),
            _ => None,
        }
    }

    /// The value of `key` in a map; `None` when it is no map.
    pub(super) fn entry(&self, key: &str) -> Option<Value<'a>> {
        match self {
            Self::Fields(fields) => {
                let found = fields.iter().find(|(name, _)| *name == key);
                Some(Value::text(found.map_or("", |(_, value)| *value)))
            }
            Self::Map(pairs) => {
                let found = pairs.binary_search_by(|(name, _)| name.as_str().cmp(key));
                Some(found.ok().and_then(|at| pairs.get(at)).map_or(Value::Nil, |(_, value)| value.clone()))
            }
            _ => None,
        }
    }

    /// Appends its default text form, Go's `%v`.
    pub(super) fn write(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Nil => write!(out, "<nil>"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) | Self::Int64(value) => write!(out, "{value}"),
            Self::Float(value) => write!(out, "{}", go::format_g(*value)),
            Self::Text(text) => write!(out, "{text}"),
            Self::Duration(ns) => write!(out, "{}", base::unit::go_duration_text(*ns)),
            Self::Month(month) => write!(out, "{}", layout::month_name(*month)),
            Self::Weekday(day) => write!(out, "{}", layout::weekday_name(*day)),
            Self::Time(time) => write!(out, "{}", layout::default_text(time)),
            Self::List(items) => {
                out.push('[');
                write_spaced(out, items.iter(), |out, item| item.write(out));
                write!(out, "]")
            }
            Self::Map(pairs) => {
                out.push_str("map[");
                write_spaced(out, pairs.iter(), |out, (key, value)| {
                    let _ = write!(out, "{key}:");
                    value.write(out);
                });
                write!(out, "]")
            }
            Self::Fields(fields) => {
                out.push_str("map[");
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_unstable();
                write_spaced(out, sorted.into_iter(), |out, (key, value)| {
                    let _ = write!(out, "{key}:{value}");
                });
                write!(out, "]")
            }
        };
    }

    /// Its default text form, Go's `%v`.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn write_spaced<T>(out: &mut String, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(' ');
        }
        write(out, item);
    }
}
