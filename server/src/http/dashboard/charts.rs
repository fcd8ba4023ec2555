//! From rows of the analytics to the charts of a page.

use std::collections::HashMap;

use web::charts::{Bars, Bucket, Spark};
use web::components::Outcome;
use web::paths::{FROM, Here, SINCE, TO};
use web::texts::time as text;
use web::time::local;

use base::clock::DAY_MS;

use super::local_time::zone_at;
use super::member_request::MemberRequest;
use super::outcome_counts::{bad, count_of, good};
use super::time_span::TimeSpan;
use insight::analytics::{Buckets, Counts, Row};

/// A bar for each bucket of the span; each leads to the page about itself.
pub fn outcome_bars(
    request: &MemberRequest,
    id: &'static str,
    title: &str,
    outcomes: &[Outcome],
    rows: &[Row],
    (buckets, span): (&Buckets, &TimeSpan),
) -> Bars {
    let by_time = by_time(rows);
    let starts = buckets.starts(span.start_ms, span.end_ms);
    let ends = starts.iter().skip(1).copied().chain([span.end_ms.max(last_end(&starts, buckets))]);
    let here = request.here();
    let bucket = |(start_ms, end_ms): (&i64, i64)| {
        let counts = by_time.get(start_ms).copied().unwrap_or_default();
        Bucket {
            label: bucket_label(request, *start_ms, span),
            counts: outcomes.iter().map(|outcome| count_of(&counts, *outcome)).collect(),
            zoom: (counts.total() > 0).then(|| zoom(&here, *start_ms, end_ms)),
            start_ms: *start_ms,
            end_ms,
        }
    };
    let buckets = starts.iter().zip(ends).map(bucket).collect();
    Bars { id, title: title.to_owned(), outcomes: outcomes.to_vec(), buckets, of_outcome: None, before: None }
}

/// Adds verifications with unknown keys, which are told by the log of requests, to a chart.
pub fn add_unknown_keys(request: &MemberRequest, chart: &mut Bars, rows: &[Row]) {
    let by_time = by_time(rows);
    let here = request.here();
    chart.outcomes.push(Outcome::NotFound);
    for bucket in &mut chart.buckets {
        let count = by_time.get(&bucket.start_ms).map_or(0, Counts::total);
        bucket.counts.push(count);
        if count > 0 {
            bucket.zoom.get_or_insert_with(|| zoom(&here, bucket.start_ms, bucket.end_ms));
        }
    }
}

/// How a bucket is named on the axis of a span.
pub fn bucket_label(request: &MemberRequest, start_ms: i64, span: &TimeSpan) -> String {
    let form = if span.end_ms - span.start_ms > 3 * DAY_MS { text::DAY } else { text::DAY_AND_TIME };
    local(start_ms, &zone_at(request.zone, start_ms), form)
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
