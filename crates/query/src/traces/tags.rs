//! What spans can be asked about: names of attributes, and values of one.
//!
//! Names and values of resources and instrumentation scopes are known from streams, without reading a
//! row. Those of spans, events and links are read from the newest rows, at most [`ROWS_MAX`] of them:
//! what only older rows have is missing then, as the counts tell.

use crate::eval::span::{Trace, Value};
use crate::traceql::ast::{
    Attribute, Comparison, Field, FieldBinary, FieldExpr, FieldOp, Intrinsic, Scope, SpanKind, Status,
};
use crate::traceql::lenient;
use crate::traces::read::{Origins, Reader, spans};
use crate::traces::sieve::{self, Sieve};
use crate::traces::{Cost, Traces, members};
use base::Result;
use model::attribute;
use model::span::{Attributes, Origin, Span};
use model::trace::OriginSpans;
use model::{Limits, Predicate, Projection, Signal, StreamQuery, Tenant, TimeRange};
use model::{MatchOp, Matcher};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows that are read for one answer at most.
pub const ROWS_MAX: usize = 200_000;

/// Names in one scope of an answer at most.
const NAMES_MAX: usize = 10_000;

/// Where attributes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagScope {
    /// Of the resource.
    Resource,
    /// Of the span.
    Span,
    /// Of events.
    Event,
    /// Of links.
    Link,
    /// Of the instrumentation scope.
    Instrumentation,
}

impl TagScope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Resource, Self::Span, Self::Event, Self::Link, Self::Instrumentation];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Span => "span",
            Self::Event => "event",
            Self::Link => "link",
            Self::Instrumentation => "instrumentation",
        }
    }

    fn of_streams(self) -> bool {
        matches!(self, Self::Resource | Self::Instrumentation)
    }
}

/// Among which spans names and values are looked for.
#[derive(Clone, Debug)]
pub struct TagsAsked {
    /// Whose.
    pub tenants: Vec<Tenant>,
    /// When they start.
    pub range: TimeRange,
    /// A TraceQL query, perhaps unfinished; only its certain equalities count.
    pub query: String,
    /// Most names or values in an answer; 0 is no limit.
    pub limit: usize,
}

/// Values in the order of their kinds and texts.
pub type Values = BTreeSet<(&'static str, String)>;

impl Traces {
    /// The names of attributes in each of `scopes`.
    ///
    /// # Errors
    /// Of the store, and of the limits on memory and bytes.
    pub async fn tag_names(
        &self,
        asked: &TagsAsked,
        scopes: &[TagScope],
        limits: &Limits,
    ) -> Result<(Vec<(TagScope, Vec<String>)>, Cost)> {
        let reader = self.reader(&asked.tenants, limits);
        let mut names: Vec<_> = scopes.iter().map(|scope| (*scope, BTreeSet::new())).collect();
        let filter = filter(&asked.query);
        if filter.is_none() && scopes.iter().all(|scope| scope.of_streams()) {
            for origin in origins(&reader, asked.range).await? {
                names.iter_mut().for_each(|(scope, names)| add_origin_names(*scope, &origin, names));
            }
        } else {
            let visit = |origin: &Origin, spans: &[&Span]| {
                for (scope, names) in &mut names {
                    add_origin_names(*scope, origin, names);
                    spans.iter().for_each(|span| add_span_names(*scope, span, names));
                }
                true
            };
            visit_spans(&reader, asked.range, filter.as_ref(), vec![Sieve::default()], visit).await?;
        }
        let most = if asked.limit == 0 { NAMES_MAX } else { asked.limit.min(NAMES_MAX) };
        let listed = |(scope, names): (_, BTreeSet<String>)| (scope, names.into_iter().take(most).collect());
        Ok((names.into_iter().map(listed).collect(), reader.cost()))
    }

    /// The values of `field`: kinds and texts.
    ///
    /// # Errors
    /// As [`Traces::tag_names`].
    pub async fn tag_values(
        &self,
        asked: &TagsAsked,
        field: &Field,
        limits: &Limits,
    ) -> Result<(Values, Cost)> {
        let reader = self.reader(&asked.tenants, limits);
        let room = usize::try_from(limits.max_bytes_per_tag_values_query.0).unwrap_or(usize::MAX);
        let room = if room == 0 { usize::MAX } else { room };
        let count = if asked.limit == 0 { usize::MAX } else { asked.limit };
        let mut found = Found { values: Values::new(), room, count };
        if let Some(words) = keywords(field) {
            found.values.extend(words.into_iter().map(|word| ("keyword", word.to_owned())));
            return Ok((found.values, reader.cost()));
        }
        let filter = filter(&asked.query);
        if filter.is_none() && may_be_of_origin(field) {
            for origin in origins(&reader, asked.range).await? {
                if !found.add_of(field, &origin, &[&Span::default()]) {
                    break;
                }
            }
        }
        if filter.is_some() || !is_of_origin(field) {
            let visit = |origin: &Origin, spans: &[&Span]| found.add_of(field, origin, spans);
            visit_spans(&reader, asked.range, filter.as_ref(), having(field), visit).await?;
        }
        Ok((found.values, reader.cost()))
    }
}

/// The condition that the query's certain equalities make.
fn filter(query: &str) -> Option<FieldExpr> {
    let equalities = lenient::equalities(query).into_iter().map(|(field, value)| {
        let (left, right) = (FieldExpr::Field(field), FieldExpr::Literal(value));
        FieldExpr::Binary(Box::new(FieldBinary { op: FieldOp::Compare(Comparison::Equal), left, right }))
    });
    equalities
        .reduce(|left, right| FieldExpr::Binary(Box::new(FieldBinary { op: FieldOp::And, left, right })))
}

/// What a field may be when that is known without looking.
fn keywords(field: &Field) -> Option<Vec<&'static str>> {
    match field {
        Field::Intrinsic(Intrinsic::Status) => Some(Status::ALL.iter().map(|status| status.text()).collect()),
        Field::Intrinsic(Intrinsic::Kind) => Some(SpanKind::ALL.iter().map(|kind| kind.text()).collect()),
        _ => None,
    }
}

