//! The functions that templates may call: Go's own and those that Loki adds.

use super::value::{Type, Value};
use super::{builtins, dates, numbers, print, texts};
use base::Clock;
use hashbrown::HashMap;
use model::go_regex::GoRegex;

/// Longest text that a function or a template makes.
pub(super) const TEXT_BYTES_MAX: usize = 4 << 20;
/// Compiled expressions that are kept.
const REGEXES_MAX: usize = 64;

/// A function with what it takes.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) fixed: &'static [Type],
    /// The type of any number of further arguments.
    pub(super) variadic: Option<Type>,
    pub(super) call: Call,
}

/// What a function does with its arguments, which are of the right types and number.
pub(super) type Call = for<'a> fn(&mut Context<'_, 'a>, &[Value<'a>]) -> Result<Value<'a>, String>;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What functions know of the line at hand.
pub(super) struct Context<'c, 'a> {
    pub(super) line: &'a str,
    pub(super) ts_ns: i64,
    pub(super) clock: &'a Clock,
    pub(super) regexes: &'c mut Regexes,
}

/// Expressions compiled so far.
#[derive(Debug, Default)]
pub(super) struct Regexes(HashMap<String, GoRegex>);

impl Regexes {
    /// Compiles `text`, or finds it compiled.
    pub(super) fn get(&mut self, text: &str) -> Result<&GoRegex, String> {
        if !self.0.contains_key(text) {
            if self.0.len() == REGEXES_MAX {
                self.0.clear();
            }
            let compiled = GoRegex::new(text).map_err(|wrong| wrong.to_string())?;
            self.0.insert(text.to_owned(), compiled);
        }
        self.0.get(text).ok_or_else(|| "expression lost".to_owned())
    }
}

const GROUPS: [&[Function]; 5] =
    [texts::FUNCTIONS, numbers::FUNCTIONS, dates::FUNCTIONS, builtins::FUNCTIONS, print::FUNCTIONS];

/// The function called `name`.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    GROUPS.into_iter().flatten().find(|function| function.name == name)
}

/// A function of the table.
pub(super) const fn function(
    name: &'static str,
    fixed: &'static [Type],
    variadic: Option<Type>,
    call: Call,
) -> Function {
    Function { name, fixed, variadic, call }
}

/// The error of a text that would be too long.
pub(super) fn too_long() -> String {
    format!("a text is longer than {TEXT_BYTES_MAX} bytes")
}

/// Argument `at` as a text; `""` when it is none, which the types rule out.
pub(super) fn text<'v>(args: &'v [Value<'_>], at: usize) -> &'v str {
    match args.get(at) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Argument `at` as a whole number.
pub(super) fn int(args: &[Value<'_>], at: usize) -> i64 {
    args.get(at).and_then(Value::as_int).unwrap_or(0)
}
