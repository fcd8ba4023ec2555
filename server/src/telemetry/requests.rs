//! Requests, counted by door and by how they ended.

use std::sync::atomic::{AtomicU64, Ordering};

use base::access::Door;

/// The doors whose requests are counted.
const DOORS: [Door; 5] = [Door::V1, Door::V2, Door::Mcp, Door::ForwardAuth, Door::Dashboard];

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultClass {
    Success,
    /// The fault of the caller.
    Refused,
    /// The fault of the server.
    Failed,
}

impl ResultClass {
    pub const ALL: [Self; 3] = [Self::Success, Self::Refused, Self::Failed];

    fn of_status(status: u16) -> Self {
        match status {
            ..400 => Self::Success,
            400..500 => Self::Refused,
            _ => Self::Failed,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Requests by door and by the class of their status, and the time they took.
#[derive(Debug, Default)]
pub struct RequestCounts {
    by_door: [[AtomicU64; ResultClass::ALL.len()]; DOORS.len()],
    elapsed_us: AtomicU64,
}

impl RequestCounts {
    pub fn count(&self, door: Door, status: u16, elapsed_us: u32) {
        if let Some(at) = DOORS.iter().position(|counted| *counted == door) {
            self.by_door[at][ResultClass::of_status(status) as usize].fetch_add(1, Ordering::Relaxed);
        }
        self.elapsed_us.fetch_add(elapsed_us.into(), Ordering::Relaxed);
    }

    /// Requests to a door since the start: served, refused, failed.
    pub fn of(&self, door: Door) -> [u64; 3] {
        let at = DOORS.iter().position(|counted| *counted == door);
        at.map_or([0; 3], |at| self.by_door[at].each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    /// Requests since the start, of every door and every class.
    pub fn all(&self) -> impl Iterator<Item = (Door, ResultClass, u64)> {
        DOORS.into_iter().flat_map(|door| {
            ResultClass::ALL.into_iter().zip(self.of(door)).map(move |(class, count)| (door, class, count))
        })
    }

    /// The time spent answering them, seconds.
    pub fn elapsed_s(&self) -> f64 {
        self.elapsed_us.load(Ordering::Relaxed) as f64 / 1e6
    }
}
