//! The stages of a pipeline.

use super::Parser;
use crate::logql::ast::{
    Extraction, LabelFormat, LineFilter, LineOp, LineOperand, NameOrMatcher, SortKey, Stage, VectorOp,
};
use crate::logql::capture;
use crate::logql::token::{Flag, Function, Token, Word};
use crate::syntax::{Position, parse_error};
use base::Result;

/// A stage that looks at the whole answer.
enum Ending {
    Distinct,
    Sort,
}

impl<'t> Parser<'t> {
    /// All stages that come next.
    pub fn stages(&mut self) -> Result<Vec<Stage>> {
        let mut stages = Vec::new();
        while let Some(stage) = self.line_filter()? {
            stages.push(stage);
        }
        while self.take(Word::Pipe)? {
            stages.push(self.stage()?);
            while let Some(stage) = self.line_filter()? {
                stages.push(stage);
            }
        }
        Ok(stages)
    }

    /// `|= "a" or "b"`, when it comes next.
    pub fn line_filter(&mut self) -> Result<Option<Stage>> {
        let op = match self.peek()? {
            Token::Word(Word::PipeEqual) => LineOp::Contains,
            Token::Word(Word::NotEqual) => LineOp::NotContains,
            Token::Word(Word::PipeMatches) => LineOp::Regex,
            Token::Word(Word::NotMatches) => LineOp::NotRegex,
            Token::Word(Word::PipePattern) => LineOp::Pattern,
            Token::Word(Word::NotPattern) => LineOp::NotPattern,
            _ => return Ok(None),
        };
        self.next()?;
        let mut any = vec![self.line_operand()?];
        while self.take(Word::Or)? {
            any.push(self.line_operand()?);
        }
        Ok(Some(Stage::LineFilter(LineFilter { op, any })))
    }

    fn line_operand(&mut self) -> Result<LineOperand> {
        match self.peek()? {
            Token::Text(_) => Ok(LineOperand::Text(self.expect_text()?)),
            Token::Function(Function::Ip) => {
                self.next()?;
                Ok(LineOperand::Ip(self.ip_pattern()?))
            }
            _ => Err(self.unexpected(&["STRING", "ip"])),
        }
    }

    /// The stage after a `|`.
    pub fn stage(&mut self) -> Result<Stage> {
        if self.sees_ending()? {
            return self.ending();
        }
        let word = match self.peek()? {
            Token::Word(Word::OpenParen) | Token::Identifier(_) => {
                return Ok(Stage::LabelFilter(self.label_filter()?));
            }
            Token::Word(word) => *word,
            _ => return Err(self.unexpected(&[])),
        };
        let stage: fn(&mut Self) -> Result<Stage> = match word {
            Word::Json => |parser| Ok(Stage::Json(parser.extractions()?)),
            Word::Logfmt => Self::logfmt,
            Word::Pattern => Self::pattern,
            Word::Regexp => Self::regexp,
            Word::Unpack => |_| Ok(Stage::Unpack),
            Word::Decolorize => |_| Ok(Stage::Decolorize),
            Word::LineFormat => |parser| Ok(Stage::LineFormat(parser.expect_text()?)),
            Word::LabelFormat => |parser| Ok(Stage::LabelFormat(parser.list(Self::label_format)?)),
            Word::Drop => |parser| Ok(Stage::Drop(parser.list(Self::name_or_matcher)?)),
            Word::Keep => |parser| Ok(Stage::Keep(parser.list(Self::name_or_matcher)?)),
            _ => return Err(self.unexpected(&[])),
        };
        self.next()?;
        stage(self)
    }

    /// Whether `distinct a` or `sort by` comes next. Labels may have these names: the word behind tells.
    fn sees_ending(&mut self) -> Result<bool> {
        let ending = match *self.peek()? {
            Token::Identifier(name) if name.eq_ignore_ascii_case("distinct") => Ending::Distinct,
            Token::Identifier(name) if name.eq_ignore_ascii_case("sort") => Ending::Sort,
            Token::VectorOp(VectorOp::Sort) => Ending::Sort,
            _ => return Ok(false),
        };
        // What is no token is no word of these either; whoever reads it will say so.
        let behind = self.lexer.clone().next_token();
        Ok(match ending {
            Ending::Distinct => matches!(behind, Ok(Token::Identifier(_))),
            Ending::Sort => matches!(behind, Ok(Token::Word(Word::By))),
        })
    }

