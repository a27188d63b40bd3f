//! TraceQL's tree, made for evaluation: names resolved, regexes compiled, precedence gone.

use model::go_regex::GoRegex;

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is asked.
    pub expr: Expr,
    /// `with(…)`, in the order written.
    pub hints: Vec<Hint>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Which spans: spansets come out.
    Spans(Pipeline),
    /// How many, how fast: series come out.
    Metrics(MetricsExpr),
}

/// `name=value` after `with`: how to work, never what to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Literal,
}

/// Stages, each working on the spansets that the one before gives. The first one gets all spans of
/// a trace as one spanset. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The stages.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `{ … }`, alone or joined by operators.
    Spansets(SpansetExpr),
    /// `by(…)`: a spanset for each value.
    By(FieldExpr),
    /// `coalesce()`: one spanset of all.
    Coalesce,
    /// `select(…)`: what to tell of each span.
    Select(Vec<Field>),
    /// `count() > 2`: spansets of which it holds.
    Scalar(ScalarFilter),
}

/// Which spans of a spanset.
#[derive(Clone, Debug, PartialEq)]
pub enum SpansetExpr {
    /// `{ … }`; `{}` is `{ true }`.
    Filter(FieldExpr),
    /// A pipeline in parentheses as an operand; has other stages than one of [`Stage::Spansets`].
    Pipeline(Pipeline),
    /// Two of them joined.
    Binary(Box<SpansetBinary>),
}

/// `left op right` of spansets.
#[derive(Clone, Debug, PartialEq)]
pub struct SpansetBinary {
    /// How they are joined.
    pub op: SpansetOp,
    /// The left side.
    pub left: SpansetExpr,
    /// The right side.
    pub right: SpansetExpr,
}

/// How two spansets are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpansetOp {
    /// `&&`: all spans of both when neither is empty.
    And,
    /// `||`: all spans of both.
    Or,
    /// Spans of the right side by their place in the trace.
    Structural(Relation, Form),
}

/// What a span of the right side is to one of the left side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `>`
    Child,
    /// `>>`
    Descendant,
    /// `<`
    Parent,
    /// `<<`
    Ancestor,
    /// `~`
    Sibling,
}

/// Which spans a structural operator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Those of the right side that stand in the relation to any of the left side.
    Plain,
    /// `!>`: those of the right side that stand in it to none.
    Negated,
    /// `&>`: those of both sides that stand in it to one another.
    Union,
}

/// A computation on one span.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldExpr {
    /// A value as written.
    Literal(Literal),
    /// A value of the span.
    Field(Field),
    /// `!x`
    Not(Box<FieldExpr>),
    /// `-x`; never of a number as written, which is a negative one.
    Negate(Box<FieldExpr>),
    /// `x =~ "…"` or `x !~ "…"`: the whole text.
    Match(Box<Match>),
    /// Two values with an operator.
    Binary(Box<FieldBinary>),
}

/// `value =~ "regex"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// What is matched.
    pub value: FieldExpr,
    /// Whether it is `!~`.
    pub negated: bool,
    /// Anchored at both ends.
    pub regex: GoRegex,
}

/// `left op right` of values.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldBinary {
    /// The operator.
    pub op: FieldOp,
    /// The left side.
    pub left: FieldExpr,
    /// The right side.
    pub right: FieldExpr,
}

/// Operators between values of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOp {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `= != < <= > >=`
    Compare(Comparison),
    /// `+ - * / % ^`
    Compute(Arithmetic),
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `nil`: not there.
    Nil,
    /// `5`
    Int(i64),
    /// `5.0`, finite.
    Float(f64),
    /// `5s`, in nanoseconds.
    Duration(i64),
    /// `true`
    Bool(bool),
    /// `"a"`
    Text(String),
    /// `error`
    Status(Status),
    /// `server`
    Kind(SpanKind),
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As queries write it.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one written so.
            pub fn named(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$variant,)* _ => return None })
            }
        }
    };
}

named! {
    /// How a span ended.
    Status {
        /// Nobody said.
        Unset = "unset",
        /// Well.
        Ok = "ok",
        /// Badly.
        Error = "error",
    }
}

named! {
    /// What a span is in its service's dealings with others.
    SpanKind {
        /// Nobody said.
        Unspecified = "unspecified",
        /// Within the service.
        Internal = "internal",
        /// Answers a call.
        Server = "server",
        /// Calls.
        Client = "client",
        /// Sends a message.
        Producer = "producer",
        /// Receives a message.
        Consumer = "consumer",
    }
}

/// A value that a span has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// One that its sender named.
    Attribute(Attribute),
    /// One that every span has.
    Intrinsic(Intrinsic),
}

/// A value that its sender named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// Where it is looked for.
    pub scope: Scope,
    /// Its name, not empty.
    pub name: String,
}

named! {
    /// Where attributes are looked for.
    Scope {
        /// `.a`: the span, else the resource.
        Any = "",
        /// `span.a`
        Span = "span",
        /// `resource.a`
        Resource = "resource",
        /// `event.a`: any event of the span.
        Event = "event",
        /// `link.a`: any link of the span.
        Link = "link",
        /// `instrumentation.a`: the instrumentation scope.
        Instrumentation = "instrumentation",
    }
}

