//! `| regexp "(?P<name>…)"` and `| pattern "<name> …"`: named parts of a line become labels.

use super::field::label_name;
use super::labels::Name;
use super::pattern::Pattern;
use super::row::{Next, Row};
use crate::logql::capture::check_regexp;
use model::fields::RegexpPiece;
use model::go_regex::GoRegex;
use std::sync::Arc;

/// An expression with named groups.
#[derive(Debug)]
pub(super) struct Captures {
    regex: GoRegex,
    /// Group numbers with their label names.
    names: Vec<(usize, Box<str>)>,
}

impl Captures {
    /// Compiles the expression of `| regexp`.
    ///
    /// # Errors
    /// Loki's words.
    pub(super) fn compile(expression: &str) -> Result<Self, String> {
        check_regexp(expression)?;
        let regex = GoRegex::new(expression).map_err(|wrong| wrong.to_string())?;
        let named = regex.names().iter().enumerate().filter_map(|(at, name)| Some((at, name.as_deref()?)));
        let names = named.map(|(at, name)| (at, label_name(name, &mut String::new()).into())).collect();
        Ok(Self { regex, names })
    }

    /// Its pieces, as pages read texts by them; none where it is more than a row of them.
    pub(super) fn pieces(&self) -> Option<Arc<[RegexpPiece]>> {
        self.regex.pieces()
    }

    /// Takes the groups of the first match. Says whether the line stays.
    pub(super) fn parse(&self, text: &str, row: &mut Row<'_>, buffer: &mut String) -> bool {
        if row.hints.is_done(row) {
            return true;
        }
        let Some(captures) = self.regex.compiled().captures(text.as_bytes()) else { return true };
        for (group, name) in &self.names {
            let value = captures.get(*group).and_then(|group| text.get(group.range())).unwrap_or("");
            let Some(name) = row.name_for(name, buffer) else { continue };
            if row.take(name, value) == Next::Drop {
                return false;
            }
        }
        true
    }
}

/// Takes the captures of `pattern`. Says whether the line stays.
pub(super) fn parse_pattern(pattern: &Pattern, text: &str, row: &mut Row<'_>, buffer: &mut String) -> bool {
    if row.hints.is_done(row) {
        return true;
    }
    let mut stays = true;
    pattern.captures(text, |name, value| {
        if let Some(name) = row.name_for(name, buffer) {
            stays = row.take(Name::new(name.text()), value) != Next::Drop;
        }
        stays
    });
    stays
}
