//! Literals that can be searched before, or instead of, running an expression.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

/// Most texts that are worth a lookup each.
const MOST_EXACT: usize = 64;

/// The longest bytes that every match contains.
pub fn required(hir: &Hir) -> Option<Vec<u8>> {
    longest(hir).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
}

fn longest(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(group) => longest(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(longest).max_by_key(|bytes| bytes.len()),
        _ => None,
    }
}

/// All texts that can match, where no condition but their bytes is asked.
pub fn exact(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    if !hir.properties().look_set().is_empty() {
        return None;
    }
    let texts = Extractor::new().limit_total(MOST_EXACT).extract(hir);
    if !texts.is_exact() {
        return None;
    }
    Some(texts.literals()?.iter().map(|text| text.as_bytes().to_vec()).collect())
}
