//! What a connection is doing: noted by its stream and by its exchanges, read by
//! the watch that ends it when it takes too long.
//!
//! The parts of an HTTP/1 connection run in one task; streams of HTTP/2 have tasks
//! of their own, hence the atomics. Nothing here reads a clock on the way of an
//! ordinary request.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Shared by everything that works on one connection.
pub(super) struct Activity {
    /// For the large bodies of all connections.
    room: Arc<Semaphore>,
    /// Exchanges whose answer is not handed over whole.
    open: AtomicU32,
    begun: AtomicU64,
    /// Bytes came that belong to no request so far.
    partial_head: AtomicBool,
    /// Odd while written bytes wait for the client to read.
    spell: AtomicU64,
    written: AtomicU64,
    is_http2: AtomicBool,
    unread: AtomicBool,
    closing: AtomicBool,
    cut: AtomicBool,
    has_room: AtomicBool,
    taken: Mutex<Option<OwnedSemaphorePermit>>,
    answers: Mutex<Vec<Weak<Pace>>>,
}

/// For what a connection waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The rest of the head of a request, or its first byte on a new connection.
    Head,
    /// The next request.
    Request,
    /// The client, to read what was written.
    Reader,
    /// Answers of several streams, each read at its own pace.
    Readers,
    /// Us.
    Handler,
    /// The client, to stop sending what nobody reads.
    End,
}

impl Activity {
    /// Of a new connection.
    pub fn new(room: Arc<Semaphore>) -> Arc<Self> {
        Arc::new(Self {
            room,
            open: AtomicU32::new(0),
            begun: AtomicU64::new(0),
            partial_head: AtomicBool::new(false),
            spell: AtomicU64::new(0),
            written: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            has_room: AtomicBool::new(false),
            taken: Mutex::new(None),
            answers: Mutex::new(Vec::new()),
        })
    }

    /// For what the connection waits, and a number that tells two waits of a kind apart.
    pub fn waiting(&self) -> (Waiting, u64) {
        let (spell, begun) = (self.spell.load(Relaxed), self.begun.load(Relaxed));
        let is_http2 = self.is_http2.load(Relaxed);
        if self.closing.load(Relaxed) {
            (Waiting::End, 0)
        } else if self.is_blocked() {
            (Waiting::Reader, spell)
        } else if self.is_busy() {
            if is_http2 { (Waiting::Readers, 0) } else { (Waiting::Handler, begun) }
        } else if begun == 0 || self.partial_head.load(Relaxed) && !is_http2 {
            // Frames of HTTP/2 come at any time: there, only the wait for a request counts.
            (Waiting::Head, begun)
        } else {
            (Waiting::Request, begun)
        }
    }

    /// Whether a request is being answered.
    pub fn is_busy(&self) -> bool {
        self.open.load(Relaxed) > 0
    }

    /// Whether something of an answer is still to be made or to be sent.
    pub fn is_answering(&self) -> bool {
        self.is_busy() || self.is_blocked()
    }

    fn is_blocked(&self) -> bool {
        self.spell.load(Relaxed) % 2 == 1
    }

    pub fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    /// Bytes came. While a request is being answered they are of its body.
    pub fn note_read(&self) {
        if !self.is_busy() {
            self.partial_head.store(true, Relaxed);
        }
    }

    pub fn note_written(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
    }

    pub fn note_blocked(&self) {
        if !self.is_blocked() {
            self.spell.fetch_add(1, Relaxed);
        }
    }

    /// Everything was written.
    pub fn note_flushed(&self) {
        if self.is_blocked() {
            self.spell.fetch_add(1, Relaxed);
        }
    }

    pub fn note_closing(&self) {
        self.closing.store(true, Relaxed);
    }

    /// A body was dropped before its end.
    pub fn note_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    /// Whether the client may still send what nobody will read.
    pub fn has_unread(&self) -> bool {
        self.unread.load(Relaxed) || self.partial_head.load(Relaxed)
    }

    /// The connection is given up: nothing more is sent.
    pub fn give_up(&self) {
        self.cut.store(true, Relaxed);
    }

    pub fn is_given_up(&self) -> bool {
        self.cut.load(Relaxed)
    }

    /// Takes room for pieces of a large body until its exchange has ended; says
    /// whether there is any.
    pub fn take_room(&self, pieces: u32) -> bool {
        let Ok(permit) = self.room.clone().try_acquire_many_owned(pieces) else { return false };
        self.has_room.store(true, Relaxed);
        let mut taken = self.taken.lock();
        match &mut *taken {
            Some(held) => held.merge(permit),
            None => *taken = Some(permit),
        }
        true
    }

    /// Whether an answer was handed over at or before `since` and not taken on.
    pub fn has_stalled_answer(&self, since: Instant) -> bool {
        let mut answers = self.answers.lock();
        answers.retain(|answer| answer.strong_count() > 0);
        answers.iter().filter_map(Weak::upgrade).any(|answer| answer.is_stalled(since))
    }
}

/// A request that is being answered; it ends when the answer is handed over.
pub(super) struct Exchange(Arc<Activity>);

impl Exchange {
    pub fn begin(activity: &Arc<Activity>, is_http2: bool) -> Self {
        activity.partial_head.store(false, Relaxed);
        activity.unread.store(false, Relaxed);
        activity.begun.fetch_add(1, Relaxed);
        activity.open.fetch_add(1, Relaxed);
        if is_http2 {
            activity.is_http2.store(true, Relaxed);
        }
        Self(activity.clone())
    }

    pub fn activity(&self) -> &Arc<Activity> {
        &self.0
    }

    /// Follows how its answer is read, whose head is handed over now.
    pub fn pace(&self, now: Instant) -> Arc<Pace> {
        let pace = Arc::new(Pace { handed_over: Mutex::new(Some(now)) });
        let mut answers = self.0.answers.lock();
        answers.retain(|answer| answer.strong_count() > 0);
        answers.push(Arc::downgrade(&pace));
        pace
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let is_last = self.0.open.fetch_sub(1, Relaxed) == 1;
        if is_last && self.0.has_room.load(Relaxed) {
            self.0.has_room.store(false, Relaxed);
            self.0.taken.lock().take();
        }
    }
}

/// How one answer of several on a connection is read.
pub(super) struct Pace {
    /// When the last part was handed over; `None` while we make the next.
    handed_over: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn note_handed_over(&self, now: Instant) {
        *self.handed_over.lock() = Some(now);
    }

    pub fn note_asked(&self) {
        *self.handed_over.lock() = None;
    }

    fn is_stalled(&self, since: Instant) -> bool {
        self.handed_over.lock().is_some_and(|at| at <= since)
    }
}
