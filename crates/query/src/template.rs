//! Go's text templates, as `line_format` and `label_format` use them, with the functions that Loki
//! gives them.
//!
//! A template is parsed once and run for every line. What it may do is bounded: the length of the
//! text, the number of steps, and the depth of calls.

mod builtins;
mod dates;
mod exec;
mod functions;
mod layout;
mod lex;
mod numbers;
mod parse;
mod print;
mod texts;
mod tree;
mod value;

use base::Clock;
use exec::{Leave, Run};
use functions::{Context, Regexes};
use tree::Node;
use value::Value;

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    text: String,
    root: Vec<Node>,
    defined: Vec<(String, Vec<Node>)>,
}

/// What a template is run with.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Label names with their values; each name once.
    pub fields: &'a [(&'a str, &'a str)],
    /// What `__line__` gives.
    pub line: &'a str,
    /// What `__timestamp__` gives, Unix nanoseconds.
    pub ts_ns: i64,
    /// Where `now` takes the time from.
    pub clock: &'a Clock,
}

/// What runs of templates share: expressions they have compiled.
#[derive(Debug, Default)]
pub struct TemplateScratch {
    regexes: Regexes,
}

impl Template {
    /// Parses `text`; errors call the template `name`.
    ///
    /// # Errors
    /// In Go's words: `template: line:1: unclosed action`.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let parsed = parse::parse(name, text)?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), root: parsed.root, defined: parsed.defined })
    }

    /// Appends what the template makes of `input` to `out`; after an error `out` holds a part of it.
    ///
    /// # Errors
    /// In Go's words: `template: line:1:3: executing "line" at <div 1 0>: error calling div: …`.
    pub fn run(
        &self,
        input: &Input<'_>,
        scratch: &mut TemplateScratch,
        out: &mut String,
    ) -> Result<(), String> {
        let context = Context {
            line: input.line,
            ts_ns: input.ts_ns,
            clock: input.clock,
            regexes: &mut scratch.regexes,
        };
        match Run::new(self, context, out).run(Value::Fields(input.fields)) {
            Ok(()) | Err(Leave::Break | Leave::Continue) => Ok(()),
            Err(Leave::Failed(message)) => Err(message),
        }
    }

    /// The labels that the template names; it may still read others through the dot.
    pub fn fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        tree::each_field(&self.root, &mut |name| names.push(name));
        names
    }
}

#[cfg(test)]
mod tests;
