//! From blocks to fewer blocks, in steps short enough for compute threads that have other work, too.

use super::input::Input;
use super::stream::{Merged, Merging};
use crate::block::{BlockMeta, Builder};
use base::{ByteBudget, Error, Lease, Result};
use bytes::Bytes;
use model::{RowColumns, Signal, Tenant};
use std::ops::{Range, RangeInclusive};

/// Bytes of rows that one step handles, about.
const STEP_BYTES: u64 = 2 << 20;
/// Rows of a stream are pushed in pieces of about so many bytes: the fewer the better for pages.
const PIECE_BYTES: u64 = 2 * page::PAGE_BYTES;
/// Most bytes of labels in a block, far below what its index can hold.
const LABEL_BYTES_MAX: usize = 32 << 20;

/// Whose rows are merged, and into what.
pub struct Target {
    /// Whose.
    pub tenant: Tenant,
    /// Of what kind.
    pub signal: Signal,
    /// When the rows of all inputs were received.
    pub received_ns: RangeInclusive<i64>,
    /// Blocks are cut at so many bytes of rows.
    pub limit_bytes: u64,
}

/// Merges blocks stream by stream.
pub struct Merger {
    target: Target,
    inputs: Vec<Input>,
    merging: Option<Merging>,
    /// Rows of the stream that are not in the builder yet.
    pieces: Vec<RowColumns>,
    pieces_bytes: u64,
    builder: Option<Builder>,
    /// Bytes of labels in the builder, about.
    label_bytes: usize,
    duplicates: u64,
    /// For pieces and builder.
    held: Lease,
}

/// What a step gave.
pub enum Step {
    /// Nothing yet.
    More,
    /// Give [`Merger::take`] these ranges of the input with this number.
    Fetch(usize, Vec<Range<u64>>),
    /// A block.
    Block(Box<BlockMeta>, Bytes),
    /// All blocks were given.
    End,
}

/// Why a merge cannot go on.
#[derive(Debug)]
pub enum Failure {
    /// The input with this number cannot be read.
    Input(usize, Error),
    /// Something else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Merger {
    /// Merges `inputs`, in the order of rows of one time.
    ///
    /// # Errors
    /// [`base::Kind::Limit`] when the budget is spent.
    pub fn new(target: Target, inputs: Vec<Input>, budget: &ByteBudget) -> Result<Self> {
        Ok(Self {
            target,
            inputs,
            merging: None,
            pieces: Vec::new(),
            pieces_bytes: 0,
            builder: None,
            label_bytes: 0,
            duplicates: 0,
            held: budget.lease(0)?,
        })
    }

    /// Rows dropped as duplicates so far.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// The block that is the input with this number.
    pub fn input(&self, number: usize) -> Option<&BlockMeta> {
        self.inputs.get(number).map(|input| input.block.meta())
    }

    /// Takes what a step asked to fetch.
    pub fn take(&mut self, input: usize, parts: Vec<Bytes>) {
        if let Some(input) = self.inputs.get_mut(input) {
            input.take(parts.into());
        }
    }

    /// Does the next step; gives itself back.
    pub fn step(mut self) -> (Self, Result<Step, Failure>) {
        let step = self.advance();
        (self, step)
    }

    fn advance(&mut self) -> Result<Step, Failure> {
        let mut done_bytes = 0;
        while done_bytes < STEP_BYTES {
            if let Some(fetch) = self.make_ready()? {
                return Ok(fetch);
            }
            if self.merging.is_none() {
                self.merging = Merging::first(&self.inputs);
            }
            let Some(merging) = &mut self.merging else {
                return match self.builder.take() {
                    Some(builder) => Ok(self.finish(builder)?),
                    None => Ok(Step::End),
                };
            };
            match merging.step(&mut self.inputs) {
                Merged::Again => continue,
                Merged::Rows(rows, duplicates) => {
                    self.duplicates += duplicates;
                    let bytes = rows.held_bytes();
                    done_bytes += bytes * (1 + duplicates / rows.len().max(1) as u64);
                    self.pieces_bytes += bytes;
                    self.pieces.push(rows);
                    self.account()?;
                    if self.pieces_bytes < PIECE_BYTES {
                        continue;
                    }
                    self.push()?;
                }
                Merged::End => {
                    self.push()?;
                    self.merging = None;
                }
            }
            if let Some(builder) = self.full() {
                return Ok(self.finish(builder)?);
            }
        }
        Ok(Step::More)
    }

    /// Makes all inputs ready; some when one has to be fetched first.
    fn make_ready(&mut self) -> Result<Option<Step>, Failure> {
        for (number, input) in self.inputs.iter_mut().enumerate() {
            let wanted = input.wanted().map_err(|error| Failure::Input(number, error))?;
            if !wanted.is_empty() {
                return Ok(Some(Step::Fetch(number, wanted)));
            }
            input.ready().map_err(|error| Failure::Input(number, error))?;
        }
        Ok(None)
    }

    /// Pushes the pieces into the builder.
    fn push(&mut self) -> Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces_bytes = 0;
        let Some(merging) = self.merging.as_ref().filter(|_| !pieces.is_empty()) else { return Ok(()) };
        let target = &self.target;
        let builder = self.builder.get_or_insert_with(|| {
            Builder::new(target.tenant.clone(), target.signal, target.received_ns.clone())
        });
        self.label_bytes += merging.stream.labels.bytes().len();
        match <[RowColumns; 1]>::try_from(pieces) {
            Ok([only]) => builder.push(&merging.stream, only)?,
            Err(several) => {
                builder.push(&merging.stream, page::concat(&several.iter().collect::<Vec<_>>()))?
            }
        }
        self.account()
    }

    /// Brings the lease up to date.
    fn account(&mut self) -> Result<()> {
        let now_bytes = self.pieces_bytes + self.builder.as_ref().map_or(0, Builder::held_bytes);
        let before_bytes = self.held.bytes();
        self.held.shrink(before_bytes.saturating_sub(now_bytes));
        self.held.grow(now_bytes.saturating_sub(before_bytes))
    }

    /// Takes the builder when it is full.
    fn full(&mut self) -> Option<Builder> {
        let is_full = self.builder.as_ref().is_some_and(|builder| {
            builder.raw_bytes() >= self.target.limit_bytes || self.label_bytes >= LABEL_BYTES_MAX
        });
        if is_full { self.builder.take() } else { None }
    }

    fn finish(&mut self, builder: Builder) -> Result<Step> {
        self.label_bytes = 0;
        let (meta, bytes) = builder.finish()?;
        self.account()?;
        Ok(Step::Block(Box::new(meta), bytes))
    }
}
