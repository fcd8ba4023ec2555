//! From rows of the analytics to the charts of a page.

use std::collections::HashMap;

use web::charts::{Bars, Bucket, Spark};
use web::components::Outcome;
use web::paths::{FROM, Here, SINCE, TO};
use web::time::local;

use super::member_request::{MemberRequest, zone_at};
use super::time_span::TimeSpan;
use insight::analytics::{Buckets, Counts, Filter, PageOf, Question, Row};
use insight::search::Kind;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// The count of one outcome.
pub fn count_of(counts: &Counts, outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Valid => counts.valid,
        Outcome::RateLimited => counts.rate_limited,
        Outcome::InsufficientPermissions => counts.insufficient_permissions,
        Outcome::Forbidden => counts.forbidden,
        Outcome::Disabled => counts.disabled,
        Outcome::Expired => counts.expired,
        Outcome::UsageExceeded => counts.usage_exceeded,
        Outcome::Passed => counts.passed,
        Outcome::Blocked => counts.denied,
        Outcome::Success => counts.served,
        Outcome::ClientError => counts.refused,
        Outcome::ServerError => counts.failed,
        // Unknown keys belong to no workspace, and redirects are not counted.
        Outcome::NotFound | Outcome::Redirect => 0,
    }
}

/// Everything that was not good.
pub fn bad(counts: &Counts) -> i64 {
    counts.total() - good(counts)
}

pub fn good(counts: &Counts) -> i64 {
    counts.valid + counts.passed + counts.served
}

pub fn sum(rows: &[Row]) -> Counts {
    let mut sum = Counts::default();
    rows.iter().for_each(|row| sum.add(&row.counts));
    sum
}

impl MemberRequest {
    /// A question about the workspace and span, without buckets and groups.
    pub fn question(&self, kind: Kind, span: &TimeSpan, filter: Filter) -> Question {
        Question {
            kind,
            workspace: self.cx.workspace.clone(),
            start_ms: span.start_ms,
            end_ms: span.end_ms,
            filter,
            buckets: None,
            group_by: Vec::new(),
        }
    }

    /// A page of the events of the workspace and span, from the newest.
    pub fn events(&self, kind: Kind, span: &TimeSpan, filter: Filter, limit: usize) -> PageOf {
        PageOf {
            kind,
            workspace: self.cx.workspace.clone(),
            start_ms: span.start_ms,
            end_ms: span.end_ms,
            filter,
            limit,
            after: None,
        }
    }

    /// A bar for each bucket of the span; each leads to the page about itself.
    pub fn bars(
        &self,
        id: &'static str,
        title: &str,
        outcomes: &[Outcome],
        rows: &[Row],
        (buckets, span): (&Buckets, &TimeSpan),
    ) -> Bars {
        let by_time = by_time(rows);
        let starts = buckets.starts(span.start_ms, span.end_ms);
        let ends = starts.iter().skip(1).copied().chain([span.end_ms.max(last_end(&starts, buckets))]);
        let here = self.here();
        let bucket = |(start_ms, end_ms): (&i64, i64)| {
            let counts = by_time.get(start_ms).copied().unwrap_or_default();
            Bucket {
                label: self.bucket_label(*start_ms, span),
                counts: outcomes.iter().map(|outcome| count_of(&counts, *outcome)).collect(),
                zoom: (counts.total() > 0).then(|| zoom(&here, *start_ms, end_ms)),
                start_ms: *start_ms,
                end_ms,
            }
        };
        let buckets = starts.iter().zip(ends).map(bucket).collect();
        Bars { id, title: title.to_owned(), outcomes: outcomes.to_vec(), buckets }
    }

    /// How a bucket is named on the axis of a span.
    pub fn bucket_label(&self, start_ms: i64, span: &TimeSpan) -> String {
        let form = if span.end_ms - span.start_ms > 3 * DAY_MS { "%b %d" } else { "%b %d %H:%M" };
        local(start_ms, &zone_at(self.zone, start_ms), form)
    }
}

/// Good and bad by bucket, of the rows of one group.
pub fn spark(rows: &[Row], buckets: &Buckets, span: &TimeSpan) -> Spark {
    let by_time = by_time(rows);
    let starts = buckets.starts(span.start_ms, span.end_ms);
    let counts = starts.iter().map(|start| by_time.get(start).copied().unwrap_or_default());
    Spark(counts.map(|counts| (good(&counts), bad(&counts))).collect())
}

fn by_time(rows: &[Row]) -> HashMap<i64, Counts> {
    let mut by_time: HashMap<i64, Counts> = HashMap::new();
    for row in rows {
        by_time.entry(row.time_ms).or_default().add(&row.counts);
    }
    by_time
}

fn last_end(starts: &[i64], buckets: &Buckets) -> i64 {
    match (buckets, starts.last()) {
        (Buckets::Every(length_ms), Some(last)) => last + length_ms,
        _ => 0,
    }
}

/// The page about one bucket.
pub fn zoom(here: &Here, start_ms: i64, end_ms: i64) -> web::paths::Href {
    here.without(&[SINCE, FROM, TO]).with(FROM, &start_ms.to_string()).with(TO, &end_ms.to_string())
}
