//! Random trees, of those that a query can give.

use crate::promql::ast::*;
use crate::promql::functions::Function;
use crate::promql::precedence::{SIGN_OPERAND, binding, duration_binding};
use crate::promql::print::MatcherText;
use crate::promql::span::Span;
use crate::syntax::pratt::Binding;
use model::{MatchOp, Matcher};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn span() -> Span {
    Span::default()
}

/// Names of metrics; words of the language are some.
fn metric() -> impl Strategy<Value = String> {
    select(vec![
        "a",
        "http_requests_total",
        "job:rate:5m",
        ":",
        "sum",
        "by",
        "offset",
        "and",
        "unless",
        "start",
        "range",
        "fill",
        "anchored",
        "MAX",
        "min_of",
        "rate",
        "_",
        "e1",
    ])
    .prop_map(str::to_owned)
}

fn label() -> impl Strategy<Value = String> {
    let plain = select(vec!["a", "_1", "by", "bool", "atan2", "on", "le", "NaN"]).prop_map(str::to_owned);
    prop_oneof![3 => plain, 1 => "[a-z. \"\\\\é]{1,4}"]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z .\"'\\\\`{}#]{0,6}", any::<String>()]
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let name = prop_oneof![9 => label(), 1 => Just(String::new())];
    let equal = (name, select(vec![MatchOp::Equal, MatchOp::NotEqual]), text());
    let regexes = vec!["a.*b", "", r"\d+|x", "[^\"`]", "(?i)é"];
    let regex =
        (label(), select(vec![MatchOp::Regex, MatchOp::NotRegex]), select(regexes).prop_map(str::to_owned));
    prop_oneof![equal, regex].prop_map(|(name, op, value)| Matcher::new(&name, op, &value).unwrap())
}

/// With a name before the braces, between them, or only labels.
fn selector() -> impl Strategy<Value = Selector> {
    let first = prop_oneof![
        3 => metric().prop_map(|name| (name, None)),
        1 => text().prop_map(|name| (String::new(), Matcher::new(METRIC_NAME, MatchOp::Equal, &format!("x{name}")).ok())),
        1 => Just((String::new(), Matcher::new("a", MatchOp::Regex, ".+").ok())),
    ];
    let edges = of(select(vec![Edges::Anchored, Edges::Smoothed]));
    (first, prop::collection::vec(matcher(), 0..3), modifiers(), edges).prop_map(
        |((name, first), mut matchers, modifiers, edges)| {
            matchers.extend(first);
            matchers.sort_by_cached_key(|matcher| MatcherText(matcher).to_string());
            if !name.is_empty() {
                matchers.push(Matcher::new(METRIC_NAME, MatchOp::Equal, &name).unwrap());
            }
            Selector { name, matchers, modifiers, edges, span: span() }
        },
    )
}

fn ms() -> impl Strategy<Value = i64> {
    prop_oneof![1..100_000i64, (1..10_000i64).prop_map(|m| m * 60_000), 1..=9_223_372_036_854i64]
}

fn modifiers() -> impl Strategy<Value = Modifiers> {
    let time = prop_oneof![-10_000..2_000_000_000_000i64, -(1i64 << 51)..=1 << 51];
    let at = prop_oneof![time.prop_map(At::Time), Just(At::Start), Just(At::End)];
    let fixed = (ms(), any::<bool>()).prop_map(|(ms, back)| Duration::Fixed(if back { ms } else { -ms }));
    let in_parens = duration_expr().prop_map(|inner| DurationExpr::Paren(Box::new(inner), span()));
    let leaf = prop_oneof![
        Just(DurationExpr::Step(span())),
        Just(DurationExpr::Range(span())),
        choice(duration_expr())
    ];
    let computed = (prop_oneof![in_parens, leaf], any::<bool>()).prop_map(|(inner, negative)| {
        let expr = if negative { DurationExpr::Negative(Box::new(inner), span()) } else { inner };
        Duration::Computed(Box::new(expr))
    });
    let offset = prop_oneof![3 => fixed, 1 => computed];
    (of(at), of(offset)).prop_map(|(at, offset)| Modifiers { at, offset })
}

fn choice(of: impl Strategy<Value = DurationExpr> + Clone) -> impl Strategy<Value = DurationExpr> {
    (any::<bool>(), of.clone(), of).prop_map(|(largest, left, right)| {
        DurationExpr::Choice(Box::new(DurationChoice { largest, left, right, span: span() }))
    })
}

