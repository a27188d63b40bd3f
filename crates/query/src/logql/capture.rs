//! Rules for what `| pattern` and `| regexp` capture.

use model::go_regex::GoRegex;

/// A piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'p> {
    /// `<name>`; `_` for one without a name.
    Capture(&'p str),
    /// The text between captures.
    Literal(&'p str),
}

/// Cuts `<ip> - <_> x` into captures and the text between them. What is in angle brackets but no
/// name (`[A-Za-z_][A-Za-z0-9_]*`) is text.
pub fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut literal_at = 0;
    let mut at = 0;
    while let Some(open) = pattern[at..].find('<') {
        at += open + 1;
        let Some(name) = capture_name(&pattern[at..]) else { continue };
        if literal_at < at - 1 {
            pieces.push(Piece::Literal(&pattern[literal_at..at - 1]));
        }
        pieces.push(Piece::Capture(name));
        at += name.len() + 1;
        literal_at = at;
    }
    if literal_at < pattern.len() {
        pieces.push(Piece::Literal(&pattern[literal_at..]));
    }
    pieces
}

/// The name before a `>`.
fn capture_name(text: &str) -> Option<&str> {
    let len = text.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
    let (name, rest) = text.split_at(len);
    (is_name(name) && rest.starts_with('>')).then_some(name)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// Checks the pattern of a `pattern` stage.
///
/// # Errors
/// In the words of Loki.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let pieces = readable(pattern)?;
    let mut names: Vec<&str> = Vec::new();
    let captures = pieces.iter().filter_map(|piece| match piece {
        Piece::Capture(name) => Some(*name),
        Piece::Literal(_) => None,
    });
    for name in captures.filter(|name| *name != "_") {
        if names.contains(&name) {
            return Err(format!("duplicate capture name ({name}): invalid expression"));
        }
        names.push(name);
    }
    match names.is_empty() {
        true => Err("at least one capture is required".to_owned()),
        false => Ok(()),
    }
}

/// Checks the pattern of a line filter (`|>`), which has no names to capture.
///
/// # Errors
/// In the words of Loki.
pub fn check_pattern_filter(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Ok(());
    }
    let named = readable(pattern)?.into_iter().find_map(|piece| match piece {
        Piece::Capture(name) if name != "_" => Some(name),
        _ => None,
    });
    match named {
        Some(name) => Err(format!("named captures are not allowed: found '<{name}>'")),
        None => Ok(()),
    }
}

fn readable(pattern: &str) -> Result<Vec<Piece<'_>>, String> {
    let pieces = pieces(pattern);
    if pieces.is_empty() {
        let nothing =
            "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL";
        return Err(nothing.to_owned());
    }
    for pair in pieces.windows(2) {
        if let [Piece::Capture(first), Piece::Capture(second)] = pair {
            return Err(format!("found consecutive capture '<{first}><{second}>': invalid expression"));
        }
    }
    Ok(pieces)
}

/// Checks the expression of a `regexp` stage.
///
/// # Errors
/// In the words of Loki and of Go's parser.
pub fn check_regexp(regex: &str) -> Result<(), String> {
    let regex = GoRegex::new(regex).map_err(|e| e.to_string())?;
    let mut names: Vec<&str> = Vec::new();
    for name in regex.names().iter().flatten() {
        if !is_name(name) {
            return Err(format!("invalid extracted label name '{name}'"));
        }
        if names.contains(&name.as_str()) {
            return Err(format!("duplicate extracted label name '{name}'"));
        }
        names.push(name);
    }
    match names.is_empty() {
        true => Err("at least one named capture must be supplied".to_owned()),
        false => Ok(()),
    }
}
