//! The keys of an API.

use std::collections::HashMap;

use web::components::{FilterField, FilterKind, Filters, Pager};
use web::pages::keys::{KeyRow, KeysView, list as list_page};

use crate::http::dashboard::charts::{spark, sum};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::{ROWS, key_filter, key_states};
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::error::{Code, Result};
use base::grants::{Operation, Target};
use base::store::Paged;
use domain::keys::{FindKeys, KeyDetails};
use insight::analytics::{Buckets, Filter, GroupBy, Question, Row};
use insight::search::Kind;

const HOUR_MS: i64 = 60 * 60_000;
const HOURS: i64 = 36;
const BUCKETS: Buckets = Buckets::Every(HOUR_MS);

/// `GET /apis/:id/keys`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    let filter = key_filter(request.query());
    let is_filtered = !filter.is_empty();
    let command = FindKeys { api_id: Some(api.id.clone()), filter, page: request.page(ROWS) };
    let (found, problems) = match request.app.keys.find(&request.cx, command).await {
        Ok(found) => (found, vec![]),
        Err(error) if error.code() == Code::InvalidInput => {
            (Paged { items: vec![], next: None }, vec![error.detail().to_owned()])
        }
        Err(error) => return Err(error),
    };
    let ids = found.items.iter().map(|details| details.key.id.to_string()).collect();
    let usage = KeyUsage::of(&request, ids).await?;
    let keys: Vec<KeyRow> = found.items.iter().map(|details| row(&request, details, &usage)).collect();
    let pager = Pager {
        shown: i64::try_from(keys.len()).unwrap_or(0),
        total: (!is_filtered).then_some(api.live_keys),
        next: found.next,
    };
    let view = KeysView {
        api: request.api_ref(&api).await?,
        filters: filters(&request, problems).await?,
        keys,
        pager,
    };
    Ok(Reply::page(list_page(&request.shell, &view)))
}

fn row(request: &MemberRequest, details: &KeyDetails, usage: &KeyUsage) -> KeyRow {
    let key = &details.key;
    let rows = usage.of_key(key.id.as_str());
    KeyRow {
        id: key.id.to_string(),
        name: key.name.clone(),
        start: key.start.clone(),
        last4: key.last4.clone(),
        identity: details.identity.as_ref().map(|one| (one.external_id.clone(), one.id.to_string())),
        enabled: key.enabled,
        states: key_states(key, Some(&sum(rows)), request.now_ms()),
        usage: spark(rows, &BUCKETS, &usage.span),
        last_used: request.last_used(key),
        expires: request.maybe_stamp(key.expires_at),
    }
}

async fn filters(request: &MemberRequest, problems: Vec<String>) -> Result<Filters> {
    let text = |name: &str, label: &str, placeholder: &str| FilterField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: FilterKind::Text { placeholder: placeholder.to_owned() },
    };
    let states = ["enabled", "disabled", "expired", "expiring", "exhausted"];
    let names = ["Enabled", "Disabled", "Expired", "Expires within a day", "Out of credits"];
    let states = states.iter().zip(names).map(|(code, name)| ((*code).to_owned(), name.to_owned()));
    let status = FilterField {
        name: "status".to_owned(),
        label: "State".to_owned(),
        kind: FilterKind::AnyOf(states.collect()),
    };
    Ok(Filters {
        here: request.here(),
        searches: "Name, id, start, external id, or status:expired".to_owned(),
        fields: vec![
            status,
            text("name", "Name", "part of it"),
            text("identity", "External id", "user_123"),
            text("env", "Environment", "production"),
            text("role", "Role", "editor"),
            text("permission", "Direct permission", "documents.read"),
            text("last_used", "Last used", ">90d, <1h or never"),
            text("expires", "Expires", "<7d or <2026-12-31"),
            text("created", "Created", "<7d"),
            text("credits", "Credits left", "<100"),
        ],
        problems,
        saved: request.saved_views().await?,
        can_save: true,
    })
}

/// What keys were used for in the last 36 hours, by the hour.
pub(super) struct KeyUsage {
    span: TimeSpan,
    by_key: HashMap<String, Vec<Row>>,
}

impl KeyUsage {
    /// Of these keys, by one question.
    pub async fn of(request: &MemberRequest, keys: Vec<String>) -> Result<Self> {
        request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
        let now_ms = request.now_ms();
        let start_ms = now_ms - now_ms.rem_euclid(HOUR_MS) - (HOURS - 1) * HOUR_MS;
        let span = TimeSpan { start_ms, end_ms: now_ms + 1, ..request.span("36h") };
        let mut by_key: HashMap<String, Vec<Row>> = HashMap::new();
        if keys.is_empty() {
            return Ok(Self { span, by_key });
        }
        let filter = Filter { keys, ..Filter::default() };
        let question = Question {
            buckets: Some(BUCKETS),
            group_by: vec![GroupBy::Key],
            ..request.question(Kind::Verifications, &span, filter)
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
