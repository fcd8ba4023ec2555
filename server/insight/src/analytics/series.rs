//! Counts of outcomes over time, and the operations of a span.

use std::collections::BTreeMap;

use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use base::ids::{ApiId, KeyId, WorkspaceId};

use super::{Analytics, Buckets, Counts, Filter, GroupBy, Question, Row};
use crate::search::Kind;
use base::error::{Error, Result};

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
    /// (docs/contract/v2.md#portal-verifications).
    pub async fn series(&self, of: &SeriesOf) -> Result<Series> {
        if of.end_ms <= of.start_ms {
            return Err(Error::invalid("The end must lie after the start."));
        }
        let bucket_ms = width(of.end_ms - of.start_ms);
        let question = Question {
            kind: Kind::Verifications,
            workspace: of.workspace.clone(),
            start_ms: of.start_ms,
            end_ms: of.end_ms,
            filter: Filter {
                apis: vec![of.api.to_string()],
                external_ids: vec![of.external_id.clone()],
                keys: of.key.iter().map(ToString::to_string).collect(),
                ..Filter::default()
            },
            buckets: Some(Buckets::Every(bucket_ms)),
            group_by: vec![GroupBy::Key],
        };
        let mut keys: BTreeMap<String, BTreeMap<i64, Counts>> = BTreeMap::new();
        let mut total: BTreeMap<i64, Counts> = BTreeMap::new();
        for row in self.count(question).await? {
            let key = row.groups.into_iter().next().unwrap_or_default();
            keys.entry(key).or_default().entry(row.time_ms).or_default().add(&row.counts);
            total.entry(row.time_ms).or_default().add(&row.counts);
        }
        let slots: Vec<i64> = slots(of.start_ms, of.end_ms, bucket_ms).collect();
        let filled = |counts: &BTreeMap<i64, Counts>| -> Vec<Bucket> {
            let bucket =
                |slot: &i64| Bucket { time_ms: *slot, counts: counts.get(slot).copied().unwrap_or_default() };
            slots.iter().map(bucket).collect()
        };
        let series = keys.into_iter().map(|(key, counts)| KeySeries { key, buckets: filled(&counts) });
        Ok(Series { bucket_ms, keys: series.collect(), total: filled(&total) })
    }

    /// What a workspace used from `start_ms` until before `end_ms`.
    pub async fn usage(&self, workspace: &WorkspaceId, start_ms: i64, end_ms: i64) -> Result<Usage> {
        if end_ms <= start_ms {
            return Ok(Usage::default());
        }
        let question = |kind, outcome: &str| Question {
            kind,
            workspace: workspace.clone(),
            start_ms,
            end_ms,
            filter: Filter { outcomes: vec![outcome.to_owned()], ..Filter::default() },
            buckets: None,
            group_by: Vec::new(),
        };
        let total = |rows: Vec<Row>| rows.iter().map(|row| row.counts.total()).sum();
        Ok(Usage {
            verifications: total(self.count(question(Kind::Verifications, "VALID")).await?),
            ratelimits: total(self.count(question(Kind::Ratelimits, "passed")).await?),
        })
    }
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