named! {
    /// Values that every span has. Each is written without a scope where it may be.
    Intrinsic {
        /// `span:duration`
        Duration = "duration",
        /// `span:name`
        Name = "name",
        /// `span:status`
        Status = "status",
        /// `span:statusMessage`
        StatusMessage = "statusMessage",
        /// `span:kind`
        Kind = "kind",
        /// `trace:rootName`: the name of the trace's first span.
        RootName = "rootName",
        /// `trace:rootService`
        RootServiceName = "rootServiceName",
        /// `trace:duration`: from the first start to the last end.
        TraceDuration = "traceDuration",
        /// Its first number when the tree is walked, from 1; 0 where the root is not known.
        NestedSetLeft = "nestedSetLeft",
        /// Its second number when the tree is walked.
        NestedSetRight = "nestedSetRight",
        /// The first number of its parent; -1 for the root.
        NestedSetParent = "nestedSetParent",
        /// In hexadecimal.
        TraceId = "trace:id",
        /// In hexadecimal.
        SpanId = "span:id",
        /// In hexadecimal, empty for the root.
        ParentId = "span:parentID",
        /// How many spans name it as their parent.
        ChildCount = "span:childCount",
        /// Of any event.
        EventName = "event:name",
        /// From the span's start to any of its events.
        EventTimeSinceStart = "event:timeSinceStart",
        /// Of any link, in hexadecimal.
        LinkTraceId = "link:traceID",
        /// Of any link, in hexadecimal.
        LinkSpanId = "link:spanID",
        /// Of the instrumentation scope.
        InstrumentationName = "instrumentation:name",
        /// Of the instrumentation scope.
        InstrumentationVersion = "instrumentation:version",
    }
}

/// `left op right` of which at least one side holds an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarFilter {
    /// How they are compared.
    pub op: Comparison,
    /// The left side.
    pub left: ScalarExpr,
    /// The right side.
    pub right: ScalarExpr,
}

/// A number about a spanset.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarExpr {
    /// An integer, a float or a duration.
    Literal(Literal),
    /// One that is computed over the spans.
    Aggregate(Aggregate),
    /// `-x` of an aggregate or more.
    Negate(Box<ScalarExpr>),
    /// Two numbers with an operator.
    Binary(Box<ScalarBinary>),
}

/// `left op right` of numbers about a spanset.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarBinary {
    /// The operator.
    pub op: Arithmetic,
    /// The left side.
    pub left: ScalarExpr,
    /// The right side.
    pub right: ScalarExpr,
}

/// A number computed over the spans of a spanset.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregate {
    /// `count()`
    Count,
    /// `avg(…)` and the like, over spans where the value is there.
    Over(AggregateOp, FieldExpr),
}

named! {
    /// How values become one.
    AggregateOp {
        /// The mean.
        Avg = "avg",
        /// The largest.
        Max = "max",
        /// The smallest.
        Min = "min",
        /// The sum.
        Sum = "sum",
    }
}

/// Series made of spans.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricsExpr {
    /// `… | rate() by(…)`
    Aggregate(Box<MetricsAggregate>),
    /// A number that stands for a series beside another: an integer or a float.
    Number(Literal),
    /// `(…) / (…)`: one of `+ - * /`; at most one side is a number.
    Binary(Box<MetricsBinary>),
    /// `… | topk(5) > 3`: at least one stage, over another variant.
    Refined(Box<MetricsExpr>, Vec<SecondStage>),
}

impl MetricsExpr {
    /// Whether series of `compare()` come out.
    pub fn compares(&self) -> bool {
        match self {
            Self::Aggregate(aggregate) => matches!(aggregate.stage, FirstStage::Compare(_)),
            Self::Refined(of, _) => of.compares(),
            Self::Number(_) | Self::Binary(_) => false,
        }
    }
}

/// The first stage that makes series.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsAggregate {
    /// Which spans.
    pub spans: Pipeline,
    /// What is made of them.
    pub stage: FirstStage,
}

/// How spans become series.
#[derive(Clone, Debug, PartialEq)]
pub enum FirstStage {
    /// `rate() by(…)`
    Range {
        /// What is computed for each step.
        function: RangeFunction,
        /// What series are told apart by.
        by: Vec<Field>,
    },
    /// `compare({…})`
    Compare(Compare),
}

/// What is computed for each step.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeFunction {
    /// `rate()`: spans per second.
    Rate,
    /// `count_over_time()`
    Count,
    /// `avg_over_time(…)` and the like.
    Over(AggregateOp, Field),
    /// `quantile_over_time(…, 0.9, 0.99)`: at least one, each in 0..=1.
    Quantile(Field, Vec<f64>),
    /// `histogram_over_time(…)`
    Histogram(Field),
}

/// `compare({selection}, 10, start, end)`: how attributes of a selection differ from the others'.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The filter in braces.
    pub selection: FieldExpr,
    /// Most values told of one attribute.
    pub top: i64,
    /// Start and end of the selection in nanoseconds since 1970.
    pub window_ns: Option<(i64, i64)>,
}

impl Compare {
    /// [`Compare::top`] where none is written.
    pub const DEFAULT_TOP: i64 = 10;
}

/// What is done with series.
#[derive(Clone, Debug, PartialEq)]
pub enum SecondStage {
    /// `topk(n)`
    TopK(i64),
    /// `bottomk(n)`
    BottomK(i64),
    /// `> 10`: points of which it holds; an integer, a float or a duration.
    Filter(Comparison, Literal),
}

/// `left op right` of series.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsBinary {
    /// `+ - * /`
    pub op: Arithmetic,
    /// The left side.
    pub left: MetricsExpr,
    /// The right side.
    pub right: MetricsExpr,
}