    /// `distinct a, b`, `sort by a desc, b`, `sort by (a desc, b)`
    fn ending(&mut self) -> Result<Stage> {
        self.next()?;
        if !self.take(Word::By)? {
            return Ok(Stage::Distinct(self.list(Self::label)?));
        }
        let within = self.take(Word::OpenParen)?;
        let keys = self.list(Self::sort_key)?;
        if within {
            self.expect_among(Word::CloseParen, &[",", ")"])?;
        }
        Ok(Stage::Sort(keys))
    }

    fn label(&mut self) -> Result<String> {
        Ok(self.expect_name(&["IDENTIFIER"])?.to_owned())
    }

    fn sort_key(&mut self) -> Result<SortKey> {
        let label = self.label()?;
        let descending = match *self.peek()? {
            Token::Identifier(word) if word.eq_ignore_ascii_case("desc") => true,
            Token::Identifier(word) if word.eq_ignore_ascii_case("asc") => false,
            _ => return Ok(SortKey { label, descending: false }),
        };
        self.next()?;
        Ok(SortKey { label, descending })
    }

    fn logfmt(&mut self) -> Result<Stage> {
        let (mut strict, mut keep_empty) = (false, false);
        while let Token::Flag(flag) = *self.peek()? {
            self.next()?;
            match flag {
                Flag::Strict => strict = true,
                Flag::KeepEmpty => keep_empty = true,
            }
        }
        Ok(Stage::Logfmt { strict, keep_empty, extractions: self.extractions()? })
    }

    fn pattern(&mut self) -> Result<Stage> {
        let pattern = self.expect_text()?;
        capture::check_pattern(&pattern)
            .map_err(|why| parse_error(Position::NOWHERE, &format!("invalid pattern parser: {why}")))?;
        Ok(Stage::Pattern(pattern))
    }

    fn regexp(&mut self) -> Result<Stage> {
        let regex = self.expect_text()?;
        capture::check_regexp(&regex)
            .map_err(|why| parse_error(Position::NOWHERE, &format!("invalid regexp parser: {why}")))?;
        Ok(Stage::Regexp(regex))
    }

    /// One or more items with commas between.
    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take(Word::Comma)? {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `a="x.y", b`, perhaps nothing.
    fn extractions(&mut self) -> Result<Vec<Extraction>> {
        match self.peek()? {
            Token::Identifier(_) => self.list(Self::extraction),
            _ => Ok(Vec::new()),
        }
    }

    fn extraction(&mut self) -> Result<Extraction> {
        let label = self.expect_name(&["IDENTIFIER"])?.to_owned();
        let expression = match self.take(Word::Equal)? {
            true => self.expect_text()?,
            false => label.clone(),
        };
        Ok(Extraction { label, expression })
    }

    fn label_format(&mut self) -> Result<LabelFormat> {
        let to = self.expect_name(&["IDENTIFIER"])?.to_owned();
        self.expect(Word::Equal)?;
        match self.peek()? {
            Token::Text(_) => Ok(LabelFormat::Template { to, template: self.expect_text()? }),
            _ => {
                let from = self.expect_name(&["IDENTIFIER", "STRING"])?.to_owned();
                Ok(LabelFormat::Rename { to, from })
            }
        }
    }

    fn name_or_matcher(&mut self) -> Result<NameOrMatcher> {
        let name = self.expect_name(&["IDENTIFIER"])?;
        Ok(match self.match_op()? {
            Some(op) => NameOrMatcher::Matcher(self.matcher_value(name, op)?),
            None => NameOrMatcher::Name(name.to_owned()),
        })
    }
}
