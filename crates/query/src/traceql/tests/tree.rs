//! Random trees, of those that a query can give.

use crate::traceql::ast::*;
use model::go_regex::GoRegex;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn name() -> impl Strategy<Value = String> {
    let odd = prop_oneof![any::<String>(), "[a-z .\"\\\\=5]{1,4}"].prop_filter("a name", |s| !s.is_empty());
    prop_oneof![select(vec!["a", "http.status_code", "b-c/d", "5x", "größe"]).prop_map(str::to_owned), odd]
}

fn attribute() -> impl Strategy<Value = Field> {
    (select(Scope::ALL), name()).prop_map(|(scope, name)| Field::Attribute(Attribute { scope, name }))
}

fn intrinsic(of: &'static [Intrinsic]) -> impl Strategy<Value = Field> {
    select(of).prop_map(Field::Intrinsic)
}

const NUMBERS: &[Intrinsic] = &[Intrinsic::Duration, Intrinsic::TraceDuration, Intrinsic::ChildCount];
const TEXTS: &[Intrinsic] = &[Intrinsic::Name, Intrinsic::RootServiceName, Intrinsic::TraceId];

/// Never the first of all durations, which nobody can write.
fn number() -> impl Strategy<Value = Literal> {
    prop_oneof![
        (-10i64..10).prop_map(Literal::Int),
        any::<i64>().prop_map(Literal::Int),
        any::<f64>().prop_map(|x| Literal::Float(if x.is_finite() { x } else { 0.5 })),
        (-i64::MAX..i64::MAX).prop_map(Literal::Duration),
    ]
}

fn plain_number() -> impl Strategy<Value = Literal> {
    number().prop_filter("no duration", |number| !matches!(number, Literal::Duration(_)))
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::*;
    select(vec![Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual])
}

fn arithmetic() -> impl Strategy<Value = Arithmetic> {
    use Arithmetic::*;
    select(vec![Add, Sub, Mul, Div, Mod, Pow])
}

fn binary(op: FieldOp, left: FieldExpr, right: FieldExpr) -> FieldExpr {
    FieldExpr::Binary(Box::new(FieldBinary { op, left, right }))
}

fn negate(of: FieldExpr) -> FieldExpr {
    match of {
        FieldExpr::Literal(Literal::Int(i64::MIN)) => FieldExpr::Negate(Box::new(of)),
        FieldExpr::Literal(_) => of,
        of => FieldExpr::Negate(Box::new(of)),
    }
}

fn numeric() -> impl Strategy<Value = FieldExpr> {
    let field = prop_oneof![attribute(), intrinsic(NUMBERS)].prop_map(FieldExpr::Field);
    let leaf = prop_oneof![field, number().prop_map(FieldExpr::Literal)];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let computed = (arithmetic(), inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(negate),
            computed.prop_map(|(op, left, right)| binary(FieldOp::Compute(op), left, right)),
        ]
    })
}

/// A number that reads values of spans.
fn reading() -> impl Strategy<Value = FieldExpr> {
    (arithmetic(), attribute(), numeric())
        .prop_map(|(op, field, with)| binary(FieldOp::Compute(op), FieldExpr::Field(field), with))
}

fn textual() -> impl Strategy<Value = FieldExpr> {
    prop_oneof![attribute(), intrinsic(TEXTS)].prop_map(FieldExpr::Field)
}

fn matched() -> impl Strategy<Value = FieldExpr> {
    let regex = select(vec!["a.*b", "", r"\d+|x", "[^\"`]", "(?i)é"]);
    (textual(), any::<bool>(), regex).prop_map(|(value, negated, regex)| {
        let regex = GoRegex::anchored(regex).unwrap();
        FieldExpr::Match(Box::new(Match { value, negated, regex }))
    })
}

