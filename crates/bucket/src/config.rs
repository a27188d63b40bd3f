//! Where the bucket is and how it is used. Keys that Loki's `storage_config` has keep their names
//! and meaning.

use base::unit::{ByteSize, Period};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

base::settings! {
    /// The bucket.
    pub struct BucketConfig {
        /// Which of the sections below is used: `filesystem`, `s3` (or `aws`), `azure`, `gcs`, or
        /// `memory`, which forgets everything at the end.
        object_store: String = "filesystem".to_owned(),
        /// Put before the name of every object, with a `/`; empty for none.
        storage_prefix: String = String::new(),
        /// A directory of this machine, or one that many mount.
        filesystem: FilesystemConfig = FilesystemConfig::default(),
        /// Amazon S3 and what speaks like it.
        aws: S3Config = S3Config::default(),
        /// Azure Blob Storage.
        azure: AzureConfig = AzureConfig::default(),
        /// Google Cloud Storage.
        gcs: GcsConfig = GcsConfig::default(),
        /// How long one try of a request may take, plus a second for each MiB it moves.
        request_timeout: Period = Period::seconds(10),
        /// How long a request may take with all its tries, plus a second for each MiB it moves.
        timeout: Period = Period::seconds(30),
        /// How often a request that failed or hung is tried again.
        max_retries: u32 = 2,
        /// Copy on the local disk of what was read from a bucket that is far away.
        cache: CacheConfig = CacheConfig::default(),
        /// For tests only: makes requests fail and hang at random.
        faults: FaultsConfig = FaultsConfig::default(),
    }
}

base::settings! {
    /// A local directory as the bucket.
    pub struct FilesystemConfig {
        /// The directory; made when there is none. Its file system needs hard links.
        directory: String = "./data/bucket".to_owned(),
    }
}

base::settings! {
    /// S3. What is empty comes from the environment (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, ...) or from
    /// the identity that the machine has in the cloud (instance, container, pod, web identity).
    pub struct S3Config {
        /// Host of the service, with or without `http://` or `https://`; empty for Amazon's.
        endpoint: String = String::new(),
        /// Name of the bucket. Loki takes several here; Trefoil takes one.
        bucketnames: String = String::new(),
        /// Region of the bucket; `us-east-1` when it is nowhere said.
        region: String = String::new(),
        /// Id of the access key.
        access_key_id: String = String::new(),
        /// The access key's secret.
        secret_access_key: Secret = Secret::default(),
        /// Token that belongs to a temporary access key.
        session_token: Secret = Secret::default(),
        /// Speak HTTP without TLS when the endpoint does not say which.
        insecure: bool = false,
        /// Put the bucket into the path instead of the host name, as MinIO wants it. Always so when the
        /// endpoint is an IP address or `localhost`.
        s3forcepathstyle: bool = false,
        /// How to speak HTTP.
        http_config: HttpConfig = HttpConfig::default(),
    }
}

base::settings! {
    /// TLS of an HTTP client.
    pub struct HttpConfig {
        /// Do not check the server's certificate.
        insecure_skip_verify: bool = false,
        /// File with certificates (PEM) to trust besides the system's.
        ca_file: String = String::new(),
    }
}

base::settings! {
    /// Azure Blob Storage. What is empty comes from the environment (`AZURE_STORAGE_ACCOUNT_NAME`, ...)
    /// or from the managed or workload identity of the machine.
    pub struct AzureConfig {
        /// Name of the storage account.
        account_name: String = String::new(),
        /// Key of the storage account.
        account_key: Secret = Secret::default(),
        /// Account, key and endpoint in one, as the portal shows it; what is given besides it wins.
        connection_string: Secret = Secret::default(),
        /// The container.
        container_name: String = String::new(),
        /// Host behind `<account>.`; empty for `blob.core.windows.net`.
        endpoint_suffix: String = String::new(),
        /// Id of a user-assigned identity; empty for the machine's own.
        user_assigned_id: String = String::new(),
        /// Tenant of a service principal.
        tenant_id: String = String::new(),
        /// Id of a service principal.
        client_id: String = String::new(),
        /// Secret of a service principal.
        client_secret: Secret = Secret::default(),
    }
}

base::settings! {
    /// Google Cloud Storage. There is no emulator of the API in use here (XML), so this one is not in
    /// the automatic tests.
    pub struct GcsConfig {
        /// Name of the bucket.
        bucket_name: String = String::new(),
        /// Key of a service account as JSON; empty for `GOOGLE_APPLICATION_CREDENTIALS` or the
        /// machine's own identity.
        service_account: Secret = Secret::default(),
    }
}

base::settings! {
    /// The disk cache; not used for `filesystem`.
    pub struct CacheConfig {
        /// Directory, for one process; empty switches the cache off.
        directory: String = String::new(),
        /// Bytes that its files may have together.
        size: ByteSize = ByteSize(10 << 30),
    }
}

base::settings! {
    /// For tests only, never for data of value to anybody: requests fail and hang at random. Half of
    /// them do so before they are done, half afterwards, as when the answer is lost on its way.
    pub struct FaultsConfig {
        /// Of a hundred requests so many fail.
        fail_percent: u32 = 0,
        /// Of a hundred requests so many hang.
        hang_percent: u32 = 0,
        /// How long one hangs, unless it is given up before.
        hang: Period = Period::seconds(60),
        /// Start of the random sequence.
        seed: u64 = 1,
    }
}

/// A text that is never shown: it prints and serializes as asterisks.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "********" }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}