fn duration_expr() -> BoxedStrategy<DurationExpr> {
    let leaf = prop_oneof![
        (ms(), any::<bool>()).prop_map(|(ms, negative)| {
            let value = crate::go::seconds(ms * 1_000_000);
            let value = if negative { -value } else { value };
            DurationExpr::Number(Number { value, is_duration: true, span: span() })
        }),
        (1..1000u16).prop_map(|n| {
            DurationExpr::Number(Number { value: f64::from(n) / 8.0, is_duration: false, span: span() })
        }),
        Just(DurationExpr::Step(span())),
        Just(DurationExpr::Range(span())),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let ops = select(DurationOp::ALL.to_vec());
        prop_oneof![
            inner.clone().prop_map(|inner| DurationExpr::Paren(Box::new(inner), span())),
            inner.clone().prop_map(|inner| match inner {
                number @ DurationExpr::Number(_) => number,
                inner => {
                    let inner = duration_leg(inner, |binding| binding.left < SIGN_OPERAND);
                    DurationExpr::Negative(Box::new(inner), span())
                }
            }),
            choice(inner.clone()),
            (ops, inner.clone(), inner).prop_map(|(op, left, right)| {
                let own = duration_binding(op);
                let left = duration_leg(left, |inner| inner.right <= own.left);
                let right = duration_leg(right, |inner| inner.left < own.right);
                DurationExpr::Binary(Box::new(DurationBinary { op, left, right, op_span: span() }))
            }),
        ]
    })
    .boxed()
}

/// An operand; in parentheses where its own operator would lose it. Signs bind as tight as `*`, and
/// not across a `^` before which they stand.
fn duration_leg(expr: DurationExpr, loses: impl Fn(Binding) -> bool) -> DurationExpr {
    let own = match &expr {
        DurationExpr::Binary(binary) => duration_binding(binary.op),
        DurationExpr::Negative(..) => duration_binding(DurationOp::Mul),
        DurationExpr::Number(number) if number.value < 0.0 => duration_binding(DurationOp::Mul),
        _ => return expr,
    };
    if loses(own) { DurationExpr::Paren(Box::new(expr), span()) } else { expr }
}

fn positive_duration() -> impl Strategy<Value = Duration> {
    let computed = duration_expr().prop_filter_map("a number is fixed", |expr| match expr {
        DurationExpr::Number(_) => None,
        expr => Some(Duration::Computed(Box::new(expr))),
    });
    prop_oneof![3 => ms().prop_map(Duration::Fixed), 1 => computed]
}

fn number() -> impl Strategy<Value = Number> {
    let special = select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-7, 1e300]);
    let plain = prop_oneof![(-1000i32..1000).prop_map(f64::from), any::<f64>(), special]
        // The sign of NaN is not written.
        .prop_map(|value| Number { value, is_duration: false, span: span() });
    let duration = (1..1_000_000_000i64).prop_map(|ms| Number {
        value: crate::go::seconds(ms * 1_000_000),
        is_duration: true,
        span: span(),
    });
    prop_oneof![4 => plain, 1 => duration]
}

fn scalar() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        4 => number().prop_map(Expr::Number),
        1 => select(vec![Function::Time, Function::Pi, Function::Step, Function::Start])
            .prop_map(|function| Expr::Call(Call { function, args: Vec::new(), span: span() })),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let ops: Vec<BinaryOp> = BinaryOp::ALL.iter().copied().filter(|op| !op.is_set_operator()).collect();
        prop_oneof![
            inner.clone().prop_map(paren),
            (any::<bool>(), inner.clone()).prop_map(|(negative, inner)| signed(negative, inner)),
            (select(ops), inner.clone(), inner)
                .prop_map(|(op, left, right)| { binary(op, left, right, op.is_comparison(), None) }),
        ]
    })
    .boxed()
}

fn paren(expr: Expr) -> Expr {
    Expr::Paren(Box::new(Paren { expr, span: span() }))
}

/// Numbers have their own sign.
fn signed(negative: bool, expr: Expr) -> Expr {
    match leg(expr, |binding| binding.left < SIGN_OPERAND) {
        number @ Expr::Number(_) => number,
        expr => Expr::Unary(Box::new(Unary { negative, expr, span: span() })),
    }
}

/// An operand; in parentheses where its own operator would lose it.
fn leg(expr: Expr, loses: impl Fn(Binding) -> bool) -> Expr {
    let own = match &expr {
        Expr::Binary(binary) => binding(binary.op),
        Expr::Unary(_) => binding(BinaryOp::Mul),
        Expr::Number(number) if !number.value.is_nan() && number.value.is_sign_negative() => {
            binding(BinaryOp::Mul)
        }
        _ => return expr,
    };
    if loses(own) { paren(expr) } else { expr }
}

fn binary(op: BinaryOp, left: Expr, right: Expr, return_bool: bool, matching: Option<Matching>) -> Expr {
    let own = binding(op);
    let left = leg(left, |inner| inner.right <= own.left);
    let right = match right {
        // Signs may stand behind any operator.
        right @ (Expr::Unary(_) | Expr::Number(_)) => right,
        right => leg(right, |inner| inner.left < own.right),
    };
    Expr::Binary(Box::new(Binary { op, left, right, return_bool, matching, op_span: span() }))
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(label(), 0..3)
}

