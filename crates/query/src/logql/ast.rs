//! The tree of a LogQL query, as written: operators between two numbers are folded, nothing else is
//! reordered or resolved.

use model::{MatchOp, Matcher};

/// An enum of functions with the names they have in queries.
macro_rules! functions {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each variant is the function beside it
        pub enum $enum { $($variant,)* }

        impl $enum {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in queries.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one called `name`.
            pub fn named(name: &str) -> Option<Self> {
                Some(match name { $($name => Self::$variant,)* _ => return None })
            }
        }
    };
}

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Gives lines.
    Log(LogExpr),
    /// Gives numbers.
    Metric(MetricExpr),
}

/// A selector and the stages its lines go through.
#[derive(Clone, Debug, PartialEq)]
pub struct LogExpr {
    /// `{a="b"}`; all must match.
    pub matchers: Vec<Matcher>,
    /// The pipeline; `unwrap` is not among them ([`RangeAggregation::unwrap`]).
    pub stages: Vec<Stage>,
}

/// One stage of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `|= "a" or "b"`, `!~ "x"`, `|> "<_> a"`, `|= ip("…")`.
    LineFilter(LineFilter),
    /// `| json` without parameters, or `| json a="x.y[0]", b`.
    Json(Vec<Extraction>),
    /// `| logfmt --strict --keep-empty a="b", c`.
    Logfmt {
        /// Bad pairs are errors.
        strict: bool,
        /// Keys without value are kept.
        keep_empty: bool,
        /// Which keys, all when empty.
        extractions: Vec<Extraction>,
    },
    /// `| pattern "<ip> - <_>"`.
    Pattern(String),
    /// `| regexp "(?P<a>…)"`.
    Regexp(String),
    /// `| unpack`.
    Unpack,
    /// `| decolorize`.
    Decolorize,
    /// `| status >= 500 or level="error"`.
    LabelFilter(LabelFilter),
    /// `| line_format "…"`.
    LineFormat(String),
    /// `| label_format a=b, c="…"`.
    LabelFormat(Vec<LabelFormat>),
    /// `| drop a, b="x"`.
    Drop(Vec<NameOrMatcher>),
    /// `| keep a, b="x"`.
    Keep(Vec<NameOrMatcher>),
    /// `| distinct a, b`: of lines with the same values of these labels the first. Only at the end of a
    /// log query.
    Distinct(Vec<String>),
    /// `| sort by (a desc, b)`: lines by the values of labels instead of by time. Only at the end of a log
    /// query.
    Sort(Vec<SortKey>),
}

impl Stage {
    /// Whether it looks at the whole answer instead of at one line.
    pub fn is_ending(&self) -> bool {
        matches!(self, Self::Distinct(_) | Self::Sort(_))
    }

    /// Whether each line passes it, as it is.
    pub fn only_adds_labels(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Logfmt { .. } | Self::Pattern(_) | Self::Regexp(_))
    }
}

/// One label of `sort by`.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The label.
    pub label: String,
    /// Greatest first.
    pub descending: bool,
}

/// How a line filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOp {
    /// `|=`
    Contains,
    /// `!=`
    NotContains,
    /// `|~`
    Regex,
    /// `!~`
    NotRegex,
    /// `|>`
    Pattern,
    /// `!>`
    NotPattern,
}

/// A line filter with its `or` chain.
#[derive(Clone, Debug, PartialEq)]
pub struct LineFilter {
    /// How each operand is compared.
    pub op: LineOp,
    /// Never empty. Positive operators pass when any matches, negative ones when none does.
    pub any: Vec<LineOperand>,
}

/// What a line filter compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum LineOperand {
    /// A string, regex or pattern.
    Text(String),
    /// `ip("10.0.0.0/8")`.
    Ip(String),
}

/// `label="expression"` of json and logfmt; a bare name extracts the field of that name.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    /// The label that is made.
    pub label: String,
    /// Where its value is found.
    pub expression: String,
}

