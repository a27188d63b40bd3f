//! The tree of a PromQL query, as written: parentheses are kept, nothing is folded but the sign of a
//! number. Two queries have the same tree when they are printed alike.
//!
//! Durations and times are whole milliseconds, as samples' times are.

use super::functions::Function;
use super::span::Span;
use model::Matcher;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// An enum of words with the texts they have in queries.
macro_rules! words {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each variant is the word beside it
        pub enum $enum { $($variant,)* }

        impl $enum {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its text in queries.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `1`, `0x1F`, `Inf`, `5m`
    Number(Number),
    /// `"text"`
    Text(Text),
    /// `metric{label="value"} @ end() offset 5m`
    Selector(Selector),
    /// `metric[5m]`
    Range(RangeSelector),
    /// `expr[30m:1m]`
    Subquery(Box<Subquery>),
    /// `rate(metric[5m])`
    Call(Call),
    /// `sum by (label) (expr)`
    Aggregation(Box<Aggregation>),
    /// `-expr`
    Unary(Box<Unary>),
    /// `a + on (label) b`
    Binary(Box<Binary>),
    /// `(expr)`
    Paren(Box<Paren>),
}

/// What an expression gives at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// One text.
    String,
    /// One sample for each of some series.
    Vector,
    /// Samples over a time for each of some series.
    Matrix,
}

impl ValueType {
    /// As the manual calls it, and most errors.
    pub fn documented(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }

    /// As answers call it (`resultType`), and some errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Matrix => "matrix",
            Self::Scalar | Self::String => self.documented(),
        }
    }
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Its value; seconds when it is a duration.
    pub value: f64,
    /// Whether it was written as a duration, as `5m`.
    pub is_duration: bool,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Number {
    /// `NaN` is the same number as `NaN` here: both are written so.
    fn eq(&self, other: &Self) -> bool {
        let same = self.value == other.value || self.value.is_nan() && other.value.is_nan();
        same && self.is_duration == other.is_duration
    }
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// With its escapes resolved.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

/// Which series, and their last samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The metric's name before the braces; empty when there is none.
    pub name: String,
    /// All must match; that of [`Selector::name`] is the last one of them. In the order in which they
    /// are printed.
    pub matchers: Vec<Matcher>,
    /// At which other time.
    pub modifiers: Modifiers,
    /// How the edges of a range are treated.
    pub edges: Option<Edges>,
    /// Where it stands.
    pub span: Span,
}

/// `@ …` and `offset …`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modifiers {
    /// The time instead of the evaluation's.
    pub at: Option<At>,
    /// How much earlier; none for zero.
    pub offset: Option<Duration>,
}

/// The time of `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `@ 1.5`, here in milliseconds since 1970.
    Time(i64),
    /// `@ start()`: of the query.
    Start,
    /// `@ end()`: of the query.
    End,
}

/// What stands in for samples at the edges of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// `anchored`: the sample before the edge.
    Anchored,
    /// `smoothed`: what the samples around the edge give in between.
    Smoothed,
}

impl Edges {
    /// The modifier's word.
    pub fn text(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Smoothed => "smoothed",
        }
    }
}

/// `selector[range]`; modifiers behind the brackets are the selector's.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeSelector {
    /// Which series.
    pub selector: Selector,
    /// How far back.
    pub range: Duration,
    /// Where it stands.
    pub span: Span,
}

/// `expr[range:step]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// How far back.
    pub range: Duration,
    /// How often; the engine's default when there is none.
    pub step: Option<Duration>,
    /// At which other time.
    pub modifiers: Modifiers,
    /// Where it stands.
    pub span: Span,
}

/// A length of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Duration {
    /// Milliseconds; negative only in offsets.
    Fixed(i64),
    /// Known when the query's range and step are.
    Computed(Box<DurationExpr>),
}

/// A calculation that gives seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    /// `5m`, `300`
    Number(Number),
    /// `step()`: of the query.
    Step(Span),
    /// `range()`: from the query's start to its end.
    Range(Span),
    /// `-expr`
    Negative(Box<DurationExpr>, Span),
    /// `(expr)`
    Paren(Box<DurationExpr>, Span),
    /// `min_of(a, b)`, `max_of(a, b)`
    Choice(Box<DurationChoice>),
    /// `a + b`
    Binary(Box<DurationBinary>),
}

/// The smaller or the larger of two durations.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationChoice {
    /// `max_of` instead of `min_of`.
    pub largest: bool,
    /// The first.
    pub left: DurationExpr,
    /// The second.
    pub right: DurationExpr,
    /// Where it stands.
    pub span: Span,
}

/// An operator between two durations.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationBinary {
    /// Which operator.
    pub op: DurationOp,
    /// Left side.
    pub left: DurationExpr,
    /// Right side.
    pub right: DurationExpr,
    /// Where the operator stands.
    pub op_span: Span,
}

words! {
    /// Operators between durations.
    DurationOp {
        Add = "+", Sub = "-", Mul = "*", Div = "/", Mod = "%", Pow = "^",
    }
}

