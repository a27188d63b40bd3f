//! A block for machines.

use super::Looked;
use serde_json::{Value, json};
use store::inspect::InspectedSection;

/// Everything that is known of `looked`.
pub fn of(looked: &Looked) -> Value {
    let Looked { inspection, at, body } = looked;
    let [index, runs, directory, facts] = inspection.tail_parts;
    let stream = |stream: &store::inspect::InspectedStream| {
        json!({
            "labels": stream.labels.iter().collect::<std::collections::BTreeMap<_, _>>(),
            "runs": stream.runs, "rows": stream.rows, "bytes": stream.bytes,
        })
    };
    let page = |page: &store::inspect::InspectedPage| {
        json!({
            "kind": page.kind.word(), "runs": page.runs, "rows": page.rows,
            "rawBytes": page.raw_bytes, "storedBytes": page.stored_bytes,
            "minNs": page.min_ns, "maxNs": page.max_ns,
            "sections": page.sections.iter().map(section).collect::<Vec<_>>(),
        })
    };
    let template =
        |template: &store::inspect::TemplateFacts| json!({"text": template.text, "rows": template.rows});
    let column = |column: &store::inspect::ColumnFacts| {
        json!({
            "depth": column.depth, "behind": column.name, "encoding": column.encoding, "values": column.values,
            "distinct": column.distinct, "rawBytes": column.raw_bytes, "storedBytes": column.stored_bytes,
        })
    };
    json!({
        "block": inspection.meta,
        "tail": {"indexBytes": index, "runTableBytes": runs, "directoryBytes": directory, "factsBytes": facts},
        "streams": inspection.streams.iter().map(stream).collect::<Vec<_>>(),
        "pages": inspection.pages.iter().map(page).collect::<Vec<_>>(),
        "page": {
            "number": at,
            "sections": body.sections.iter().map(section).collect::<Vec<_>>(),
            "templates": body.templates.iter().map(template).collect::<Vec<_>>(),
            "columns": body.columns.iter().map(column).collect::<Vec<_>>(),
        },
    })
}

fn section(section: &InspectedSection) -> Value {
    json!({
        "name": section.name, "kind": section.kind, "codec": section.codec,
        "storedBytes": section.stored_bytes, "rawBytes": section.raw_bytes,
    })
}
