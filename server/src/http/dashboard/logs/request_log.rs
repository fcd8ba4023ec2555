//! The log of API requests, and one logged.

use base::ids::RequestId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{FilterField, Filters, Outcome};
use web::pages::parts::Named;
use web::pages::request::{RequestView, show};
use web::pages::requests::{RequestRow, RequestsView, list as page};
use web::texts::{common, requests as text};

use super::{Names, choice_field, request_filter, root_key_names, sampling, text_field};
use crate::http::dashboard::event_log::EventLog;
use crate::http::dashboard::lists::search_filters;
use crate::http::dashboard::live_log::{LiveLog, follow, is_stream};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Error, Result};
use base::events::{Stored, StoredRequest};
use insight::search::Kind;

/// Root keys that the filter offers by name.
const MAX_CALLERS: usize = 50;

/// Outcomes of requests that are counted.
pub const RESPONSES: [Outcome; 3] = [Outcome::Success, Outcome::ClientError, Outcome::ServerError];

/// `GET /requests`; with `live=events` the rows that come in.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    let (filter, problems) = request_filter(request.query());
    if is_stream(&request) {
        let (kind, needs) = (Kind::Requests, Operation::LogsRead);
        return Ok(follow(request, LiveLog { kind, filter, needs, draw }));
    }
    let log = EventLog::read(&request, Kind::Requests, filter.clone()).await?;
    let names = root_key_names(&request, &log.page.events).await?;
    let row = |event: &Stored| row_of(&request, &names, event);
    let rows: Vec<RequestRow> = log.page.events.iter().filter_map(row).collect();
    let filters = search_filters(&request, text::SEARCH_HINT).await?;
    let sampling = sampling::note(&request, &log.span, &filter, &log.total()).await?;
    let view = RequestsView {
        sampling,
        filters: Filters { fields: fields(&request).await?, problems, ..filters },
        live: log.live(&request),
        responses: log.bars(&request, "responses", common::LOGGED_REQUESTS, &RESPONSES),
        pager: log.pager(rows.len()),
        range: log.span.range,
        rows,
    };
    Ok(Reply::page(page(&request.shell, &view)))
}

async fn fields(request: &MemberRequest) -> Result<Vec<FilterField>> {
    let plain = |texts: &[&str]| texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    let named = |outcomes: &[Outcome]| {
        outcomes.iter().map(|one| (one.code().to_owned(), one.label().to_owned())).collect()
    };
    let root_keys = request.app.root_keys.list(&request.cx).await?.into_iter().take(MAX_CALLERS);
    let callers = root_keys.map(|key| (key.id.to_string(), key.label())).collect();
    Ok(vec![
        choice_field("status", common::STATUS, named(&RESPONSES)),
        choice_field("method", text::METHOD, plain(&["GET", "POST", "PUT", "DELETE"])),
        choice_field("outcome", text::OUTCOME_OF_A_VERIFICATION, named(&Outcome::VERIFICATIONS)),
        choice_field("caller", common::ROOT_KEY, callers),
        text_field("path", common::PATH, "/v2/keys.createKey"),
        text_field("ip", common::SOURCE_ADDRESS, "203.0.113.7"),
        text_field("request", common::REQUEST_ID, "req_..."),
    ])
}

fn row_of(request: &MemberRequest, names: &Names, event: &Stored) -> Option<RequestRow> {
    match event {
        Stored::Request(logged) => Some(request_row(request, names, logged)),
        _ => None,
    }
}

fn draw(request: &MemberRequest, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    async move {
        let (names, here) = (root_key_names(request, &events).await?, request.here());
        let rows = events.iter().filter_map(|event| row_of(request, &names, event));
        Ok(rows.map(|row| web::pages::requests::request_row(&row, &here)).collect())
    }
    .boxed()
}

/// A request as lists show it.
pub fn request_row(request: &MemberRequest, names: &Names, logged: &StoredRequest) -> RequestRow {
    let caller = |id: &String| names.get(id).unwrap_or(id).clone();
    RequestRow {
        id: logged.request_id.clone(),
        at: request.stamp(logged.time_ms),
        status: logged.status,
        outcome: outcome(logged),
        method: logged.method.clone(),
        path: logged.path.clone(),
        caller: logged.root_key.as_ref().map(caller),
        ip: logged.ip.map(|ip| ip.to_string()),
        latency_us: logged.latency_us.into(),
    }
}

/// Of a verification; of a failure the log has the code of the error instead.
fn outcome(logged: &StoredRequest) -> Option<Outcome> {
    logged.outcome.as_deref().and_then(Outcome::of_verification)
}

/// `GET /requests/:id`.
pub async fn one(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    let id = RequestId::from(request.id());
    let (workspace, now_ms) = (&request.cx.workspace, request.now_ms());
    let analytics = &request.app.analytics;
    let found = analytics.of_request(Kind::Requests, workspace, id.as_str(), now_ms).await?;
    let event = found.ok_or_else(|| Error::absent(Code::RouteNotFound))?;
    let names = root_key_names(&request, std::slice::from_ref(&event)).await?;
    let Stored::Request(logged) = event else { return Err(Error::absent(Code::RouteNotFound)) };
    let verified = analytics.of_request(Kind::Verifications, workspace, id.as_str(), now_ms).await?;
    let view = request_view(&request, &names, logged, verified.is_some());
    Ok(Reply::page(show(&request.shell, &view)))
}

fn request_view(
    request: &MemberRequest,
    names: &Names,
    logged: StoredRequest,
    verification: bool,
) -> RequestView {
    let named = |id: &String| Named::new(id, names.get(id).unwrap_or(id));
    RequestView {
        at: request.stamp(logged.time_ms),
        outcome: outcome(&logged),
        root_key: logged.root_key.as_ref().map(named),
        ip: logged.ip.map(|ip| ip.to_string()),
        latency_us: logged.latency_us.into(),
        sent: (logged.request_bytes.into(), logged.request_body.map(pretty)),
        answered: (logged.response_bytes.into(), logged.response_body.map(pretty)),
        id: logged.request_id,
        status: logged.status,
        method: logged.method,
        path: logged.path,
        door: logged.door,
        user_agent: logged.user_agent,
        verification,
    }
}

/// A body that was cut is no JSON any more and stays as it is.
fn pretty(body: String) -> String {
    let read = serde_json::from_str::<serde_json::Value>(&body).ok();
    read.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(body)
}
