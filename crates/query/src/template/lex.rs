//! Cuts a template's text into tokens. Names and errors are those of Go's `text/template/parse`.

use std::fmt;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its text is the message.
    Error,
    Bool,
    /// A printable character that fits nowhere else, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Keyword(Keyword),
}

/// Words with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    /// The lone dot; a keyword in Go's eyes.
    Dot,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Keyword {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "." => Self::Dot,
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "nil" => Self::Nil,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            _ => return None,
        })
    }
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) pos: usize,
    /// On which line it begins, from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

/// As errors show it.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::End => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.text),
            Kind::Keyword(_) => write!(f, "<{}>", self.text),
            _ if self.text.len() > 10 => {
                let short: String = self.text.chars().take(10).collect();
                write!(f, "{}...", crate::go::quote(&short))
            }
            _ => f.write_str(&crate::go::quote(&self.text)),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// All tokens of `input`. The last is [`Kind::End`] or [`Kind::Error`].
pub(super) fn tokens(input: &str) -> Vec<Token> {
    let mut lexer =
        Lexer { input, start: 0, pos: 0, line: 1, start_line: 1, paren_depth: 0, tokens: Vec::new() };
    let mut inside = false;
    loop {
        let step = if inside { lexer.inside_action() } else { lexer.text() };
        match step {
            Ok(Step::Inside) => inside = true,
            Ok(Step::Outside) => inside = false,
            Ok(Step::End) => return lexer.tokens,
            Err(message) => {
                let (pos, line) = (lexer.start, lexer.start_line);
                lexer.tokens.push(Token { kind: Kind::Error, pos, line, text: message });
                return lexer.tokens;
            }
        }
    }
}

enum Step {
    Inside,
    Outside,
    End,
}

struct Lexer<'a> {
    input: &'a str,
    /// Where the token at hand begins.
    start: usize,
    pos: usize,
    line: usize,
    start_line: usize,
    paren_depth: usize,
    tokens: Vec<Token>,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// `- ` after a left delimiter.
