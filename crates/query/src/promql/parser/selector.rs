//! Selectors: a metric's name, and conditions on labels between braces.

use super::Parser;
use crate::promql::ast::{METRIC_NAME, Modifiers, Selector};
use crate::promql::print::MatcherText;
use crate::promql::token::{Kind, Token, Word};
use base::Result;
use model::{MatchOp, Matcher};

/// The rule's name in errors.
const RULE: &str = "label matching";

impl Parser<'_> {
    /// Reads a selector.
    pub fn selector(&mut self) -> Result<Selector> {
        if !self.sees(Word::OpenBrace)? {
            let name = self.next()?;
            return self.selector_after(&name);
        }
        let start = self.peek()?.span;
        let matchers = self.matchers()?;
        Ok(Selector {
            name: String::new(),
            matchers,
            modifiers: Modifiers::default(),
            edges: None,
            span: start.to(self.last),
        })
    }

    /// Reads the braces behind a metric's name, when there are some.
    pub fn selector_after(&mut self, name: &Token<'_>) -> Result<Selector> {
        let mut matchers = if self.sees(Word::OpenBrace)? { self.matchers()? } else { Vec::new() };
        matchers.push(Matcher::new(METRIC_NAME, MatchOp::Equal, name.text)?);
        Ok(Selector {
            name: name.text.to_owned(),
            matchers,
            modifiers: Modifiers::default(),
            edges: None,
            span: name.span.to(self.last),
        })
    }

    /// Reads `{a="b", "c"}`, in the order in which it is printed.
    fn matchers(&mut self) -> Result<Vec<Matcher>> {
        self.next()?;
        let mut matchers = Vec::new();
        while !self.take(Word::CloseBrace)? {
            matchers.push(self.matcher()?);
            if !self.take(Word::Comma)? {
                self.within(RULE, "\",\" or \"}\"", |parser| parser.expect(Word::CloseBrace))?;
                break;
            }
        }
        matchers.sort_by_cached_key(|matcher| MatcherText(matcher).to_string());
        Ok(matchers)
    }

    /// Reads `a="b"`, or `"c"`, which is the metric's name.
    fn matcher(&mut self) -> Result<Matcher> {
        let start = self.peek()?;
        let name = match start.kind {
            Kind::Identifier => start.text.to_owned(),
            Kind::Text => self.unquoted(&start)?,
            _ => return self.within(RULE, "identifier or \"}\"", |parser| Err(parser.unexpected())),
        };
        self.next()?;
        let op = match self.peek()?.word() {
            Some(Word::Assign) => MatchOp::Equal,
            Some(Word::NotEqual) => MatchOp::NotEqual,
            Some(Word::Matches) => MatchOp::Regex,
            Some(Word::NotMatches) => MatchOp::NotRegex,
            _ if start.kind == Kind::Text => return Matcher::new(METRIC_NAME, MatchOp::Equal, &name),
            _ => return self.within(RULE, "label matching operator", |parser| Err(parser.unexpected())),
        };
        self.next()?;
        let value = self.peek()?;
        if value.kind != Kind::Text {
            return self.within(RULE, "string", |parser| Err(parser.unexpected()));
        }
        let text = self.unquoted(&value)?;
        self.next()?;
        Matcher::new(&name, op, &text)
            .map_err(|refusal| self.error(start.span.to(value.span), refusal.what()))
    }
}
