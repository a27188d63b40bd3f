//! Putting the rows of several sources together, stream by stream, holding no more than needed.
//! Nothing here waits or reads: it is told what is to come and what has come.

use super::order::{Order, Reach};
use hashbrown::{HashSet, HashTable};
use model::{RowColumns, Stream};
use std::collections::VecDeque;
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
    /// Streams that no group before it had rows of.
    pub new_streams: u32,
}

/// A group in one.
#[derive(Debug)]
pub struct Joined {
    /// Which stream.
    pub stream: Arc<Stream>,
    /// Its rows.
    pub rows: RowColumns,
    /// How many duplicates were dropped.
    pub duplicates: u64,
    /// As in [`Group`].
    pub new_streams: u32,
}

/// The streams of a question.
#[derive(Debug)]
pub struct Gather {
    order: Order,
    streams: Vec<Member>,
    /// Positions in `streams`, by fingerprint.
    places: HashTable<u32>,
    /// Fingerprints of those that groups had rows of.
    given: HashSet<u64, foldhash::fast::RandomState>,
}

/// One stream of a question.
#[derive(Debug)]
struct Member {
    stream: Arc<Stream>,
    /// How far its rows reach in each block or head.
    reach: Vec<(u32, Reach)>,
    to_come: ToCome,
    held: Vec<Piece>,
    /// Whether a group had rows of it.
    is_given: bool,
}

/// Near ends of what is to come with their number, the nearest first. What is expected later is mostly farther, and what
/// comes is mostly the nearest, so that hardly one is moved.
#[derive(Debug, Default)]
struct ToCome(VecDeque<(i64, u32)>);

impl ToCome {
    fn add(&mut self, near: i64) {
        let farther = |last: &(i64, u32)| last.0 < near;
        let place = match self.0.back().is_none_or(farther) {
            false => self.0.len(),
            true => self.0.partition_point(|(known, _)| *known >= near),
        };
        match place.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
            Some((known, count)) if *known == near => *count += 1,
            _ => self.0.insert(place, (near, 1)),
        }
    }

    fn take(&mut self, near: i64) {
        let place = self.0.partition_point(|(known, _)| *known > near);
        if let Some((_, count)) = self.0.get_mut(place).filter(|(known, _)| *known == near) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(place);
            }
        }
    }

    fn nearest(&self) -> Option<i64> {
        self.0.front().map(|(near, _)| *near)
    }
}

impl Gather {
    /// No streams yet.
    pub fn new(order: Order) -> Self {
        Self { order, streams: Vec::new(), places: HashTable::new(), given: HashSet::default() }
    }

    /// The number of `stream`.
    pub fn stream(&mut self, stream: &Arc<Stream>) -> u32 {
        let of = |number: &u32| self.streams.get(*number as usize).map(|member| &member.stream);
        let is_same = |number: &u32| of(number).is_some_and(|known| known.labels == stream.labels);
        if let Some(number) = self.places.find(stream.fingerprint, is_same) {
            return *number;
        }
        let number = self.streams.len() as u32;
        let hash = |number: &u32| of(number).map_or(0, |known| known.fingerprint);
        self.places.insert_unique(stream.fingerprint, number, hash);
        self.streams.push(Member {
            stream: stream.clone(),
            reach: Vec::new(),
            to_come: ToCome::default(),
            held: Vec::new(),
            is_given: false,
        });
        number
    }

    /// Says that rows of `stream` in `span` may come from `place`.
    pub fn expect(&mut self, stream: u32, place: u32, span: Reach) {
        let Some(member) = self.streams.get_mut(stream as usize) else { return };
        member.to_come.add(span.near);
        // A place is mostly the last one.
        match member.reach.iter_mut().rev().find(|(known, _)| *known == place) {
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
        member.to_come.take(near);
    }

    /// Rows of streams that are alike, given as those of `stream`; they share time with no others of these streams.
    pub fn alike(&self, stream: u32, rows: RowColumns) -> Option<Group> {
        let stream = self.streams.get(stream as usize)?.stream.clone();
        let held_bytes = rows.held_bytes();
        let pieces = vec![Piece { source: Source { place: 0, run: 0 }, page: 0, rows }];
        Some(Group { stream, pieces, held_bytes, new_streams: 0 })
    }

    /// Says that rows of `streams` are given. The number of those of which none were before.
    pub fn note_given(&mut self, streams: impl Iterator<Item = u32>) -> u32 {
        let (members, given) = (&mut self.streams, &mut self.given);
        streams
            .map(|stream| members.get_mut(stream as usize).map_or(0, |member| member.note_given(given)))
            .sum()
    }

    /// The same of streams by their fingerprints.
    pub fn note_all_given(&mut self, fingerprints: &[u64]) -> u32 {
        fingerprints.iter().map(|fingerprint| u32::from(self.given.insert(*fingerprint))).sum()
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
        if member.held.is_empty() {
            return;
        }
        let limit = member.to_come.nearest();
        if member.held.len() == 1
            && let Some(piece) = member.held.pop_if(|piece| is_complete(self.order, piece, limit))
        {
            let held_bytes = piece.rows.held_bytes();
            let new_streams = member.note_given(&mut self.given);
            let stream = member.stream.clone();
            groups.push(Group { stream, pieces: vec![piece], held_bytes, new_streams });
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
            let new_streams = member.note_given(&mut self.given);
            Group { stream: member.stream.clone(), pieces, held_bytes, new_streams }
        }));
    }
}

impl Member {
    /// Says that rows of it are given; 1 when none were before.
    fn note_given(&mut self, given: &mut HashSet<u64, foldhash::fast::RandomState>) -> u32 {
        (!std::mem::replace(&mut self.is_given, true) && given.insert(self.stream.fingerprint)).into()
    }
}

impl Group {
    /// Whether putting it together is work.
    pub fn is_single(&self) -> bool {
        self.pieces.len() == 1
    }

    /// Its rows in one.
    pub fn join(mut self) -> Joined {
        let joined = |rows, duplicates| Joined {
            stream: self.stream,
            rows,
            duplicates,
            new_streams: self.new_streams,
        };
        if self.pieces.len() == 1
            && let Some(only) = self.pieces.pop()
        {
            return joined(only.rows, 0);
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
            return joined(rows, 0);
        }
        let (rows, duplicates) = page::merge(&by_source.iter().collect::<Vec<_>>());
        joined(rows, duplicates)
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