fn is_of_origin(field: &Field) -> bool {
    match field {
        Field::Attribute(attribute) => matches!(attribute.scope, Scope::Resource | Scope::Instrumentation),
        Field::Intrinsic(intrinsic) => {
            matches!(intrinsic, Intrinsic::InstrumentationName | Intrinsic::InstrumentationVersion)
        }
    }
}

fn may_be_of_origin(field: &Field) -> bool {
    is_of_origin(field) || matches!(field, Field::Attribute(Attribute { scope: Scope::Any, .. }))
}

/// Sieves for rows that may have `field` themselves.
fn having(field: &Field) -> Vec<Sieve> {
    let Field::Attribute(Attribute { scope: Scope::Span | Scope::Any, name }) = field else {
        return vec![Sieve::default()];
    };
    use attribute::Value::{Array, Bool, Double, Int, String};
    let kinds = [String("".into()), Bool(true), Int(0), Double(0.0), Array(Vec::new())];
    let sieves = kinds.iter().map(|value| {
        let matcher = Matcher::new(&value.to_pair(name).0, MatchOp::NotEqual, "").ok()?;
        Some(Sieve { predicates: vec![Predicate::Metadata(matcher)], ..Sieve::default() })
    });
    sieves.collect::<Option<_>>().unwrap_or_else(|| vec![Sieve::default()])
}

/// The origins of all streams with spans in `range`.
async fn origins(reader: &Reader<'_>, range: TimeRange) -> Result<Vec<Origin>> {
    let mut found = Vec::new();
    for tenant in reader.tenants {
        let query = StreamQuery { tenant: tenant.clone(), signal: Signal::Span, range, matchers: Vec::new() };
        let facts = reader.select.streams(query).await?;
        found.extend(facts.iter().map(|facts| Origin::from_labels(facts.stream.labels.as_ref())));
    }
    Ok(found)
}

