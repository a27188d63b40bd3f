//! TraceQL's words.

use super::ast::{Arithmetic, Comparison, Field, Form, Literal, Relation, SpansetOp};

/// A token with what was read in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'t> {
    /// The end of the query.
    End,
    /// A sign or a word with a meaning of its own.
    Word(Word),
    /// A number, a text, `true`, `error`, …
    Literal(Literal),
    /// `.a`, `span.a`, `duration`, `trace:id`, …
    Field(Field),
    /// `parent` or `parent.a`, of which nothing can be asked.
    Parent,
    /// Any other name, or a character that means nothing.
    Other(&'t str),
}

macro_rules! words {
    ($($name:ident = $text:literal,)*) => {
        /// Signs, and words with a meaning of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // each variant is the word beside it
        pub enum Word { $($name,)* }

        impl Word {
            /// As it is written.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The word written so.
            pub fn named(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$name,)* _ => return None })
            }
        }
    };
}

words! {
    OpenBrace = "{", CloseBrace = "}", OpenParen = "(", CloseParen = ")", Comma = ",", Pipe = "|",
    And = "&&", Or = "||", Not = "!",
    Equal = "=", NotEqual = "!=", Less = "<", LessEqual = "<=", Greater = ">", GreaterEqual = ">=",
    Matches = "=~", NotMatches = "!~",
    Add = "+", Sub = "-", Mul = "*", Div = "/", Mod = "%", Pow = "^",
    Descendant = ">>", Ancestor = "<<", Sibling = "~",
    NotChild = "!>", NotDescendant = "!>>", NotParent = "!<", NotAncestor = "!<<",
    UnionChild = "&>", UnionDescendant = "&>>", UnionParent = "&<", UnionAncestor = "&<<",
    UnionSibling = "&~",
    By = "by", Coalesce = "coalesce", Select = "select", With = "with",
    Count = "count", Avg = "avg", Max = "max", Min = "min", Sum = "sum",
    Rate = "rate", CountOverTime = "count_over_time", MinOverTime = "min_over_time",
    MaxOverTime = "max_over_time", AvgOverTime = "avg_over_time", SumOverTime = "sum_over_time",
    QuantileOverTime = "quantile_over_time", HistogramOverTime = "histogram_over_time",
    Compare = "compare", TopK = "topk", BottomK = "bottomk",
}

/// Characters of the longest sign.
pub const LONGEST_SIGN: usize = 3;

impl Word {
    /// The comparison that it is.
    pub fn comparison(self) -> Option<Comparison> {
        Some(match self {
            Self::Equal => Comparison::Equal,
            Self::NotEqual => Comparison::NotEqual,
            Self::Less => Comparison::Less,
            Self::LessEqual => Comparison::LessEqual,
            Self::Greater => Comparison::Greater,
            Self::GreaterEqual => Comparison::GreaterEqual,
            _ => return None,
        })
    }

    /// The arithmetic that it is.
    pub fn arithmetic(self) -> Option<Arithmetic> {
        Some(match self {
            Self::Add => Arithmetic::Add,
            Self::Sub => Arithmetic::Sub,
            Self::Mul => Arithmetic::Mul,
            Self::Div => Arithmetic::Div,
            Self::Mod => Arithmetic::Mod,
            Self::Pow => Arithmetic::Pow,
            _ => return None,
        })
    }

    /// What it is between spansets. Three of these signs mean something else between values.
    pub fn spanset_op(self) -> Option<SpansetOp> {
        let (relation, form) = match self {
            Self::And => return Some(SpansetOp::And),
            Self::Or => return Some(SpansetOp::Or),
            Self::Greater => (Relation::Child, Form::Plain),
            Self::Descendant => (Relation::Descendant, Form::Plain),
            Self::Less => (Relation::Parent, Form::Plain),
            Self::Ancestor => (Relation::Ancestor, Form::Plain),
            Self::Sibling => (Relation::Sibling, Form::Plain),
            Self::NotChild => (Relation::Child, Form::Negated),
            Self::NotDescendant => (Relation::Descendant, Form::Negated),
            Self::NotParent => (Relation::Parent, Form::Negated),
            Self::NotAncestor => (Relation::Ancestor, Form::Negated),
            Self::NotMatches => (Relation::Sibling, Form::Negated),
            Self::UnionChild => (Relation::Child, Form::Union),
            Self::UnionDescendant => (Relation::Descendant, Form::Union),
            Self::UnionParent => (Relation::Parent, Form::Union),
            Self::UnionAncestor => (Relation::Ancestor, Form::Union),
            Self::UnionSibling => (Relation::Sibling, Form::Union),
            _ => return None,
        };
        Some(SpansetOp::Structural(relation, form))
    }
}

impl Token<'_> {
    /// How syntax errors name it.
    pub fn name(&self) -> String {
        match self {
            Self::End => "$end".to_owned(),
            Self::Word(word) => word.text().to_owned(),
            Self::Literal(Literal::Text(_)) => "STRING".to_owned(),
            Self::Literal(literal) => literal.to_string(),
            Self::Field(field) => field.to_string(),
            Self::Parent => "parent".to_owned(),
            Self::Other(text) if text.starts_with(|c: char| c == '_' || c.is_alphabetic()) => {
                format!("IDENTIFIER {text}")
            }
            Self::Other(text) => (*text).to_owned(),
        }
    }
}