fn matching() -> impl Strategy<Value = Option<Matching>> {
    let group = (select(vec![GroupSide::Left, GroupSide::Right]), labels());
    let fill = || of(number().prop_map(|number| Number { is_duration: false, ..number }));
    let all = (any::<bool>(), labels(), of(group), fill(), fill());
    of(all).prop_map(|matching| {
        let (on, labels, mut group, fill_left, fill_right) = matching?;
        if let Some((_, include)) = &mut group {
            include.retain(|label| !labels.contains(label));
        }
        let matching = Matching { on, labels, group, fill_left, fill_right };
        (matching != Matching::default()).then_some(matching)
    })
}

/// An expression that gives a vector.
pub fn vector() -> BoxedStrategy<Expr> {
    selector()
        .prop_map(Expr::Selector)
        .boxed()
        .prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(paren),
                (any::<bool>(), inner.clone()).prop_map(|(negative, inner)| signed(negative, inner)),
                vector_binary(inner.clone()),
                aggregation(inner.clone()),
                call(inner),
            ]
        })
        .boxed()
}

fn vector_binary(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let sets = vec![BinaryOp::And, BinaryOp::Or, BinaryOp::Unless];
    let others: Vec<BinaryOp> = BinaryOp::ALL.iter().copied().filter(|op| !op.is_set_operator()).collect();
    let of_sets =
        (select(sets), inner.clone(), inner.clone(), matching()).prop_map(|(op, left, right, matching)| {
            let matching = matching.map(|matching| Matching {
                group: None,
                fill_left: None,
                fill_right: None,
                ..matching
            });
            binary(op, left, right, false, matching.filter(|matching| *matching != Matching::default()))
        });
    let of_vectors = (select(others.clone()), inner.clone(), inner.clone(), any::<bool>(), matching())
        .prop_map(|(op, left, right, bool, matching)| {
            binary(op, left, right, bool && op.is_comparison(), matching)
        });
    let with_scalar = (select(others), inner, scalar(), any::<bool>(), any::<bool>()).prop_map(
        |(op, vector, scalar, swap, bool)| {
            let (left, right) = if swap { (scalar, vector) } else { (vector, scalar) };
            binary(op, left, right, bool && op.is_comparison(), None)
        },
    );
    prop_oneof![of_sets, of_vectors, with_scalar]
}

fn aggregation(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let grouping = of((any::<bool>(), labels()).prop_map(|(without, labels)| Grouping { without, labels }));
    (select(AggregateOp::ALL.to_vec()), scalar(), text(), inner, grouping).prop_map(
        |(op, scalar, value, inner, grouping)| {
            let parameter = op.parameter().map(|wanted| match wanted {
                ValueType::String => Expr::Text(Text { value, span: span() }),
                _ => scalar,
            });
            let grouping = grouping.filter(|grouping| grouping.without || !grouping.labels.is_empty());
            Expr::Aggregation(Box::new(Aggregation { op, parameter, inner, grouping, span: span() }))
        },
    )
}

fn matrix(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let range = (selector(), positive_duration())
        .prop_map(|(selector, range)| Expr::Range(RangeSelector { selector, range, span: span() }));
    let subquery = (inner, positive_duration(), of(positive_duration()), modifiers()).prop_map(
        |(expr, range, step, modifiers)| {
            // Brackets belong to what stands right before them.
            let expr = match expr {
                expr @ (Expr::Selector(_) | Expr::Call(_) | Expr::Aggregation(_) | Expr::Paren(_)) => expr,
                expr => paren(expr),
            };
            Expr::Subquery(Box::new(Subquery { expr, range, step, modifiers, span: span() }))
        },
    );
    prop_oneof![range, subquery]
}

/// A function that gives a vector, with arguments of its types.
fn call(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let functions: Vec<Function> = Function::ALL
        .iter()
        .copied()
        .filter(|f| f.signature().returns == ValueType::Vector && *f != Function::Info)
        .collect();
    select(functions).prop_flat_map(move |function| {
        let signature = function.signature();
        let arg = {
            let inner = inner.clone();
            move |index| match signature.arg(index).unwrap() {
                ValueType::Scalar => scalar(),
                ValueType::String => {
                    text().prop_map(|value| Expr::Text(Text { value, span: span() })).boxed()
                }
                ValueType::Vector => inner.clone(),
                ValueType::Matrix => matrix(inner.clone()).boxed(),
            }
        };
        (signature.least()..=signature.most().unwrap_or(signature.least() + 2))
            .prop_flat_map(move |count| (0..count).map(&arg).collect::<Vec<_>>())
            .prop_map(move |args| Expr::Call(Call { function, args, span: span() }))
    })
}

/// Any expression.
pub fn expr() -> impl Strategy<Value = Expr> {
    let string = text().prop_map(|value| Expr::Text(Text { value, span: span() }));
    prop_oneof![1 => string, 3 => scalar(), 8 => vector(), 2 => matrix(vector())]
}
