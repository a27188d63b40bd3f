//! Putting the rows of several sources together, stream by stream, holding no more than needed.
//! Nothing here waits or reads: it is told what is to come and what has come.

use super::order::{Order, Reach};
use hashbrown::HashMap;
use model::{Labels, RowColumns, Stream};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What a stream and what a member cost in memory, about.
pub const STREAM_BYTES: u64 = 256;
pub const MEMBER_BYTES: u64 = 48;

/// Where rows lie: sources are numbered from the oldest on, so that rows of one time keep the order in
/// which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Number of the block or head.
    pub place: u32,
    /// Number of the run in a head, 0 in a block: the rows of a stream in a block are sorted and without
    /// duplicates, those of a head only within a run.
    pub run: u32,
}

/// Rows of one stream in one source, oldest first, without duplicates.
#[derive(Debug)]
pub struct Piece {
    /// Where they lay.
    pub source: Source,
    /// Which page of a block they lay in; 0 in a head.
    pub page: u32,
    /// The rows, at least one.
    pub rows: RowColumns,
}

/// Pieces of a stream that share no time with any other piece of it, to come or gone.
#[derive(Debug)]
pub struct Group {
    /// Which stream.
    pub stream: Arc<Stream>,
    pieces: Vec<Piece>,
    /// Bytes that the pieces were held with.
    pub held_bytes: u64,
}

/// The streams of a question.
#[derive(Debug)]
pub struct Gather {
    order: Order,
    streams: Vec<Member>,
    places: HashMap<Labels, u32, foldhash::fast::RandomState>,
}

/// One stream of a question.
#[derive(Debug)]
struct Member {
    stream: Arc<Stream>,
    /// How far its rows reach in each block or head.
    reach: Vec<(u32, Reach)>,
    /// Near ends of what is to come, with their number.
    to_come: BTreeMap<i64, u32>,
    held: Vec<Piece>,
}

impl Gather {
    /// No streams yet.
    pub fn new(order: Order) -> Self {
        Self { order, streams: Vec::new(), places: HashMap::default() }
    }

    /// The number of `stream`.
    pub fn stream(&mut self, stream: &Arc<Stream>) -> u32 {
        if let Some(number) = self.places.get(&stream.labels) {
            return *number;
        }
        let number = self.streams.len() as u32;
        self.places.insert(stream.labels.clone(), number);
        self.streams.push(Member {
            stream: stream.clone(),
            reach: Vec::new(),
            to_come: BTreeMap::new(),
            held: Vec::new(),
        });
        number
    }

    /// Says that rows of `stream` in `span` may come from `place`.
    pub fn expect(&mut self, stream: u32, place: u32, span: Reach) {
        let Some(member) = self.streams.get_mut(stream as usize) else { return };
        *member.to_come.entry(span.near).or_insert(0) += 1;
        match member.reach.iter_mut().find(|(known, _)| *known == place) {
            Some((_, reach)) => *reach = reach.around(span),
            None => member.reach.push((place, span)),
        }
    }

    /// Whether rows of `stream` in `place` share time with rows of it elsewhere.
    pub fn is_mixed(&self, stream: u32, place: u32) -> bool {
        let Some(member) = self.streams.get(stream as usize) else { return false };
        let here = member.reach.iter().find(|(known, _)| *known == place);
        here.is_some_and(|(_, here)| {
            member.reach.iter().any(|(other, reach)| *other != place && reach.overlaps(here))
        })
    }

    /// Says that what was expected of `stream` with this near end has come, as pieces or as nothing.
    pub fn came(&mut self, stream: u32, near: i64) {
        let Some(member) = self.streams.get_mut(stream as usize) else { return };
        if let Some(count) = member.to_come.get_mut(&near) {
            *count -= 1;
            if *count == 0 {
                member.to_come.remove(&near);
            }
        }
    }

    /// Holds a piece of `stream`.
    pub fn hold(&mut self, stream: u32, piece: Piece) {
        if let Some(member) = self.streams.get_mut(stream as usize) {
            member.held.push(piece);
        }
    }

