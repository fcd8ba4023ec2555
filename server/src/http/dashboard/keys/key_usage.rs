//! What keys were used for lately, by the hour: their states and the small charts
//! of lists.

use std::collections::HashMap;

use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::error::Result;
use insight::analytics::{Buckets, Filter, GroupBy, Question, Row};
use insight::search::Kind;

const HOUR_MS: i64 = 60 * 60_000;

const HOURS: i64 = 36;

pub const BUCKETS: Buckets = Buckets::Every(HOUR_MS);

/// What keys were used for in the last 36 hours, by the hour.
pub struct KeyUsage {
    pub span: TimeSpan,
    by_key: HashMap<String, Vec<Row>>,
}

impl KeyUsage {
    /// Of these keys, by one question.
    pub async fn of(request: &MemberRequest, keys: Vec<String>) -> Result<Self> {
        request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
        let now_ms = request.now_ms();
        let start_ms = now_ms - now_ms.rem_euclid(HOUR_MS) - (HOURS - 1) * HOUR_MS;
        let span = TimeSpan { start_ms, end_ms: now_ms + 1, ..TimeSpan::of(request, "36h") };
        let mut by_key: HashMap<String, Vec<Row>> = HashMap::new();
        if keys.is_empty() {
            return Ok(Self { span, by_key });
        }
        let filter = Filter { keys, ..Filter::default() };
        let question = Question {
            buckets: Some(BUCKETS),
            group_by: vec![GroupBy::Key],
            ..event_question(request, Kind::Verifications, &span, filter)
        };
        for row in request.app.analytics.count(question).await? {
            if let Some(key) = row.groups.first() {
                by_key.entry(key.clone()).or_default().push(row);
            }
        }
        Ok(Self { span, by_key })
    }

    pub fn of_key(&self, id: &str) -> &[Row] {
        self.by_key.get(id).map_or(&[], Vec::as_slice)
    }
}
