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
    let mut fields: SmallVec<[(&str, &str); 32]> = SmallVec::new();
    row.labels.for_each(row.stream, |name, value, _| fields.push((name.text(), value)));
    let line = go::decoded(text);
    let input = Input { fields: &fields, line: &line, ts_ns: row.ts_ns, clock: &buffers.clock };
    buffers.formatted.clear();
    let result = template.run(&input, &mut buffers.template, &mut buffers.formatted);
    drop(fields);
    match result {
        Ok(()) => true,
        Err(details) => {
            row.labels.fail(TEMPLATE_ERROR, &details);
            false
        }
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

    /// Sets the labels.
    pub(super) fn format(&self, text: &[u8], row: &mut Row<'_>, buffers: &mut Buffers) {
        for assignment in &self.0 {
            match assignment {
                Assignment::Rename { to, from } => row.labels.rename(row.stream, from.get(), to.get()),
                Assignment::Template { to, template } => {
                    if run(template, text, row, buffers) {
                        row.labels.set(Category::Parsed, to.get(), &buffers.formatted);
                    }
                }
            }
        }
    }
}