    /// Takes what is complete of `stream` into `groups`: no piece to come has a row as near.
    pub fn complete(&mut self, stream: u32, groups: &mut Vec<Group>) {
        let Some(member) = self.streams.get_mut(stream as usize) else { return };
        let limit = member.to_come.last_key_value().map(|(near, _)| *near);
        if member.held.len() == 1
            && let Some(piece) = member.held.pop_if(|piece| is_complete(self.order, piece, limit))
        {
            let held_bytes = piece.rows.held_bytes();
            groups.push(Group { stream: member.stream.clone(), pieces: vec![piece], held_bytes });
            return;
        }
        let mut complete = Vec::new();
        for piece in std::mem::take(&mut member.held) {
            let (done, rest) = split(self.order, piece, limit);
            complete.extend(done);
            member.held.extend(rest);
        }
        let order = self.order;
        groups.extend(apart(order, complete).into_iter().map(|pieces| {
            let held_bytes = pieces.iter().map(|piece| piece.rows.held_bytes()).sum();
            Group { stream: member.stream.clone(), pieces, held_bytes }
        }));
    }
}

impl Group {
    /// Whether putting it together is work.
    pub fn is_single(&self) -> bool {
        self.pieces.len() == 1
    }

    /// Its rows in one, and how many duplicates were dropped.
    pub fn join(mut self) -> (Arc<Stream>, RowColumns, u64) {
        if self.is_single()
            && let Some(only) = self.pieces.pop()
        {
            return (self.stream, only.rows, 0);
        }
        // A page may have several runs of a stream, one after the other.
        let first_ns = |piece: &Piece| piece.rows.ts_ns.first().copied();
        self.pieces.sort_by_key(|piece| (piece.source, piece.page, first_ns(piece)));
        let by_source = self.pieces.chunk_by(|a, b| a.source == b.source).map(|same| {
            let rows: Vec<&RowColumns> = same.iter().map(|piece| &piece.rows).collect();
            // Pages of a block repeat nothing, and may have come without their texts.
            page::concat(&rows)
        });
        let mut by_source: Vec<RowColumns> = by_source.collect();
        if by_source.len() == 1
            && let Some(rows) = by_source.pop()
        {
            return (self.stream, rows, 0);
        }
        let (rows, duplicates) = page::merge(&by_source.iter().collect::<Vec<_>>());
        (self.stream, rows, duplicates)
    }
}

/// The span of sorted rows.
pub fn span_of(order: Order, rows: &RowColumns) -> Option<Reach> {
    let times = &rows.ts_ns;
    Some(order.span(*times.first()?, *times.last()?))
}

/// Whether the keys of all rows are beyond `limit`.
fn is_complete(order: Order, piece: &Piece, limit: Option<i64>) -> bool {
    limit.is_none_or(|limit| span_of(order, &piece.rows).is_some_and(|span| span.far > limit))
}

/// Cuts off the rows whose keys are beyond `limit`; all without one.
fn split(order: Order, piece: Piece, limit: Option<i64>) -> (Option<Piece>, Option<Piece>) {
    let Some(limit) = limit else { return (Some(piece), None) };
    let times = &piece.rows.ts_ns;
    let is_done = |ns: i64| order.key(ns) > limit;
    let all = 0..times.len();
    let (done, rest) = match times.first().is_some_and(|first| is_done(*first)) {
        // Going forward, the oldest rows are complete first.
        true => {
            let at = times.partition_point(|ns| is_done(*ns));
            (0..at, at..all.end)
        }
        false => {
            let at = times.partition_point(|ns| !is_done(*ns));
            (at..all.end, 0..at)
        }
    };
    if done.len() == all.len() {
        return (Some(piece), None);
    }
    let cut = |range: Range<usize>| {
        let rows = (!range.is_empty()).then(|| page::slice(&piece.rows, &range));
        rows.map(|rows| Piece { source: piece.source, page: piece.page, rows })
    };
    match done.is_empty() {
        true => (None, Some(piece)),
        false => (cut(done), cut(rest)),
    }
}

/// Groups of pieces that share time, near ones first.
fn apart(order: Order, pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let spanned = pieces.into_iter().filter_map(|piece| Some((span_of(order, &piece.rows)?, piece)));
    let mut spanned: Vec<(Reach, Piece)> = spanned.collect();
    spanned.sort_by_key(|(span, _)| std::cmp::Reverse(span.near));
    let mut groups: Vec<(Reach, Vec<Piece>)> = Vec::new();
    for (span, piece) in spanned {
        match groups.last_mut() {
            Some((group, pieces)) if group.overlaps(&span) => {
                *group = group.around(span);
                pieces.push(piece);
            }
            _ => groups.push((span, vec![piece])),
        }
    }
    groups.into_iter().map(|(_, pieces)| pieces).collect()
}

#[cfg(test)]
mod tests;
