//! Configuration as a tree of values. The tree of defaults is the schema: a key is known when it
//! stands there.

use super::known;
use serde_json::{Map, Value};

/// What becomes of a written key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is used.
    Used,
    /// It has no effect, and why.
    Unused(String),
}

/// Every written key, as a dotted path, with what becomes of it.
pub fn judge(written: &Value, schema: &Value) -> Vec<(String, Verdict)> {
    let mut found = Vec::new();
    walk("", written, schema, &mut found);
    found
}

/// As [`judge`] for one section that is written alone.
pub fn judge_section(section: &str, written: &Value, schema: &Value) -> Vec<(String, Verdict)> {
    let mut found = Vec::new();
    walk(section, written, schema, &mut found);
    found
}

fn walk(prefix: &str, written: &Value, schema: &Value, found: &mut Vec<(String, Verdict)>) {
    for (key, value) in written.as_object().into_iter().flatten() {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match schema.get(key) {
            Some(Value::Object(inside)) if !inside.is_empty() && value.is_object() => {
                walk(&path, value, &schema[key], found);
            }
            Some(_) if value.is_null() => found.push((path, Verdict::Unused("has no value".to_owned()))),
            Some(_) => found.push((path, Verdict::Used)),
            None => match known::verdict(&path) {
                Some(verdict) => found.push((path, verdict)),
                None if value.is_object() && known::has_inside(&path) => {
                    walk(&path, value, &Value::Null, found)
                }
                None => found.push((path, Verdict::Unused("Trefoil has no such setting".to_owned()))),
            },
        }
    }
}

/// `written` without the keys that are not in `schema`, and without empty ones.
pub fn pruned(written: &Value, schema: &Value) -> Value {
    let (Value::Object(keys), Value::Object(known)) = (written, schema) else {
        return written.clone();
    };
    if known.is_empty() {
        return written.clone();
    }
    let kept = keys.iter().filter(|(_, value)| !value.is_null());
    let kept = kept.filter_map(|(key, value)| Some((key.clone(), pruned(value, known.get(key)?))));
    Value::Object(kept.collect())
}

/// The keys of `tree` whose values are not those of `defaults`.
pub fn differing(tree: &Value, defaults: &Value) -> Value {
    let (Value::Object(keys), Value::Object(_)) = (tree, defaults) else { return tree.clone() };
    let other = keys.iter().filter(|(key, value)| defaults.get(*key) != Some(value));
    Value::Object(other.map(|(key, value)| (key.clone(), differing(value, &defaults[key]))).collect())
}

/// Sets the value at a dotted path.
pub fn put(tree: &mut Value, path: &str, value: Value) {
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    let Value::Object(map) = tree else { return };
    match path.split_once('.') {
        Some((head, rest)) => put(map.entry(head).or_insert(Value::Null), rest, value),
        None => {
            map.insert(path.to_owned(), value);
        }
    }
}

/// A flag's text as the value YAML would read.
pub fn scalar(text: &str) -> Value {
    serde_json::from_str(text)
        .ok()
        .filter(|v: &Value| !v.is_object())
        .unwrap_or_else(|| Value::String(text.to_owned()))
}