fn compared() -> impl Strategy<Value = FieldExpr> {
    let equality = || select(vec![Comparison::Equal, Comparison::NotEqual]);
    let literal = |literal: Literal| FieldExpr::Literal(literal);
    let intrinsic = |intrinsic| FieldExpr::Field(Field::Intrinsic(intrinsic));
    let compare = |op, left, right| binary(FieldOp::Compare(op), left, right);
    prop_oneof![
        (comparison(), numeric(), numeric()).prop_map(move |(op, l, r)| compare(op, l, r)),
        (comparison(), textual(), any::<String>()).prop_map(move |(op, l, r)| compare(
            op,
            l,
            literal(Literal::Text(r))
        )),
        (equality(), numeric()).prop_map(move |(op, l)| compare(op, l, literal(Literal::Nil))),
        (equality(), select(Status::ALL)).prop_map(move |(op, status)| {
            compare(op, intrinsic(Intrinsic::Status), literal(Literal::Status(status)))
        }),
        (equality(), select(SpanKind::ALL)).prop_map(move |(op, kind)| {
            compare(op, literal(Literal::Kind(kind)), intrinsic(Intrinsic::Kind))
        }),
    ]
}

fn condition() -> impl Strategy<Value = FieldExpr> {
    let leaf = prop_oneof![
        compared(),
        matched(),
        attribute().prop_map(FieldExpr::Field),
        any::<bool>().prop_map(|truth| FieldExpr::Literal(Literal::Bool(truth))),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        use Comparison::{Equal, NotEqual};
        let ops = vec![FieldOp::And, FieldOp::Or, FieldOp::Compare(Equal), FieldOp::Compare(NotEqual)];
        prop_oneof![
            inner.clone().prop_map(|of| FieldExpr::Not(Box::new(of))),
            (select(ops), inner.clone(), inner).prop_map(|(op, left, right)| binary(op, left, right)),
        ]
    })
}

fn spanset_op() -> impl Strategy<Value = SpansetOp> {
    use Relation::*;
    let relation = select(vec![Child, Descendant, Parent, Ancestor, Sibling]);
    let form = select(vec![Form::Plain, Form::Negated, Form::Union]);
    prop_oneof![
        Just(SpansetOp::And),
        Just(SpansetOp::Or),
        (relation, form).prop_map(|(relation, form)| SpansetOp::Structural(relation, form)),
    ]
}

fn scalar() -> impl Strategy<Value = ScalarExpr> {
    use AggregateOp::*;
    let over = (select(vec![Avg, Max, Min, Sum]), reading()).prop_map(|(op, e)| Aggregate::Over(op, e));
    let leaf = prop_oneof![Just(Aggregate::Count), over].prop_map(ScalarExpr::Aggregate);
    leaf.prop_recursive(3, 6, 2, |inner| {
        let number = number().prop_map(ScalarExpr::Literal);
        let computed = |op, left, right| ScalarExpr::Binary(Box::new(ScalarBinary { op, left, right }));
        prop_oneof![
            inner.clone().prop_map(|of| ScalarExpr::Negate(Box::new(of))),
            (arithmetic(), inner.clone(), inner.clone()).prop_map(move |(op, l, r)| computed(op, l, r)),
            (arithmetic(), number, inner).prop_map(move |(op, l, r)| computed(op, l, r)),
        ]
    })
}

fn scalar_filter() -> impl Strategy<Value = Stage> {
    let side = prop_oneof![scalar(), number().prop_map(ScalarExpr::Literal)];
    (comparison(), scalar(), side, any::<bool>()).prop_map(|(op, a, b, turned)| {
        let (left, right) = if turned { (b, a) } else { (a, b) };
        Stage::Scalar(ScalarFilter { op, left, right })
    })
}

fn joined(inner: impl Strategy<Value = Pipeline> + Clone) -> impl Strategy<Value = Pipeline> {
    let operand = |pipeline: Pipeline| match pipeline.stages.as_slice() {
        [Stage::Spansets(expr)] => expr.clone(),
        _ => SpansetExpr::Pipeline(pipeline),
    };
    (spanset_op(), inner.clone(), inner).prop_map(move |(op, left, right)| {
        let binary = SpansetBinary { op, left: operand(left), right: operand(right) };
        Pipeline { stages: vec![Stage::Spansets(SpansetExpr::Binary(Box::new(binary)))] }
    })
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    let stage = prop_oneof![
        4 => condition().prop_map(|expr| Stage::Spansets(SpansetExpr::Filter(expr))),
        1 => reading().prop_map(Stage::By),
        1 => Just(Stage::Coalesce),
        1 => vec(attribute(), 1..3).prop_map(Stage::Select),
        1 => scalar_filter(),
    ];
    let leaf = stage.prop_map(|stage| Pipeline { stages: vec![stage] });
    leaf.prop_recursive(3, 6, 2, |inner| {
        let chained = (inner.clone(), inner.clone()).prop_map(|(mut first, then)| {
            first.stages.extend(then.stages);
            first
        });
        prop_oneof![joined(inner), chained]
    })
}

