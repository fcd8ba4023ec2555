//! Counts of outcomes over time, and the operations of a span.

use std::collections::BTreeMap;

use entity::ids::{ApiId, KeyId, WorkspaceId};

use super::Analytics;
use crate::error::{Error, Result};
use crate::events::{Stored, StoredVerification, read_between};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Chunks decoded at a time.
const BATCH: u64 = 16;

/// Whose verifications to count, and when.
#[derive(Clone, Debug)]
pub struct SeriesOf {
    pub workspace: WorkspaceId,
    pub api: ApiId,
    /// Keys that belonged to this external id when they were verified.
    pub external_id: String,
    pub key: Option<KeyId>,
    /// Unix milliseconds, inclusive.
    pub start_ms: i64,
    /// Unix milliseconds, exclusive.
    pub end_ms: i64,
}

/// Verifications by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub valid: i64,
    pub rate_limited: i64,
    pub insufficient_permissions: i64,
    pub forbidden: i64,
    pub disabled: i64,
    pub expired: i64,
    pub usage_exceeded: i64,
}

impl Counts {
    pub fn total(&self) -> i64 {
        self.valid
            + self.rate_limited
            + self.insufficient_permissions
            + self.forbidden
            + self.disabled
            + self.expired
            + self.usage_exceeded
    }

    fn add(&mut self, outcome: &str) {
        let count = match outcome {
            "VALID" => &mut self.valid,
            "RATE_LIMITED" => &mut self.rate_limited,
            "INSUFFICIENT_PERMISSIONS" => &mut self.insufficient_permissions,
            "FORBIDDEN" => &mut self.forbidden,
            "DISABLED" => &mut self.disabled,
            "EXPIRED" => &mut self.expired,
            "USAGE_EXCEEDED" => &mut self.usage_exceeded,
            _ => return,
        };
        *count += 1;
    }
}

/// The counts of one slot of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its start, Unix milliseconds.
    pub time_ms: i64,
    pub counts: Counts,
}

/// Every bucket of the span, empty ones included.
#[derive(Clone, Debug)]
pub struct KeySeries {
    pub key: String,
    pub buckets: Vec<Bucket>,
}

/// The counts of all keys together, and of each key that has any.
#[derive(Clone, Debug)]
pub struct Series {
    pub bucket_ms: i64,
    pub total: Vec<Bucket>,
    /// By key id.
    pub keys: Vec<KeySeries>,
}

/// Operations of a workspace in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Verifications that were valid.
    pub verifications: i64,
    /// Rate-limit decisions that passed.
    pub ratelimits: i64,
}

impl Analytics {
    /// Counts by minute up to three hours, by hour up to four days, else by day
    /// (v2 contract, section 11: getVerifications).
    pub async fn series(&self, of: &SeriesOf) -> Result<Series> {
        if of.end_ms <= of.start_ms {
            return Err(Error::invalid("The end must lie after the start."));
        }
        let bucket_ms = width(of.end_ms - of.start_ms);
        let mut keys: BTreeMap<String, BTreeMap<i64, Counts>> = BTreeMap::new();
        self.scan(of.start_ms, of.end_ms, |event| {
            if let Stored::Verification(event) = event
                && is_of(of, event)
            {
                let slot = event.time_ms - event.time_ms.rem_euclid(bucket_ms);
                keys.entry(event.key.clone()).or_default().entry(slot).or_default().add(&event.outcome);
            }
        })
        .await?;
        let slots: Vec<i64> = slots(of.start_ms, of.end_ms, bucket_ms).collect();
        let filled = |counts: &dyn Fn(i64) -> Counts| -> Vec<Bucket> {
            slots.iter().map(|slot| Bucket { time_ms: *slot, counts: counts(*slot) }).collect()
        };
        let total = filled(&|slot| sum(keys.values().filter_map(|counts| counts.get(&slot))));
        let keys = keys
            .iter()
            .map(|(key, counts)| KeySeries {
                key: key.clone(),
                buckets: filled(&|slot| counts.get(&slot).copied().unwrap_or_default()),
            })
            .collect();
        Ok(Series { bucket_ms, total, keys })
    }

    /// What a workspace used from `start_ms` until before `end_ms`.
    pub async fn usage(&self, workspace: &WorkspaceId, start_ms: i64, end_ms: i64) -> Result<Usage> {
        let mut usage = Usage::default();
        self.scan(start_ms, end_ms, |event| match event {
            Stored::Verification(event)
                if event.workspace == workspace.as_str() && event.outcome == "VALID" =>
            {
                usage.verifications += 1;
            }
            Stored::Ratelimit(event) if event.workspace == workspace.as_str() && event.passed => {
                usage.ratelimits += 1;
            }
            _ => {}
        })
        .await?;
        Ok(usage)
    }

    async fn scan(&self, start_ms: i64, end_ms: i64, mut visit: impl FnMut(&Stored)) -> Result<()> {
        let mut cursor = 0;
        loop {
            let chunks = read_between(self.events.reader(), start_ms, end_ms, cursor, BATCH).await?;
            let Some(last) = chunks.last() else { return Ok(()) };
            cursor = last.id;
            let events = chunks.iter().flat_map(|chunk| &chunk.events);
            events.filter(|event| (start_ms..end_ms).contains(&event.time_ms())).for_each(&mut visit);
            tokio::task::yield_now().await;
        }
    }
}

fn is_of(of: &SeriesOf, event: &StoredVerification) -> bool {
    event.workspace == of.workspace.as_str()
        && event.api == of.api.as_str()
        && event.external_id.as_deref() == Some(of.external_id.as_str())
        && of.key.as_ref().is_none_or(|key| event.key == key.as_str())
}

fn width(span_ms: i64) -> i64 {
    match span_ms {
        _ if span_ms <= 3 * HOUR_MS => MINUTE_MS,
        _ if span_ms <= 4 * DAY_MS => HOUR_MS,
        _ => DAY_MS,
    }
}

/// Starts of the slots from the one with `start_ms` through the one with `end_ms`.
fn slots(start_ms: i64, end_ms: i64, bucket_ms: i64) -> impl Iterator<Item = i64> {
    let first = start_ms.div_euclid(bucket_ms);
    let last = end_ms.div_euclid(bucket_ms);
    (first..=last).map(move |slot| slot * bucket_ms)
}

fn sum<'a>(counts: impl Iterator<Item = &'a Counts>) -> Counts {
    counts.fold(Counts::default(), |sum, counts| Counts {
        valid: sum.valid + counts.valid,
        rate_limited: sum.rate_limited + counts.rate_limited,
        insufficient_permissions: sum.insufficient_permissions + counts.insufficient_permissions,
        forbidden: sum.forbidden + counts.forbidden,
        disabled: sum.disabled + counts.disabled,
        expired: sum.expired + counts.expired,
        usage_exceeded: sum.usage_exceeded + counts.usage_exceeded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_cover_the_span_without_gaps() {
        assert_eq!(slots(90_000, 200_000, MINUTE_MS).collect::<Vec<_>>(), [60_000, 120_000, 180_000]);
        assert_eq!(slots(0, 60_000, MINUTE_MS).count(), 2);
        assert_eq!((width(3 * HOUR_MS), width(3 * HOUR_MS + 1)), (MINUTE_MS, HOUR_MS));
        assert_eq!((width(4 * DAY_MS), width(4 * DAY_MS + 1)), (HOUR_MS, DAY_MS));
    }
}
