//! `${VAR}`, `${VAR:default}`, `${VAR:-default}` and `$VAR` in a configuration file, replaced before
//! it is read as YAML. `$$` is a dollar sign.

/// `text` with variables replaced by what `lookup` gives; an unknown one becomes its default or nothing.
pub fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((inside, after)) = rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            out.push_str(&braced(inside, &lookup));
            rest = after;
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
                out.push('$');
            } else {
                out.push_str(&lookup(&rest[..end]).unwrap_or_default());
                rest = &rest[end..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn braced(inside: &str, lookup: &impl Fn(&str) -> Option<String>) -> String {
    let (name, default) = inside.split_once(':').unwrap_or((inside, ""));
    let default = default.strip_prefix('-').unwrap_or(default);
    lookup(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_are_replaced() {
        let lookup = |name: &str| (name == "PORT").then(|| "3100".to_owned());
        for (text, expected) in [
            ("port: ${PORT}", "port: 3100"),
            ("port: $PORT.", "port: 3100."),
            ("a: ${NONE:x} ${NONE:-y} ${NONE}|", "a: x y |"),
            ("price: $$5 $5 $", "price: $5 $5 $"),
            ("open: ${PORT", "open: ${PORT"),
        ] {
            assert_eq!(expand(text, lookup), expected, "{text}");
        }
    }
}
