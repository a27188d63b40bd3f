//! A line cut into tokens that can be put together again.

/// What stands in a pattern where its lines differ.
pub const ANY: &str = "<_>";
/// More tokens than this are one last token.
const TOKENS_MAX: usize = 100;

/// Tokens of a line: words, with single punctuation marks as tokens of their own, and the white
/// space before each kept with it, so that joining them gives the line.
pub fn split(text: &str) -> Vec<&str> {
    let mut tokens = Vec::with_capacity(16);
    let mut begin = 0;
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let is_mark =
            matches!(c, '=' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | '|' | '<' | '>');
        if c.is_whitespace() || is_mark {
            if in_word {
                tokens.push(&text[begin..at]);
                begin = at;
                in_word = false;
            }
            if is_mark {
                tokens.push(&text[begin..at + c.len_utf8()]);
                begin = at + c.len_utf8();
            }
        } else {
            in_word = true;
        }
        if tokens.len() + 1 >= TOKENS_MAX {
            break;
        }
    }
    if begin < text.len() {
        tokens.push(&text[begin..]);
    }
    tokens
}

/// Whether a token is surely a value: it holds a digit.
pub fn is_value(token: &str) -> bool {
    token.bytes().any(|byte| byte.is_ascii_digit())
}

/// The token with its word replaced by [`ANY`], the white space before it kept.
pub fn any(token: &str) -> String {
    let word = token.trim_start();
    format!("{}{ANY}", &token[..token.len() - word.len()])
}

/// Puts tokens together; neighbouring `<_>` without white space between them become one.
pub fn join(tokens: &[String]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !(token == ANY && text.ends_with(ANY)) {
            text.push_str(token);
        }
    }
    text
}
