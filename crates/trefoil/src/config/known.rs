//! Keys of Loki's configuration that have no counterpart here, each with the reason. A prefix
//! speaks for all below it; the longest prefix wins.

use super::tree::Verdict;

/// Prefix of a dotted path, and why it has no effect (or `USED` where another part reads it).
const KNOWN: &[(&str, &str)] = &[
    ("schema_config", USED),
    ("analytics", "Trefoil reports nothing to anybody"),
    ("table_manager", "gone from Loki too; retention is limits_config.retention_period"),
    ("chunk_store_config", "chunks are pages of blocks; their cache is trefoil.cache_size"),
    ("frontend", "there is no separate query frontend in one process"),
    ("frontend_worker", "there is no separate query frontend in one process"),
    ("query_scheduler", "there is no separate scheduler; querier.max_concurrent bounds the work"),
    (
        "query_range.max_retries",
        "a query in one process needs no second try; the bucket's requests have theirs",
    ),
    ("query_range.parallelise_shardable_queries", "a query uses all cores"),
    ("query_range", "results are not cached; blocks are fast enough to ask again"),
    ("index_gateway", "the index is part of each block"),
    ("ingester_client", "there is no other ingester to call in one process"),
    ("ingester.lifecycler", "one process needs no ring"),
    ("ingester.chunk_encoding", "pages choose their own encoding"),
    ("ingester.chunk_target_size", "blocks are cut by trefoil.flush_bytes"),
    ("ingester.chunk_block_size", "pages are 2 MiB of lines"),
    ("ingester.flush_check_period", "heads are looked at all the time"),
    ("ingester.sync_period", "a block holds many streams and needs no synchronising"),
    ("ingester.concurrent_flushes", "one flush writes all streams"),
    ("ingester.wal.enabled", "the log is always written; trefoil.wal_sync says when it is on disk"),
    ("ingester.wal.checkpoint_duration", "the log is cut when blocks are written; there are no checkpoints"),
    ("ingester.wal.replay_memory_ceiling", "replay keeps to trefoil.head_memory"),
    ("ingester.chunk_retain_period", "blocks are readable as soon as they are written"),
    ("ingester.autoforget_unhealthy", "one process needs no ring"),
    ("distributor.ring", "one process needs no ring"),
    ("compactor.compactor_ring", "one process needs no ring"),
    ("compactor.working_directory", "merging and retention need no working directory"),
    ("compactor.delete_request_store", "deletes by query are not supported yet"),
    ("compactor.delete_request_cancel_period", "deletes by query are not supported yet"),
    ("compactor.delete_max_interval", "deletes by query are not supported yet"),
    ("compactor.retention_delete_worker_count", "one worker is enough for whole blocks"),
    ("compactor.apply_retention_interval", "retention is applied every 10 minutes"),
    ("ruler", "rules are not evaluated yet"),
    ("ruler_storage", "rules are not evaluated yet"),
    ("memberlist", "one process needs no gossip"),
    ("common.ring", "one process needs no ring"),
    ("common.replication_factor", "one process keeps one copy; the bucket keeps the blocks"),
    ("common.instance_addr", "one process needs no address among others"),
    ("common.instance_interface_names", "one process needs no address among others"),
    ("common.compactor_address", "the process has no other compactor to call"),
    ("common.storage.filesystem.rules_directory", "rules are not evaluated yet"),
    ("bloom_build", "pages carry their own filters, always on"),
    ("bloom_gateway", "pages carry their own filters, always on"),
    ("storage_config.tsdb_shipper", "the index is part of each block"),
    ("storage_config.boltdb_shipper", "the index is part of each block"),
    ("storage_config.index_queries_cache_config", "the index is part of each block"),
    ("server.grpc_listen_port", "one process needs no gRPC between roles; OTLP has server.otlp_grpc_port"),
    ("server.grpc_listen_address", "one process needs no gRPC between roles"),
    ("server.grpc_server_max_recv_msg_size", "one process needs no gRPC between roles"),
    ("server.grpc_server_max_send_msg_size", "one process needs no gRPC between roles"),
    ("server.grpc_server_max_concurrent_streams", "one process needs no gRPC between roles"),
    (
        "limits_config.max_query_parallelism",
        "a query uses all cores fairly; memory is limits_config.max_query_memory",
    ),
    (
        "limits_config.tsdb_max_query_parallelism",
        "a query uses all cores; memory is limits_config.max_query_memory",
    ),
    ("limits_config.tsdb_max_bytes_per_shard", "queries are not sharded by bytes"),
    ("limits_config.max_cache_freshness_per_query", "results are not cached"),
    ("limits_config.unordered_writes", "any order is always accepted"),
    ("limits_config.max_chunks_per_query", "not enforced by Loki either"),
];

/// Marks prefixes that are read although the schema does not hold them.
const USED: &str = "";

/// What becomes of `path`, when it is known.
pub fn verdict(path: &str) -> Option<Verdict> {
    let covers =
        |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
    let best = KNOWN.iter().filter(|(prefix, _)| covers(prefix)).max_by_key(|(prefix, _)| prefix.len())?;
    Some(if best.1 == USED { Verdict::Used } else { Verdict::Unused(best.1.to_owned()) })
}

/// Whether the table knows keys below `path`.
pub fn has_inside(path: &str) -> bool {
    KNOWN.iter().any(|(prefix, _)| prefix.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}
