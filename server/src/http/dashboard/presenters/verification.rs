//! Verifications as rows of a log.

use web::components::Outcome;
use web::pages::parts::{Named, VerificationRow};

use crate::http::dashboard::member_request::MemberRequest;
use base::events::{Stored, StoredVerification};

/// `key` is shown where the log is not about one.
pub fn verification_row(
    request: &MemberRequest,
    event: &StoredVerification,
    key: Option<Named>,
) -> VerificationRow {
    VerificationRow {
        id: event.request_id.clone(),
        at: request.stamp(event.time_ms),
        outcome: Outcome::of_verification(&event.outcome).unwrap_or(Outcome::NotFound),
        key,
        denial: event.denial.clone(),
        tags: event.tags.clone(),
        ip: event.ip.map(|ip| ip.to_string()),
        spent: event.spent_credits,
        balance: event.balance,
        latency_us: i64::from(event.latency_us),
    }
}

/// Verifications of one key as rows of its log.
pub fn rows_of_key(request: &MemberRequest, events: &[Stored]) -> Vec<VerificationRow> {
    let row = |event: &Stored| match event {
        Stored::Verification(event) => Some(verification_row(request, event, None)),
        _ => None,
    };
    events.iter().filter_map(row).collect()
}
