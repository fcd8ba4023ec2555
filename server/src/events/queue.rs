//! The bounded queue between the hot path and the writer: encoded events in
//! segments, each of which becomes one chunk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{LastUsed, RatelimitDecision, Verification, chunk};

/// A segment is closed at this size; a chunk stays quick to read.
const SEGMENT_BYTES: usize = 2 << 20;

/// Segments that may wait for the writer before the oldest is dropped: with
/// some 250 bytes an event, about half a million of them.
const MAX_SEGMENTS: usize = 64;

/// Encoded events that are stored together.
#[derive(Default)]
pub(super) struct Segment {
    pub bytes: Vec<u8>,
    pub events: u64,
    pub first_time_ms: i64,
    pub last_time_ms: i64,
}

/// Where events are recorded. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    waiting: Mutex<VecDeque<Segment>>,
    max_segments: usize,
    segment_bytes: usize,
    filled: Notify,
    last_used: LastUsed,
    closed: AtomicBool,
    failing: AtomicBool,
    storing_now: AtomicBool,
    lost: AtomicU64,
    stored: AtomicU64,
}

/// How recording fares, for readiness and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Events are being stored.
    pub storing: bool,
    /// Events dropped since the start because they could not be stored.
    pub lost: u64,
    pub stored: u64,
    /// Events that wait to be stored.
    pub waiting: u64,
    /// A chunk is on its way to the disk.
    pub storing_now: bool,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_capacity(MAX_SEGMENTS, SEGMENT_BYTES)
    }
}

impl Recorder {
    pub(super) fn with_capacity(max_segments: usize, segment_bytes: usize) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            max_segments,
            segment_bytes,
            filled: Notify::new(),
            last_used: LastUsed::default(),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            storing_now: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            stored: AtomicU64::new(0),
        }))
    }

    /// Records a verification, and that its key was used. Never waits.
    pub fn verification(&self, event: &Verification<'_>) {
        self.0.last_used.note_key(&event.facts.noted, &event.facts.key, event.time_ms);
        self.append(event.time_ms, |buffer| chunk::append_verification(buffer, event));
    }

    /// Records a rate-limit decision. Never waits.
    pub fn ratelimit(&self, event: &RatelimitDecision<'_>) {
        self.append(event.time_ms, |buffer| chunk::append_ratelimit(buffer, event));
    }

    pub fn last_used(&self) -> &LastUsed {
        &self.0.last_used
    }

    pub fn health(&self) -> Health {
        Health {
            storing: !self.0.failing.load(Ordering::Relaxed),
            lost: self.0.lost.load(Ordering::Relaxed),
            stored: self.0.stored.load(Ordering::Relaxed),
            waiting: self.0.waiting.lock().iter().map(|segment| segment.events).sum(),
            storing_now: self.0.storing_now.load(Ordering::SeqCst),
        }
    }

    /// When the queue is full the oldest segment goes, because the newest events
    /// matter most; what is lost is counted.
    fn append(&self, time_ms: i64, encode: impl FnOnce(&mut Vec<u8>)) {
        let was_empty = {
            let mut waiting = self.0.waiting.lock();
            let was_empty = waiting.is_empty();
            if waiting.back().is_none_or(|segment| segment.bytes.len() >= self.0.segment_bytes) {
                if waiting.len() >= self.0.max_segments
                    && let Some(oldest) = waiting.pop_front()
                {
                    self.0.lost.fetch_add(oldest.events, Ordering::Relaxed);
                }
                waiting.push_back(Segment {
                    first_time_ms: time_ms,
                    last_time_ms: time_ms,
                    ..Segment::default()
                });
            }
            if let Some(segment) = waiting.back_mut() {
                encode(&mut segment.bytes);
                segment.events += 1;
                segment.first_time_ms = segment.first_time_ms.min(time_ms);
                segment.last_time_ms = segment.last_time_ms.max(time_ms);
            }
            was_empty
        };
        if was_empty {
            self.0.filled.notify_one();
        }
    }

    /// Waits until something was recorded or the queue was closed.
    pub(super) async fn filled(&self) {
        if !self.is_closed() && self.0.waiting.lock().is_empty() {
            self.0.filled.notified().await;
        }
    }

    /// The oldest segment; later events start another.
    pub(super) fn take(&self) -> Option<Segment> {
        let mut waiting = self.0.waiting.lock();
        let taken = waiting.pop_front();
        // Before the lock goes: nobody may see neither a waiting nor a stored event.
        self.0.storing_now.store(taken.is_some(), Ordering::SeqCst);
        taken
    }

    /// The segment taken last is stored or lost.
    pub(super) fn settled(&self) {
        self.0.storing_now.store(false, Ordering::SeqCst);
    }

    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.filled.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    pub(super) fn count_stored(&self, events: u64) {
        self.0.failing.store(false, Ordering::Relaxed);
        self.0.stored.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn count_lost(&self, events: u64) {
        self.0.lost.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn say_failing(&self) {
        self.0.failing.store(true, Ordering::Relaxed);
    }
}
