//! `| line_format "…"` and `| label_format a=b, c="…"`.

use super::ERROR_LABEL;
use super::labels::{Category, OwnedName};
use super::row::Row;
use super::scratch::Buffers;
use crate::go;
use crate::logql::ast::LabelFormat;
use crate::template::{Input, Template};
use smallvec::SmallVec;

/// The error of templates that fail.
const TEMPLATE_ERROR: &str = "TemplateFormatErr";

/// The template of a new line.
#[derive(Debug)]
pub(super) struct LineTemplate(Template);

impl LineTemplate {
    /// Compiles the template.
    ///
    /// # Errors
    /// `invalid line template: template: line:1: …`
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let template =
            Template::parse("line", text).map_err(|wrong| format!("invalid line template: {wrong}"))?;
        Ok(Self(template))
    }

    /// Labels that it reads.
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.fields()
    }

    /// Writes the new line to `out`; `false` when the old one stays.
    pub(super) fn format(
        &self,
        text: &[u8],
        row: &mut Row<'_>,
        buffers: &mut Buffers,
        out: &mut Vec<u8>,
    ) -> bool {
        let formatted = run(&self.0, text, row, buffers);
        if formatted {
            out.clear();
            out.extend_from_slice(buffers.formatted.as_bytes());
        }
        formatted
    }
}

/// Runs `template` on the labels of the line; notes its error.
fn run(template: &Template, text: &[u8], row: &mut Row<'_>, buffers: &mut Buffers) -> bool {
    let mut fields: Fields<'_> = SmallVec::new();
    row.labels.for_each(row.stream, |name, value, _| fields.push((name.text(), value)));
    let result = run_on(&fields, template, text, row.ts_ns, buffers);
    drop(fields);
    note(result, row)
}

type Fields<'a> = SmallVec<[(&'a str, &'a str); 32]>;

fn run_on(
    fields: &[(&str, &str)],
    template: &Template,
    text: &[u8],
    ts_ns: i64,
    buffers: &mut Buffers,
) -> Result<(), String> {
    let line = go::decoded(text);
    let input = Input { fields, line: &line, ts_ns, clock: &buffers.clock };
    buffers.formatted.clear();
    template.run(&input, &mut buffers.template, &mut buffers.formatted)
}

fn note(result: Result<(), String>, row: &mut Row<'_>) -> bool {
    match result {
        Ok(()) => true,
        Err(details) => {
            row.labels.fail(TEMPLATE_ERROR, &details);
            false
        }
    }
}

/// Labels as they were at some time.
#[derive(Default)]
struct Snapshot {
    text: String,
    /// Ends of names and values in `text`, one after the other.
    ends: Vec<(usize, usize)>,
}

impl Snapshot {
    fn of(row: &Row<'_>) -> Self {
        let mut snapshot = Self::default();
        row.labels.for_each(row.stream, |name, value, _| {
            snapshot.text.push_str(name.text());
            let name_end = snapshot.text.len();
            snapshot.text.push_str(value);
            snapshot.ends.push((name_end, snapshot.text.len()));
        });
        snapshot
    }

    fn fields(&self) -> Fields<'_> {
        let mut start = 0;
        let pair = |(name_end, end): &(usize, usize)| {
            let pair = (&self.text[start..*name_end], &self.text[*name_end..*end]);
            start = *end;
            pair
        };
        self.ends.iter().map(pair).collect()
    }
}

/// Assignments, in order.
#[derive(Debug)]
pub(super) struct LabelTemplates(Vec<Assignment>);

#[derive(Debug)]
enum Assignment {
    Rename { to: OwnedName, from: OwnedName },
    Template { to: OwnedName, template: Template },
}

impl LabelTemplates {
    /// Compiles the assignments.
    ///
    /// # Errors
    /// Loki's words for a name that comes twice, one that may not be set, or a bad template.
    pub(super) fn compile(formats: &[LabelFormat]) -> Result<Self, String> {
        let mut assignments = Vec::with_capacity(formats.len());
        let mut names: Vec<&str> = Vec::new();
        for format in formats {
            let (LabelFormat::Rename { to, .. } | LabelFormat::Template { to, .. }) = format;
            if to == ERROR_LABEL {
                return Err(format!("{to} cannot be formatted"));
            }
            if names.contains(&to.as_str()) {
                return Err(format!("multiple label name '{to}' not allowed in a single format operation"));
            }
            names.push(to);
            assignments.push(match format {
                LabelFormat::Rename { to, from } => {
                    Assignment::Rename { to: OwnedName::new(to), from: OwnedName::new(from) }
                }
                LabelFormat::Template { to, template } => {
                    let template = Template::parse("label", template)
                        .map_err(|wrong| format!("invalid template for label '{to}': {wrong}"))?;
                    Assignment::Template { to: OwnedName::new(to), template }
                }
            });
        }
        Ok(Self(assignments))
    }

    /// Labels that it reads.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.0.iter().flat_map(|assignment| match assignment {
            Assignment::Rename { from, .. } => vec![from.get().text()],
            Assignment::Template { template, .. } => template.fields(),
        });
        names.collect()
    }

    /// Sets the labels. All templates see the labels as they were before the first template, which
    /// is how Loki runs them.
    pub(super) fn format(&self, text: &[u8], row: &mut Row<'_>, buffers: &mut Buffers) {
        let is_template = |assignment: &&Assignment| matches!(assignment, Assignment::Template { .. });
        let several = self.0.iter().filter(is_template).nth(1).is_some();
        let mut before: Option<Snapshot> = None;
        for assignment in &self.0 {
            let (to, template) = match assignment {
                Assignment::Rename { to, from } => {
                    row.labels.rename(row.stream, from.get(), to.get());
                    continue;
                }
                Assignment::Template { to, template } => (to, template),
            };
            let formatted = if several {
                let before = before.get_or_insert_with(|| Snapshot::of(row));
                let result = run_on(&before.fields(), template, text, row.ts_ns, buffers);
                note(result, row)
            } else {
                run(template, text, row, buffers)
            };
            if formatted {
                row.labels.set(Category::Parsed, to.get(), &buffers.formatted);
            }
        }
    }
}