/// One assignment of `label_format`.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelFormat {
    /// `dst=src`
    Rename {
        /// The label that is made.
        to: String,
        /// The label that goes.
        from: String,
    },
    /// `dst="template"`
    Template {
        /// The label that is made.
        to: String,
        /// Its template.
        template: String,
    },
}

/// An item of `drop` and `keep`.
#[derive(Clone, Debug, PartialEq)]
pub enum NameOrMatcher {
    /// Whatever its value.
    Name(String),
    /// Only when the value matches.
    Matcher(Matcher),
}

/// How a label filter compares a number, duration or byte size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `==` (in label filters `=` too)
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
}

/// A condition on labels.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelFilter {
    /// Both; written `and`, `,` or with a space.
    And(Box<LabelFilter>, Box<LabelFilter>),
    /// Either.
    Or(Box<LabelFilter>, Box<LabelFilter>),
    /// `name="x"`, `!=`, `=~`, `!~`
    Text(Matcher),
    /// `name > 5`
    Number {
        /// Label.
        name: String,
        /// How.
        op: CompareOp,
        /// With what.
        value: f64,
    },
    /// `name > 5s`
    Duration {
        /// Label.
        name: String,
        /// How.
        op: CompareOp,
        /// With what, nanoseconds.
        ns: i64,
    },
    /// `name > 5KB`
    Bytes {
        /// Label.
        name: String,
        /// How.
        op: CompareOp,
        /// With what, bytes.
        bytes: u64,
    },
    /// `name = ip("10.0.0.0/8")`; only `Equal` and `NotEqual`.
    Ip {
        /// Label.
        name: String,
        /// [`MatchOp::Equal`] or [`MatchOp::NotEqual`].
        op: MatchOp,
        /// Address, range or CIDR.
        pattern: String,
    },
}

/// An expression that gives numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricExpr {
    /// `rate({a="b"}[5m])`
    Range(RangeAggregation),
    /// `sum by (a) (…)`
    Vector(VectorAggregation),
    /// `a + b`
    Binary(Box<Binary>),
    /// `label_replace(v, "dst", "$1", "src", "(.*)")`
    LabelReplace(Box<LabelReplace>),
    /// `vector(1)`
    VectorFn(f64),
    /// `1`, `-1`
    Literal(f64),
}

functions! {
    /// Functions over the lines in a window.
    RangeOp {
        CountOverTime = "count_over_time",
        Rate = "rate",
        BytesOverTime = "bytes_over_time",
        BytesRate = "bytes_rate",
        AbsentOverTime = "absent_over_time",
        RateCounter = "rate_counter",
        SumOverTime = "sum_over_time",
        AvgOverTime = "avg_over_time",
        MaxOverTime = "max_over_time",
        MinOverTime = "min_over_time",
        StdvarOverTime = "stdvar_over_time",
        StddevOverTime = "stddev_over_time",
        QuantileOverTime = "quantile_over_time",
        FirstOverTime = "first_over_time",
        LastOverTime = "last_over_time",
        CountDistinctOverTime = "count_distinct_over_time",
    }
}

/// A function over the lines in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeAggregation {
    /// Which function.
    pub op: RangeOp,
    /// The quantile of `quantile_over_time`.
    pub parameter: Option<f64>,
    /// Which lines.
    pub log: LogExpr,
    /// Where the sample's value comes from; the label of `count_distinct_over_time`.
    pub unwrap: Option<Unwrap>,
    /// `[5m]` in nanoseconds.
    pub range_ns: i64,
    /// `offset 5m` in nanoseconds; may be negative.
    pub offset_ns: Option<i64>,
    /// `by (…)` or `without (…)`.
    pub grouping: Option<Grouping>,
}

impl RangeAggregation {
    /// The label of `count_distinct_over_time`, written as its first argument.
    pub fn distinct_label(&self) -> Option<&str> {
        let unwrap = self.unwrap.as_ref().filter(|unwrap| unwrap.conversion == Conversion::Identity)?;
        Some(&unwrap.label)
    }

