//! Random trees, of those that a query can give.

use crate::logql::ast::*;
use crate::logql::literal;
use crate::syntax::byte_size;
use model::{MatchOp, Matcher};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn name() -> impl Strategy<Value = String> {
    // Functions' names are names where they are not called.
    select(vec!["a", "b_1", "_", "Level", "rate", "sum", "bytes", "ip", "größe", "topk"])
        .prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z .\"\\\\`{}|]{0,6}", any::<String>()]
}

fn regex() -> impl Strategy<Value = String> {
    select(vec!["a.*b", "", r"\d+|x", "[^\"`]", "(?i)é"]).prop_map(str::to_owned)
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let equal = (name(), select(vec![MatchOp::Equal, MatchOp::NotEqual]), text());
    let regex = (name(), select(vec![MatchOp::Regex, MatchOp::NotRegex]), regex());
    prop_oneof![equal, regex].prop_map(|(name, op, value)| Matcher::new(&name, op, &value).unwrap())
}

fn matchers() -> impl Strategy<Value = Vec<Matcher>> {
    let first = (name(), "[a-z]{1,3}").prop_map(|(n, v)| Matcher::new(&n, MatchOp::Equal, &v).unwrap());
    (first, prop::collection::vec(matcher(), 0..3)).prop_map(|(first, rest)| {
        let mut all = vec![first];
        all.extend(rest);
        all
    })
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(-1000i32..1000).prop_map(f64::from), any::<f64>()]
        .prop_map(|x| if x.is_finite() && x != 0.0 { x } else { 0.0 })
}

fn line_filter() -> impl Strategy<Value = Stage> {
    use LineOp::{Contains, NotContains, NotPattern, NotRegex, Pattern, Regex};
    let op = select(vec![Contains, NotContains, Regex, NotRegex, Pattern, NotPattern]);
    let operand = prop_oneof![text().prop_map(LineOperand::Text), text().prop_map(LineOperand::Ip)];
    (op, prop::collection::vec(operand, 1..3)).prop_map(|(op, any)| Stage::LineFilter(LineFilter { op, any }))
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    use CompareOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    select(vec![Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual])
}

/// Byte sizes that two digits can tell.
fn bytes() -> impl Strategy<Value = u64> {
    (1u64..1_000_000_000_000_000).prop_map(|bytes| crate::go::parse_size(&byte_size::write(bytes)).unwrap())
}

fn label_filter() -> impl Strategy<Value = LabelFilter> {
    let leaf = prop_oneof![
        matcher().prop_map(LabelFilter::Text),
        (name(), compare_op(), number()).prop_map(|(name, op, value)| LabelFilter::Number {
            name,
            op,
            value
        }),
        (name(), compare_op(), any::<i64>()).prop_map(|(name, op, ns)| LabelFilter::Duration {
            name,
            op,
            ns
        }),
        (name(), compare_op(), bytes()).prop_map(|(name, op, bytes)| LabelFilter::Bytes { name, op, bytes }),
        (name(), select(vec![MatchOp::Equal, MatchOp::NotEqual]), text())
            .prop_map(|(name, op, pattern)| LabelFilter::Ip { name, op, pattern }),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, any::<bool>()).prop_map(|(a, b, both)| match both {
            true => LabelFilter::And(Box::new(a), Box::new(b)),
            false => LabelFilter::Or(Box::new(a), Box::new(b)),
        })
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let extraction = || {
        let one = (name(), text()).prop_map(|(label, expression)| Extraction { label, expression });
        prop::collection::vec(one, 0..3)
    };
    let format = prop_oneof![
        (name(), name()).prop_map(|(to, from)| LabelFormat::Rename { to, from }),
        (name(), text()).prop_map(|(to, template)| LabelFormat::Template { to, template }),
    ];
    let items = || {
        let one =
            prop_oneof![name().prop_map(NameOrMatcher::Name), matcher().prop_map(NameOrMatcher::Matcher)];
        prop::collection::vec(one, 1..3)
    };
    prop_oneof![
        4 => line_filter(),
        4 => label_filter().prop_map(Stage::LabelFilter),
        1 => extraction().prop_map(Stage::Json),
        1 => (any::<bool>(), any::<bool>(), extraction()).prop_map(|(strict, keep_empty, extractions)| {
            Stage::Logfmt { strict, keep_empty, extractions }
        }),
        1 => select(vec!["<a> <_>", "x<b>"]).prop_map(|p| Stage::Pattern(p.to_owned())),
        1 => select(vec!["(?P<a>x)", "(?P<b>\\d+) \"`"]).prop_map(|r| Stage::Regexp(r.to_owned())),
        1 => Just(Stage::Unpack),
        1 => Just(Stage::Decolorize),
        1 => text().prop_map(Stage::LineFormat),
        1 => prop::collection::vec(format, 1..3).prop_map(Stage::LabelFormat),
        1 => items().prop_map(Stage::Drop),
        1 => items().prop_map(Stage::Keep),
    ]
}

fn stages() -> impl Strategy<Value = Vec<Stage>> {
    prop::collection::vec(stage(), 0..5).prop_map(|mut stages| {
        // `| drop a != "x"` drops `a` where it is not `x`: what is meant here cannot be written.
        let mut after_bare_name = false;
        stages.retain(|stage| {
            use LineOp::{NotContains, NotRegex};
            let lost = matches!(stage, Stage::LineFilter(f) if matches!(f.op, NotContains | NotRegex));
            let keep = !(after_bare_name && lost);
            if let (true, Stage::Drop(items) | Stage::Keep(items)) = (keep, stage) {
                after_bare_name = matches!(items.last(), Some(NameOrMatcher::Name(_)));
            } else if keep {
                after_bare_name = false;
            }
            keep
        });
        stages
    })
}

