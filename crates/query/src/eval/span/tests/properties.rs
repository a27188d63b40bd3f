//! Against naive twins.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Spans in any order: each has one of the earlier ones, none, or an unknown one as its parent.
fn forest() -> impl Strategy<Value = Vec<Span>> {
    let flags = (any::<bool>(), any::<bool>());
    let span_of = |(at, (parent, (left, right))): (usize, (prop::sample::Index, (bool, bool)))| {
        let id = at as u8 + 2;
        // The one past the earlier ones is unknown: nothing has the id 1.
        let parent = match parent.index(at + 2) {
            earlier if earlier < at => earlier as u8 + 2,
            other => u8::from(other > at),
        };
        let mut span = span(id, parent, &id.to_string());
        span.attributes =
            attributes([("l", attribute::Value::Bool(left)), ("r", attribute::Value::Bool(right))]);
        span
    };
    vec((any::<prop::sample::Index>(), flags), 1..20)
        .prop_map(move |spans| spans.into_iter().enumerate().map(span_of).collect::<Vec<Span>>())
        .prop_shuffle()
}

fn is_parent(parent: &Span, child: &Span) -> bool {
    parent.span_id == child.parent_id
}

fn is_ancestor(spans: &[Span], ancestor: &Span, of: &Span) -> bool {
    let parent = spans.iter().find(|span| is_parent(span, of));
    parent.is_some_and(|parent| parent == ancestor || is_ancestor(spans, ancestor, parent))
}

/// Whether `right` is to `left` what the sign says.
fn related(spans: &[Span], sign: &str, left: &Span, right: &Span) -> bool {
    match sign {
        ">" => is_parent(left, right),
        ">>" => is_ancestor(spans, left, right),
        "<" => is_parent(right, left),
        "<<" => is_ancestor(spans, right, left),
        _ => left != right && left.parent_id == right.parent_id && left.parent_id != [0; 8],
    }
}

fn flagged(span: &Span, name: &str) -> bool {
    span.attributes.iter().any(|(known, value)| known == name && *value == attribute::Value::Bool(true))
}

fn naive(spans: &[Span], form: &str, sign: &str) -> String {
    let left = || spans.iter().filter(|span| flagged(span, "l"));
    let right = || spans.iter().filter(|span| flagged(span, "r"));
    let is_right = |span: &Span| flagged(span, "r") && left().any(|l| related(spans, sign, l, span));
    let is_left = |span: &Span| flagged(span, "l") && right().any(|r| related(spans, sign, span, r));
    let chosen = spans.iter().filter(|span| match form {
        "" => is_right(span),
        "!" => flagged(span, "r") && !is_right(span),
        _ => is_right(span) || is_left(span),
    });
    chosen.map(|span| span.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// 0 false, 1 unknown, 2 true.
#[derive(Clone, Debug)]
enum Logic {
    Attribute(usize),
    /// `= true`
    Is(usize),
    Not(Box<Logic>),
    And(Box<Logic>, Box<Logic>),
    Or(Box<Logic>, Box<Logic>),
}

impl Logic {
    fn text(&self) -> String {
        match self {
            Self::Attribute(at) => format!(".a{at}"),
            Self::Is(at) => format!("(.a{at} = true)"),
            Self::Not(of) => format!("!({})", of.text()),
            Self::And(left, right) => format!("({} && {})", left.text(), right.text()),
            Self::Or(left, right) => format!("({} || {})", left.text(), right.text()),
        }
    }

    fn outcome(&self, of: &[u8]) -> u8 {
        match self {
            Self::Attribute(at) => of[*at],
            // Known also where the attribute is not there.
            Self::Is(at) => 2 * u8::from(of[*at] == 2),
            Self::Not(inner) => 2 - inner.outcome(of),
            Self::And(left, right) => left.outcome(of).min(right.outcome(of)),
            Self::Or(left, right) => left.outcome(of).max(right.outcome(of)),
        }
    }
}

fn logic() -> impl Strategy<Value = Logic> {
    let leaf = prop_oneof![(0usize..4).prop_map(Logic::Attribute), (0usize..4).prop_map(Logic::Is)];
    leaf.prop_recursive(5, 20, 2, |inner| {
        let pair = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.clone().prop_map(|of| Logic::Not(Box::new(of))),
            pair().prop_map(|(left, right)| Logic::And(left, right)),
            pair().prop_map(|(left, right)| Logic::Or(left, right)),
        ]
    })
}

proptest! {
    #[test]
    fn relations_are_what_they_say(
        spans in forest(),
        form in select(vec!["", "!", "&"]),
        sign in select(vec![">", ">>", "<", "<<", "~"]),
    ) {
        let origin = service("web");
        let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin: &origin }).collect();
        prop_assert_eq!(given(&members, &format!("{{ .l }} {form}{sign} {{ .r }}")), naive(&spans, form, sign));
    }

    #[test]
    fn numbers_of_the_tree_nest_as_the_spans_do(spans in forest()) {
        let origin = service("web");
        let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin: &origin }).collect();
        let trace = Trace::new(&members);
        let numbers = |at: usize| trace.tree.numbers(at);
        for (a, one) in spans.iter().enumerate() {
            let children = spans.iter().filter(|span| is_parent(one, span)).count();
            prop_assert_eq!(trace.tree.child_count(a), children);
            for (b, other) in spans.iter().enumerate() {
                let (a, b) = (numbers(a), numbers(b));
                let around = a.left < b.left && b.right < a.right;
                prop_assert_eq!(around && a.left > 0, is_ancestor(&spans, one, other) && a.left > 0);
                prop_assert_eq!(b.left > 0 && b.parent == a.left, is_parent(one, other) && b.left > 0);
            }
        }
    }

    #[test]
    fn unknown_travels(expr in logic(), outcomes in vec(0u8..3, 4)) {
        let mut span = span(1, 0, "it");
        let known = outcomes.iter().enumerate().filter(|(_, outcome)| **outcome != 1);
        span.attributes = known.map(|(at, o)| (format!("a{at}"), attribute::Value::Bool(*o == 2))).collect();
        let origin = service("web");
        let members = [Member { span: &span, origin: &origin }];
        let selected = given(&members, &format!("{{ {} }}", expr.text())) == "it";
        prop_assert_eq!(selected, expr.outcome(&outcomes) == 2, "{}", expr.text());
    }

    #[test]
    fn any_parents_at_all(parents in vec((0u8..6, 0u8..6), 0..12)) {
        let origin = service("web");
        let spans: Vec<Span> = parents.iter().map(|(id, parent)| span(*id, *parent, "x")).collect();
        let members: Vec<Member<'_>> = spans.iter().map(|span| Member { span, origin: &origin }).collect();
        let trace = Trace::new(&members);
        let pipeline = pipeline("({} >> {}) || ({} << {}) || ({} ~ {})");
        prop_assert!(trace.run(&pipeline).iter().all(|set| set.spans.len() <= spans.len()));
    }
}
