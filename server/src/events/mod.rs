//! What happened: verifications and rate-limit decisions, recorded without
//! waiting and stored in compressed chunks.
//!
//! [`Recorder::record`] is called on the hot path and never blocks. A task
//! stores what was recorded within 50 ms of it. The chunks are the record;
//! whatever searches or counts events is built from them. Nothing here reads
//! app.db, and nothing is decided by an event.

mod chunk;
mod last_used;
mod queue;
mod store;
mod writer;

use std::net::IpAddr;
use std::sync::Arc;

use entity::ids::{
    ApiId, IdentityId, KeyId, KeyspaceId, NamespaceId, OverrideId, RequestId, RootKeyId, WorkspaceId,
};

pub use chunk::{Stored, StoredRatelimit, StoredVerification, decode};
pub use last_used::LastUsed;
pub use queue::{Health, Recorder};
pub use store::{Chunk, read_after};
pub use writer::Writer;

/// Something to record.
#[derive(Debug)]
pub enum Event {
    Verification(Verification),
    Ratelimit(RatelimitDecision),
}

/// The ids a verification is counted under, shared by all events of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    pub workspace: WorkspaceId,
    pub api: ApiId,
    pub keyspace: KeyspaceId,
    pub key: KeyId,
    pub identity: Option<IdentityId>,
    pub external_id: Option<String>,
}

/// One verification that found its key (v2 contract, 10.3).
#[derive(Debug)]
pub struct Verification {
    /// Unix milliseconds.
    pub time_ms: i64,
    pub request_id: RequestId,
    pub facts: Arc<KeyFacts>,
    pub door: &'static str,
    pub root_key: Option<RootKeyId>,
    pub ip: Option<IpAddr>,
    pub outcome: &'static str,
    /// The limit that was exceeded, or the permission that was missing.
    pub denial: Option<String>,
    /// 0 unless credits were deducted.
    pub spent_credits: i64,
    pub balance: Option<i64>,
    pub latency_us: u32,
    pub tags: Vec<String>,
}

/// One decision of `ratelimit.limit` or an item of `multiLimit`.
#[derive(Debug)]
pub struct RatelimitDecision {
    /// Unix milliseconds.
    pub time_ms: i64,
    pub request_id: RequestId,
    pub workspace: WorkspaceId,
    pub namespace: NamespaceId,
    pub identifier: String,
    pub passed: bool,
    pub limit: u64,
    pub remaining: u64,
    pub reset_ms: i64,
    /// Tokens asked for, denied ones included.
    pub cost: u64,
    pub ratelimit_override: Option<OverrideId>,
    pub root_key: Option<RootKeyId>,
    pub latency_us: u32,
}

impl Event {
    fn time_ms(&self) -> i64 {
        match self {
            Event::Verification(event) => event.time_ms,
            Event::Ratelimit(event) => event.time_ms,
        }
    }
}
