//! The statistics that stand in every answer to a query.

use crate::json_text::{put_integer, put_number};
use crate::reply::put_key;

/// A value that the statistics hold.
trait Put {
    fn put(&self, out: &mut Vec<u8>);
}

impl Put for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_integer(out, *self);
    }
}

impl Put for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, *self);
    }
}

impl Put for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

/// Declares a struct whose fields are written as the keys beside them, in this order.
macro_rules! written {
    ($(#[$meta:meta])* pub struct $name:ident { $( #[doc = $doc:literal] $field:ident: $type:ty = $key:literal, )* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name { $( #[doc = $doc] pub $field: $type, )* }

        impl Put for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(b'{');
                $( put_key(out, $key); self.$field.put(out); )*
                out.push(b'}');
            }
        }
    };
}

written! {
    /// What a query cost.
    pub struct Stats {
        /// The sum of it.
        summary: Summary = "summary",
        /// What was read from blocks.
        querier: Querier = "querier",
        /// What was read from heads.
        ingester: Ingester = "ingester",
        /// What caches gave.
        cache: Caches = "cache",
        /// What the index was asked.
        index: Index = "index",
    }
}

written! {
    /// The sum of a query's cost.
    pub struct Summary {
        /// Bytes looked at in a second.
        bytes_per_second: u64 = "bytesProcessedPerSecond",
        /// Lines looked at in a second.
        lines_per_second: u64 = "linesProcessedPerSecond",
        /// Bytes looked at.
        total_bytes: u64 = "totalBytesProcessed",
        /// Lines looked at.
        total_lines: u64 = "totalLinesProcessed",
        /// Time from first to last, in seconds.
        exec_seconds: f64 = "execTime",
        /// Time before it, in seconds.
        queue_seconds: f64 = "queueTime",
        /// Queries that it was cut into.
        subqueries: u64 = "subqueries",
        /// Lines or samples answered.
        entries_returned: u64 = "totalEntriesReturned",
        /// Pieces of time.
        splits: u64 = "splits",
        /// Pieces of streams.
        shards: u64 = "shards",
        /// Lines that passed the filters.
        post_filter_lines: u64 = "totalPostFilterLines",
        /// Bytes of structured metadata looked at.
        metadata_bytes: u64 = "totalStructuredMetadataBytesProcessed",
    }
}

written! {
    /// What was read from blocks.
    pub struct Querier {
        /// What reading cost.
        store: Store = "store",
        /// Time spent, in seconds.
        exec_seconds: f64 = "querierExecTime",
    }
}

written! {
    /// What was read from heads.
    pub struct Ingester {
        /// Nodes asked.
        reached: u64 = "totalReached",
        /// Runs that matched.
        chunks_matched: u64 = "totalChunksMatched",
        /// Portions received.
        batches: u64 = "totalBatches",
        /// Lines received.
        lines_sent: u64 = "totalLinesSent",
        /// What reading cost.
        store: Store = "store",
    }
}

written! {
    /// What reading cost.
    pub struct Store {
        /// Runs that might hold rows.
        chunks_ref: u64 = "totalChunksRef",
        /// Runs fetched.
        chunks_downloaded: u64 = "totalChunksDownloaded",
        /// Time to fetch them, in seconds.
        download_seconds: f64 = "chunksDownloadTime",
        /// Whether structured metadata was asked for.
        referenced_metadata: bool = "queryReferencedStructuredMetadata",
        /// What was decoded.
        chunk: Chunk = "chunk",
        /// Time to find the runs, in seconds.
        refs_seconds: f64 = "chunkRefsFetchTime",
        /// Time waited because the bucket was busy, in seconds.
        congestion_seconds: f64 = "congestionControlLatency",
        /// Lines hidden from the asker.
        hidden_lines: u64 = "pipelineWrapperFilteredLines",
        /// Requests to the bucket that the cache could not answer.
        bucket_requests: u64 = "bucketRequests",
        /// The most of these that had to wait for each other, of any block.
        bucket_rounds: u64 = "bucketRounds",
    }
}

written! {
    /// What was decoded.
    pub struct Chunk {
        /// Bytes looked at in heads.
        head_bytes: u64 = "headChunkBytes",
        /// Lines looked at in heads.
        head_lines: u64 = "headChunkLines",
        /// Bytes after decompression.
        decompressed_bytes: u64 = "decompressedBytes",
        /// Lines after decompression.
        decompressed_lines: u64 = "decompressedLines",
        /// Bytes as stored.
        compressed_bytes: u64 = "compressedBytes",
        /// Lines dropped as duplicates.
        duplicates: u64 = "totalDuplicates",
        /// Lines that passed the filters.
        post_filter_lines: u64 = "postFilterLines",
        /// Bytes of structured metadata in heads.
        head_metadata_bytes: u64 = "headChunkStructuredMetadataBytes",
        /// Bytes of structured metadata after decompression.
        decompressed_metadata_bytes: u64 = "decompressedStructuredMetadataBytes",
    }
}

written! {
    /// What caches gave, by what they hold.
    pub struct Caches {
        /// Runs of rows.
        chunk: Cache = "chunk",
        /// Index lookups.
        index: Cache = "index",
        /// Results of metric queries.
        result: Cache = "result",
        /// Answers of `index/stats`.
        stats_result: Cache = "statsResult",
        /// Answers of `index/volume`.
        volume_result: Cache = "volumeResult",
        /// Answers of `series`.
        series_result: Cache = "seriesResult",
        /// Answers of `labels`.
        label_result: Cache = "labelResult",
        /// Results of instant metric queries.
        instant_metric_result: Cache = "instantMetricResult",
        /// Empty pieces of log queries.
        log_result: Cache = "logResult",
        /// Results of tasks.
        task_result: Cache = "taskResult",
    }
}

written! {
    /// What one cache gave.
    pub struct Cache {
        /// Entries found.
        found: u64 = "entriesFound",
        /// Entries asked for.
        requested: u64 = "entriesRequested",
        /// Entries kept.
        stored: u64 = "entriesStored",
        /// Bytes received from it.
        bytes_received: u64 = "bytesReceived",
        /// Bytes sent to it.
        bytes_sent: u64 = "bytesSent",
        /// Requests to it.
        requests: u64 = "requests",
        /// Time of these, in seconds.
        download_seconds: f64 = "downloadTime",
        /// Length of time that it answered for, in seconds.
        query_length_served: f64 = "queryLengthServed",
    }
}

written! {
    /// What the index was asked.
    pub struct Index {
        /// Runs found.
        total_chunks: u64 = "totalChunks",
        /// Runs left after filters.
        post_filter_chunks: u64 = "postFilterChunks",
        /// Time to plan, in seconds.
        shards_seconds: f64 = "shardsDuration",
        /// Whether filters were used to skip runs.
        used_filters: bool = "usedBloomFilters",
        /// Streams found.
        total_streams: u64 = "totalStreams",
        /// Time to find runs, in seconds.
        lookup_seconds: f64 = "chunkRefsLookupTime",
        /// Time spent in filters, in seconds.
        filter_seconds: f64 = "bloomFilterTime",
    }
}

impl Stats {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        Put::put(self, out);
    }
}
