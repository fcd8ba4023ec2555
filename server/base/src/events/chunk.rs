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

/// An event as it is stored and read back, its texts owned or borrowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored<S = String> {
    Verification(StoredVerification<S>),
    Ratelimit(StoredRatelimit<S>),
    Request(StoredRequest<S>),
}

impl<S> Stored<S> {
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
pub struct StoredVerification<S = String> {
    pub time_ms: i64,
    pub request_id: S,
    pub workspace: S,
    pub api: S,
    pub keyspace: S,
    pub key: S,
    pub identity: Option<S>,
    pub external_id: Option<S>,
    pub door: S,
    pub root_key: Option<S>,
    pub ip: Option<IpAddr>,
    pub outcome: S,
    pub denial: Option<S>,
    pub spent_credits: i64,
    pub balance: Option<i64>,
    pub latency_us: u32,
    pub tags: Vec<S>,
}

/// Fields as in [`super::RatelimitDecision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRatelimit<S = String> {
    pub time_ms: i64,
    pub request_id: S,
    pub workspace: S,
    pub namespace: S,
    pub identifier: S,
    pub passed: bool,
    pub limit: u64,
    pub remaining: u64,
    pub reset_ms: i64,
    pub cost: u64,
    pub ratelimit_override: Option<S>,
    pub root_key: Option<S>,
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

/// The events of a chunk, decompressed. They are decoded as they are asked for;
/// borrowed texts allocate nothing.
pub struct Events(Vec<u8>);

impl Events {
    /// Decompresses a chunk of the given version.
    pub(super) fn open(version: i64, body: &[u8]) -> Result<Self> {
        if version != VERSION {
            return Err(Error::internal(format!("chunk version {version} is not known")));
        }
        zstd::stream::decode_all(body).map(Self).map_err(Error::internal)
    }

    /// All of them in the order of their recording.
    pub fn iter<'a, S: Deserialize<'a>>(&'a self) -> impl Iterator<Item = Result<Stored<S>>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || (!rest.is_empty()).then(|| take(&mut rest)))
    }

    /// Those at these ascending positions; `None` where there is none.
    pub fn pick(&self, positions: &[usize]) -> Result<Vec<Option<Stored>>> {
        let (mut rest, mut position) = (self.0.as_slice(), 0);
        let mut picked = Vec::with_capacity(positions.len());
        for wanted in positions {
            while position < *wanted && !rest.is_empty() {
                take::<&str>(&mut rest)?;
                position += 1;
            }
            let there = position == *wanted && !rest.is_empty();
            picked.push(if there { Some(take(&mut rest)?) } else { None });
            position += usize::from(there);
        }
        Ok(picked)
    }
}

/// Takes the first event off what is left.
fn take<'a, S: Deserialize<'a>>(rest: &mut &'a [u8]) -> Result<Stored<S>> {
    let (event, left) = postcard::take_from_bytes(rest).map_err(Error::internal)?;
    *rest = left;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::super::{Chunk, RatelimitDecision};
    use super::*;

    fn decisions(number: u64) -> Chunk {
        let mut bytes = Vec::new();
        for limit in 0..number {
            let decision = RatelimitDecision {
                time_ms: 5,
                request_id: "req",
                workspace: "ws",
                namespace: "rlns",
                identifier: "user",
                passed: true,
                limit,
                remaining: 0,
                reset_ms: 0,
                cost: 1,
                ratelimit_override: None,
                root_key: None,
                latency_us: 3,
            };
            append_ratelimit(&mut bytes, &decision);
        }
        Chunk { id: 1, version: VERSION, body: zstd::encode_all(bytes.as_slice(), LEVEL).unwrap() }
    }

    #[test]
    fn events_are_picked_by_their_position() {
        let events = decisions(5).open().unwrap();
        let limit = |event: Option<Stored>| match event {
            Some(Stored::Ratelimit(event)) => Some(event.limit),
            _ => None,
        };
        let picked = |positions: &[usize]| -> Vec<_> {
            events.pick(positions).unwrap().into_iter().map(limit).collect()
        };
        assert_eq!(picked(&[0, 3, 4]), [Some(0), Some(3), Some(4)]);
        assert_eq!(picked(&[2, 5, 9]), [Some(2), None, None]);
        assert_eq!(picked(&[]), []);
        assert_eq!(events.iter::<&str>().count(), 5);
    }

    #[test]
    fn an_unknown_version_and_broken_bytes_are_errors() {
        let whole = decisions(2);
        assert!(Chunk { version: VERSION + 1, ..decisions(2) }.open().is_err());
        let cut = whole.body[..whole.body.len() - 4].to_vec();
        assert!(Chunk { body: cut, ..decisions(2) }.open().is_err());
        let plain = zstd::decode_all(whole.body.as_slice()).unwrap();
        let torn = zstd::encode_all(&plain[..plain.len() - 1], LEVEL).unwrap();
        let torn = Chunk { body: torn, ..decisions(2) }.open().unwrap();
        assert_eq!(torn.iter::<&str>().map(|event| event.is_ok()).take(2).collect::<Vec<_>>(), [true, false]);
    }
}
