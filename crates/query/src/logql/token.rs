//! LogQL's words.

use super::ast::{BinaryOp, Conversion, RangeOp, VectorOp};

/// A token with what was read in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'t> {
    /// The end of the query.
    End,
    /// A name, or any character that means nothing.
    Identifier(&'t str),
    /// A string with its escapes resolved.
    Text(String),
    /// As written; whether it is one is asked where it is used.
    Number(&'t str),
    /// `--strict`
    Flag(Flag),
    /// `1.5KB`
    Bytes(u64),
    /// `5m`, `-1h`, in nanoseconds.
    Duration(i64),
    /// `[5m]`, in nanoseconds.
    Range(i64),
    /// A sign or a word that is no name anywhere.
    Word(Word),
    /// `rate`, before a parenthesis or grouping.
    RangeOp(RangeOp),
    /// `sum`, before a parenthesis or grouping.
    VectorOp(VectorOp),
    /// `duration`, before a parenthesis.
    Conversion(Conversion),
    /// Another function, before a parenthesis.
    Function(Function),
}

/// Flags of `logfmt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `--strict`
    Strict,
    /// `--keep-empty`
    KeepEmpty,
}

/// Functions of no other kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is the function of its name
pub enum Function {
    Vector,
    LabelReplace,
    Ip,
}

macro_rules! words {
    ($($name:ident = $text:literal,)*) => {
        /// Signs, and words that are no names anywhere.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // each variant is the word beside it
        pub enum Word { $($name,)* }

        impl Word {
            /// As it is written.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The word written so, in lower case.
            pub fn named(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$name,)* _ => return None })
            }
        }
    };
}

words! {
    Equal = "=", Matches = "=~", NotMatches = "!~", NotEqual = "!=",
    PipeEqual = "|=", PipeMatches = "|~", PipePattern = "|>", NotPattern = "!>", Pipe = "|",
    OpenBrace = "{", CloseBrace = "}", OpenParen = "(", CloseParen = ")", CloseBracket = "]",
    Comma = ",", Dot = ".",
    EqualEqual = "==", Less = "<", LessEqual = "<=", Greater = ">", GreaterEqual = ">=",
    Add = "+", Sub = "-", Mul = "*", Div = "/", Mod = "%", Pow = "^",
    By = "by", Without = "without", Bool = "bool", On = "on", Ignoring = "ignoring",
    GroupLeft = "group_left", GroupRight = "group_right", Or = "or", And = "and", Unless = "unless",
    Offset = "offset", Json = "json", Regexp = "regexp", Logfmt = "logfmt", Unpack = "unpack",
    Pattern = "pattern", LabelFormat = "label_format", LineFormat = "line_format",
    Decolorize = "decolorize", Drop = "drop", Keep = "keep", Unwrap = "unwrap",
}

impl Word {
    /// The operator between two expressions that it is.
    pub fn binary_op(self) -> Option<BinaryOp> {
        Some(match self {
            Self::Or => BinaryOp::Or,
            Self::And => BinaryOp::And,
            Self::Unless => BinaryOp::Unless,
            Self::EqualEqual => BinaryOp::Equal,
            Self::NotEqual => BinaryOp::NotEqual,
            Self::Greater => BinaryOp::Greater,
            Self::GreaterEqual => BinaryOp::GreaterEqual,
            Self::Less => BinaryOp::Less,
            Self::LessEqual => BinaryOp::LessEqual,
            Self::Add => BinaryOp::Add,
            Self::Sub => BinaryOp::Sub,
            Self::Mul => BinaryOp::Mul,
            Self::Div => BinaryOp::Div,
            Self::Mod => BinaryOp::Mod,
            Self::Pow => BinaryOp::Pow,
            _ => return None,
        })
    }
}

impl<'t> Token<'t> {
    /// How syntax errors name it.
    pub fn name(&self) -> String {
        match self {
            Self::End => "$end".to_owned(),
            Self::Identifier(_) => "IDENTIFIER".to_owned(),
            Self::Text(_) => "STRING".to_owned(),
            Self::Number(_) => "NUMBER".to_owned(),
            Self::Flag(_) => "FUNCTION_FLAG".to_owned(),
            Self::Bytes(_) => "BYTES".to_owned(),
            Self::Duration(_) => "DURATION".to_owned(),
            Self::Range(_) => "RANGE".to_owned(),
            Self::Word(word) => word.text().to_owned(),
            Self::RangeOp(op) => op.name().to_uppercase(),
            Self::VectorOp(op) => op.name().to_uppercase(),
            Self::Conversion(conversion) => format!("{}_CONV", conversion.name().to_uppercase()),
            Self::Function(Function::Vector) => "VECTOR".to_owned(),
            Self::Function(Function::LabelReplace) => "LABEL_REPLACE".to_owned(),
            Self::Function(Function::Ip) => "ip".to_owned(),
        }
    }

    /// The function called `name`, in lower case.
    pub fn function(name: &str) -> Option<Self> {
        if let Some(op) = RangeOp::named(name) {
            return Some(Self::RangeOp(op));
        }
        if let Some(op) = VectorOp::named(name) {
            return Some(Self::VectorOp(op));
        }
        Some(match name {
            "bytes" => Self::Conversion(Conversion::Bytes),
            "duration" => Self::Conversion(Conversion::Duration),
            "duration_seconds" => Self::Conversion(Conversion::DurationSeconds),
            "vector" => Self::Function(Function::Vector),
            "label_replace" => Self::Function(Function::LabelReplace),
            "ip" => Self::Function(Function::Ip),
            _ => return None,
        })
    }

    /// Whether it is this word.
    pub fn is(&self, word: Word) -> bool {
        *self == Self::Word(word)
    }
}
