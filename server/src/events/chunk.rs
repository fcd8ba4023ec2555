//! The stored form of events: a version, then a compressed list.
//!
//! [`Stored`] is that form and must stay readable for as long as chunks are
//! kept: a change of its fields is a new version with its own reader. A new kind
//! of event is a variant at the end, which leaves older chunks as they are.

use std::io::Write;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{RatelimitDecision, Request, StoredRequest, Verification};
use crate::error::{Error, Result};

/// Version of what the `append` functions write.
pub const VERSION: i64 = 1;

/// Fast rather than small: events arrive on the core that serves requests.
const LEVEL: i32 = 1;

/// Bytes compressed before other tasks get their turn: some fifty microseconds.
const SLICE: usize = 16 * 1024;

/// An event as it is stored and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored {
    Verification(StoredVerification),
    Ratelimit(StoredRatelimit),
    Request(StoredRequest),
}

impl Stored {
    /// Unix milliseconds.
    pub fn time_ms(&self) -> i64 {
        match self {
            Stored::Verification(event) => event.time_ms,
            Stored::Ratelimit(event) => event.time_ms,
            Stored::Request(event) => event.time_ms,
        }
    }
}

/// Fields as in [`super::Verification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVerification {
    pub time_ms: i64,
    pub request_id: String,
    pub workspace: String,
    pub api: String,
    pub keyspace: String,
    pub key: String,
    pub identity: Option<String>,
    pub external_id: Option<String>,
    pub door: String,
    pub root_key: Option<String>,
    pub ip: Option<IpAddr>,
    pub outcome: String,
    pub denial: Option<String>,
    pub spent_credits: i64,
    pub balance: Option<i64>,
    pub latency_us: u32,
    pub tags: Vec<String>,
}

/// Fields as in [`super::RatelimitDecision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRatelimit {
    pub time_ms: i64,
    pub request_id: String,
    pub workspace: String,
    pub namespace: String,
    pub identifier: String,
    pub passed: bool,
    pub limit: u64,
    pub remaining: u64,
    pub reset_ms: i64,
    pub cost: u64,
    pub ratelimit_override: Option<String>,
    pub root_key: Option<String>,
    pub latency_us: u32,
}

/// The same shapes borrowed, so that writing copies no string. Order and types
/// of the fields are those of [`Stored`]; a test reads one as the other.
#[derive(Serialize)]
enum Borrowed<'a> {
    Verification(BorrowedVerification<'a>),
    Ratelimit(BorrowedRatelimit<'a>),
    Request(&'a Request<'a>),
}

#[derive(Serialize)]
struct BorrowedVerification<'a> {
    time_ms: i64,
    request_id: &'a str,
    workspace: &'a str,
    api: &'a str,
    keyspace: &'a str,
    key: &'a str,
    identity: Option<&'a str>,
    external_id: Option<&'a str>,
    door: &'a str,
    root_key: Option<&'a str>,
    ip: Option<IpAddr>,
    outcome: &'a str,
    denial: Option<&'a str>,
    spent_credits: i64,
    balance: Option<i64>,
    latency_us: u32,
    tags: &'a [String],
}

#[derive(Serialize)]
struct BorrowedRatelimit<'a> {
    time_ms: i64,
    request_id: &'a str,
    workspace: &'a str,
    namespace: &'a str,
    identifier: &'a str,
    passed: bool,
    limit: u64,
    remaining: u64,
    reset_ms: i64,
    cost: u64,
    ratelimit_override: Option<&'a str>,
    root_key: Option<&'a str>,
    latency_us: u32,
}

/// Appends the encoded event to `buffer`.
pub(super) fn append_verification(buffer: &mut Vec<u8>, event: &Verification<'_>) {
    let facts = event.facts;
    append(
        buffer,
        &Borrowed::Verification(BorrowedVerification {
            time_ms: event.time_ms,
            request_id: event.request_id,
            workspace: facts.workspace.as_str(),
            api: facts.api.as_str(),
            keyspace: facts.keyspace.as_str(),
            key: facts.key.as_str(),
            identity: facts.identity.as_ref().map(AsRef::as_ref),
            external_id: facts.external_id.as_deref(),
            door: event.door,
            root_key: event.root_key,
            ip: event.ip,
            outcome: event.outcome,
            denial: event.denial,
            spent_credits: event.spent_credits,
            balance: event.balance,
            latency_us: event.latency_us,
            tags: event.tags,
        }),
    );
}

/// Appends the encoded event to `buffer`.
pub(super) fn append_ratelimit(buffer: &mut Vec<u8>, event: &RatelimitDecision<'_>) {
    append(
        buffer,
        &Borrowed::Ratelimit(BorrowedRatelimit {
            time_ms: event.time_ms,
            request_id: event.request_id,
            workspace: event.workspace,
            namespace: event.namespace,
            identifier: event.identifier,
            passed: event.passed,
            limit: event.limit,
            remaining: event.remaining,
            reset_ms: event.reset_ms,
            cost: event.cost,
            ratelimit_override: event.ratelimit_override,
            root_key: event.root_key,
            latency_us: event.latency_us,
        }),
    );
}

/// Appends the encoded event to `buffer`.
pub(super) fn append_request(buffer: &mut Vec<u8>, event: &Request<'_>) {
    append(buffer, &Borrowed::Request(event));
}

fn append(buffer: &mut Vec<u8>, event: &Borrowed<'_>) {
    postcard::to_io(event, buffer).expect("a growing buffer takes every plain event");
}

/// Compresses encoded events, giving way to other tasks in between: on a single
/// core a burst would show in the latency of requests.
pub(super) async fn compress(encoded: &[u8]) -> Result<Vec<u8>> {
    let mut encoder =
        zstd::stream::Encoder::new(Vec::with_capacity(encoded.len() / 4), LEVEL).map_err(Error::internal)?;
    for slice in encoded.chunks(SLICE) {
        encoder.write_all(slice).map_err(Error::internal)?;
        tokio::task::yield_now().await;
    }
    encoder.finish().map_err(Error::internal)
}

/// Reads a chunk of the given version.
pub fn decode(version: i64, body: &[u8]) -> Result<Vec<Stored>> {
    if version != VERSION {
        return Err(Error::internal(format!("chunk version {version} is not known")));
    }
    let plain = zstd::stream::decode_all(body).map_err(Error::internal)?;
    let mut rest = plain.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (event, left) = postcard::take_from_bytes(rest).map_err(Error::internal)?;
        events.push(event);
        rest = left;
    }
    Ok(events)
}
