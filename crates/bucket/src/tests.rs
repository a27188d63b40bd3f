use super::*;
use crate::config::{AzureConfig, CacheConfig, FaultsConfig, FilesystemConfig, S3Config};
use base::unit::{ByteSize, Period};

mod suite;
mod weather;

fn memory_config() -> BucketConfig {
    BucketConfig { object_store: "memory".to_owned(), ..BucketConfig::default() }
}

fn directory_config(directory: &std::path::Path) -> BucketConfig {
    let directory = directory.to_str().unwrap().to_owned();
    BucketConfig { filesystem: FilesystemConfig { directory }, ..BucketConfig::default() }
}

fn open(config: &BucketConfig) -> Bucket {
    Bucket::open(config, &Registry::default()).unwrap()
}

fn cache_config(directory: &std::path::Path) -> CacheConfig {
    CacheConfig { directory: directory.to_str().unwrap().to_owned(), size: ByteSize(64 << 20) }
}

/// A part of the bucket that no other test run uses.
fn own_part(bucket: &Bucket) -> Bucket {
    bucket.within(&format!("test-{:016x}", rand::random::<u64>())).unwrap()
}

/// The server whose address is in the environment variable `name`, or a note that there is none.
fn server(name: &str) -> Option<String> {
    let address = std::env::var(name).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        println!("skipped: {name} is not set (see .ci/servers)");
    }
    address
}

#[tokio::test]
async fn memory() {
    suite::all(&Bucket::memory()).await;
    suite::all(&open(&memory_config())).await;
}

#[tokio::test]
async fn memory_behind_the_disk_cache() {
    let cache = tempfile::tempdir().unwrap();
    let config = BucketConfig { cache: cache_config(cache.path()), ..memory_config() };
    suite::all(&own_part(&open(&config))).await;
}

#[tokio::test]
async fn local_directory() {
    let dir = tempfile::tempdir().unwrap();
    let config = directory_config(&dir.path().join("made/by/the/bucket"));
    suite::all(&open(&config)).await;
    suite::all(&own_part(&open(&config))).await;
    // Nothing of what was deleted stays, and nothing half put.
    let prefixed = BucketConfig { storage_prefix: "/some/prefix/".to_owned(), ..config };
    suite::all(&open(&prefixed)).await;
}

/// Access to the servers that `.ci/servers` starts; no secret.
const S3_KEY: (&str, &str) = ("trefoil", "trefoil-secret");
const CONTAINER: &str = "trefoil-test";

fn s3_config(endpoint: String) -> BucketConfig {
    let aws = S3Config {
        endpoint,
        bucketnames: CONTAINER.to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: S3_KEY.0.to_owned(),
        secret_access_key: Secret::new(S3_KEY.1),
        ..S3Config::default()
    };
    BucketConfig { object_store: "s3".to_owned(), aws, ..BucketConfig::default() }
}

fn azurite_config(endpoint: &str) -> BucketConfig {
    // The account and key that every Azurite has.
    let connection = format!(
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=\
         Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
         BlobEndpoint={endpoint};"
    );
    let azure = AzureConfig {
        connection_string: Secret::new(connection),
        container_name: CONTAINER.to_owned(),
        ..AzureConfig::default()
    };
    BucketConfig { object_store: "azure".to_owned(), azure, ..BucketConfig::default() }
}

#[tokio::test]
async fn real_s3_server() {
    let Some(endpoint) = server("TREFOIL_TEST_S3_ENDPOINT") else { return };
    let config = s3_config(endpoint);
    // s3s-fs answers `If-None-Match` after a look, not at once with the writing; S3 itself does.
    suite::all_but_racing(&own_part(&open(&config))).await;
    let cache = tempfile::tempdir().unwrap();
    let cached = BucketConfig { cache: cache_config(cache.path()), ..config.clone() };
    suite::all_but_racing(&own_part(&open(&cached))).await;

    let mut wrong = config;
    wrong.aws.secret_access_key = Secret::new("wrong");
    let refused = open(&wrong).get("anything").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable, "{refused}");
}

#[tokio::test]
async fn real_azure_server() {
    let Some(endpoint) = server("TREFOIL_TEST_AZURITE_ENDPOINT") else { return };
    let config = azurite_config(&endpoint);
    suite::all(&own_part(&open(&config))).await;
    let cache = tempfile::tempdir().unwrap();
    let cached = BucketConfig { cache: cache_config(cache.path()), ..config };
    suite::all(&own_part(&open(&cached))).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // Bound and dropped, so that nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bucket = open(&s3_config(format!("http://127.0.0.1:{port}")));
    let refused = bucket.get("a/name").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!(
        refused.what().contains(&format!("s3 bucket trefoil-test at http://127.0.0.1:{port}: get a/name"))
    );
}

#[test]
fn impossible_configurations_are_refused() {
    let refused = |config: &BucketConfig| {
        let refused = Bucket::open(config, &Registry::default()).unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid);
        refused.to_string()
    };
    let config = BucketConfig { object_store: "floppy".to_owned(), ..BucketConfig::default() };
    assert!(refused(&config).contains("floppy"));
    let mut config = s3_config("http://localhost:1".to_owned());
    config.aws.bucketnames = "a,b".to_owned();
    assert!(refused(&config).contains("several buckets"));
    config.aws.bucketnames = "a".to_owned();
    config.aws.http_config.ca_file = "/does/not/exist".to_owned();
    assert!(refused(&config).contains("/does/not/exist"));
}

#[test]
fn secrets_are_not_shown() {
    let config = s3_config("http://localhost:1".to_owned());
    let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
    assert!(shown.contains("********") && !shown.contains(S3_KEY.1));
}

#[tokio::test]
async fn only_old_leftovers_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let bucket = open(&directory_config(dir.path()));
    bucket.put("blocks/real", Bytes::from_static(b"real")).await.unwrap();
    std::fs::write(dir.path().join("blocks/killed#17"), b"half").unwrap();
    assert_eq!(bucket.list("").await.unwrap().len(), 1, "what is half put is no object");
    assert_eq!(bucket.remove_leftovers(Duration::from_secs(3600)).await.unwrap(), 0);
    assert_eq!(bucket.remove_leftovers(Duration::ZERO).await.unwrap(), 1);
    assert!(!dir.path().join("blocks/killed#17").exists());
    assert_eq!(bucket.get("blocks/real").await.unwrap(), "real");
}

#[tokio::test]
async fn requests_are_counted() {
    let registry = Registry::default();
    let bucket = Bucket::open(&memory_config(), &registry).unwrap();
    bucket.put("a", Bytes::from_static(b"12345")).await.unwrap();
    bucket.get("a").await.unwrap();
    bucket.get("b").await.unwrap_err();
    let text = registry.render();
    for line in [
        "loki_objstore_bucket_operations_total{operation=\"upload\"} 1",
        "loki_objstore_bucket_operations_total{operation=\"get\"} 2",
        "loki_objstore_bucket_operation_failures_total{operation=\"get\"} 0",
        "loki_objstore_bucket_operation_duration_seconds_count{operation=\"get\"} 2",
        "trefoil_bucket_moved_bytes_total{operation=\"upload\"} 5",
        "trefoil_bucket_moved_bytes_total{operation=\"get\"} 5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}
