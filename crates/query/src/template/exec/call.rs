//! Fields, methods, and functions with their arguments.

use super::{Args, At, Result, Run};
use crate::template::dates::{DURATION_METHODS, NAME_METHODS, TIME_METHODS};
use crate::template::functions::Function;
use crate::template::tree::{Operand, Word};
use crate::template::value::{Type, Value};

impl<'t: 'a, 'a> Run<'t, '_, 'a> {
    /// Goes from field to field; the arguments belong to the last one, if it is a method.
    pub(super) fn fields(
        &mut self,
        receiver: Value<'a>,
        names: &'t [String],
        args: &'t [Operand],
        last: Option<Value<'a>>,
        dot: &Value<'a>,
    ) -> Result<Value<'a>> {
        let at = self.at;
        let Some((final_name, names)) = names.split_last() else { return Ok(receiver) };
        let mut receiver = receiver;
        for name in names {
            receiver = self.field(receiver, name, &[], None, dot, at)?;
        }
        self.field(receiver, final_name, args, last, dot, at)
    }

    fn field(
        &mut self,
        receiver: Value<'a>,
        name: &str,
        args: &'t [Operand],
        last: Option<Value<'a>>,
        dot: &Value<'a>,
        at: At<'t>,
    ) -> Result<Value<'a>> {
        let methods = match &receiver {
            Value::Time(_) => TIME_METHODS,
            Value::Duration(_) => DURATION_METHODS,
            Value::Month(_) | Value::Weekday(_) => NAME_METHODS,
            Value::Nil => return Ok(Value::Nil),
            _ => &[],
        };
        if let Some(method) = methods.iter().find(|method| method.name == name) {
            return self.call(method, Some(receiver), args, last, dot, at);
        }
        match receiver.entry(name) {
            Some(_) if !args.is_empty() || last.is_some() => {
                self.fail(&format!("{name} is not a method but has arguments"))
            }
            Some(value) => Ok(value),
            None => self.fail(&format!("can't evaluate field {name} in type {}", receiver.type_name())),
        }
    }

    /// Calls a function, or a method on `receiver`.
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        receiver: Option<Value<'a>>,
        args: &'t [Operand],
        last: Option<Value<'a>>,
        dot: &Value<'a>,
        at: At<'t>,
    ) -> Result<Value<'a>> {
        let (name, fixed) = (function.name, function.fixed.len());
        let given = args.len() + usize::from(last.is_some());
        if function.variadic.is_some() && given < fixed {
            return self
                .fail(&format!("wrong number of args for {name}: want at least {fixed} got {}", args.len()));
        }
        if function.variadic.is_none() && given != fixed {
            return self.fail(&format!("wrong number of args for {name}: want {fixed} got {given}"));
        }
        let stops_at = match name {
            "and" => Some(false),
            "or" => Some(true),
            _ => None,
        };
        let mut values: Args<'a> = receiver.into_iter().collect();
        for (number, arg) in args.iter().enumerate() {
            let value = self.operand(arg, wanted(function, number), dot)?;
            if stops_at == Some(value.is_true()) {
                return Ok(value);
            }
            values.push(value);
        }
        if let Some(last) = last {
            values.push(self.checked(last, wanted(function, args.len()))?);
        }
        match (function.call)(&mut self.context, &values) {
            Ok(value) => Ok(value),
            Err(message) => {
                self.at = at;
                self.fail(&format!("error calling {name}: {message}"))
            }
        }
    }

    /// An argument of type `wanted`.
    pub(super) fn operand(
        &mut self,
        operand: &'t Operand,
        wanted: Type,
        dot: &Value<'a>,
    ) -> Result<Value<'a>> {
        self.at = At::Operand(operand);
        let value = match &operand.word {
            Word::Nil if wanted == Type::Any => return Ok(Value::Nil),
            Word::Nil => return self.fail(&format!("cannot assign nil to {}", wanted.name())),
            Word::Field(names) => self.fields(dot.clone(), names, &[], None, dot)?,
            Word::Variable(name, names) => {
                let receiver = self.variable(name)?;
                self.fields(receiver, names, &[], None, dot)?
            }
            Word::Pipeline(pipeline) => self.pipeline(pipeline, dot)?,
            Word::Function(function) => self.call(function, None, &[], None, dot, At::Operand(operand))?,
            Word::Chain(inner, names) => {
                let receiver = self.operand(inner, Type::Any, dot)?;
                self.at = At::Operand(operand);
                self.fields(receiver, names, &[], None, dot)?
            }
            Word::Dot => dot.clone(),
            Word::Bool(_) | Word::Number(_) | Word::String(..) => {
                return self.typed_constant(operand, wanted);
            }
        };
        self.checked(value, wanted)
    }

    /// A constant takes the type that is asked for.
    fn typed_constant(&mut self, operand: &'t Operand, wanted: Type) -> Result<Value<'a>> {
        let number = match &operand.word {
            Word::Number(number) => Some(number),
            _ => None,
        };
        let int = number.and_then(|number| number.int);
        let (value, expected) = match (wanted, &operand.word) {
            (Type::Any, _) => (Some(self.constant(operand, &Value::Nil)?), ""),
            (Type::Text, Word::String(_, text)) => (Some(Value::text(text.as_str())), ""),
            (Type::Text, _) => (None, "string"),
            (Type::Int, _) => (int.map(Value::Int), "integer"),
            (Type::Duration, _) => (int.map(Value::Duration), "integer"),
            (Type::Float, _) => (number.and_then(|number| number.float).map(Value::Float), "float"),
            (Type::Time, _) => {
                return self.fail(&format!("can't handle {operand} for arg of type {}", wanted.name()));
            }
        };
        match value {
            Some(value) => Ok(value),
            None => self.fail(&format!("expected {expected}; found {operand}")),
        }
    }

    fn checked(&self, value: Value<'a>, wanted: Type) -> Result<Value<'a>> {
        match value {
            value if value.is_a(wanted) => Ok(value),
            Value::Nil => self.fail(&format!("invalid value; expected {}", wanted.name())),
            value => {
                let (wanted, got) = (wanted.name(), value.type_name());
                self.fail(&format!("wrong type for value; expected {wanted}; got {got}"))
            }
        }
    }
}

/// The type of argument `number`.
fn wanted(function: &Function, number: usize) -> Type {
    function.fixed.get(number).copied().or(function.variadic).unwrap_or(Type::Any)
}
