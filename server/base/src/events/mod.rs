//! What happened: verifications, rate-limit decisions and requests, recorded
//! without waiting and stored in compressed chunks.
//!
//! Recording is on the hot path: it encodes the borrowed facts into a buffer and
//! never blocks. A task compresses and stores what gathered within 50 ms. The
//! chunks are the record; whatever searches or counts events is built from
//! them. Nothing is decided by an event.

mod chunk;
mod last_used;
mod queue;
mod request;
mod store;
mod writer;

use std::net::IpAddr;

use crate::clock::DAY_MS;
use crate::ids::{ApiId, IdentityId, KeyId, KeyspaceId, WorkspaceId};

pub use chunk::{Events, Stored, StoredRatelimit, StoredVerification};
pub use last_used::{LastUsed, Noted, Uses};
pub use queue::{Health, Recorder};
pub use request::{MAX_LOGGED_BODY, Request, StoredRequest};
pub use store::{
    Chunk, Removed, events_of_copy, free_bytes, free_space, last_chunk, newest_chunk_id, newest_chunk_time,
    oldest_chunk, read_after, read_chunk, read_chunks, remove_chunks, remove_oldest, stored_events,
};
pub use writer::Writer;

/// How long verifications and rate-limit decisions are kept, in days
/// (docs/decisions.md#how-long-events-are-kept).
pub const KEEP_DAYS: i64 = 400;

/// Verifications and rate-limit decisions before this moment are not kept.
pub fn kept_since_ms(now_ms: i64) -> i64 {
    now_ms - KEEP_DAYS * DAY_MS
}

/// How long requests are kept, in days.
pub const KEEP_REQUESTS_DAYS: i64 = 14;

/// What a chunk holds: events that are kept equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// Verifications and rate-limit decisions.
    Events,
    Requests,
}

impl ChunkKind {
    pub const ALL: [ChunkKind; 2] = [ChunkKind::Events, ChunkKind::Requests];

    /// How long such events are kept.
    pub fn keep_ms(self) -> i64 {
        let days = match self {
            ChunkKind::Events => KEEP_DAYS,
            ChunkKind::Requests => KEEP_REQUESTS_DAYS,
        };
        days * DAY_MS
    }

    /// As rows of chunks say it.
    fn number(self) -> i64 {
        match self {
            ChunkKind::Events => 0,
            ChunkKind::Requests => 1,
        }
    }
}

/// The ids a verification is counted under, shared by all events of one key.
#[derive(Debug)]
pub struct KeyFacts {
    pub workspace: WorkspaceId,
    pub api: ApiId,
    pub keyspace: KeyspaceId,
    pub key: KeyId,
    /// The key whose credits this one spends, if another's.
    pub balance: Option<KeyId>,
    /// The first key of a chain of rerolls, if another.
    pub lineage: Option<KeyId>,
    pub identity: Option<IdentityId>,
    pub external_id: Option<String>,
    /// When the last use of this key was noted.
    pub noted: Noted,
}

/// One verification that found its key (docs/contract/v2.md#analytics-tables).
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// Unix milliseconds.
    pub time_ms: i64,
    pub request_id: &'a str,
    pub facts: &'a KeyFacts,
    pub door: &'a str,
    pub root_key: Option<&'a str>,
    pub ip: Option<IpAddr>,
    pub outcome: &'a str,
    /// The limit that was exceeded, or the permission that was missing.
    pub denial: Option<&'a str>,
    /// 0 unless credits were deducted.
    pub spent_credits: i64,
    pub balance: Option<i64>,
    pub latency_us: u32,
    pub tags: &'a [String],
}

/// One decision of `ratelimit.limit` or an item of `multiLimit`.
#[derive(Clone, Copy, Debug)]
pub struct RatelimitDecision<'a> {
    /// Unix milliseconds.
    pub time_ms: i64,
    pub request_id: &'a str,
    pub workspace: &'a str,
    pub namespace: &'a str,
    pub identifier: &'a str,
    pub passed: bool,
    pub limit: u64,
    pub remaining: u64,
    pub reset_ms: i64,
    /// Tokens asked for, denied ones included.
    pub cost: u64,
    pub ratelimit_override: Option<&'a str>,
    pub root_key: Option<&'a str>,
    pub latency_us: u32,
}
