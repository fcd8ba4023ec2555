//! Counts of the analytics by outcome.

use web::components::Outcome;

use insight::analytics::{Counts, Row};

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
