//! `trefoil inspect`: what is in a block, and what takes the space.

mod draw;
mod json;

use super::args::{InspectOptions, RunOptions};
use anyhow::{Context as _, Result, bail};
use bucket::Bucket;
use bytes::Bytes;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use store::inspect::{FOOTER_BYTES, InspectedBody, Inspection, tail_range};

/// Runs `trefoil inspect`. `bucket_of` opens the bucket of a configuration, for a block that is no file here.
pub async fn run(options: InspectOptions, bucket_of: fn(&RunOptions) -> Result<Bucket>) -> Result<()> {
    let source = Source::open(&options, bucket_of).await?;
    let footer_start = source.size_bytes.saturating_sub(FOOTER_BYTES as u64);
    let footer = source.read(footer_start..source.size_bytes).await?;
    let tail = source.read(tail_range(source.size_bytes, &footer)?).await?;
    let inspection = Inspection::open(&source.name, source.size_bytes, &tail)?;
    let largest = inspection.pages.iter().enumerate().max_by_key(|(_, page)| page.stored_bytes);
    let at = options.page.or(largest.map(|(at, _)| at)).unwrap_or(0);
    let Some(range) = inspection.body_range(at) else {
        bail!("there is no page {at}: the block has {}, the first is 0", inspection.pages.len());
    };
    let body = inspection.page(at, &source.read(range).await?)?;
    let looked = Looked { inspection, at, body };
    match options.json {
        true => println!("{}", serde_json::to_string_pretty(&json::of(&looked))?),
        false => print!("{}", draw::screen(&looked, &options)),
    }
    Ok(())
}

/// A block and one of its pages.
struct Looked {
    inspection: Inspection,
    at: usize,
    body: InspectedBody,
}

/// Where the object is.
struct Source {
    name: String,
    size_bytes: u64,
    from: From,
}

enum From {
    File(File),
    Bucket(Bucket),
}

impl Source {
    async fn open(options: &InspectOptions, bucket_of: fn(&RunOptions) -> Result<Bucket>) -> Result<Self> {
        let path = Path::new(&options.block);
        if path.is_file() {
            let failed = || format!("cannot read {}", path.display());
            let file = File::open(path).with_context(failed)?;
            let size_bytes = file.metadata().with_context(failed)?.len();
            return Ok(Self { name: options.block.clone(), size_bytes, from: From::File(file) });
        }
        let bucket = bucket_of(&options.run)?;
        let size = bucket.size(&options.block).await;
        let size_bytes = size.with_context(|| {
            format!("{} is neither a file here nor an object of {}", options.block, bucket.address())
        })?;
        Ok(Self { name: options.block.clone(), size_bytes, from: From::Bucket(bucket) })
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        match &self.from {
            From::Bucket(bucket) => Ok(bucket.get_range(&self.name, self.size_bytes, range).await?),
            From::File(file) => {
                if range.end > self.size_bytes {
                    bail!("{} has {} bytes: bytes {range:?} are asked for", self.name, self.size_bytes);
                }
                let mut bytes = vec![0; usize::try_from(range.end.saturating_sub(range.start))?];
                file.read_exact_at(&mut bytes, range.start)
                    .with_context(|| format!("cannot read {}", self.name))?;
                Ok(bytes.into())
            }
        }
    }
}
