//! PromQL's words.

use super::ast::{AggregateOp, BinaryOp};
use super::span::Span;
use crate::go;

/// A token with its text.
#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// As it is written.
    pub text: &'t str,
    /// Where it stands.
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The end of the query.
    End,
    /// `abc_1`
    Identifier,
    /// `job:rate:5m`
    MetricIdentifier,
    /// `"…"`, `'…'` or `` `…` ``; escapes are well formed but not resolved.
    Text,
    /// `1.5`, `0x1F`, `Inf`
    Number,
    /// `1h30m`
    Duration,
    /// A sign, or a word of the language.
    Word(Word),
}

/// How errors name a word.
enum Class {
    /// `"("`
    Plain,
    /// `<op:+>`
    Operator,
    /// `<aggr:sum>`
    Aggregate,
    /// `<by>`
    Keyword,
}

macro_rules! words {
    ($($class:ident { $($name:ident = $text:literal,)* })*) => {
        /// Signs, and words of the language. Words may be in any case, and most of them may be names
        /// too.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // each variant is the word beside it
        pub enum Word { $($($name,)*)* }

        impl Word {
            /// The word written so, in lower case.
            pub fn named(text: &str) -> Option<Self> {
                Some(match text { $($($text => Self::$name,)*)* _ => return None })
            }

            fn class(self) -> Class {
                match self { $($(Self::$name => Class::$class,)*)* }
            }
        }
    };
}

words! {
    Plain {
        OpenParen = "(", CloseParen = ")", OpenBrace = "{", CloseBrace = "}", OpenBracket = "[",
        CloseBracket = "]", Comma = ",", Assign = "=", Colon = ":",
        Start = "start", End = "end", Step = "step", Range = "range", MinOf = "min_of", MaxOf = "max_of",
    }
    Operator {
        Add = "+", Sub = "-", Mul = "*", Div = "/", Mod = "%", Pow = "^", Atan2 = "atan2",
        Equal = "==", NotEqual = "!=", Less = "<", LessEqual = "<=", Greater = ">", GreaterEqual = ">=",
        TrimUpper = "</", TrimLower = ">/", Matches = "=~", NotMatches = "!~", At = "@",
        And = "and", Or = "or", Unless = "unless",
    }
    Aggregate {
        Sum = "sum", Avg = "avg", Count = "count", Min = "min", Max = "max", Group = "group",
        Stddev = "stddev", Stdvar = "stdvar", Topk = "topk", Bottomk = "bottomk",
        CountValues = "count_values", Quantile = "quantile", Limitk = "limitk",
        LimitRatio = "limit_ratio",
    }
    Keyword {
        Bool = "bool", By = "by", Without = "without", On = "on", Ignoring = "ignoring",
        GroupLeft = "group_left", GroupRight = "group_right", Offset = "offset",
        Anchored = "anchored", Smoothed = "smoothed",
        Fill = "fill", FillLeft = "fill_left", FillRight = "fill_right",
    }
}

impl Word {
    /// The operator between two expressions that it is.
    pub fn binary_op(self) -> Option<BinaryOp> {
        Some(match self {
            Self::Add => BinaryOp::Add,
            Self::Sub => BinaryOp::Sub,
            Self::Mul => BinaryOp::Mul,
            Self::Div => BinaryOp::Div,
            Self::Mod => BinaryOp::Mod,
            Self::Pow => BinaryOp::Pow,
            Self::Atan2 => BinaryOp::Atan2,
            Self::Equal => BinaryOp::Equal,
            Self::NotEqual => BinaryOp::NotEqual,
            Self::Less => BinaryOp::Less,
            Self::LessEqual => BinaryOp::LessEqual,
            Self::Greater => BinaryOp::Greater,
            Self::GreaterEqual => BinaryOp::GreaterEqual,
            Self::TrimUpper => BinaryOp::TrimUpper,
            Self::TrimLower => BinaryOp::TrimLower,
            Self::And => BinaryOp::And,
            Self::Or => BinaryOp::Or,
            Self::Unless => BinaryOp::Unless,
            _ => return None,
        })
    }

    /// The aggregation that it is.
    pub fn aggregate_op(self) -> Option<AggregateOp> {
        Some(match self {
            Self::Sum => AggregateOp::Sum,
            Self::Avg => AggregateOp::Avg,
            Self::Count => AggregateOp::Count,
            Self::Min => AggregateOp::Min,
            Self::Max => AggregateOp::Max,
            Self::Group => AggregateOp::Group,
            Self::Stddev => AggregateOp::Stddev,
            Self::Stdvar => AggregateOp::Stdvar,
            Self::Topk => AggregateOp::Topk,
            Self::Bottomk => AggregateOp::Bottomk,
            Self::CountValues => AggregateOp::CountValues,
            Self::Quantile => AggregateOp::Quantile,
            Self::Limitk => AggregateOp::Limitk,
            Self::LimitRatio => AggregateOp::LimitRatio,
            _ => return None,
        })
    }

    /// Whether a function may be called so.
    pub fn is_function(self) -> bool {
        matches!(self, Self::Start | Self::End | Self::Step | Self::Range | Self::MinOf | Self::MaxOf)
    }

    /// Whether a metric may be called so where an expression begins.
    pub fn is_metric(self) -> bool {
        let keyword = matches!(
            self,
            Self::By
                | Self::Without
                | Self::Offset
                | Self::Anchored
                | Self::Smoothed
                | Self::Fill
                | Self::FillLeft
                | Self::FillRight
                | Self::And
                | Self::Or
                | Self::Unless
        );
        keyword || self.is_function() || self.aggregate_op().is_some()
    }

    /// Whether a label may be called so in a list of labels.
    pub fn is_label(self) -> bool {
        let operator = matches!(self, Self::And | Self::Or | Self::Unless | Self::Atan2);
        operator || self.is_function() || matches!(self.class(), Class::Aggregate | Class::Keyword)
    }
}

impl Token<'_> {
    /// Whether it is this word.
    pub fn is(&self, word: Word) -> bool {
        self.kind == Kind::Word(word)
    }

    /// The word that it is.
    pub fn word(&self) -> Option<Word> {
        match self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// How syntax errors describe it.
    pub fn description(&self) -> String {
        let text = self.text;
        match self.kind {
            Kind::End => "end of input".to_owned(),
            Kind::Identifier => format!("identifier {}", go::quote(text)),
            Kind::MetricIdentifier => format!("metric identifier {}", go::quote(text)),
            Kind::Text => format!("string {}", shortened(text)),
            Kind::Number => format!("number {}", shortened(text)),
            Kind::Duration => format!("duration {}", shortened(text)),
            Kind::Word(word) => match word.class() {
                Class::Plain => go::quote(text),
                Class::Operator => format!("<op:{text}>"),
                Class::Aggregate => format!("<aggr:{text}>"),
                Class::Keyword => format!("<{text}>"),
            },
        }
    }
}

/// `text` in quotes; when it has more than ten bytes, its first ten characters.
fn shortened(text: &str) -> String {
    match text.len() > 10 {
        true => format!("{}...", go::quote(&text.chars().take(10).collect::<String>())),
        false => go::quote(text),
    }
}