fn has_left_trim_marker(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// ` -` before a right delimiter.
fn has_right_trim_marker(text: &str) -> bool {
    text.starts_with(is_space) && text[1..].starts_with('-')
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.input[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| valid.contains(c));
        if accepted {
            self.next();
        }
        accepted
    }

    fn accept_run(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
    }

    fn emit(&mut self, kind: Kind) {
        let text = self.input[self.start..self.pos].to_owned();
        self.tokens.push(Token { kind, pos: self.start, line: self.start_line, text });
        self.ignore();
    }

    /// Forgets what was read since the last token.
    fn ignore(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn skip(&mut self, bytes: usize) {
        self.line += self.rest()[..bytes].matches('\n').count();
        self.pos += bytes;
    }

    /// Text up to a left delimiter, and the delimiter.
    fn text(&mut self) -> Result<Step, String> {
        let Some(found) = self.rest().find(LEFT) else {
            self.skip(self.rest().len());
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.emit(Kind::End);
            return Ok(Step::End);
        };
        let text = &self.rest()[..found];
        let trims = has_left_trim_marker(&self.rest()[found + LEFT.len()..]);
        let kept = if trims { text.trim_end_matches(is_space).len() } else { found };
        self.skip(kept);
        if kept > 0 {
            self.emit(Kind::Text);
        }
        self.skip(found - kept);
        self.ignore();
        self.left_delim()
    }

    fn left_delim(&mut self) -> Result<Step, String> {
        self.skip(LEFT.len());
        let marker = if has_left_trim_marker(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with("/*") {
            self.skip(marker);
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.skip(marker);
        self.ignore();
        self.paren_depth = 0;
        Ok(Step::Inside)
    }

    fn comment(&mut self) -> Result<Step, String> {
        let Some(end) = self.rest().find("*/") else { return Err("unclosed comment".to_owned()) };
        self.skip(end + 2);
        let Some(trims) = self.at_right_delim() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.skip(if trims { 2 } else { 0 } + RIGHT.len());
        if trims {
            self.accept_run(is_space);
        }
        self.ignore();
        Ok(Step::Outside)
    }

    /// Whether a right delimiter follows, and whether it trims the text after it.
    fn at_right_delim(&self) -> Option<bool> {
        if has_right_trim_marker(self.rest()) && self.rest()[2..].starts_with(RIGHT) {
            return Some(true);
        }
        self.rest().starts_with(RIGHT).then_some(false)
    }

    /// Reads the delimiter and what it trims; the token ends before that.
    fn right_delim(&mut self, trims: bool) {
        if trims {
            self.skip(2);
            self.ignore();
        }
        self.skip(RIGHT.len());
        self.emit(Kind::RightDelim);
        if trims {
            self.accept_run(is_space);
            self.ignore();
        }
    }

    fn inside_action(&mut self) -> Result<Step, String> {
        if let Some(trims) = self.at_right_delim() {
            if self.paren_depth > 0 {
                return Err("unclosed left paren".to_owned());
            }
            self.right_delim(trims);
            return Ok(Step::Outside);
        }
        let Some(c) = self.next() else { return Err("unclosed action".to_owned()) };
        match c {
            c if is_space(c) => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return Err("expected :=".to_owned());
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant")?,
            '`' => self.raw_string()?,
            '$' => self.field_or_variable(Kind::Variable)?,
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => self.field_or_variable(Kind::Field)?,
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.number()?;
            }
            c if is_alphanumeric(c) => self.identifier()?,
            '(' => {
                self.emit(Kind::LeftParen);
                self.paren_depth += 1;
            }
            ')' => {
                let depth = self.paren_depth.checked_sub(1);
                self.paren_depth = depth.ok_or_else(|| "unexpected right paren".to_owned())?;
                self.emit(Kind::RightParen);
            }
            ' '..='~' => self.emit(Kind::Char),
            c => return Err(format!("unrecognized character in action: {}", unicode(c))),
        }
        Ok(Step::Inside)
    }

    /// White space, except the one before a delimiter that trims.
    fn space(&mut self) {
        self.accept_run(is_space);
        let last = self.pos - 1;
        let before = &self.input[last..];
        if has_right_trim_marker(before) && before[2..].starts_with(RIGHT) {
            self.line -= usize::from(before.starts_with('\n'));
            self.pos = last;
            if self.pos == self.start {
                return;
            }
        }
        self.emit(Kind::Space);
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Result<(), String> {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\n' | '\\') => return Err(unterminated.to_owned()),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn raw_string(&mut self) -> Result<(), String> {
        self.accept_run(|c| c != '`');
        if self.next().is_none() {
            return Err("unterminated raw quoted string".to_owned());
        }
        self.emit(Kind::RawString);
        Ok(())
    }

    fn field_or_variable(&mut self, kind: Kind) -> Result<(), String> {
        if self.at_terminator() {
            self.emit(if kind == Kind::Variable { kind } else { Kind::Keyword(Keyword::Dot) });
            return Ok(());
        }
        self.accept_run(is_alphanumeric);
        self.expect_terminator()?;
        self.emit(kind);
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), String> {
        self.accept_run(is_alphanumeric);
        self.expect_terminator()?;
        let word = &self.input[self.start..self.pos];
        let kind = match (word, Keyword::of(word)) {
            ("true" | "false", _) => Kind::Bool,
            (_, Some(keyword)) => Kind::Keyword(keyword),
            (_, None) => Kind::Identifier,
        };
        self.emit(kind);
        Ok(())
    }

    fn at_terminator(&self) -> bool {
        let Some(c) = self.peek() else { return true };
        is_space(c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '(') || self.rest().starts_with(RIGHT)
    }

    fn expect_terminator(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(c) if !self.at_terminator() => Err(format!("bad character {}", unicode(c))),
            _ => Ok(()),
        }
    }

    fn number(&mut self) -> Result<(), String> {
        let bad = |lexer: &Self| {
            format!("bad number syntax: {}", crate::go::quote(&lexer.input[lexer.start..lexer.pos]))
        };
        if !self.scan_number() {
            return Err(bad(self));
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            self.emit(Kind::Number);
            return Ok(());
        }
        if !self.scan_number() || !self.input[..self.pos].ends_with('i') {
            return Err(bad(self));
        }
        self.emit(Kind::Complex);
        Ok(())
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut radix = 10;
        if self.accept("0") {
            radix = match () {
                () if self.accept("xX") => 16,
                () if self.accept("oO") => 8,
                () if self.accept("bB") => 2,
                () => 10,
            };
        }
        let digit = |c: char| c == '_' || c.is_digit(radix);
        self.accept_run(digit);
        if self.accept(".") {
            self.accept_run(digit);
        }
        if (radix == 10 && self.accept("eE")) || (radix == 16 && self.accept("pP")) {
            self.accept("+-");
            self.accept_run(|c| c == '_' || c.is_ascii_digit());
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// A character as Go's `%#U` prints it.
fn unicode(c: char) -> String {
    if c.is_control() {
        return format!("U+{:04X}", u32::from(c));
    }
    format!("U+{:04X} '{c}'", u32::from(c))
}
