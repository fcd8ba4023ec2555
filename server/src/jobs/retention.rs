//! Letting go of events whose time is over
//! (docs/decisions.md#how-long-events-are-kept), and of the oldest ones when
//! there are more than the disk should hold.
//!
//! The audit log is not touched: it is kept for ever unless an operator decides
//! otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::error::{Error, Result};
use base::events::{ChunkKind, Removed, free_bytes, free_space, oldest_chunk, remove_chunks, remove_oldest};
use base::store::{Database, stored_bytes};
use insight::search::{Kind, Search};

/// Chunks per statement: writers get their turn in between.
const BATCH: u64 = 50;

/// Pages given back to the file system at a time, 4 MiB.
const FREED_PAGES: u32 = 1024;

/// Removes events. Cheap to clone.
#[derive(Clone)]
pub(super) struct Retention {
    events: Database,
    search: Search,
    /// Most bytes of stored events; 0 is no cap.
    max_bytes: u64,
    /// Events that went before their time since the start.
    dropped: Arc<AtomicU64>,
}

impl Retention {
    pub fn new(events: Database, search: Search, max_bytes: u64) -> Self {
        Self { events, search, max_bytes, dropped: Arc::default() }
    }

    #[cfg(test)]
    pub fn search(&self) -> &Search {
        &self.search
    }

    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Removes what is older than its kind is kept.
    pub async fn expire(&self, now_ms: i64) -> Result<()> {
        for kind in ChunkKind::ALL {
            let before_ms = now_ms - kind.keep_ms();
            let indexes = self.forget(kind, before_ms).await?;
            let mut removed = Removed::default();
            loop {
                let batch = remove_chunks(self.events.writer(), kind, before_ms, BATCH).await?;
                removed.chunks += batch.chunks;
                if batch.chunks < BATCH {
                    break;
                }
            }
            if removed.chunks > 0 || indexes > 0 {
                tracing::info!(?kind, chunks = removed.chunks, indexes, "removed events whose time is over");
            }
        }
        self.shrink().await
    }

    /// Removes the oldest chunks, of requests first, while there are more bytes
    /// than there should be.
    pub async fn cap(&self, now_ms: i64) -> Result<()> {
        if self.max_bytes == 0 || stored_bytes(self.events.reader()).await? <= self.max_bytes {
            return Ok(());
        }
        for kind in [ChunkKind::Requests, ChunkKind::Events] {
            let removed = self.cap_kind(kind).await?;
            let Some(newest_ms) = removed.newest_ms else { continue };
            // Chunks overlap by moments: what is gone must not count on. What comes now
            // counts, also where a chunk of a clock that was ahead has gone.
            let oldest_ms = oldest_chunk(self.events.reader(), kind).await?.unwrap_or(newest_ms + 1);
            let indexes = self.forget(kind, oldest_ms.max(newest_ms + 1).min(now_ms)).await?;
            self.dropped.fetch_add(removed.events, Ordering::Relaxed);
            tracing::warn!(
                ?kind,
                events = removed.events,
                indexes,
                max_bytes = self.max_bytes,
                "removed events before their time: they take more than events_max_mib"
            );
        }
        self.shrink().await
    }

    /// Takes back that events up to a time that has not come are gone: a clock
    /// that was ahead for long has deleted by it, and what comes now counts.
    pub async fn amend(&self, now_ms: i64) -> Result<()> {
        for chunks in ChunkKind::ALL {
            let oldest_ms = oldest_chunk(self.events.reader(), chunks).await?;
            let search = self.search.clone();
            let lower = move || {
                Kind::of_chunks(chunks)
                    .iter()
                    .try_for_each(|kind| search.lower_floor(*kind, now_ms, oldest_ms))
            };
            tokio::task::spawn_blocking(lower).await.map_err(Error::internal)??;
        }
        Ok(())
    }

    async fn cap_kind(&self, kind: ChunkKind) -> Result<Removed> {
        let mut removed = Removed::default();
        while stored_bytes(self.events.writer()).await? > self.max_bytes {
            let batch = remove_oldest(self.events.writer(), kind, BATCH).await?;
            if batch.chunks == 0 {
                break;
            }
            removed.chunks += batch.chunks;
            removed.events += batch.events;
            removed.newest_ms = removed.newest_ms.max(batch.newest_ms);
        }
        Ok(removed)
    }

    async fn forget(&self, kind: ChunkKind, before_ms: i64) -> Result<usize> {
        let search = self.search.clone();
        let forget = move || {
            Kind::of_chunks(kind)
                .iter()
                .try_fold(0, |sum, kind| Ok(sum + search.forget_before(*kind, before_ms)?))
        };
        tokio::task::spawn_blocking(forget).await.map_err(Error::internal)?
    }

    /// Gives freed space back, in parts between which writers get their turn.
    async fn shrink(&self) -> Result<()> {
        let db = self.events.writer();
        let mut free = free_bytes(db).await?;
        while free > 0 {
            free_space(db, FREED_PAGES).await?;
            let left = free_bytes(db).await?;
            if left >= free {
                return Ok(());
            }
            free = left;
        }
        Ok(())
    }
}