    /// The `unwrap` that is written as a stage.
    pub fn unwrap_stage(&self) -> Option<&Unwrap> {
        self.unwrap.as_ref().filter(|unwrap| unwrap.conversion != Conversion::Identity)
    }
}

/// `| unwrap duration(x)` with the label filters after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unwrap {
    /// The label that holds the value.
    pub label: String,
    /// How its text becomes a number.
    pub conversion: Conversion,
    /// Label filters after `unwrap`, in order.
    pub filters: Vec<LabelFilter>,
}

impl Unwrap {
    /// The texts of `label` by identity.
    pub fn identity(label: &str) -> Self {
        Self { label: label.to_owned(), conversion: Conversion::Identity, filters: Vec::new() }
    }
}

/// How an unwrapped text becomes a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// A Go float.
    Number,
    /// `duration(x)`: a Go duration, as seconds.
    Duration,
    /// `duration_seconds(x)`: the same.
    DurationSeconds,
    /// `bytes(x)`: a byte size, as bytes.
    Bytes,
    /// The label of `count_distinct_over_time`: a number by which equal texts are equal, and others not.
    Identity,
}

impl Conversion {
    /// Its name in queries; empty for those that have none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number | Self::Identity => "",
            Self::Duration => "duration",
            Self::DurationSeconds => "duration_seconds",
            Self::Bytes => "bytes",
        }
    }
}

impl LineOp {
    /// The operator's text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Contains => "|=",
            Self::NotContains => "!=",
            Self::Regex => "|~",
            Self::NotRegex => "!~",
            Self::Pattern => "|>",
            Self::NotPattern => "!>",
        }
    }
}

impl CompareOp {
    /// The operator's text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
        }
    }
}

/// `by (a, b)` or `without (a, b)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouping {
    /// Whether the labels are taken away instead of kept.
    pub without: bool,
    /// Label names; may be empty.
    pub labels: Vec<String>,
}

functions! {
    /// Functions over a vector.
    VectorOp {
        Sum = "sum",
        Avg = "avg",
        Count = "count",
        Max = "max",
        Min = "min",
        Stddev = "stddev",
        Stdvar = "stdvar",
        Topk = "topk",
        Bottomk = "bottomk",
        Sort = "sort",
        SortDesc = "sort_desc",
        ApproxTopk = "approx_topk",
    }
}

/// A function over a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorAggregation {
    /// Which function.
    pub op: VectorOp,
    /// The k of topk, bottomk and approx_topk.
    pub parameter: Option<u64>,
    /// Over what.
    pub inner: Box<MetricExpr>,
    /// `by (…)` or `without (…)`.
    pub grouping: Option<Grouping>,
}

functions! {
    /// Operators between two expressions.
    BinaryOp {
        Or = "or",
        And = "and",
        Unless = "unless",
        Equal = "==",
        NotEqual = "!=",
        Greater = ">",
        GreaterEqual = ">=",
        Less = "<",
        LessEqual = "<=",
        Add = "+",
        Sub = "-",
        Mul = "*",
        Div = "/",
        Mod = "%",
        Pow = "^",
    }
}

/// An operator between two expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which operator.
    pub op: BinaryOp,
    /// Left side.
    pub left: MetricExpr,
    /// Right side.
    pub right: MetricExpr,
    /// `bool`: comparisons give 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How series of both sides find each other.
    pub matching: Option<Matching>,
}

/// `on (…)` or `ignoring (…)`, with `group_left (…)` or `group_right (…)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// Labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Which side may have many series for one of the other.
    pub group: Option<(GroupSide, Vec<String>)>,
}

/// The side with many series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupSide {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// `label_replace(inner, "dst", "replacement", "src", "regex")`
#[derive(Clone, Debug, PartialEq)]
pub struct LabelReplace {
    /// Over what.
    pub inner: MetricExpr,
    /// The label that is set.
    pub dst: String,
    /// With `$1` for groups.
    pub replacement: String,
    /// The label that is read.
    pub src: String,
    /// Anchored.
    pub regex: String,
}