/// A function with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// As many, and of the types, that its signature wants.
    pub args: Vec<Expr>,
    /// Where it stands.
    pub span: Span,
}

words! {
    /// Functions that join series.
    AggregateOp {
        Sum = "sum", Avg = "avg", Count = "count", Min = "min", Max = "max", Group = "group",
        Stddev = "stddev", Stdvar = "stdvar", Topk = "topk", Bottomk = "bottomk",
        CountValues = "count_values", Quantile = "quantile", Limitk = "limitk",
        LimitRatio = "limit_ratio",
    }
}

impl AggregateOp {
    /// The type of its parameter, when it has one.
    pub fn parameter(self) -> Option<ValueType> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => {
                Some(ValueType::Scalar)
            }
            Self::CountValues => Some(ValueType::String),
            _ => None,
        }
    }

    /// Whether it may still change.
    pub fn is_experimental(self) -> bool {
        matches!(self, Self::Limitk | Self::LimitRatio)
    }
}

/// `op by (labels) (parameter, inner)`
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// Which function.
    pub op: AggregateOp,
    /// Its parameter, as `k` of `topk`.
    pub parameter: Option<Expr>,
    /// Over what.
    pub inner: Expr,
    /// None joins all series; so does `by ()`, which is not told apart.
    pub grouping: Option<Grouping>,
    /// Where it stands.
    pub span: Span,
}

/// `by (a, b)` or `without (a, b)`
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// Whether the labels are taken away instead of kept.
    pub without: bool,
    /// Label names.
    pub labels: Vec<String>,
}

/// A sign before an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// `-` instead of `+`.
    pub negative: bool,
    /// No number: that has its own sign.
    pub expr: Expr,
    /// Where it stands, from the sign on.
    pub span: Span,
}

/// `(expr)`
#[derive(Clone, Debug, PartialEq)]
pub struct Paren {
    /// What is between.
    pub expr: Expr,
    /// Where it stands.
    pub span: Span,
}

words! {
    /// Operators between two expressions.
    BinaryOp {
        Add = "+", Sub = "-", Mul = "*", Div = "/", Mod = "%", Pow = "^", Atan2 = "atan2",
        Equal = "==", NotEqual = "!=", Less = "<", LessEqual = "<=", Greater = ">", GreaterEqual = ">=",
        TrimUpper = "</", TrimLower = ">/",
        And = "and", Or = "or", Unless = "unless",
    }
}

impl BinaryOp {
    /// Whether it compares: it filters, or gives 0 and 1 with `bool`.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
    }

    /// Whether it looks at labels only.
    pub fn is_set_operator(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// An operator between two expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which operator.
    pub op: BinaryOp,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
    /// `bool`: comparisons give 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How series of both sides find each other; none when by all labels, or when a side is a scalar.
    pub matching: Option<Matching>,
    /// Where the operator stands.
    pub op_span: Span,
}

/// `on (…)` or `ignoring (…)` with what follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// Labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Which side may have many series for one of the other, and labels that it takes from there.
    pub group: Option<(GroupSide, Vec<String>)>,
    /// The value where a series of the right side has none on the left.
    pub fill_left: Option<Number>,
    /// The value where a series of the left side has none on the right.
    pub fill_right: Option<Number>,
}

/// The side with many series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupSide {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

impl GroupSide {
    /// The modifier's word.
    pub fn text(self) -> &'static str {
        match self {
            Self::Left => "group_left",
            Self::Right => "group_right",
        }
    }
}

impl Expr {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Number(number) => number.span,
            Self::Text(text) => text.span,
            Self::Selector(selector) => selector.span,
            Self::Range(range) => range.span,
            Self::Subquery(subquery) => subquery.span,
            Self::Call(call) => call.span,
            Self::Aggregation(aggregation) => aggregation.span,
            Self::Unary(unary) => unary.span,
            Self::Binary(binary) => binary.left.span().to(binary.right.span()),
            Self::Paren(paren) => paren.span,
        }
    }

    /// What it gives, of a tree that [`super::parse`] gave.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Number(_) => ValueType::Scalar,
            Self::Text(_) => ValueType::String,
            Self::Selector(_) | Self::Aggregation(_) => ValueType::Vector,
            Self::Range(_) | Self::Subquery(_) => ValueType::Matrix,
            Self::Call(call) => call.function.signature().returns,
            Self::Unary(unary) => unary.expr.value_type(),
            Self::Paren(paren) => paren.expr.value_type(),
            Self::Binary(binary) => {
                let scalar = |expr: &Self| expr.value_type() == ValueType::Scalar;
                let both = scalar(&binary.left) && scalar(&binary.right);
                if both { ValueType::Scalar } else { ValueType::Vector }
            }
        }
    }
}

impl DurationExpr {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Number(number) => number.span,
            Self::Step(span) | Self::Range(span) | Self::Negative(_, span) | Self::Paren(_, span) => *span,
            Self::Choice(choice) => choice.span,
            Self::Binary(binary) => binary.left.span().to(binary.right.span()),
        }
    }
}
