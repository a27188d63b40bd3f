//! Tags as searches before TraceQL wrote them: `service.name=shop http.method=GET name="GET /"`. They
//! become the query that says the same.

use query::traceql::ast::{
    Attribute, Comparison, Field, FieldBinary, FieldExpr, FieldOp, Intrinsic, Literal, Pipeline, Scope,
    SpanKind, SpansetExpr, Stage, Status,
};

/// Tags in one request at most.
const TAGS_MAX: usize = 100;

/// The query for `tags`; for none, that for all spans.
///
/// # Errors
/// What is wrong with the text.
pub fn pipeline(tags: &str) -> Result<Pipeline, String> {
    let tags = pairs(tags)?;
    if tags.len() > TAGS_MAX {
        return Err(format!("tags holds {} tags, the most is {TAGS_MAX}", tags.len()));
    }
    let all = tags.iter().map(|(name, value)| condition(name, value));
    let all = all.reduce(|left, right| binary(FieldOp::And, left, right));
    let filter = all.unwrap_or(FieldExpr::Literal(Literal::Bool(true)));
    Ok(Pipeline { stages: vec![Stage::Spansets(SpansetExpr::Filter(filter))] })
}

fn binary(op: FieldOp, left: FieldExpr, right: FieldExpr) -> FieldExpr {
    FieldExpr::Binary(Box::new(FieldBinary { op, left, right }))
}

fn equals(field: Field, literal: Literal) -> FieldExpr {
    binary(FieldOp::Compare(Comparison::Equal), FieldExpr::Field(field), FieldExpr::Literal(literal))
}

/// A tag says a text; an attribute of another type matches when it reads so.
fn condition(name: &str, value: &str) -> FieldExpr {
    let text = Literal::Text(value.to_owned());
    let intrinsic = |intrinsic| equals(Field::Intrinsic(intrinsic), text.clone());
    match name {
        "name" => return intrinsic(Intrinsic::Name),
        "root.name" | "rootName" => return intrinsic(Intrinsic::RootName),
        "root.service.name" | "rootServiceName" => return intrinsic(Intrinsic::RootServiceName),
        "status" | "status.code" if let Some(status) = Status::named(value) => {
            return equals(Field::Intrinsic(Intrinsic::Status), Literal::Status(status));
        }
        "error" if value == "true" => {
            return equals(Field::Intrinsic(Intrinsic::Status), Literal::Status(Status::Error));
        }
        "kind" if let Some(kind) = SpanKind::named(value) => {
            return equals(Field::Intrinsic(Intrinsic::Kind), Literal::Kind(kind));
        }
        _ => {}
    }
    let attribute = || Field::Attribute(Attribute { scope: Scope::Any, name: name.to_owned() });
    let as_text = equals(attribute(), text);
    let literal = match (value.parse::<i64>(), value.parse::<f64>(), value.parse::<bool>()) {
        (Ok(number), ..) => Literal::Int(number),
        (_, Ok(number), _) if number.is_finite() => Literal::Float(number),
        (_, _, Ok(flag)) => Literal::Bool(flag),
        _ => return as_text,
    };
    binary(FieldOp::Or, as_text, equals(attribute(), literal))
}

/// Names and values; a value with spaces stands in double quotes, with `\"` and `\\` in it.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let wrong = || format!("tags: expected name=value, found {rest:?}");
        let (name, tail) = rest.split_once('=').ok_or_else(wrong)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted).ok_or_else(wrong)?,
            None => {
                let (value, tail) = tail.split_at(tail.find(char::is_whitespace).unwrap_or(tail.len()));
                (value.to_owned(), tail)
            }
        };
        pairs.push((name.to_owned(), value));
        rest = tail.trim_start();
    }
    Ok(pairs)
}

/// The value up to the closing quote, and what follows.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((value, &text[at + 1..])),
            c => {
                value.push(c);
                escaped = false;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use query::traceql::{self, ast::Expr};

    fn query(tags: &str) -> String {
        let expr = Expr::Spans(pipeline(tags).unwrap());
        traceql::print(&traceql::ast::Query { expr, hints: Vec::new() })
    }

    #[test]
    fn tags_are_queries() {
        for (tags, expected) in [
            ("", "{ true }"),
            ("service.name=shop", "{ .service.name = \"shop\" }"),
            (
                "  name=\"GET \\\"/\\\"\" http.status_code=500 ",
                "{ name = \"GET \\\"/\\\"\" && (.http.status_code = \"500\" || .http.status_code = 500) }",
            ),
            ("error=true kind=server", "{ status = error && kind = server }"),
            ("retry=false", "{ .retry = \"false\" || .retry = false }"),
            ("root.service.name=a status=ok", "{ rootServiceName = \"a\" && status = ok }"),
        ] {
            assert_eq!(query(tags), expected, "{tags}");
            traceql::parse(&query(tags)).unwrap();
        }
        for wrong in ["a", "=b", "a b=c", "a=\"b", "a=b c"] {
            assert!(pairs(wrong).is_err(), "{wrong}");
        }
    }
}
