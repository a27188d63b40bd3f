//! A block on a screen.

use super::super::args::InspectOptions;
use super::super::bar::{bytes_text, share_bar};
use super::super::explain::{counted, grouped, seconds};
use super::super::paint::Paint;
use super::Looked;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use store::inspect::{ColumnFacts, InspectedSection, Inspection};

/// Width of bars.
const BAR: usize = 20;
/// Labels are cut to this many characters.
const LABELS_WIDTH: usize = 70;
/// Templates are.
const TEMPLATE_WIDTH: usize = 100;

/// What is printed of `looked`.
pub fn screen(looked: &Looked, options: &InspectOptions) -> String {
    let screen = Screen { paint: Paint::stdout(), options };
    let mut out = String::new();
    screen.head(&looked.inspection, &mut out);
    screen.parts(&looked.inspection, &mut out);
    screen.streams(&looked.inspection, &mut out);
    screen.pages(&looked.inspection, &mut out);
    screen.page(looked, &mut out);
    out
}

struct Screen<'a> {
    paint: Paint,
    options: &'a InspectOptions,
}

/// Bytes of a part: name, stored, raw.
type Part = (String, u64, u64);

impl Screen<'_> {
    fn head(&self, inspection: &Inspection, out: &mut String) {
        let meta = &inspection.meta;
        let _ = writeln!(out, "{}", self.paint.bold(&meta.name));
        let mut row = |name: &str, what: String| {
            let _ = writeln!(out, "  {} {what}", self.paint.dim(&format!("{name:<9}")));
        };
        row("tenant", format!("{}, {}", meta.tenant, meta.signal.word()));
        let length = (meta.max_ns.saturating_sub(meta.min_ns)) / 1_000_000_000 * 1_000_000_000;
        let length = base::unit::Period(length);
        row("time", format!("{} to {} ({length})", seconds(meta.min_ns), seconds(meta.max_ns)));
        row("received", format!("{} to {}", seconds(meta.received_min_ns), seconds(meta.received_max_ns)));
        let (streams, pages) =
            (counted(meta.streams.into(), "stream"), counted(inspection.pages.len() as u64, "page"));
        row("rows", format!("{} in {streams} and {pages}", grouped(meta.rows)));
        row(
            "bytes",
            format!(
                "{} stored for {} of text and metadata: {}, {:.2} bytes a row",
                bytes_text(meta.size_bytes),
                bytes_text(meta.raw_bytes),
                self.paint.good(&ratio(meta.raw_bytes, meta.size_bytes)),
                meta.size_bytes as f64 / meta.rows.max(1) as f64,
            ),
        );
    }

    fn title(&self, title: &str, out: &mut String) {
        let _ = writeln!(out, "\n{}", self.paint.bold(title));
    }

    /// Rows of name, stored bytes, ratio and bar.
    fn bars(&self, parts: &[Part], whole: u64, out: &mut String) {
        let width = parts.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        for (name, stored, raw) in parts {
            let share = 100.0 * *stored as f64 / whole.max(1) as f64;
            let ratio = if *raw > 0 { ratio(*raw, *stored) } else { String::new() };
            let bar = self.paint.good(&share_bar(*stored, whole, BAR));
            let stored = bytes_text(*stored);
            let row = format!("  {name:<width$} {stored:>9} {share:>5.1} % {ratio:>7}  {bar}");
            let _ = writeln!(out, "{}", row.trim_end());
        }
    }

    /// What the object consists of.
    fn parts(&self, inspection: &Inspection, out: &mut String) {
        self.title("what takes the space", out);
        let mut sections: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for section in inspection.pages.iter().flat_map(|page| &page.sections) {
            let sum = sections.entry(group(section)).or_default();
            sum.0 += section.stored_bytes;
            sum.1 += section.raw_bytes;
        }
        let mut parts: Vec<Part> =
            sections.into_iter().map(|(name, (stored, raw))| (name.to_owned(), stored, raw)).collect();
        let [index, runs, directory, facts] = inspection.tail_parts;
        let tail = [("label index", index), ("run table", runs), ("page directory", directory + facts)];
        parts.extend(tail.map(|(name, stored)| (name.to_owned(), stored, 0)));
        parts.retain(|(_, stored, _)| *stored > 0);
        parts.sort_by_key(|(_, stored, _)| std::cmp::Reverse(*stored));
        self.bars(&parts, inspection.meta.size_bytes, out);
    }

    fn streams(&self, inspection: &Inspection, out: &mut String) {
        self.title("streams", out);
        let most = inspection.streams.first().map_or(0, |stream| stream.bytes);
        for stream in inspection.streams.iter().take(self.options.streams) {
            let bar = self.paint.good(&format!("{:<BAR$}", share_bar(stream.bytes, most, BAR)));
            let labels = stream.labels.to_string();
            let (rows, bytes) = (grouped(stream.rows), bytes_text(stream.bytes));
            let labels = self.paint.stream(&cut(&labels, LABELS_WIDTH));
            let _ = writeln!(out, "  {bytes:>9} {rows:>10} rows  {bar} {labels}");
        }
        self.more(inspection.streams.len(), self.options.streams, "--streams", out);
    }

    fn pages(&self, inspection: &Inspection, out: &mut String) {
        self.title("pages", out);
        let heading = "   no kind     runs    rows     stored      raw   ratio  from";
        let _ = writeln!(out, "{}", self.paint.dim(heading));
        for (at, page) in inspection.pages.iter().enumerate().take(self.options.pages) {
            let _ = writeln!(
                out,
                "  {at:>3} {:<7} {:>5} {:>7}  {:>9} {:>8} {:>7}  {} + {}",
                page.kind.word(),
                page.runs,
                page.rows,
                bytes_text(page.stored_bytes),
                bytes_text(page.raw_bytes),
                ratio(page.raw_bytes, page.stored_bytes),
                seconds(page.min_ns),
                base::unit::Period(page.max_ns.saturating_sub(page.min_ns) / 1_000_000 * 1_000_000),
            );
        }
        self.more(inspection.pages.len(), self.options.pages, "--pages", out);
    }

    fn page(&self, looked: &Looked, out: &mut String) {
        let Looked { inspection, at, body } = looked;
        let Some(page) = inspection.pages.get(*at) else { return };
        self.title(&format!("page {at}: sections"), out);
        let most = self.options.templates;
        let mut sections: Vec<Part> = body
            .sections
            .iter()
            .filter(|section| section.stored_bytes > 0)
            .map(|section| {
                (format!("{} ({})", section.name, section.codec), section.stored_bytes, section.raw_bytes)
            })
            .collect();
        sections.sort_by_key(|(_, stored, _)| std::cmp::Reverse(*stored));
        let count = sections.len();
        sections.truncate(most);
        self.bars(&sections, page.stored_bytes, out);
        self.more(count, most, "--templates", out);
        if body.templates.is_empty() {
            return;
        }
        self.title(&format!("page {at}: templates"), out);
        for template in body.templates.iter().take(most) {
            let share = 100.0 * f64::from(template.rows) / page.rows.max(1) as f64;
            let text = self.slots(&cut(&template.text.escape_debug().to_string(), TEMPLATE_WIDTH));
            let _ = writeln!(out, "  {:>7} {share:>5.1} %  {text}", template.rows);
        }
        self.more(body.templates.len(), most, "--templates", out);
        self.title(&format!("page {at}: columns"), out);
        self.columns(&body.columns, page.stored_bytes, most, out);
    }

    fn columns(&self, columns: &[ColumnFacts], whole: u64, most: usize, out: &mut String) {
        let heading =
            "  behind                        encoding     values  distinct    stored      raw   ratio";
        let _ = writeln!(out, "{}", self.paint.dim(heading));
        for column in columns.iter().take(most) {
            let indent = "  ".repeat(column.depth as usize);
            let name = match column.name.as_str() {
                "" => "(start)".to_owned(),
                name if name.trim().is_empty() => "(space)".to_owned(),
                name => name.escape_debug().to_string(),
            };
            let name = format!("{indent}{name}");
            let distinct = column.distinct.map_or_else(String::new, |distinct| distinct.to_string());
            let row = format!(
                "  {name:<29} {:<10} {:>8} {distinct:>9} {:>9} {:>8} {:>7}  {}",
                column.encoding,
                column.values,
                bytes_text(column.stored_bytes),
                bytes_text(column.raw_bytes),
                ratio(column.raw_bytes, column.stored_bytes),
                self.paint.good(&share_bar(column.stored_bytes, whole, BAR)),
            );
            let _ = writeln!(out, "{}", row.trim_end());
        }
        self.more(columns.len(), most, "--templates", out);
    }

    /// Says how many of a list are not shown.
    fn more(&self, count: usize, shown: usize, option: &str, out: &mut String) {
        if count > shown {
            let text = format!("  and {} more ({option} {count})", count - shown);
            let _ = writeln!(out, "{}", self.paint.dim(&text));
        }
    }

    /// `text` with its slots in colour.
    fn slots(&self, text: &str) -> String {
        const NAMES: [&str; 7] =
            ["<integer>", "<delta>", "<hex>", "<dictionary>", "<raw>", "<fixed>", "<table>"];
        NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, &self.paint.warn(name)))
    }
}

/// Sections that are shown as one.
fn group(section: &InspectedSection) -> &str {
    if section.kind == model::SectionKind::Metadata {
        "metadata"
    } else if section.name.starts_with("numbers ") {
        "numbers"
    } else {
        &section.name
    }
}

fn ratio(raw: u64, stored: u64) -> String {
    if stored == 0 { String::new() } else { format!("{:.1}×", raw as f64 / stored as f64) }
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
