//! The log of API requests, and one request.

use base::ids::RequestId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{FilterField, Outcome, Pager};
use web::pages::parts::{Live, Named};
use web::pages::request::{RequestView, show};
use web::pages::requests::{RequestRow, RequestsView, list as page};

use super::super::answer::Answer;
use super::super::shown::event_cursor;
use super::super::tail::Log;
use super::super::visit::Visit;
use super::{Names, PAGE, choice_field, request_filter, text_field};
use base::error::{Code, Error, Result};
use base::events::{Stored, StoredRequest};
use base::grants::{Operation, Target};
use insight::analytics::PageOf;
use insight::search::Kind;

/// Root keys that the filter offers by name.
const MAX_CALLERS: usize = 50;

/// Outcomes of requests that are counted.
pub const RESPONSES: [Outcome; 3] = [Outcome::Success, Outcome::ClientError, Outcome::ServerError];

/// `GET /requests`; with `live=events` the rows that come in.
pub async fn list(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    let (filter, problems) = request_filter(visit.query());
    if visit.is_stream() {
        let (kind, needs) = (Kind::Requests, Operation::LogsRead);
        return Ok(visit.follow(Log { kind, filter, needs, draw }));
    }
    let span = visit.span("24h");
    let buckets = visit.buckets(&span)?;
    let mut question = visit.question(Kind::Requests, &span, filter.clone());
    question.buckets = Some(buckets.clone());
    let counts = visit.app.analytics.count(question).await?;
    let after = visit.events_after();
    let of = PageOf { after, ..visit.events(Kind::Requests, &span, filter, PAGE) };
    let found = visit.app.analytics.page(of).await?;
    let names = visit.root_key_names(&found.events).await?;
    let rows: Vec<RequestRow> =
        found.events.iter().filter_map(|event| row_of(&visit, &names, event)).collect();
    let view = RequestsView {
        filters: visit.log_filters("Word of a request", fields(&visit).await?, problems).await?,
        live: Live { on: visit.is_live(), source: visit.tail_source(&found.places) },
        responses: visit.bars("responses", "Requests", &RESPONSES, &counts, (&buckets, &span)),
        pager: Pager { shown: rows.len() as i64, total: None, next: found.next.map(event_cursor) },
        range: span.range,
        rows,
    };
    Ok(Answer::page(page(&visit.shell, &view)))
}

async fn fields(visit: &Visit) -> Result<Vec<FilterField>> {
    let plain = |texts: &[&str]| texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    let named = |outcomes: &[Outcome]| {
        outcomes.iter().map(|one| (one.code().to_owned(), one.label().to_owned())).collect()
    };
    let root_keys = visit.app.root_keys.list(&visit.cx).await?.into_iter().take(MAX_CALLERS);
    let callers = root_keys.map(|key| (key.id.into_string(), key.name.unwrap_or(key.start))).collect();
    Ok(vec![
        choice_field("status", "Status", named(&RESPONSES)),
        choice_field("method", "Method", plain(&["GET", "POST", "PUT", "DELETE"])),
        choice_field("outcome", "Outcome of a verification", named(&Outcome::VERIFICATIONS)),
        choice_field("caller", "Root key", callers),
        text_field("path", "Path", "/v2/keys.createKey"),
        text_field("ip", "Source address", "203.0.113.7"),
        text_field("request", "Request id", "req_..."),
    ])
}

fn row_of(visit: &Visit, names: &Names, event: &Stored) -> Option<RequestRow> {
    match event {
        Stored::Request(request) => Some(request_row(visit, names, request)),
        _ => None,
    }
}

fn draw(visit: &Visit, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    async move {
        let names = visit.root_key_names(&events).await?;
        let rows = events.iter().filter_map(|event| row_of(visit, &names, event));
        Ok(rows.map(|row| web::pages::requests::request_row(&row)).collect())
    }
    .boxed()
}

/// A request as lists show it.
pub fn request_row(visit: &Visit, names: &Names, request: &StoredRequest) -> RequestRow {
    let caller = |id: &String| names.get(id).unwrap_or(id).clone();
    RequestRow {
        id: request.request_id.clone(),
        at: visit.stamp(request.time_ms),
        status: request.status,
        outcome: outcome(request),
        method: request.method.clone(),
        path: request.path.clone(),
        caller: request.root_key.as_ref().map(caller),
        ip: request.ip.map(|ip| ip.to_string()),
        latency_us: request.latency_us.into(),
    }
}

/// Of a verification; of a failure the log has the code of the error instead.
fn outcome(request: &StoredRequest) -> Option<Outcome> {
    request.outcome.as_deref().and_then(Outcome::of_verification)
}

/// `GET /requests/:id`.
pub async fn one(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    let id = RequestId::from(visit.id());
    let (workspace, now_ms) = (&visit.cx.workspace, visit.now_ms());
    let analytics = &visit.app.analytics;
    let found = analytics.of_request(Kind::Requests, workspace, id.as_str(), now_ms).await?;
    let event = found.ok_or_else(|| Error::absent(Code::RouteNotFound))?;
    let names = visit.root_key_names(std::slice::from_ref(&event)).await?;
    let Stored::Request(request) = event else { return Err(Error::absent(Code::RouteNotFound)) };
    let verified = analytics.of_request(Kind::Verifications, workspace, id.as_str(), now_ms).await?;
    let view = request_view(&visit, &names, request, verified.is_some());
    Ok(Answer::page(show(&visit.shell, &view)))
}

fn request_view(visit: &Visit, names: &Names, request: StoredRequest, verification: bool) -> RequestView {
    let named = |id: &String| Named::new(id, names.get(id).unwrap_or(id));
    RequestView {
        at: visit.stamp(request.time_ms),
        outcome: outcome(&request),
        root_key: request.root_key.as_ref().map(named),
        ip: request.ip.map(|ip| ip.to_string()),
        latency_us: request.latency_us.into(),
        sent: (request.request_bytes.into(), request.request_body.map(pretty)),
        answered: (request.response_bytes.into(), request.response_body.map(pretty)),
        id: request.request_id,
        status: request.status,
        method: request.method,
        path: request.path,
        door: request.door,
        user_agent: request.user_agent,
        verification,
    }
}

/// A body that was cut is no JSON any more and stays as it is.
fn pretty(body: String) -> String {
    let read = serde_json::from_str::<serde_json::Value>(&body).ok();
    read.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(body)
}
