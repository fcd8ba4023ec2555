//! The bounded queues between the hot path and the writer: encoded events in
//! segments, each of which becomes one chunk. Requests have a queue of their own,
//! so that a flood of them pushes out no verification.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{ChunkKind, LastUsed, RatelimitDecision, Request, Verification, chunk};
use crate::clock::Stopwatch;

/// A segment is closed at this size: a page of fifty events may be in fifty chunks,
/// and each is decompressed as a whole.
const SEGMENT_BYTES: usize = 128 << 10;

/// Segments that may wait for the writer before the oldest is dropped: with
/// some 250 bytes an event, about half a million of them.
const MAX_SEGMENTS: usize = 1024;

/// As [`MAX_SEGMENTS`], of requests: 16 MiB, at least two thousand of them.
const MAX_REQUEST_SEGMENTS: usize = 128;

/// How often [`Recorder::flush`] looks.
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// Encoded events that are stored together.
pub(super) struct Segment {
    pub kind: ChunkKind,
    pub bytes: Vec<u8>,
    pub events: u64,
    pub first_time_ms: i64,
    pub last_time_ms: i64,
}

/// Where events are recorded. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    events: Lane,
    requests: Lane,
    filled: Notify,
    last_used: LastUsed,
    closed: AtomicBool,
    failing: AtomicBool,
}

/// The queue of one kind of chunk.
struct Lane {
    kind: ChunkKind,
    waiting: Mutex<VecDeque<Segment>>,
    max_segments: usize,
    segment_bytes: usize,
    storing_now: AtomicBool,
    /// Segments that were begun, and of these, those that are stored or lost.
    begun: AtomicU64,
    settled: AtomicU64,
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
    /// Requests, which the other counts leave out.
    pub lost_requests: u64,
    pub stored_requests: u64,
    /// Events and requests that wait to be stored.
    pub waiting: u64,
    /// The memory these take.
    pub waiting_bytes: u64,
    /// A chunk is on its way to the disk.
    pub storing_now: bool,
}

impl Lane {
    fn new(kind: ChunkKind, max_segments: usize, segment_bytes: usize) -> Self {
        Self {
            kind,
            waiting: Mutex::default(),
            max_segments,
            segment_bytes,
            storing_now: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            stored: AtomicU64::new(0),
        }
    }

    /// When the queue is full the oldest segment goes, because the newest events
    /// matter most; what is lost is counted. Says whether the queue was empty.
    fn append(&self, time_ms: i64, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut waiting = self.waiting.lock();
        let was_empty = waiting.is_empty();
        if waiting.back().is_none_or(|segment| segment.bytes.len() >= self.segment_bytes) {
            if waiting.len() >= self.max_segments
                && let Some(oldest) = waiting.pop_front()
            {
                self.lost.fetch_add(oldest.events, Ordering::Relaxed);
                self.settled.fetch_add(1, Ordering::SeqCst);
            }
            self.begun.fetch_add(1, Ordering::SeqCst);
            waiting.push_back(Segment {
                kind: self.kind,
                bytes: Vec::new(),
                events: 0,
                first_time_ms: time_ms,
                last_time_ms: time_ms,
            });
        }
        if let Some(segment) = waiting.back_mut() {
            encode(&mut segment.bytes);
            segment.events += 1;
            segment.first_time_ms = segment.first_time_ms.min(time_ms);
            segment.last_time_ms = segment.last_time_ms.max(time_ms);
        }
        was_empty
    }

    fn is_empty(&self) -> bool {
        self.waiting.lock().is_empty()
    }

    /// How many wait, and their bytes.
    fn waiting(&self) -> (u64, u64) {
        let waiting = self.waiting.lock();
        waiting.iter().fold((0, 0), |(events, bytes), segment| {
            (events + segment.events, bytes + segment.bytes.capacity() as u64)
        })
    }

    /// Segments that nothing is added to.
    fn full(&self) -> usize {
        let waiting = self.waiting.lock();
        let last = waiting.back().is_some_and(|segment| segment.bytes.len() < self.segment_bytes);
        waiting.len() - usize::from(last)
    }

    fn take(&self) -> Option<Segment> {
        let mut waiting = self.waiting.lock();
        let taken = waiting.pop_front();
        // Before the lock goes: nobody may see neither a waiting nor a stored event.
        self.storing_now.store(taken.is_some(), Ordering::SeqCst);
        taken
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_capacity(MAX_SEGMENTS, SEGMENT_BYTES)
    }
}

