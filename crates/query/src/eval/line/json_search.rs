//! Finds values at given paths in JSON, as leniently as the Go package `jsonparser`: the text is
//! walked token by token, and what is wrong with it where no path leads does not matter.

use super::json_scan::{JsonError, Value, block_end, each_field, next_token, string_end, unescape, value};
use super::json_scan::{Kind, Stop};
use super::path::Segment;
use std::borrow::Cow;

/// Objects and arrays nested deeper than this end the search.
const DEPTH_MAX: i64 = 128;

/// Calls `found` with the number of each path and its value, or what is wrong with it, and with
/// `None` where the text itself is wrong. Of a path that comes twice the first counts.
pub(super) fn search<'t>(
    text: &'t str,
    paths: &[&[Segment]],
    found: impl FnMut(Option<usize>, Result<Value<'t>, JsonError>),
) {
    let mut search =
        Search { text, paths, found, done: vec![false; paths.len()], keys: Vec::new(), level: 0, at: 0 };
    // `None` is the end of the text, or one that cannot be walked further.
    let _ = search.walk();
}

struct Search<'t, 'p, F> {
    text: &'t str,
    paths: &'p [&'p [Segment]],
    found: F,
    /// Which paths were found.
    done: Vec<bool>,
    /// The keys on the way to where the walk is.
    keys: Vec<Cow<'t, str>>,
    level: i64,
    at: usize,
}

impl<'t, F: FnMut(Option<usize>, Result<Value<'t>, JsonError>)> Search<'t, '_, F> {
    fn walk(&mut self) -> Option<()> {
        while let Some(c) = self.text.as_bytes().get(self.at) {
            match c {
                b'"' => self.string()?,
                b'[' => self.array()?,
                b'{' if self.level > DEPTH_MAX => return None,
                b'{' => {
                    self.level += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    self.level -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        Some(())
    }

    /// Takes a path off the search; `None` when it was the last.
    fn finish(&mut self, path: usize) -> Option<()> {
        self.done[path] = true;
        (!self.done.iter().all(|done| *done)).then_some(())
    }

    /// A string: a key, when a colon follows.
    fn string(&mut self) -> Option<()> {
        let start = self.at + 1;
        let (end, escaped) = string_end(self.text, start)?;
        self.at = next_token(self.text, end)?;
        if self.text.as_bytes()[self.at] != b':' {
            return Some(());
        }
        self.at += 1;
        let key = self.text.get(start..end - 1)?;
        let key = if escaped { unescape(key)? } else { Cow::Borrowed(key) };
        let deepest = self.paths.iter().map(|path| path.len()).max().unwrap_or(0);
        let Ok(level) = usize::try_from(self.level) else { return self.malformed() };
        if level > deepest {
            return Some(());
        }
        if level == 0 {
            return self.malformed();
        }
        self.keys.resize(level, Cow::Borrowed(""));
        self.keys[level - 1] = key;
        for at in 0..self.paths.len() {
            if self.paths[at].len() == level && !self.done[at] && self.leads_here(at, level) {
                (self.found)(Some(at), value(self.text, self.at));
                self.finish(at)?;
            }
        }
        Some(())
    }

    fn malformed(&mut self) -> Option<()> {
        (self.found)(None, Err(JsonError::Malformed));
        None
    }

    /// An array: searched only where paths name elements of it.
    fn array(&mut self) -> Option<()> {
        let Ok(level) = usize::try_from(self.level) else { return self.malformed() };
        let end = block_end(self.text, self.at, b'[', b']');
        let mut searched = false;
        for at in 0..self.paths.len() {
            let path = self.paths[at];
            let Some(Segment::Index(index)) = path.get(level) else { continue };
            if self.done[at] || !self.leads_here(at, level) {
                continue;
            }
            searched = true;
            if let Some(element) = element(self.text.get(self.at..)?, *index) {
                if let Some(found) = find(element, path.get(level + 1..)?) {
                    (self.found)(Some(at), found);
                }
                self.finish(at)?;
            }
        }
        if end.is_none() && searched {
            // The elements before the place where it breaks were searched.
            self.at = self.text.len();
            return Some(());
        }
        self.at = end?;
        Some(())
    }

    /// Whether the first `level` steps of a path are the keys at hand.
    fn leads_here(&self, path: usize, level: usize) -> bool {
        let mut steps = self.paths[path].iter().take(level).zip(&self.keys);
        self.keys.len() >= level.min(self.paths[path].len())
            && steps.all(|(step, key)| matches!(step, Segment::Field(name) if **name == **key))
    }
}

/// Appends the texts, as in JSON, of all values at `path` inside of `outer`, where `[*]` stands for every
/// element, with commas between.
pub(super) fn collect(outer: Value<'_>, path: &[Segment], out: &mut String) {
    let Some(every) = path.iter().position(|step| *step == Segment::Every) else {
        let Some(Ok(found)) = find(outer, path) else { return };
        if !out.is_empty() {
            out.push(',');
        }
        match found.kind {
            Kind::String => out.extend(["\"", found.text, "\""]),
            _ => out.push_str(found.text),
        }
        return;
    };
    let Some(Ok(array)) = find(outer, &path[..every]) else { return };
    if array.kind != Kind::Array {
        return;
    }
    let (mut at, mut next) = (1, true);
    while next && let Ok(element) = value(array.text, at) {
        at = element.end;
        collect(element, &path[every + 1..], out);
        next = match next_token(array.text, at) {
            Some(comma) if array.text.as_bytes()[comma] == b',' => {
                at = comma + 1;
                true
            }
            _ => false,
        };
    }
}

/// The value at `path` inside of `value`.
fn find<'t>(outer: Value<'t>, path: &[Segment]) -> Option<Result<Value<'t>, JsonError>> {
    let Some((first, rest)) = path.split_first() else { return Some(Ok(outer)) };
    let inner = match (first, outer.kind) {
        (Segment::Index(index), Kind::Array) => element(outer.text, *index)?,
        (Segment::Field(name), Kind::Object) => {
            let stop = each_field(outer.text, |key, value| match key == &**name {
                true => Err(Stop::Asked(value)),
                false => Ok(()),
            });
            match stop {
                Err(Stop::Asked(value)) => value,
                Err(Stop::Error(error)) => return Some(Err(error)),
                Ok(()) => return None,
            }
        }
        _ => return None,
    };
    find(inner, rest)
}

/// An element of the array that `text` begins with.
fn element(text: &str, index: usize) -> Option<Value<'_>> {
    let mut at = 1;
    for _ in 0..index {
        let end = value(text, at).ok()?.end;
        at = next_token(text, end).filter(|at| text.as_bytes()[*at] == b',')? + 1;
    }
    value(text, at).ok()
}