/// Shows `visit` spans that fulfil `filter` and pass a sieve, the newest first and at most
/// [`ROWS_MAX`], until it wants no more. Sieves are those of the filter where there is one.
async fn visit_spans(
    reader: &Reader<'_>,
    range: TimeRange,
    filter: Option<&FieldExpr>,
    sieves: Vec<Sieve>,
    mut visit: impl FnMut(&Origin, &[&Span]) -> bool,
) -> Result<()> {
    let sieves = filter.map_or(sieves, sieve::of_filter);
    let mut passing = reader.passing(&sieves, range, Projection::ALL, Some(ROWS_MAX));
    let (mut rows, mut known) = (0, Origins::default());
    while rows < ROWS_MAX {
        let Some(passed) = reader.next(&mut passing).await? else { break };
        rows += passed.run.rows.len();
        let origin: Arc<Origin> = known.of(&passed.run);
        let check = filter.cloned();
        let (of, run) = (origin.clone(), passed.run);
        let working = reader.pool.run(move || {
            let spans = spans(&run)?;
            let Some(check) = check else { return Ok(spans) };
            let group = [OriginSpans { origin: (*of).clone(), spans }];
            let members = members(&group);
            let all = Trace::new(&members);
            let holds = |at: &usize| all.value(&check, *at) == Value::Bool(true);
            Ok((0..members.len()).filter(holds).map(|at| members[at].span.clone()).collect())
        });
        let spans: Result<Vec<Span>> = working.await?;
        let spans = spans?;
        let shown: Vec<&Span> = spans.iter().collect();
        if !shown.is_empty() && !visit(&origin, &shown) {
            break;
        }
    }
    Ok(())
}

fn add_names(attributes: &Attributes, names: &mut BTreeSet<String>) {
    for (name, _) in attributes {
        if names.len() < NAMES_MAX && !name.is_empty() && !names.contains(name) {
            names.insert(name.clone());
        }
    }
}

fn add_origin_names(scope: TagScope, origin: &Origin, names: &mut BTreeSet<String>) {
    match scope {
        TagScope::Resource => add_names(&origin.resource.attributes, names),
        TagScope::Instrumentation => add_names(&origin.scope.attributes, names),
        TagScope::Span | TagScope::Event | TagScope::Link => {}
    }
}

fn add_span_names(scope: TagScope, span: &Span, names: &mut BTreeSet<String>) {
    match scope {
        TagScope::Span => add_names(&span.attributes, names),
        TagScope::Event => span.extra.events.iter().for_each(|event| add_names(&event.attributes, names)),
        TagScope::Link => span.extra.links.iter().for_each(|link| add_names(&link.attributes, names)),
        TagScope::Resource | TagScope::Instrumentation => {}
    }
}

/// Values within their bounds.
struct Found {
    values: Values,
    /// Bytes that may still come.
    room: usize,
    count: usize,
}

impl Found {
    /// Says whether there is room for more.
    fn add(&mut self, kind: &'static str, text: String) -> bool {
        let bytes = text.len();
        if self.values.len() >= self.count || bytes > self.room {
            return false;
        }
        if self.values.insert((kind, text)) {
            self.room -= bytes;
        }
        true
    }

    fn add_of(&mut self, field: &Field, origin: &Origin, spans: &[&Span]) -> bool {
        // Names and services of roots are those of roots; other spans do not tell them.
        let of_root = matches!(field, Field::Intrinsic(Intrinsic::RootName | Intrinsic::RootServiceName));
        spans.iter().filter(|span| !of_root || span.parent_id == [0; 8]).all(|span| {
            let members = [crate::eval::span::Member { span, origin }];
            let trace = Trace::new(&members);
            let value = trace.field(field, 0);
            self.add_value(value)
        })
    }

    fn add_value(&mut self, value: Value<'_>) -> bool {
        match value {
            Value::Nil | Value::Opaque => true,
            Value::Int(number) => self.add("int", number.to_string()),
            Value::Float(number) => self.add("float", number.to_string()),
            Value::Duration(ns) => self.add("duration", base::unit::go_duration_text(ns)),
            Value::Bool(flag) => self.add("bool", flag.to_string()),
            Value::Text(text) => text.is_empty() || self.add("string", text.into_owned()),
            Value::Status(status) => self.add("keyword", status.text().to_owned()),
            Value::Kind(kind) => self.add("keyword", kind.text().to_owned()),
            Value::Many(values) => values.into_iter().all(|value| self.add_value(value)),
        }
    }
}
