//! What one query has used, and when it has to stop.
//!
//! Asked again and again while rows are made and while the engine runs. Neither the
//! memory that this query reported nor what the whole process grew by since it
//! began may pass the limit: the engine's own sorting shows only in the latter.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use base::clock::Stopwatch;
use base::error::{Code, Error, Result};

/// What a query may use (docs/contract/v2.md#analytics-queries).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From when its turn came; it may wait for that as long.
    pub time: Duration,
    pub memory_bytes: u64,
    /// Rows made from events for it.
    pub rows_read: u64,
    /// Rows of its answer, and of each SELECT in it.
    pub result_rows: usize,
    /// Of its answer as JSON.
    pub result_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            memory_bytes: 1 << 30,
            rows_read: 4_000_000,
            result_rows: 10_000,
            result_bytes: 4 << 20,
        }
    }
}

/// Why a query had to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stop {
    Time = 1,
    Memory = 2,
    RowsRead = 3,
    ResultRows = 4,
    ResultBytes = 5,
    /// `WITH FILL` adds more rows than an answer has.
    Series = 6,
}

impl Stop {
    const ALL: [Stop; 6] =
        [Stop::Time, Stop::Memory, Stop::RowsRead, Stop::ResultRows, Stop::ResultBytes, Stop::Series];
}

/// Whoever waits for the answer: once dropped, the query stops.
#[derive(Default)]
pub struct Asker(Arc<()>);

impl Asker {
    pub fn watched(&self) -> Weak<()> {
        Arc::downgrade(&self.0)
    }
}

/// Shared by everything that works on one query.
#[derive(Clone)]
pub struct Meter(Arc<Inner>);

struct Inner {
    limits: Limits,
    asker: Option<Weak<()>>,
    watch: Stopwatch,
    resident_at_start: Option<u64>,
    bytes: AtomicU64,
    rows: AtomicU64,
    stopped: AtomicU8,
}

impl Meter {
    /// With no `asker` there is nobody who could go.
    pub fn start(limits: Limits, asker: Option<Weak<()>>) -> Self {
        Self(Arc::new(Inner {
            limits,
            asker,
            watch: Stopwatch::start(),
            resident_at_start: resident_bytes(),
            bytes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            stopped: AtomicU8::new(0),
        }))
    }

    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub fn elapsed(&self) -> Duration {
        self.0.watch.elapsed()
    }

    /// Fails once a limit was passed, and from then on.
    pub fn check(&self) -> Result<()> {
        if self.stopped().is_none() {
            // Time is over as well when nobody waits any more.
            if self.elapsed() > self.0.limits.time || self.is_abandoned() {
                self.stop(Stop::Time);
            } else if self.grown() > self.0.limits.memory_bytes {
                self.stop(Stop::Memory);
            }
        }
        self.stopped().map_or(Ok(()), |stop| Err(self.error(stop)))
    }

    /// Rows that were made, and the memory they take.
    pub fn add_rows(&self, rows: u64, bytes: u64) -> Result<()> {
        self.add_bytes(bytes);
        if self.0.rows.fetch_add(rows, Ordering::Relaxed) + rows > self.0.limits.rows_read {
            self.stop(Stop::RowsRead);
        }
        self.stopped().map_or(Ok(()), |stop| Err(self.error(stop)))
    }

    /// Memory that was taken; says whether the query may go on.
    pub fn add_bytes(&self, bytes: u64) -> bool {
        if self.0.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > self.0.limits.memory_bytes {
            self.stop(Stop::Memory);
        }
        self.stopped().is_none()
    }

    /// The first reason stays.
    pub fn stop(&self, stop: Stop) {
        let _ = self.0.stopped.compare_exchange(0, stop as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn stopped(&self) -> Option<Stop> {
        let stopped = self.0.stopped.load(Ordering::Relaxed);
        Stop::ALL.into_iter().find(|stop| *stop as u8 == stopped)
    }

    /// The error of a query that had to stop.
    pub fn error(&self, stop: Stop) -> Error {
        let limits = &self.0.limits;
        let (code, detail) = match stop {
            Stop::Time => (
                Code::QueryTimeout,
                format!(
                    "The query ran longer than {} s. Narrow its span of time or group by less.",
                    limits.time.as_secs_f64()
                ),
            ),
            Stop::Memory => (
                Code::QueryMemory,
                format!(
                    "The query needed more than {} MiB of memory. Narrow its span of time or select less.",
                    limits.memory_bytes >> 20
                ),
            ),
            Stop::RowsRead => (
                Code::QueryRows,
                format!(
                    "The query reads more than {} rows. Narrow its span of time, filter by a key, or group by \
                     a coarser unit.",
                    limits.rows_read
                ),
            ),
            Stop::ResultRows => (
                Code::QueryRows,
                format!("The answer has more than {} rows. Use LIMIT or aggregate.", limits.result_rows),
            ),
            Stop::Series => (
                Code::QueryRows,
                format!(
                    "WITH FILL adds more than {} rows. Bring FROM and TO together or take a longer STEP.",
                    limits.result_rows
                ),
            ),
            Stop::ResultBytes => (
                Code::QueryMemory,
                format!(
                    "The answer is larger than {} bytes. Use LIMIT or select fewer columns.",
                    limits.result_bytes
                ),
            ),
        };
        Error::new(code, detail)
    }

    fn is_abandoned(&self) -> bool {
        self.0.asker.as_ref().is_some_and(|asker| asker.strong_count() == 0)
    }

    fn grown(&self) -> u64 {
        match (resident_bytes(), self.0.resident_at_start) {
            (Some(now), Some(before)) => now.saturating_sub(before),
            _ => 0,
        }
    }
}

/// Memory of this process; `None` where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_that_is_passed_is_the_reason() {
        let start = |limits| Meter::start(limits, None);
        let meter = start(Limits { rows_read: 2, memory_bytes: 1 << 40, ..Limits::default() });
        meter.add_rows(2, 1).unwrap();
        meter.check().unwrap();
        assert_eq!(meter.add_rows(1, 1).unwrap_err().code(), Code::QueryRows);
        assert!(!meter.add_bytes(u64::MAX >> 1));
        assert_eq!(meter.check().unwrap_err().code(), Code::QueryRows);
        let meter = start(Limits { time: Duration::ZERO, ..Limits::default() });
        assert_eq!(meter.check().unwrap_err().code(), Code::QueryTimeout);
    }

    #[test]
    fn a_query_that_nobody_waits_for_stops() {
        let asker = Asker::default();
        let meter =
            Meter::start(Limits { memory_bytes: 1 << 40, ..Limits::default() }, Some(asker.watched()));
        meter.check().unwrap();
        drop(asker);
        assert!(meter.check().is_err());
    }
}
