//! What stands in paths: trace ids and names of tags.

use crate::error::{HttpError, HttpResult};
use model::span::TraceId;
use query::traceql;
use query::traceql::ast::{Attribute, Expr, Field, Scope};

/// Hexadecimal digits of a trace id.
const DIGITS: usize = 32;

/// A trace id in hexadecimal; a short one has zeros in front.
///
/// # Errors
/// 400 for what is none.
pub fn trace_id(text: &str) -> HttpResult<TraceId> {
    if text.len() > DIGITS {
        let text = format!("a trace id has {DIGITS} hexadecimal digits at most, not {}", text.len());
        return Err(HttpError::bad_request(text));
    }
    let is_hex = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex);
    let wrong = || HttpError::bad_request(format!("a trace id has only hexadecimal digits, not {text:?}"));
    number.map(u128::to_be_bytes).ok_or_else(wrong)
}

/// The field that a tag's name means: with its scope (`span.a`, `.a`), an intrinsic one by its name, or
/// the name of an attribute anywhere. Clients escape names twice; `name` was unescaped once.
pub fn field(name: &str) -> Field {
    let name = unescaped(name);
    for scope in Scope::ALL {
        if let Some(name) = name.strip_prefix(scope.text()).and_then(|rest| rest.strip_prefix('.')) {
            return Field::Attribute(Attribute { scope: *scope, name: unquoted(name) });
        }
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == ':';
    if name.chars().all(is_word)
        && let Ok(query) = traceql::parse(&format!("{{ {name} != nil }}"))
        && let Expr::Spans(pipeline) = query.expr
        && let [field @ Field::Intrinsic(_)] = pipeline.fields().as_slice()
    {
        return field.clone();
    }
    Field::Attribute(Attribute { scope: Scope::Any, name })
}

/// `"a b"` is a name with quotes around it, `\"` and `\\` in it.
fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => name.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

/// `name` without percent escapes; as it is when it has wrong ones.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else { return name.to_owned() };
        bytes.push((high << 4 | low) as u8);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use query::traceql::ast::Intrinsic;

    #[test]
    fn trace_ids() {
        assert_eq!(trace_id("0102030405060708090a0B0C0d0e0f10").unwrap()[15], 0x10);
        assert_eq!(trace_id("abc").unwrap(), 0xabc_u128.to_be_bytes());
        for wrong in ["", "xyz", "+1", &"0".repeat(33)] {
            assert!(trace_id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_tags() {
        let attribute = |scope, name: &str| Field::Attribute(Attribute { scope, name: name.to_owned() });
        for (name, expected) in [
            ("span.http.method", attribute(Scope::Span, "http.method")),
            ("resource.service%2Ename", attribute(Scope::Resource, "service.name")),
            (".a", attribute(Scope::Any, "a")),
            ("service.name", attribute(Scope::Any, "service.name")),
            ("a", attribute(Scope::Any, "a")),
            ("span.\"a b\\\"\"", attribute(Scope::Span, "a b\"")),
            ("100%", attribute(Scope::Any, "100%")),
            ("event.x", attribute(Scope::Event, "x")),
            ("name", Field::Intrinsic(Intrinsic::Name)),
            ("span:name", Field::Intrinsic(Intrinsic::Name)),
            ("status", Field::Intrinsic(Intrinsic::Status)),
            ("trace:rootService", Field::Intrinsic(Intrinsic::RootServiceName)),
            ("true } || {", attribute(Scope::Any, "true } || {")),
        ] {
            assert_eq!(field(name), expected, "{name}");
        }
    }
}
