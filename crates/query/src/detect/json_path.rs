//! Where in a JSON object a label comes from: `| json` joins the keys on the way with `_`, which
//! cannot be undone without the line.

use serde_json::{Map, Value};

/// The keys from the outermost object of `line` to the value that `| json` calls `label`, also when
/// it is called `…_extracted` because a stream label has the name.
pub fn find(line: &[u8], label: &str) -> Option<Vec<String>> {
    let Ok(Value::Object(object)) = serde_json::from_slice(line) else { return None };
    let whole = path_to(&object, label, "");
    whole.or_else(|| path_to(&object, label.strip_suffix("_extracted")?, ""))
}

fn path_to(object: &Map<String, Value>, label: &str, prefix: &str) -> Option<Vec<String>> {
    for (key, value) in object {
        let name = if prefix.is_empty() {
            sanitized(key, true)
        } else {
            format!("{prefix}_{}", sanitized(key, false))
        };
        match value {
            Value::Object(inner) if label.starts_with(&name) => {
                if let Some(mut path) = path_to(inner, label, &name) {
                    path.insert(0, key.clone());
                    return Some(path);
                }
            }
            Value::Object(_) | Value::Array(_) | Value::Null => {}
            _ if name == label => return Some(vec![key.clone()]),
            _ => {}
        }
    }
    None
}

/// `key` as a part of a label name.
fn sanitized(key: &str, first: bool) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out: String = key.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
    if first && out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}
