//! Go's own functions: comparisons, logic, elements. `and` and `or` stop early, which is done where
//! arguments are evaluated.

use super::functions::{Function, TEXT_BYTES_MAX, function, too_long};
use super::texts::url_encode;
use super::value::Type::{self, Any};
use super::value::{Basic, Value};
use std::cmp::Ordering;

type Result<T> = std::result::Result<T, String>;

const ONE: &[Type] = &[Any];
const TWO: &[Type] = &[Any, Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function("and", ONE, Some(Any), |_, args| Ok(args.last().cloned().unwrap_or(Value::Nil))),
    function("or", ONE, Some(Any), |_, args| Ok(args.last().cloned().unwrap_or(Value::Nil))),
    function("not", ONE, None, |_, args| Ok(Value::Bool(!args.first().is_some_and(Value::is_true)))),
    function("eq", ONE, Some(Any), |_, args| equal(args).map(Value::Bool)),
    function("ne", TWO, None, |_, args| equal(args).map(|equal| Value::Bool(!equal))),
    function("lt", TWO, None, |_, args| order(args).map(|o| Value::Bool(o == Some(Ordering::Less)))),
    function("le", TWO, None, |_, args| {
        order(args).map(|o| Value::Bool(matches!(o, Some(Ordering::Less | Ordering::Equal))))
    }),
    // Go defines these by what they are not, which shows with values that have no order.
    function("gt", TWO, None, |_, args| {
        order(args).map(|o| Value::Bool(!matches!(o, Some(Ordering::Less | Ordering::Equal))))
    }),
    function("ge", TWO, None, |_, args| order(args).map(|o| Value::Bool(o != Some(Ordering::Less)))),
    function("len", ONE, None, |_, args| len(args)),
    function("index", ONE, Some(Any), |_, args| index(args)),
    function("slice", ONE, Some(Any), |_, args| slice(args)),
    function("call", ONE, Some(Any), |_, args| {
        let given = args.first().unwrap_or(&Value::Nil);
        Err(match given {
            Value::Nil => "call of nil".to_owned(),
            _ => format!("non-function of type {}", given.type_name()),
        })
    }),
    function("html", &[], Some(Any), |_, args| escaped(args, html)),
    function("js", &[], Some(Any), |_, args| escaped(args, js)),
    function("urlquery", &[], Some(Any), |_, args| escaped(args, url_encode)),
];

/// Whether the first argument equals any other.
fn equal(args: &[Value<'_>]) -> Result<bool> {
    let Some((first, others)) = args.split_first() else { return Ok(false) };
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        let same = match (first.basic(), other.basic()) {
            (Some(a), Some(b)) if same_kind(a, b) => a == b,
            (None, None) => match (first, other) {
                (Value::Nil, Value::Nil) => true,
                (Value::Nil, _) | (_, Value::Nil) => false,
                (Value::Time(a), Value::Time(b)) => a == b,
                _ => return Err(format!("non-comparable type {}: {}", first.to_text(), first.type_name())),
            },
            _ if matches!(first, Value::Nil) || matches!(other, Value::Nil) => false,
            _ => return Err(incompatible(first, other)),
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_kind(a: Basic<'_>, b: Basic<'_>) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

fn incompatible(a: &Value<'_>, b: &Value<'_>) -> String {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name())
}

/// How the two arguments stand to each other; `None` for what has no order.
fn order(args: &[Value<'_>]) -> Result<Option<Ordering>> {
    let invalid = || "invalid type for comparison".to_owned();
    let (Some(a), Some(b)) = (args.first(), args.get(1)) else { return Err(invalid()) };
    match (a.basic().ok_or_else(invalid)?, b.basic().ok_or_else(invalid)?) {
        (Basic::Int(a), Basic::Int(b)) => Ok(Some(a.cmp(&b))),
        (Basic::Float(a), Basic::Float(b)) => Ok(a.partial_cmp(&b)),
        (Basic::Text(a), Basic::Text(b)) => Ok(Some(a.cmp(b))),
        (Basic::Bool(_), Basic::Bool(_)) => Err(invalid()),
        _ => Err(incompatible(a, b)),
    }
}

fn len<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    let item = args.first().unwrap_or(&Value::Nil);
    match (item, item.len()) {
        (_, Some(length)) => Ok(Value::Int(length as i64)),
        (Value::Nil, None) => Err("len of nil pointer".to_owned()),
        _ => Err(format!("len of type {}", item.type_name())),
    }
}

fn index<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    let Some((item, indexes)) = args.split_first() else { return Err("index of untyped nil".to_owned()) };
    if let Value::Nil = item {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for index in indexes {
        item = match &item {
            Value::Fields(_) | Value::Map(_) => match index {
                Value::Text(key) => item.entry(key).unwrap_or(Value::Nil),
                Value::Nil => return Err("value is nil; should be of type string".to_owned()),
                _ => return Err(format!("value has type {}; should be string", index.type_name())),
            },
            Value::List(items) => {
                let at = position(index, items.len())?;
                items.get(at).cloned().ok_or("reflect: slice index out of range")?
            }
            Value::Text(text) => {
                let at = position(index, text.len())?;
                let byte = text.as_bytes().get(at).ok_or("reflect: string index out of range")?;
                Value::Int(i64::from(*byte))
            }
            Value::Nil => return Err("index of nil pointer".to_owned()),
            _ => return Err(format!("can't index item of type {}", item.type_name())),
        };
    }
    Ok(item)
}

fn position(index: &Value<'_>, length: usize) -> Result<usize> {
    let at = match (index, index.as_int()) {
        (_, Some(at)) => at,
        (Value::Nil, None) => return Err("cannot index slice/array with nil".to_owned()),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name())),
    };
    let position = usize::try_from(at).ok().filter(|at| *at <= length);
    position.ok_or_else(|| format!("index out of range: {at}"))
}

fn slice<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    let Some((item, bounds)) = args.split_first() else { return Err("slice of untyped nil".to_owned()) };
    if bounds.len() > 3 {
        return Err(format!("too many slice indexes: {}", bounds.len()));
    }
    let length = match item {
        Value::Nil => return Err("slice of untyped nil".to_owned()),
        Value::Text(_) if bounds.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        _ => return Err(format!("can't slice item of type {}", item.type_name())),
    };
    let from = bounds.first().map_or(Ok(0), |bound| position(bound, length))?;
    let to = bounds.get(1).map_or(Ok(length), |bound| position(bound, length))?;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    Ok(match item {
        Value::Text(text) => {
            Value::text(crate::go::decoded(text.as_bytes().get(from..to).unwrap_or(&[])).into_owned())
        }
        Value::List(items) => Value::List(items.get(from..to).unwrap_or(&[]).into()),
        _ => Value::Nil,
    })
}

/// The arguments printed one after the other, escaped.
fn escaped<'a>(args: &[Value<'a>], escape: fn(&str) -> String) -> Result<Value<'a>> {
    let text = match args {
        [Value::Text(text)] => text.to_string(),
        _ => super::print::joined(args),
    };
    // An escaped byte takes up to six.
    if text.len() > TEXT_BYTES_MAX / 6 {
        return Err(too_long());
    }
    Ok(Value::text(escape(&text)))
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => {
                out.push('\\');
                out.push(c);
            }
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
