//! What a template is once it is parsed. `Display` gives what errors show of a node.

use super::functions::Function;
use std::fmt;

/// Where a node begins in the text, in bytes.
pub(super) type Pos = usize;

/// Something to do.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// `{{ pipeline }}`
    Action(Pipeline),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{ template "name" pipeline }}`
    Template(Pos, String, Option<Pipeline>),
    Break,
    Continue,
}

/// `{{if pipeline}} list {{else}} otherwise {{end}}`
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) pipeline: Pipeline,
    pub(super) list: Vec<Node>,
    pub(super) otherwise: Option<Vec<Node>>,
}

/// `$x, $y := command | command`
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) pos: Pos,
    pub(super) variables: Vec<String>,
    /// `=` instead of `:=`
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

/// An operand, or a function with its arguments. Never empty.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) pos: Pos,
    pub(super) words: Vec<Operand>,
}

/// A value or a function's name.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) pos: Pos,
    pub(super) word: Word,
}

/// What an operand is.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Bool(bool),
    /// `(pipeline).a.b`
    Chain(Box<Operand>, Vec<String>),
    Dot,
    /// `.a.b`
    Field(Vec<String>),
    Function(&'static Function),
    Nil,
    Number(Number),
    /// `(pipeline)`
    Pipeline(Pipeline),
    /// As written, and what it means.
    String(String, String),
    /// `$x.a.b`; the name begins with `$`.
    Variable(String, Vec<String>),
}

/// A constant with the readings that fit it.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) text: String,
    pub(super) int: Option<i64>,
    pub(super) float: Option<f64>,
    /// Whether it is larger than a signed integer.
    pub(super) unsigned_only: bool,
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            let between = if at == 0 { "" } else { " | " };
            write!(f, "{between}{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, operand) in self.words.iter().enumerate() {
            let between = if at == 0 { "" } else { " " };
            write!(f, "{between}{operand}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut fmt::Formatter<'_>, names: &[String]| {
            names.iter().try_for_each(|name| write!(f, ".{name}"))
        };
        match &self.word {
            Word::Bool(value) => write!(f, "{value}"),
            Word::Chain(inner, names) => {
                write!(f, "{inner}")?;
                fields(f, names)
            }
            Word::Dot => f.write_str("."),
            Word::Field(names) => fields(f, names),
            Word::Function(function) => f.write_str(function.name),
            Word::Nil => f.write_str("nil"),
            Word::Number(number) => f.write_str(&number.text),
            Word::Pipeline(pipeline) => write!(f, "({pipeline})"),
            Word::String(written, _) => f.write_str(written),
            Word::Variable(name, names) => {
                f.write_str(name)?;
                fields(f, names)
            }
        }
    }
}

/// Calls `each` with the first name of every `.name` in `nodes`.
pub(super) fn each_field<'a>(nodes: &'a [Node], each: &mut impl FnMut(&'a str)) {
    for node in nodes {
        match node {
            Node::Action(pipeline) | Node::Template(_, _, Some(pipeline)) => in_pipeline(pipeline, each),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                in_pipeline(&branch.pipeline, each);
                each_field(&branch.list, each);
                each_field(branch.otherwise.as_deref().unwrap_or(&[]), each);
            }
            Node::Text(_) | Node::Template(_, _, None) | Node::Break | Node::Continue => {}
        }
    }
}

fn in_pipeline<'a>(pipeline: &'a Pipeline, each: &mut impl FnMut(&'a str)) {
    for operand in pipeline.commands.iter().flat_map(|command| &command.words) {
        in_operand(operand, each);
    }
}

fn in_operand<'a>(operand: &'a Operand, each: &mut impl FnMut(&'a str)) {
    match &operand.word {
        Word::Field(names) => names.first().into_iter().for_each(|name| each(name)),
        Word::Pipeline(pipeline) => in_pipeline(pipeline, each),
        Word::Chain(inner, _) => in_operand(inner, each),
        _ => {}
    }
}
