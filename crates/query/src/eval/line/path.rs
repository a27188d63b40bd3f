//! Where `| json a="x.y[0]"` and `| logfmt a="x"` look for values: small languages with their errors.

/// A step to a value in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A field of an object.
    Field(Box<str>),
    /// An element of an array.
    Index(usize),
    /// Every element of an array: `[*]`.
    Every,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Star,
    Dot,
    Open,
    Close,
    Quoted(String),
    Word(String),
    Index(usize),
    End,
}

/// Reads a path such as `a.b[0]["c d"]`.
///
/// # Errors
/// `cannot parse expression [a..b]: syntax error: unexpected DOT, expecting FIELD`.
pub(super) fn parse_json_path(expression: &str) -> Result<Vec<Segment>, String> {
    let mut tokens = Tokens::new(expression, Language::Json);
    let mut path = Vec::new();
    let parsed = read_path(&mut tokens, &mut path);
    finish(expression, parsed, tokens.error).map(|()| path)
}

fn read_path(tokens: &mut Tokens<'_>, path: &mut Vec<Segment>) -> Result<(), String> {
    loop {
        match tokens.next_token() {
            Token::Word(name) if path.is_empty() => path.push(Segment::Field(name.into())),
            Token::Open => {
                path.push(match tokens.next_token() {
                    Token::Quoted(name) => Segment::Field(name.into()),
                    Token::Index(index) => Segment::Index(index),
                    Token::Star => Segment::Every,
                    other => return Err(other.unexpected(Language::Json, "STRING or INDEX")),
                });
                match tokens.next_token() {
                    Token::Close => {}
                    other => return Err(other.unexpected(Language::Json, "RSB")),
                }
            }
            Token::Dot if !path.is_empty() => match tokens.next_token() {
                Token::Word(name) => path.push(Segment::Field(name.into())),
                other => return Err(other.unexpected(Language::Json, "FIELD")),
            },
            Token::End if !path.is_empty() => return Ok(()),
            other if path.is_empty() => return Err(other.unexpected(Language::Json, "LSB or FIELD")),
            other => return Err(other.unexpected(Language::Json, "")),
        }
    }
}

/// Reads a key of logfmt, bare or in double quotes.
///
/// # Errors
/// `cannot parse expression [a.b]: unexpected char .`
pub(super) fn parse_logfmt_key(expression: &str) -> Result<String, String> {
    let mut tokens = Tokens::new(expression, Language::Logfmt);
    let parsed = match tokens.next_token() {
        Token::Word(key) | Token::Quoted(key) => match tokens.next_token() {
            Token::End => Ok(key),
            other => Err(other.unexpected(Language::Logfmt, "")),
        },
        other => Err(other.unexpected(Language::Logfmt, "STRING or KEY")),
    };
    finish(expression, parsed, tokens.error)
}

/// An error of the grammar goes before one of the characters.
fn finish<T>(expression: &str, parsed: Result<T, String>, wrong: Option<String>) -> Result<T, String> {
    let result = parsed.and_then(|value| wrong.map_or(Ok(value), Err));
    result.map_err(|wrong| format!("cannot parse expression [{expression}]: {wrong}"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Json,
    Logfmt,
}

impl Token {
    fn unexpected(&self, language: Language, expecting: &str) -> String {
        let name = match self {
            Self::Dot => "DOT",
            Self::Star => "STAR",
            Self::Open => "LSB",
            Self::Close => "RSB",
            Self::Quoted(_) => "STRING",
            Self::Word(_) if language == Language::Logfmt => "KEY",
            Self::Word(_) => "FIELD",
            Self::Index(_) => "INDEX",
            Self::End => "$end",
        };
        match expecting {
            "" => format!("syntax error: unexpected {name}"),
            _ => format!("syntax error: unexpected {name}, expecting {expecting}"),
        }
    }
}

struct Tokens<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    language: Language,
    /// Why the tokens ended early.
    error: Option<String>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str, language: Language) -> Self {
        Self { rest: text.chars().peekable(), language, error: None }
    }

    /// The next token; the end also where a character fits nowhere.
    fn next_token(&mut self) -> Token {
        if self.error.is_some() {
            return Token::End;
        }
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\n')).is_some() {}
        let Some(c) = self.rest.next() else { return Token::End };
        let json = self.language == Language::Json;
        match c {
            '.' if json => Token::Dot,
            '[' if json => Token::Open,
            ']' if json => Token::Close,
            '*' if json => Token::Star,
            '"' => {
                let text = self.take_while(|c| c != '"');
                self.rest.next();
                Token::Quoted(text)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                Token::Word(format!("{c}{}", self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')))
            }
            c if json && c.is_ascii_digit() => {
                let digits =
                    format!("{c}{}", self.take_while(|c| !matches!(c, ' ' | '\t' | '\n' | '.' | ']')));
                match digits.parse() {
                    Ok(index) => Token::Index(index),
                    Err(_) => self.end(format!("non-integer value: {digits}")),
                }
            }
            c => self.end(format!("unexpected char {c}")),
        }
    }

    fn end(&mut self, error: String) -> Token {
        self.error = Some(error);
        Token::End
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        std::iter::from_fn(|| self.rest.next_if(|c| wanted(*c))).collect()
    }
}