fn first_stage() -> impl Strategy<Value = FirstStage> {
    use AggregateOp::*;
    let over = select(vec![Avg, Max, Min, Sum]);
    let field = || prop_oneof![attribute(), intrinsic(NUMBERS)];
    let function = prop_oneof![
        Just(RangeFunction::Rate),
        Just(RangeFunction::Count),
        (over, field()).prop_map(|(op, field)| RangeFunction::Over(op, field)),
        (field(), vec(0f64..=1.0, 1..3)).prop_map(|(field, qs)| RangeFunction::Quantile(field, qs)),
        field().prop_map(RangeFunction::Histogram),
    ];
    (function, vec(attribute(), 0..3)).prop_map(|(function, by)| FirstStage::Range { function, by })
}

fn second_stage() -> impl Strategy<Value = SecondStage> {
    prop_oneof![
        (1i64..1000).prop_map(SecondStage::TopK),
        (1i64..1000).prop_map(SecondStage::BottomK),
        (comparison(), number()).prop_map(|(op, value)| SecondStage::Filter(op, value)),
    ]
}

fn refined(of: MetricsExpr, stages: Vec<SecondStage>) -> MetricsExpr {
    match of {
        of if stages.is_empty() => of,
        MetricsExpr::Refined(of, earlier) => MetricsExpr::Refined(of, [earlier, stages].concat()),
        of => MetricsExpr::Refined(Box::new(of), stages),
    }
}

fn metrics() -> impl Strategy<Value = MetricsExpr> {
    let leaf = (pipeline(), first_stage())
        .prop_map(|(spans, stage)| MetricsExpr::Aggregate(Box::new(MetricsAggregate { spans, stage })));
    leaf.prop_recursive(2, 4, 2, |inner| {
        use Arithmetic::*;
        let op = || select(vec![Add, Sub, Mul, Div]);
        let number = || plain_number().prop_map(MetricsExpr::Number);
        let binary = |(op, left, right)| MetricsExpr::Binary(Box::new(MetricsBinary { op, left, right }));
        prop_oneof![
            (op(), inner.clone(), inner.clone()).prop_map(binary),
            (op(), inner.clone(), number()).prop_map(binary),
            (op(), number(), inner.clone()).prop_map(binary),
            (inner, vec(second_stage(), 1..3)).prop_map(|(of, stages)| refined(of, stages)),
        ]
    })
}

fn compare() -> impl Strategy<Value = MetricsExpr> {
    let window_ns = of((1i64..1000, 1i64..1000).prop_map(|(start, length)| (start, start + length)));
    (pipeline(), condition(), 1i64..100, window_ns).prop_map(|(spans, selection, top, window_ns)| {
        let stage = FirstStage::Compare(Compare { selection, top, window_ns });
        MetricsExpr::Aggregate(Box::new(MetricsAggregate { spans, stage }))
    })
}

pub fn query() -> impl Strategy<Value = Query> {
    let expr = prop_oneof![
        4 => pipeline().prop_map(Expr::Spans),
        3 => metrics().prop_map(Expr::Metrics),
        1 => compare().prop_map(Expr::Metrics),
    ];
    let value =
        prop_oneof![any::<bool>().prop_map(Literal::Bool), number(), any::<String>().prop_map(Literal::Text)];
    let hint = (select(vec!["sample", "exemplars", "_x"]), value)
        .prop_map(|(name, value)| Hint { name: name.to_owned(), value });
    (expr, vec(hint, 0..3)).prop_map(|(expr, hints)| Query { expr, hints })
}
