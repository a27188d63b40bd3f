//! Runs a template. Rules and errors are those of Go's `text/template`.

mod call;

use super::Template;
use super::functions::{Context, TEXT_BYTES_MAX, too_long};
use super::tree::{Branch, Command, Node, Number, Operand, Pipeline, Pos, Word};
use super::value::{Type, Value};
use crate::go;
use smallvec::SmallVec;

/// How deep nodes and templates may call each other.
const DEPTH_MAX: usize = 256;
/// How many nodes and turns of ranges a template may run through.
const STEPS_MAX: usize = 1_000_000;

/// Why a list of nodes was left early.
pub(super) enum Leave {
    Break,
    Continue,
    /// With the words of the error.
    Failed(String),
}

type Result<T, E = Leave> = std::result::Result<T, E>;
type Args<'a> = SmallVec<[Value<'a>; 4]>;

/// What an error points at.
#[derive(Clone, Copy)]
enum At<'t> {
    Command(&'t Command),
    Operand(&'t Operand),
    Pipeline(&'t Pipeline),
    /// `{{template "name" …}}`
    Call(Pos, &'t str, Option<&'t Pipeline>),
}

/// A run of a template.
pub(super) struct Run<'t: 'a, 'c, 'a> {
    template: &'t Template,
    /// The name of the template at hand: the whole one's or that of a defined one.
    name: &'t str,
    context: Context<'c, 'a>,
    out: &'c mut String,
    variables: Vec<(&'t str, Value<'a>)>,
    at: At<'t>,
    depth: usize,
    steps: usize,
}

impl<'t: 'a, 'c, 'a> Run<'t, 'c, 'a> {
    pub(super) fn new(template: &'t Template, context: Context<'c, 'a>, out: &'c mut String) -> Self {
        Self {
            template,
            name: &template.name,
            context,
            out,
            variables: Vec::new(),
            at: At::Call(0, &template.name, None),
            depth: 0,
            steps: 0,
        }
    }

    /// Runs the whole template with the labels `data`.
    pub(super) fn run(&mut self, data: Value<'a>) -> Result<()> {
        self.variables.push(("$", data.clone()));
        let template = self.template;
        self.list(&template.root, &data)
    }

    fn fail<T>(&self, message: &str) -> Result<T> {
        let (pos, shown) = match self.at {
            At::Command(command) => (command.pos, command.to_string()),
            At::Operand(operand) => (operand.pos, operand.to_string()),
            At::Pipeline(pipeline) => (pipeline.pos, pipeline.to_string()),
            At::Call(pos, name, pipeline) => {
                let pipeline = pipeline.map(|pipeline| format!(" {pipeline}")).unwrap_or_default();
                (pos, format!("{{{{template {}{pipeline}}}}}", go::quote(name)))
            }
        };
        let before = self.template.text.get(..pos).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = pos - before.rfind('\n').map_or(0, |at| at + 1);
        let (file, name) = (&self.template.name, go::quote(self.name));
        Err(Leave::Failed(format!(
            "template: {file}:{line}:{column}: executing {name} at <{shown}>: {message}"
        )))
    }

    fn list(&mut self, nodes: &'t [Node], dot: &Value<'a>) -> Result<()> {
        if self.depth == DEPTH_MAX {
            return self.fail(&format!("exceeded maximum template depth ({DEPTH_MAX})"));
        }
        self.depth += 1;
        let result = nodes.iter().try_for_each(|node| self.node(node, dot));
        self.depth -= 1;
        result
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return self.fail(&format!("more than {STEPS_MAX} steps"));
        }
        Ok(())
    }

    fn node(&mut self, node: &'t Node, dot: &Value<'a>) -> Result<()> {
        self.step()?;
        if self.out.len() > TEXT_BYTES_MAX {
            return self.fail(&too_long());
        }
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.print(&value);
                }
            }
            Node::If(branch) => self.branch(branch, dot, false)?,
            Node::With(branch) => self.branch(branch, dot, true)?,
            Node::Range(branch) => self.range(branch, dot)?,
            Node::Template(pos, name, pipeline) => self.call_template(*pos, name, pipeline.as_ref(), dot)?,
            Node::Break => return Err(Leave::Break),
            Node::Continue => return Err(Leave::Continue),
        }
        Ok(())
    }

    fn print(&mut self, value: &Value<'a>) {
        match value {
            Value::Nil => self.out.push_str("<no value>"),
            value => value.write(self.out),
        }
    }

    fn branch(&mut self, branch: &'t Branch, dot: &Value<'a>, sets_dot: bool) -> Result<()> {
        let scope = self.variables.len();
        let value = self.pipeline(&branch.pipeline, dot)?;
        let result = match (value.is_true(), &branch.otherwise) {
            (true, _) => self.list(&branch.list, if sets_dot { &value } else { dot }),
            (false, Some(otherwise)) => self.list(otherwise, dot),
            (false, None) => Ok(()),
        };
        self.variables.truncate(scope);
        result
    }

    fn range(&mut self, branch: &'t Branch, dot: &Value<'a>) -> Result<()> {
        let scope = self.variables.len();
        let result = self.range_over(branch, dot);
        self.variables.truncate(scope);
        match result {
            Err(Leave::Break) => Ok(()),
            other => other,
        }
    }

    fn range_over(&mut self, branch: &'t Branch, dot: &Value<'a>) -> Result<()> {
        let value = self.pipeline(&branch.pipeline, dot)?;
        let mut any = false;
        match &value {
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    any = true;
                    self.turn(branch, Value::Int(at as i64), item.clone())?;
                }
            }
            Value::Map(pairs) => {
                for (key, item) in pairs.iter() {
                    any = true;
                    self.turn(branch, Value::text(key.clone()), item.clone())?;
                }
            }
            Value::Fields(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_unstable();
                for (key, item) in sorted {
                    any = true;
                    self.turn(branch, Value::text(*key), Value::text(*item))?;
                }
            }
            Value::Nil => {}
            _ => match value.as_int() {
                Some(_) if branch.pipeline.variables.len() > 1 => {
                    let shown = value.to_text();
                    return self.fail(&format!("can't use {shown} to iterate over more than one variable"));
                }
                Some(count) => {
                    for at in 0..count {
                        any = true;
                        self.turn(branch, Value::Nil, Value::Int(at))?;
                    }
                }
                None => return self.fail(&format!("range can't iterate over {}", value.to_text())),
            },
        }
        match (&branch.otherwise, any) {
            (Some(otherwise), false) => self.list(otherwise, dot),
            _ => Ok(()),
        }
    }

    /// One turn of a range. Its variables, which the pipeline has made, get the element and, where
    /// there are two, the key before it.
    fn turn(&mut self, branch: &'t Branch, key: Value<'a>, item: Value<'a>) -> Result<()> {
        self.step()?;
        let scope = self.variables.len();
        let names = &branch.pipeline.variables;
        let values: SmallVec<[Value<'a>; 2]> = match names.len() {
            0 => SmallVec::new(),
            1 => smallvec::smallvec![item.clone()],
            _ => smallvec::smallvec![key, item.clone()],
        };
        for (back, (name, value)) in names.iter().zip(values).rev().enumerate() {
            if branch.pipeline.assigns {
                self.assign(name, value)?;
            } else if let Some(place) = scope.checked_sub(back + 1).and_then(|at| self.variables.get_mut(at))
            {
                place.1 = value;
            }
        }
        let result = self.list(&branch.list, &item);
        self.variables.truncate(scope);
        match result {
            Err(Leave::Continue) => Ok(()),
            other => other,
        }
    }

    fn assign(&mut self, name: &str, value: Value<'a>) -> Result<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, place)) => {
                *place = value;
                Ok(())
            }
            None => self.fail(&format!("undefined variable: {name}")),
        }
    }

    fn call_template(
        &mut self,
        pos: Pos,
        name: &'t str,
        pipeline: Option<&'t Pipeline>,
        dot: &Value<'a>,
    ) -> Result<()> {
        self.at = At::Call(pos, name, pipeline);
        let template = self.template;
        let nodes = match template.defined.iter().find(|(known, _)| known == name) {
            Some((_, nodes)) => nodes,
            None if *name == *template.name => &template.root,
            None => return self.fail(&format!("template {} not defined", go::quote(name))),
        };
        let dot = pipeline.map_or(Ok(Value::Nil), |pipeline| self.pipeline(pipeline, dot))?;
        let variables = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let caller = std::mem::replace(&mut self.name, name);
        let result = self.list(nodes, &dot);
        if result.is_ok() {
            self.name = caller;
            self.variables = variables;
        }
        result
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline, dot: &Value<'a>) -> Result<Value<'a>> {
        self.at = At::Pipeline(pipeline);
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipeline.variables {
            if pipeline.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    /// `last` is what the command before gives: the last argument.
    fn command(
        &mut self,
        command: &'t Command,
        dot: &Value<'a>,
        last: Option<Value<'a>>,
    ) -> Result<Value<'a>> {
        let Some((first, args)) = command.words.split_first() else { return Ok(Value::Nil) };
        match &first.word {
            Word::Field(names) => {
                self.at = At::Operand(first);
                self.fields(dot.clone(), names, args, last, dot)
            }
            Word::Chain(inner, names) => {
                self.at = At::Operand(first);
                let receiver = self.operand(inner, Type::Any, dot)?;
                self.at = At::Operand(first);
                self.fields(receiver, names, args, last, dot)
            }
            Word::Variable(name, names) if !names.is_empty() => {
                self.at = At::Operand(first);
                let receiver = self.variable(name)?;
                self.fields(receiver, names, args, last, dot)
            }
            Word::Function(function) => {
                self.at = At::Operand(first);
                self.call(function, None, args, last, dot, At::Command(command))
            }
            word => {
                if !matches!(word, Word::Pipeline(_)) {
                    self.at = At::Operand(first);
                }
                if !args.is_empty() || last.is_some() {
                    return self.fail(&format!("can't give argument to non-function {first}"));
                }
                match word {
                    Word::Pipeline(pipeline) => self.pipeline(pipeline, dot),
                    Word::Nil => self.fail("nil is not a command"),
                    _ => self.constant(first, dot),
                }
            }
        }
    }

    /// What needs no arguments: constants, variables and the dot.
    fn constant(&mut self, operand: &'t Operand, dot: &Value<'a>) -> Result<Value<'a>> {
        self.at = At::Operand(operand);
        Ok(match &operand.word {
            Word::Bool(value) => Value::Bool(*value),
            Word::String(_, text) => Value::text(text.as_str()),
            Word::Number(number) => self.number(number)?,
            Word::Variable(name, _) => self.variable(name)?,
            Word::Dot => dot.clone(),
            _ => Value::Nil,
        })
    }

    /// A constant without a wanted type: a whole number unless it is written as a float.
    fn number(&self, number: &Number) -> Result<Value<'a>> {
        let text = &number.text;
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        let exponents: &[char] = if is_hex { &['p', 'P'] } else { &['.', 'e', 'E'] };
        let written_as_float = text.contains(exponents) && !text.starts_with('\'');
        match (number.int, number.float) {
            (_, Some(float)) if written_as_float => Ok(Value::Float(float)),
            (Some(int), _) => Ok(Value::Int(int)),
            _ if number.unsigned_only => self.fail(&format!("{text} overflows int")),
            (None, Some(float)) => Ok(Value::Float(float)),
            (None, None) => Ok(Value::Nil),
        }
    }

    fn variable(&self, name: &str) -> Result<Value<'a>> {
        match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => self.fail(&format!("undefined variable: {name}")),
        }
    }
}
