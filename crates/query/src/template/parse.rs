//! Parses a template. Grammar and errors are those of Go's `text/template/parse`.

mod pipeline;

use super::lex::{Keyword, Kind, Token, tokens};
use super::tree::{Branch, Node};
use crate::go;

/// Pipelines in parentheses and blocks nested deeper than this are refused.
const DEPTH_MAX: usize = 100;

/// A template and those that it defines, by name.
pub(super) struct Parsed {
    pub(super) root: Vec<Node>,
    pub(super) defined: Vec<(String, Vec<Node>)>,
}

/// Parses `text`, which errors call `name`.
///
/// # Errors
/// `template: name:1: unclosed action` and the like.
pub(super) fn parse(name: &str, text: &str) -> Result<Parsed, String> {
    let mut parser = Parser {
        name,
        tokens: tokens(text),
        at: 0,
        variables: vec!["$".to_owned()],
        range_depth: 0,
        depth: 0,
        action_line: 0,
        defined: Vec::new(),
    };
    let root = parser.root()?;
    Ok(Parsed { root, defined: parser.defined })
}

type Result<T, E = String> = std::result::Result<T, E>;

struct Parser<'a> {
    name: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// Names in scope.
    variables: Vec<String>,
    range_depth: usize,
    depth: usize,
    /// Where the action at hand began, to tell in errors; 0 outside.
    action_line: usize,
    defined: Vec<(String, Vec<Node>)>,
}

/// What ends a list of nodes.
enum Ending {
    Else,
    End,
}

impl Ending {
    fn text(&self) -> &'static str {
        match self {
            Self::Else => "{{else}}",
            Self::End => "{{end}}",
        }
    }
}

enum Item {
    Node(Node),
    Ending(Ending),
}

impl Parser<'_> {
    /// The token at hand. The last one stays for ever.
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn peek_past_space(&mut self) -> &Token {
        while self.peek().kind == Kind::Space {
            self.at += 1;
        }
        self.peek()
    }

    fn next_past_space(&mut self) -> Token {
        self.peek_past_space();
        self.next()
    }

    fn error<T>(&self, message: &str) -> Result<T> {
        // Go tells the line of the last token that it read.
        let last = self.tokens.get(self.at.saturating_sub(1)).or(self.tokens.last());
        Err(format!("template: {}:{}: {message}", self.name, last.map_or(1, |token| token.line)))
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T> {
        if token.kind != Kind::Error {
            return self.error(&format!("unexpected {token} in {context}"));
        }
        let mut extra = String::new();
        if self.action_line != 0 && self.action_line != token.line {
            let place = format!(" started at {}:{}", self.name, self.action_line);
            extra = if token.text.ends_with(" action") { place } else { format!(" in action{place}") };
        }
        self.error(&format!("{}{extra}", token.text))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_past_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH_MAX {
            return self.error(&format!("nested deeper than {DEPTH_MAX}"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn root(&mut self) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        while self.peek().kind != Kind::End {
            if self.peek().kind == Kind::LeftDelim {
                let begin = self.at;
                self.next();
                if self.next_past_space().kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.at = begin;
            }
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Ending(ending) => return self.error(&format!("unexpected {}", ending.text())),
            }
        }
        Ok(nodes)
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_past_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let list = self.own_scope(CONTEXT)?;
        self.define(name, list)
    }

    /// The body of a template of its own: nothing from outside is in scope.
    fn own_scope(&mut self, context: &str) -> Result<Vec<Node>> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let (list, ending) = self.deeper(Self::list)?;
        self.variables = variables;
        self.range_depth = range_depth;
        match ending {
            Ending::End => Ok(list),
            Ending::Else => self.error(&format!("unexpected {} in {context}", ending.text())),
        }
    }

    fn define(&mut self, name: String, list: Vec<Node>) -> Result<()> {
        let is_empty = |list: &[Node]| {
            list.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
        };
        match self.defined.iter_mut().find(|(known, _)| *known == name) {
            None => self.defined.push((name, list)),
            Some((_, known)) if is_empty(known) => *known = list,
            Some(_) if is_empty(&list) => {}
            Some(_) => {
                return self
                    .error(&format!("template: multiple definition of template {}", go::quote(&name)));
            }
        }
        Ok(())
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<String> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        match go::unquote(&token.text) {
            Some(name) => Ok(name),
            None => self.error("invalid syntax"),
        }
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Result<(Vec<Node>, Ending)> {
        let mut nodes = Vec::new();
        while self.peek_past_space().kind != Kind::End {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Ending(ending) => return Ok((nodes, ending)),
            }
        }
        self.next();
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_past_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_past_space();
        let Kind::Keyword(keyword) = token.kind else {
            self.at -= 1;
            return Ok(Item::Node(Node::Action(self.pipeline("command", Kind::RightDelim)?)));
        };
        Ok(Item::Node(match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.jump("{{break}}", Node::Break)?,
            Keyword::Continue => self.jump("{{continue}}", Node::Continue)?,
            Keyword::Else => {
                let next = self.peek_past_space().kind;
                if !matches!(next, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Item::Ending(Ending::Else));
            }
            Keyword::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Keyword::If => Node::If(self.branch("if")?),
            Keyword::With => Node::With(self.branch("with")?),
            Keyword::Range => Node::Range(self.branch("range")?),
            Keyword::Template => self.template()?,
            Keyword::Dot | Keyword::Nil => {
                self.at -= 1;
                Node::Action(self.pipeline("command", Kind::RightDelim)?)
            }
            Keyword::Define => return self.unexpected(&token, "command"),
        }))
    }

    fn jump(&mut self, name: &str, node: Node) -> Result<Node> {
        self.expect(Kind::RightDelim, name)?;
        if self.range_depth == 0 {
            return self.error(&format!("{name} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_past_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipeline = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let list = self.own_scope(CONTEXT)?;
        self.define(name.clone(), list)?;
        Ok(Node::Template(token.pos, name, Some(pipeline)))
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_past_space();
        let name = self.template_name(&token, CONTEXT)?;
        if self.next_past_space().kind == Kind::RightDelim {
            return Ok(Node::Template(token.pos, name, None));
        }
        self.at -= 1;
        Ok(Node::Template(token.pos, name, Some(self.pipeline(CONTEXT, Kind::RightDelim)?)))
    }

    /// What follows `if`, `with` and `range`.
    fn branch(&mut self, context: &str) -> Result<Branch> {
        let scope = self.variables.len();
        let branch = self.deeper(|parser| parser.branch_inside(context));
        self.variables.truncate(scope);
        branch
    }

    fn branch_inside(&mut self, context: &str) -> Result<Branch> {
        let pipeline = self.pipeline(context, Kind::RightDelim)?;
        self.range_depth += usize::from(context == "range");
        let (list, ending) = self.list()?;
        self.range_depth -= usize::from(context == "range");
        if let Ending::End = ending {
            return Ok(Branch { pipeline, list, otherwise: None });
        }
        // `{{else if b}}` stands for `{{else}}{{if b}}`, and shares its `{{end}}`.
        let otherwise = match (context, self.peek().kind) {
            ("if", Kind::Keyword(Keyword::If)) => {
                self.next();
                vec![Node::If(self.branch("if")?)]
            }
            ("with", Kind::Keyword(Keyword::With)) => {
                self.next();
                vec![Node::With(self.branch("with")?)]
            }
            _ => {
                let (otherwise, ending) = self.list()?;
                if let Ending::Else = ending {
                    return self.error(&format!("expected end; found {}", ending.text()));
                }
                otherwise
            }
        };
        Ok(Branch { pipeline, list, otherwise: Some(otherwise) })
    }
}