impl Recorder {
    pub(super) fn with_capacity(max_segments: usize, segment_bytes: usize) -> Self {
        let max_requests = max_segments.min(MAX_REQUEST_SEGMENTS);
        Self(Arc::new(Shared {
            events: Lane::new(ChunkKind::Events, max_segments, segment_bytes),
            requests: Lane::new(ChunkKind::Requests, max_requests, segment_bytes),
            filled: Notify::new(),
            last_used: LastUsed::default(),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }))
    }

    /// Records a verification, and that its key was used. Never waits.
    pub fn verification(&self, event: &Verification<'_>) {
        self.0.last_used.note_key(&event.facts.noted, &event.facts.key, event.time_ms);
        self.append(&self.0.events, event.time_ms, |buffer| chunk::append_verification(buffer, event));
    }

    /// Records a rate-limit decision. Never waits.
    pub fn ratelimit(&self, event: &RatelimitDecision<'_>) {
        self.append(&self.0.events, event.time_ms, |buffer| chunk::append_ratelimit(buffer, event));
    }

    /// Records a request. Never waits.
    pub fn request(&self, event: &Request<'_>) {
        self.append(&self.0.requests, event.time_ms, |buffer| chunk::append_request(buffer, event));
    }

    fn append(&self, lane: &Lane, time_ms: i64, encode: impl FnOnce(&mut Vec<u8>)) {
        if lane.append(time_ms, encode) {
            self.0.filled.notify_one();
        }
    }

    fn lane(&self, kind: ChunkKind) -> &Lane {
        match kind {
            ChunkKind::Events => &self.0.events,
            ChunkKind::Requests => &self.0.requests,
        }
    }

    pub fn last_used(&self) -> &LastUsed {
        &self.0.last_used
    }

    pub fn health(&self) -> Health {
        let Shared { events, requests, failing, .. } = &*self.0;
        let [of_events, of_requests] = [events, requests].map(Lane::waiting);
        Health {
            storing: !failing.load(Ordering::Relaxed),
            lost: events.lost.load(Ordering::Relaxed),
            stored: events.stored.load(Ordering::Relaxed),
            lost_requests: requests.lost.load(Ordering::Relaxed),
            stored_requests: requests.stored.load(Ordering::Relaxed),
            waiting: of_events.0 + of_requests.0,
            waiting_bytes: of_events.1 + of_requests.1,
            storing_now: events.storing_now.load(Ordering::SeqCst)
                || requests.storing_now.load(Ordering::SeqCst),
        }
    }

    /// Waits until something was recorded or the queue was closed.
    pub(super) async fn filled(&self) {
        if !self.is_closed() && self.0.events.is_empty() && self.0.requests.is_empty() {
            self.0.filled.notified().await;
        }
    }

    /// Segments of a kind that wait and have reached their size.
    pub(super) fn full(&self, kind: ChunkKind) -> usize {
        self.lane(kind).full()
    }

    /// The oldest segment of a kind; later events start another.
    pub(super) fn take(&self, kind: ChunkKind) -> Option<Segment> {
        self.lane(kind).take()
    }

    /// The segment taken last is stored or lost.
    pub(super) fn settled(&self, kind: ChunkKind) {
        let lane = self.lane(kind);
        lane.storing_now.store(false, Ordering::SeqCst);
        lane.settled.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until what was recorded so far is stored or lost, up to `patience`; says
    /// whether it is.
    pub async fn flush(&self, patience: Duration) -> bool {
        let begun = [&self.0.events, &self.0.requests].map(|lane| (lane, lane.begun.load(Ordering::SeqCst)));
        let waiting = Stopwatch::start();
        while begun.iter().any(|(lane, begun)| lane.settled.load(Ordering::SeqCst) < *begun) {
            if waiting.elapsed() >= patience {
                return false;
            }
            tokio::time::sleep(FLUSH_LOOK).await;
        }
        true
    }

    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.filled.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    pub(super) fn count_stored(&self, segment: &Segment) {
        self.0.failing.store(false, Ordering::Relaxed);
        self.lane(segment.kind).stored.fetch_add(segment.events, Ordering::Relaxed);
    }

    pub(super) fn count_lost(&self, segment: &Segment) {
        self.lane(segment.kind).lost.fetch_add(segment.events, Ordering::Relaxed);
    }

    pub(super) fn say_failing(&self) {
        self.0.failing.store(true, Ordering::Relaxed);
    }
}
