//! Room on the disk against what events will still take.

use super::{Finding, Subject, size};
use base::clock::DAY_MS;
use base::error::Result;
use base::events::{ChunkKind, newest_chunk_time, oldest_chunk};
use base::store::{disk_space, stored_bytes};

/// Less than that is left for changes, their log and the indexes.
const LITTLE_BYTES: u64 = 512 << 20;
const FEW_DAYS: u64 = 30;

const REMEDY: &str = "make room, or keep fewer events: events_max_mib (docs/configuration.md)";

pub(super) async fn space(subject: &Subject) -> Result<Vec<Finding>> {
    let dir = subject.data_dir.clone();
    let space = tokio::task::spawn_blocking(move || disk_space(&dir)).await;
    let space = space.map_err(base::error::Error::internal)??;
    let free = size(space.free_bytes);
    if space.free_bytes < LITTLE_BYTES {
        return Ok(vec![Finding::error(format!("Only {free} are free on the disk.")).remedy(REMEDY)]);
    }
    let Ok(growth) = growth(subject).await else {
        return Ok(vec![Finding::ok(format!(
            "{free} are free on the disk; how fast events grow is not known."
        ))]);
    };
    Ok(vec![judged(&free, space.free_bytes - LITTLE_BYTES, &growth)])
}

/// What events may still take.
struct Growth {
    bytes_per_day: u64,
    /// Until the oldest ones go for their size; `None` without a cap.
    until_cap_bytes: Option<u64>,
}

async fn growth(subject: &Subject) -> Result<Growth> {
    let events = subject.events()?.reader();
    let stored = stored_bytes(events).await?;
    let indexes = {
        let dir = subject.index_dir.clone();
        tokio::task::spawn_blocking(move || insight::search::bytes_below(&dir)).await
    };
    let all = stored + indexes.map_err(base::error::Error::internal)?;
    let mut oldest = None;
    for kind in ChunkKind::ALL {
        let first = oldest_chunk(events, kind).await?;
        oldest = [oldest, first].into_iter().flatten().min();
    }
    let span_ms = match (oldest, newest_chunk_time(events).await?) {
        (Some(oldest), Some(newest)) => newest.saturating_sub(oldest).max(DAY_MS),
        _ => DAY_MS,
    };
    // Of an empty database, what it was made with.
    let grown = if oldest.is_some() { all } else { 0 };
    let cap = Some(subject.config.events_max_bytes).filter(|cap| *cap > 0);
    Ok(Growth {
        bytes_per_day: grown / span_ms.unsigned_abs().div_ceil(DAY_MS.unsigned_abs()).max(1),
        // Indexes grow with the events.
        until_cap_bytes: cap.map(|cap| cap.saturating_sub(stored).saturating_mul(all) / stored.max(1)),
    })
}

/// `free_bytes` is what events may take.
fn judged(free: &str, free_bytes: u64, growth: &Growth) -> Finding {
    let per_day = size(growth.bytes_per_day);
    if growth.until_cap_bytes.is_some_and(|bytes| bytes <= free_bytes) {
        return Finding::ok(format!("{free} are free on the disk, more than events may still take."));
    }
    let days = free_bytes / growth.bytes_per_day.max(1);
    if days >= FEW_DAYS {
        return Finding::ok(format!("{free} are free on the disk; events take {per_day} a day."));
    }
    Finding::warning(format!(
        "{free} are free on the disk, and events take {per_day} a day: enough for {days} days."
    ))
    .remedy(REMEDY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    const GIB: u64 = 1 << 30;

    #[test]
    fn room_is_judged_by_what_will_be_taken() {
        let growth = |per_day, until_cap| Growth { bytes_per_day: per_day, until_cap_bytes: until_cap };
        let severity = |free, growth: Growth| judged("x", free, &growth).severity;
        assert_eq!(severity(GIB, growth(GIB, Some(GIB))), Severity::Ok, "the cap comes first");
        assert_eq!(severity(GIB, growth(GIB, Some(2 * GIB))), Severity::Warning);
        assert_eq!(severity(29 * GIB, growth(GIB, None)), Severity::Warning);
        assert_eq!(severity(30 * GIB, growth(GIB, None)), Severity::Ok);
        assert_eq!(severity(GIB, growth(0, None)), Severity::Ok, "nothing grows");
    }
}
