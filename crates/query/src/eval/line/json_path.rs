//! Where in a JSON object a label comes from: `| json` joins the keys on the way with `_`, which
//! cannot be undone without the line.

use super::field::append_label_name;
use super::json::DEPTH_MAX;
use super::json_scan::{Kind, Stop, each_field};

/// The keys from the outermost object of `text` to the value that `| json` calls `label`, also when
/// it is called `…_extracted` because a stream label has the name.
pub fn json_path(text: &str, label: &str) -> Option<Vec<String>> {
    let whole = path_to(text, label, "", 0);
    whole.or_else(|| path_to(text, label.strip_suffix("_extracted")?, "", 0))
}

fn path_to(text: &str, label: &str, prefix: &str, depth: usize) -> Option<Vec<String>> {
    let searched = each_field(text, |key, value| {
        let mut name = prefix.to_owned();
        if !prefix.is_empty() {
            name.push('_');
        }
        append_label_name(&mut name, key);
        let below = match value.kind {
            Kind::Object if depth < DEPTH_MAX && label.starts_with(&name) => {
                path_to(value.text, label, &name, depth + 1)
            }
            Kind::String | Kind::Number | Kind::Boolean if name == label => Some(Vec::new()),
            _ => None,
        };
        match below {
            Some(mut path) => {
                path.insert(0, key.to_owned());
                Err(Stop::Asked(path))
            }
            None => Ok(()),
        }
    });
    match searched {
        Err(Stop::Asked(path)) => Some(path),
        Ok(()) | Err(Stop::Error(_)) => None,
    }
}
