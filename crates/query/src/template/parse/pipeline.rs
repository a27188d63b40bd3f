//! Pipelines, commands and operands.

use super::{Parser, Result};
use crate::go;
use crate::template::functions;
use crate::template::lex::{Keyword, Kind, Token};
use crate::template::tree::{Command, Number, Operand, Pipeline, Word};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipeline> {
        let pos = self.peek_past_space().pos;
        let mut pipeline = Pipeline { pos, variables: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(&mut pipeline, context)?;
        loop {
            let token = self.next_past_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen
                | Kind::Keyword(Keyword::Dot | Keyword::Nil) => {
                    self.at -= 1;
                    pipeline.commands.push(self.deeper(Self::command)?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        if pipeline.commands.is_empty() {
            return self.error(&format!("missing value for {context}"));
        }
        let is_constant = |word: &Word| {
            matches!(word, Word::Bool(_) | Word::Dot | Word::Nil | Word::Number(_) | Word::String(..))
        };
        let constant =
            |command: &Command| command.words.first().is_some_and(|first| is_constant(&first.word));
        if let Some(at) = pipeline.commands.iter().skip(1).position(constant) {
            return self.error(&format!("non executable command in pipeline stage {}", at + 2));
        }
        Ok(pipeline)
    }

    /// `$x :=`, `$x =` or, for ranges, `$x, $y :=`.
    fn declarations(&mut self, pipeline: &mut Pipeline, context: &str) -> Result<()> {
        while self.peek_past_space().kind == Kind::Variable {
            let begin = self.at;
            let variable = self.next();
            let next = self.peek_past_space().clone();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    pipeline.assigns = next.kind == Kind::Assign;
                    self.declare(pipeline, variable.text);
                    return Ok(());
                }
                Kind::Char if next.text == "," => {
                    self.next();
                    self.declare(pipeline, variable.text);
                    if context != "range" || pipeline.variables.len() > 1 {
                        return self.error(&format!("too many declarations in {context}"));
                    }
                    let follows = self.peek_past_space().kind;
                    if !matches!(follows, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ => {
                    self.at = begin;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn declare(&mut self, pipeline: &mut Pipeline, name: String) {
        self.variables.push(name.clone());
        pipeline.variables.push(name);
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_past_space().pos;
        let mut words = Vec::new();
        loop {
            self.peek_past_space();
            words.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.at -= 1,
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if words.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { pos, words })
    }

    /// A term with the fields that are taken of it.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(operand));
        }
        let pos = self.peek().pos;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.next().text[1..].to_owned());
        }
        match &mut operand.word {
            Word::Field(fields) | Word::Variable(_, fields) => {
                fields.append(&mut names);
                operand.pos = pos;
            }
            Word::Bool(_) | Word::String(..) | Word::Number(_) | Word::Nil | Word::Dot => {
                let shown = go::quote(&operand.to_string());
                return self.error(&format!("unexpected . after term {shown}"));
            }
            _ => operand = Operand { pos, word: Word::Chain(Box::new(operand), names) },
        }
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_past_space();
        let word = match token.kind {
            Kind::Identifier => match functions::find(&token.text) {
                Some(function) => Word::Function(function),
                None => return self.error(&format!("function {} not defined", go::quote(&token.text))),
            },
            Kind::Keyword(Keyword::Dot) => Word::Dot,
            Kind::Keyword(Keyword::Nil) => Word::Nil,
            Kind::Variable if !self.variables.contains(&token.text) => {
                return self.error(&format!("undefined variable {}", go::quote(&token.text)));
            }
            Kind::Variable => Word::Variable(token.text, Vec::new()),
            Kind::Field => Word::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => Word::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number(&token) {
                Ok(number) => Word::Number(number),
                Err(message) => return self.error(&message),
            },
            Kind::LeftParen => Word::Pipeline(self.pipeline("parenthesized pipeline", Kind::RightParen)?),
            Kind::String | Kind::RawString => match go::unquote(&token.text) {
                Some(text) => Word::String(token.text, text),
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Operand { pos: token.pos, word }))
    }
}

/// Reads a constant. Complex numbers are left out: nothing takes them.
fn number(token: &Token) -> Result<Number> {
    let text = token.text.clone();
    if token.kind == Kind::CharConstant {
        let Some(c) = go::unquote(&text).and_then(|text| text.chars().next()) else {
            return Err(format!("malformed character constant: {text}"));
        };
        let code = i64::from(u32::from(c));
        return Ok(Number { text, int: Some(code), float: Some(code as f64), unsigned_only: false });
    }
    if let Ok(int) = go::parse_int(&text, 0) {
        return Ok(Number { text, int: Some(int), float: Some(int as f64), unsigned_only: false });
    }
    if let Ok(float) = go::parse_float(&text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            let unsigned_only = text.parse::<u64>().is_ok();
            return match unsigned_only {
                true => Ok(Number { text, int: None, float: Some(float), unsigned_only }),
                false => Err(format!("integer overflow: {}", go::quote(&text))),
            };
        }
        let int = (float as i64 as f64 == float).then_some(float as i64);
        return Ok(Number { text, int, float: Some(float), unsigned_only: false });
    }
    Err(format!("illegal number syntax: {}", go::quote(&text)))
}
