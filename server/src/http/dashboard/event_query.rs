//! Questions about events of a workspace, and pages of events.

use web::paths::CURSOR;

use super::member_request::MemberRequest;
use super::time_span::TimeSpan;
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

/// A question about the workspace and span, without buckets and groups.
pub fn event_question(request: &MemberRequest, kind: Kind, span: &TimeSpan, filter: Filter) -> Question {
    Question {
        kind,
        workspace: request.cx.workspace.clone(),
        start_ms: span.start_ms,
        end_ms: span.end_ms,
        filter,
        buckets: None,
        group_by: Vec::new(),
    }
}

/// A page of the events of the workspace and span, from the newest.
pub fn event_page(
    request: &MemberRequest,
    kind: Kind,
    span: &TimeSpan,
    filter: Filter,
    limit: usize,
) -> PageOf {
    PageOf {
        kind,
        workspace: request.cx.workspace.clone(),
        start_ms: span.start_ms,
        end_ms: span.end_ms,
        filter,
        limit,
        after: None,
    }
}

/// Where a page of events begins: what [`event_cursor`] wrote.
pub fn events_after(request: &MemberRequest) -> Option<(i64, u64, u64)> {
    let mut parts = request.query().given(CURSOR)?.splitn(3, '.');
    let (time, chunk, position) = (parts.next()?, parts.next()?, parts.next()?);
    Some((time.parse().ok()?, chunk.parse().ok()?, position.parse().ok()?))
}

/// The place of a page of events as an address has it.
pub fn event_cursor((time_ms, chunk, position): (i64, u64, u64)) -> String {
    format!("{time_ms}.{chunk}.{position}")
}
