//! What a question would read: heads, catalogue, tails of blocks and filters tell; no page is read.

use super::order::Order;
use super::plan::{self, Asked, Found};
use crate::block::BlockMeta;
use crate::engine::Engine;
use base::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};
use hashbrown::HashSet;
use model::{Estimate, RowsEstimate, SectionKind, Selection};
use page::Question;

/// What `selection` would read; what finding that out costs is counted in its statistics.
///
/// # Errors
/// As [`super::streams`].
pub async fn estimate(engine: &Engine, selection: Selection) -> Result<Estimate> {
    engine.check_serves()?;
    let order = Order(selection.direction);
    let Some(span) = order.span_of(selection.range) else { return Ok(Estimate::default()) };
    let question = Question::new(selection.range, &selection.predicates, selection.projection)
        .with_digest(selection.digest.clone())
        .with_nearest(selection.direction, selection.nearest);
    let asked = Asked {
        matchers: selection.matchers.into(),
        question,
        order,
        span,
        few: selection.limit_hint.is_some(),
        stats: selection.stats,
    };
    let mut streams: HashSet<u64, foldhash::fast::RandomState> = HashSet::default();
    let mut estimate = Estimate { uses_filters: asked.question.uses_filters(), ..Estimate::default() };
    if let Some(tenant) = engine.known_tenant(&selection.tenant) {
        let (heads, by) = (tenant.heads(), asked.clone());
        let facts = move || -> Vec<_> {
            heads.each().flat_map(|head| head.facts(&by.matchers, by.question.range)).collect()
        };
        for (stream, runs) in engine.pool.run(facts).await? {
            streams.insert(stream.fingerprint);
            for run in runs {
                estimate.heads.add(RowsEstimate { rows: run.rows, bytes: run.bytes });
            }
        }
    }
    let metas = engine.catalogue.state().blocks(&selection.tenant, selection.range);
    let opened = futures_util::stream::iter(metas).map(|meta| {
        let asked = asked.clone();
        async move { Ok((plan::open(engine, &meta, asked, None).await?, meta)) }
    });
    let mut opened = opened.buffer_unordered(super::OPENS_IN_FLIGHT);
    while let Some((found, meta)) = opened.try_next().await? {
        streams.extend(found.streams.iter().map(|(_, stream)| stream.fingerprint));
        estimate.add(&of_block(&found, &meta, &asked.question), false);
    }
    estimate.streams = streams.len() as u64;
    Ok(estimate)
}

fn of_block(found: &Found, meta: &BlockMeta, question: &Question) -> Estimate {
    let left = found.pages.len() as u64;
    let mut estimate = Estimate {
        blocks_in_range: 1,
        blocks: u64::from(left + found.skipped > 0),
        pages: left + found.skipped,
        pages_skipped: found.skipped,
        ..Estimate::default()
    };
    estimate.add_section(SectionKind::Directory, meta.tail_bytes, meta.tail_bytes);
    if found.filter_bytes > 0 {
        estimate.add_section(SectionKind::Search, found.filter_bytes, found.filter_bytes);
    }
    for plan in &found.pages {
        if plan.counted.is_some() {
            estimate.pages_counted += 1;
            let counts = found.block.page(plan.page).into_iter().flat_map(page::Page::sections);
            let counts = counts.filter(|section| section.tag == page::Tag::COUNTS);
            counts.for_each(|section| {
                estimate.add_section(section.kind(), section.stored_len.into(), section.raw_len.into());
            });
            continue;
        }
        for run in &plan.runs {
            estimate.rows.add(RowsEstimate { rows: run.rows, bytes: run.bytes });
        }
        for section in found.block.page(plan.page).into_iter().flat_map(|page| page.needed(question)) {
            estimate.add_section(section.kind(), section.stored_len.into(), section.content_bytes());
        }
    }
    estimate
}
