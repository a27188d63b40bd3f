//! What an unfinished query says for certain.
//!
//! While a person types, clients ask which values an attribute has among the spans that the query so
//! far selects. A narrower answer than the truth would hide values, so only what holds for every
//! span of the result is used: equalities joined by `&&` in the one filter there is. All else widens
//! the answer: unfinished and other conditions are left out; `||` or a second filter leaves nothing.

use super::ast::{Field, Literal};
use super::lexer::Lexer;
use super::token::{Token, Word};

/// Longest text that is looked at, in bytes.
const MAX_TEXT_BYTES: usize = 131_072;

/// The equalities that every span selected by `text` fulfils, in the order written.
pub fn equalities(text: &str) -> Vec<(Field, Literal)> {
    let tokens = tokens(text);
    let filters = tokens.iter().filter(|token| **token == Token::Word(Word::OpenBrace)).count();
    let alternatives = tokens.contains(&Token::Word(Word::Or));
    let Some([Token::Word(Word::OpenBrace), filter @ ..]) = tokens.get(..) else { return Vec::new() };
    if filters != 1 || alternatives {
        return Vec::new();
    }
    let end = filter.iter().position(|token| *token == Token::Word(Word::CloseBrace));
    let end = end.unwrap_or(filter.len());
    match filter.get(end + 1) {
        // An operator: other spans will be asked for.
        Some(token) if *token != Token::Word(Word::Pipe) => Vec::new(),
        _ => conditions(&filter[..end]).filter_map(equality).collect(),
    }
}

/// Tokens up to the first thing that is none.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    if text.len() > MAX_TEXT_BYTES {
        return tokens;
    }
    let mut lexer = Lexer::new(text);
    while let Ok(token) = lexer.next_token() {
        if token == Token::End {
            break;
        }
        tokens.push(token);
    }
    tokens
}

/// What stands between `&&`, outside of parentheses.
fn conditions<'a, 't>(filter: &'a [Token<'t>]) -> impl Iterator<Item = &'a [Token<'t>]> {
    let mut open = 0usize;
    filter.split(move |token| {
        match token {
            Token::Word(Word::OpenParen) => open += 1,
            Token::Word(Word::CloseParen) => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0 && *token == Token::Word(Word::And)
    })
}

fn equality(condition: &[Token<'_>]) -> Option<(Field, Literal)> {
    match condition {
        [Token::Field(field), Token::Word(Word::Equal), Token::Literal(literal)] => {
            Some((field.clone(), literal.clone()))
        }
        [Token::Field(field), Token::Word(Word::Equal), Token::Word(Word::Sub), Token::Literal(literal)] => {
            Some((field.clone(), negative(literal)?))
        }
        _ => None,
    }
}

fn negative(literal: &Literal) -> Option<Literal> {
    Some(match literal {
        Literal::Int(value) => Literal::Int(value.checked_neg()?),
        Literal::Float(value) => Literal::Float(-value),
        Literal::Duration(ns) => Literal::Duration(ns.checked_neg()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