fn log() -> impl Strategy<Value = LogExpr> {
    (matchers(), stages()).prop_map(|(matchers, stages)| LogExpr { matchers, stages })
}

/// Stages of the whole answer, at the end of log queries.
fn endings() -> impl Strategy<Value = Vec<Stage>> {
    let key = (name(), any::<bool>()).prop_map(|(label, descending)| SortKey { label, descending });
    let distinct = of(prop::collection::vec(name(), 1..3).prop_map(Stage::Distinct));
    let sort = of(prop::collection::vec(key, 1..3).prop_map(Stage::Sort));
    (distinct, sort, any::<bool>()).prop_map(|(distinct, sort, swap)| {
        let both = if swap { [sort, distinct] } else { [distinct, sort] };
        both.into_iter().flatten().collect()
    })
}

fn whole_log() -> impl Strategy<Value = LogExpr> {
    (log(), endings()).prop_map(|(mut log, mut endings)| {
        log.stages.append(&mut endings);
        log
    })
}

fn grouping() -> impl Strategy<Value = Grouping> {
    (any::<bool>(), prop::collection::vec(name(), 0..3))
        .prop_map(|(without, labels)| Grouping { without, labels })
}

fn unwrap() -> impl Strategy<Value = Unwrap> {
    use Conversion::{Bytes, Duration, DurationSeconds, Number};
    let conversion = select(vec![Number, Duration, DurationSeconds, Bytes]);
    (name(), conversion, prop::collection::vec(label_filter(), 0..2))
        .prop_map(|(label, conversion, filters)| Unwrap { label, conversion, filters })
}

fn range() -> impl Strategy<Value = RangeAggregation> {
    use RangeOp::*;
    let unwrapped = select(vec![Rate, RateCounter, SumOverTime, AvgOverTime, QuantileOverTime, LastOverTime]);
    let counted = select(vec![CountOverTime, Rate, BytesOverTime, BytesRate, AbsentOverTime]);
    let kind = prop_oneof![
        counted.prop_map(|op| (op, None)),
        (unwrapped, unwrap()).prop_map(|(op, unwrap)| (op, Some(unwrap))),
        name().prop_map(|label| (CountDistinctOverTime, Some(Unwrap::identity(&label)))),
    ];
    let offset = any::<i64>().prop_filter("nothing to write", |ns| *ns != 0);
    (kind, log(), 0i64..1_000_000_000_000, of(offset), number(), of(grouping())).prop_map(
        |((op, unwrap), log, range_ms, offset_ns, number, grouping)| RangeAggregation {
            op,
            parameter: (op == QuantileOverTime).then(|| number.abs()),
            log,
            unwrap,
            range_ns: range_ms * 1_000_000,
            offset_ns,
            grouping: grouping.filter(|_| {
                matches!(op, AvgOverTime | QuantileOverTime | LastOverTime | CountDistinctOverTime)
            }),
        },
    )
}

fn matching() -> impl Strategy<Value = Option<Matching>> {
    let side = select(vec![GroupSide::Left, GroupSide::Right]);
    let group = of((side, prop::collection::vec(name(), 0..2)));
    of((any::<bool>(), prop::collection::vec(name(), 0..3), group).prop_map(|(on, labels, group)| Matching {
        on,
        labels,
        group,
    }))
    .prop_map(|m| m.filter(|m| m.on || !m.labels.is_empty() || m.group.is_some()))
}

fn metric() -> impl Strategy<Value = MetricExpr> {
    let leaf = prop_oneof![
        range().prop_map(MetricExpr::Range),
        number().prop_map(|x| MetricExpr::VectorFn(literal::written(x.abs()))),
    ];
    leaf.prop_recursive(4, 8, 2, |inner| {
        let vector = (select(VectorOp::ALL), 1u64..100, inner.clone(), of(grouping()));
        let replace = (inner.clone(), text(), text(), text(), regex());
        let other = prop_oneof![3 => inner.clone(), 1 => number().prop_map(MetricExpr::Literal)];
        let binary = (select(BinaryOp::ALL), inner, other, any::<bool>(), any::<bool>(), matching());
        prop_oneof![
            vector.prop_map(|(op, k, inner, grouping)| MetricExpr::Vector(vector_of(op, k, inner, grouping))),
            replace.prop_map(|(inner, dst, replacement, src, regex)| {
                MetricExpr::LabelReplace(Box::new(LabelReplace { inner, dst, replacement, src, regex }))
            }),
            binary.prop_map(|(op, series, other, swap, return_bool, matching)| {
                let op = match (op, &other) {
                    (BinaryOp::And | BinaryOp::Or | BinaryOp::Unless, MetricExpr::Literal(_)) => {
                        BinaryOp::Add
                    }
                    (op, _) => op,
                };
                let (left, right) = if swap { (other, series) } else { (series, other) };
                MetricExpr::Binary(Box::new(Binary { op, left, right, return_bool, matching }))
            }),
        ]
    })
}

fn vector_of(op: VectorOp, k: u64, inner: MetricExpr, grouping: Option<Grouping>) -> VectorAggregation {
    use VectorOp::{ApproxTopk, Bottomk, Sort, SortDesc, Topk};
    let groups = !matches!(op, Sort | SortDesc | ApproxTopk);
    VectorAggregation {
        op,
        parameter: matches!(op, Topk | Bottomk | ApproxTopk).then_some(k),
        inner: Box::new(inner),
        grouping: grouping.filter(|g| groups && (g.without || !g.labels.is_empty())),
    }
}

/// Any tree.
pub fn expr() -> impl Strategy<Value = Expr> {
    prop_oneof![1 => whole_log().prop_map(Expr::Log), 3 => metric().prop_map(Expr::Metric)]
}
