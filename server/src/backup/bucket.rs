//! Backups in a bucket of S3, or of what speaks its protocol: `s3://bucket/prefix`.
//!
//! Region, credentials and an endpoint of another maker come from the places that
//! programs of AWS look in: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT` and so on,
//! or the machine itself. A backup goes up in parts and is there once all of it is; the
//! parts of one that was killed are the bucket's to clear away.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf, Bytes};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, MultipartUpload, ObjectStore, RetryConfig};
use tokio::runtime::Handle;

use super::name::{self, BackupName};
use base::error::{Error, Result};

const SCHEME: &str = "s3://";

/// Of one request, that of a part included.
const REQUEST_TIMEOUT: &str = "120s";
const CONNECT_TIMEOUT: &str = "10s";
/// Altogether, for requests that fail on the way or at the other end.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: usize = 5;

/// What goes up, or comes down, at once: ten thousand parts are the most, 80 GiB.
const PART_BYTES: usize = 8 << 20;

/// A place in a bucket, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    prefix: String,
}

impl Bucket {
    /// Nothing, if the text is no address of a bucket.
    pub fn read(text: &str) -> Option<Result<Self>> {
        let (name, prefix) = match text.strip_prefix(SCHEME)?.split_once('/') {
            Some((name, prefix)) => (name, prefix.trim_matches('/')),
            None => (text.strip_prefix(SCHEME)?, ""),
        };
        if name.is_empty() {
            return Some(Err(Error::invalid("the address of a bucket is s3://bucket/prefix")));
        }
        Some(Ok(Self { name: name.to_owned(), prefix: prefix.to_owned() }))
    }

    fn store(&self) -> Result<AmazonS3> {
        let retry =
            RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let client = AmazonS3ConfigKey::Client;
        let built = AmazonS3Builder::from_env()
            .with_bucket_name(&self.name)
            .with_config(client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
            .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
            .with_retry(retry)
            .build();
        built.map_err(|error| self.failed(error))
    }

    fn path(&self, name: &BackupName) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    fn address(&self, path: &Path) -> String {
        format!("{SCHEME}{}/{path}", self.name)
    }

    /// In one line, whatever the answer of the other end was.
    fn failed(&self, error: object_store::Error) -> Error {
        let why: Vec<String> = error.to_string().split_whitespace().map(ToOwned::to_owned).collect();
        Error::invalid(format!("{SCHEME}{}/{}: {}", self.name, self.prefix, why.join(" ")))
    }

    pub(super) async fn create(&self, name: &BackupName) -> Result<Upload> {
        let path = self.path(name);
        let upload = self.store()?.put_multipart(&path).await.map_err(|error| self.failed(error))?;
        Ok(Upload { bucket: self.clone(), path, upload, buffer: Vec::new() })
    }

    /// The backups with this prefix, by their names.
    pub(super) async fn list(&self) -> Result<Vec<BackupName>> {
        let prefix = Path::from(self.prefix.as_str());
        let found =
            self.store()?.list_with_delimiter(Some(&prefix)).await.map_err(|error| self.failed(error))?;
        Ok(found.objects.iter().filter_map(|object| name::parse(object.location.filename()?)).collect())
    }

    pub(super) async fn remove(&self, name: &BackupName) -> Result<()> {
        self.store()?.delete(&self.path(name)).await.map_err(|error| self.failed(error))
    }

    /// The object of this name, or the newest backup with this prefix. Blocks, from a
    /// thread of the runtime that may.
    pub(super) fn open(&self, now_ms: i64) -> Result<(String, Download)> {
        let runtime = Handle::current();
        let path = match name::parse(self.prefix.rsplit('/').next().unwrap_or_default()) {
            Some(_) => Path::from(self.prefix.as_str()),
            None => {
                let found = runtime.block_on(self.list())?;
                let newest = name::newest(found, now_ms);
                let missing =
                    || Error::invalid(format!("there is no backup at {SCHEME}{}/{}", self.name, self.prefix));
                self.path(&newest.ok_or_else(missing)?)
            }
        };
        let store = self.store()?;
        let size = runtime.block_on(store.head(&path)).map_err(|error| self.failed(error))?.size;
        Ok((self.address(&path), Download { runtime, store, path, offset: 0, size, rest: Bytes::new() }))
    }
}

/// A backup on its way up. There is an object once it is finished.
pub struct Upload {
    bucket: Bucket,
    path: Path,
    upload: Box<dyn MultipartUpload>,
    buffer: Vec<u8>,
}

impl Upload {
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.buffer.extend(bytes);
        while self.buffer.len() >= PART_BYTES {
            let rest = self.buffer.split_off(PART_BYTES);
            let part = std::mem::replace(&mut self.buffer, rest);
            self.put(part).await?;
        }
        Ok(())
    }

    async fn put(&mut self, part: Vec<u8>) -> Result<()> {
        self.upload.put_part(part.into()).await.map_err(|error| self.bucket.failed(error))
    }

    pub(super) async fn finish(&mut self) -> Result<String> {
        let last = std::mem::take(&mut self.buffer);
        self.put(last).await?;
        self.upload.complete().await.map_err(|error| self.bucket.failed(error))?;
        Ok(self.bucket.address(&self.path))
    }

    /// Has the bucket forget the parts that are there.
    pub(super) async fn abort(&mut self) {
        if let Err(error) = self.upload.abort().await {
            tracing::warn!(%error, "parts of an upload that failed are still in the bucket");
        }
    }
}

/// A backup on its way down, part by part.
pub struct Download {
    runtime: Handle,
    store: AmazonS3,
    path: Path,
    offset: u64,
    size: u64,
    rest: Bytes,
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.offset < self.size {
            let end = self.size.min(self.offset + PART_BYTES as u64);
            let part = self.runtime.block_on(self.store.get_range(&self.path, self.offset..end));
            self.rest = part.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))?;
            self.offset = end;
        }
        let read = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}
