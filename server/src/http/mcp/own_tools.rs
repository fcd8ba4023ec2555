//! Tools beside the operations: searches of the audit log, of the logged requests and
//! of the documentation. They only read.
//!
//! They ask the services that the other doors ask, for the same rights, and answer
//! in the envelope of the operations.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use futures_util::future::BoxFuture;
use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use rmcp::model::{CallToolResult, JsonObject};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_schema::serde_schema;

use super::call::{McpCall, failed};
use super::catalogue::Catalogue;
use super::{caller_of, resources};
use crate::app::App;
use crate::http::docs;
use crate::http::openapi::{self, Schema};
use crate::http::request_lifecycle::ResponseSummary;
use crate::http::validation::{Faults, RequestSchema, described_schema, json_schema};
use base::access::{Door, OpCtx, Operation as Right, Target};
use base::audit::{AuditEntry, AuditFilter};
use base::clock::DAY_MS;
use base::error::{Error, Result};
use base::events::{Stored, StoredRequest};
use base::store::Page;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;

/// Requests are kept no longer.
const REQUESTS_KEPT_MS: i64 = 14 * DAY_MS;

/// A tool of this door's own.
pub struct OwnTool {
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub toolset: &'static str,
    pub needs: Option<Right>,
    /// The schema of its arguments, with what they say of themselves.
    pub described: Box<dyn Fn() -> Value + Send + Sync>,
    arguments: RequestSchema,
    run: Run,
}

/// Members of the envelope beside `meta`.
type Run = Box<dyn Fn(Arc<App>, OpCtx, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

/// All of them.
pub static OWN_TOOLS: LazyLock<Vec<OwnTool>> = LazyLock::new(|| {
    vec![
        OwnTool::new(
            "audit_search",
            "Search the audit log",
            "Finds entries of the audit log: who changed what, when, and from where. The newest come first.",
            ("audit", Some(Right::AuditRead)),
            |app, cx, arguments| Box::pin(search_audit(app, cx, arguments)),
        ),
        OwnTool::new(
            "requests_search",
            "Search the logged requests",
            "Finds API requests of the last 14 days with status, path, caller and outcome, bodies without \
             secrets. The newest come first. Of successful verifications and limit checks a sample is logged.",
            ("requests", Some(Right::LogsRead)),
            |app, cx, arguments| Box::pin(search_requests(app, cx, arguments)),
        ),
        OwnTool::new(
            "docs_search",
            "Search the documentation",
            "Finds sections of the documentation of this server. The uri of a hit is that of a resource with the \
             whole page.",
            ("docs", None),
            |_, _, arguments| Box::pin(search_docs(arguments)),
        ),
    ]
});

impl OwnTool {
    fn new<A: Type + DeserializeOwned + Send + 'static>(
        name: &'static str,
        title: &'static str,
        description: &'static str,
        (toolset, needs): (&'static str, Option<Right>),
        run: fn(Arc<App>, OpCtx, A) -> BoxFuture<'static, Result<Value>>,
    ) -> Self {
        Self {
            name,
            title,
            description,
            toolset,
            needs,
            described: Box::new(|| closed(Schema::of::<A>(), described_schema)),
            arguments: RequestSchema::new(|| closed(Schema::of::<A>(), json_schema)),
            run: Box::new(move |app, cx, arguments| {
                Box::pin(async move {
                    let arguments = serde_json::from_value(arguments);
                    run(app, cx, arguments.map_err(|error| Error::invalid(error.to_string()))?).await
                })
            }),
        }
    }

    fn check(&self, arguments: &Value) -> Result<()> {
        let faults = Faults::of(self.arguments.validator(), arguments);
        if faults.listed.is_empty() {
            return Ok(());
        }
        let detail = format!("The arguments of '{}' failed to validate{}", self.name, faults.missing());
        Err(Error::invalid(detail).with_faults(faults.listed))
    }
}

/// A schema of arguments, which has no other members.
fn closed(schema: Schema, convert: fn(&Value, &Value) -> Value) -> Value {
    let mut registry = Registry::new();
    (schema.register)(&mut registry);
    let mut converted = convert(&openapi::reference(schema), &openapi::schemas(&registry));
    converted["additionalProperties"] = Value::Bool(false);
    converted
}

/// Calls one of them.
pub async fn call(
    app: &Arc<App>,
    catalogue: &Catalogue,
    call: &McpCall,
    own: &OwnTool,
    arguments: JsonObject,
) -> CallToolResult {
    let outcome = answer(app, call, own, arguments.into()).await;
    let (result, status) = match &outcome {
        Ok(answer) => (CallToolResult::structured(answer.clone()), 200),
        Err(error) => {
            let (status, _) = catalogue.failure(app, error, &call.start.request_id);
            (failed(app, catalogue, call, error), status)
        }
    };
    let path = format!("{}/{}", super::PATHS[0], own.name);
    let finished = ResponseSummary {
        status,
        error: outcome.as_ref().err(),
        user_agent: call.user_agent(),
        hide_bodies: true,
        ..ResponseSummary::of(Door::Mcp, "POST", &path)
    };
    call.set_recorded();
    call.start.finish(app, &finished, || caller_of(&call.authenticated));
    result
}

async fn answer(app: &Arc<App>, call: &McpCall, own: &OwnTool, arguments: Value) -> Result<Value> {
    own.check(&arguments)?;
    if call.authenticated.is_limited() {
        app.root_keys.charge(&call.authenticated, call.start.now_ms).await?;
    }
    let mut answer = (own.run)(app.clone(), call.cx(), arguments).await?;
    answer["meta"] = json!({ "requestId": call.start.request_id.as_str() });
    Ok(answer)
}

fn default_limit() -> i64 {
    25
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchAudit {
    /// Words, each of which must begin a word of the description, the actor, a target or a changed value.
    #[oai(validator(min_length = 1, max_length = 256))]
    text: Option<String>,
    /// The name of an event, such as key.update, or its beginning with a star, such as key.*
    #[oai(validator(min_length = 1, max_length = 256))]
    event: Option<String>,
    /// The id of whoever acted.
    #[oai(validator(min_length = 1, max_length = 256))]
    actor: Option<String>,
    /// The id of a resource that an entry is about.
    #[oai(validator(min_length = 1, max_length = 256))]
    target: Option<String>,
    #[oai(validator(min_length = 1, max_length = 256))]
    request_id: Option<String>,
    /// Unix milliseconds, inclusive.
    since: Option<i64>,
    /// Unix milliseconds, exclusive.
    until: Option<i64>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    /// Of the page before.
    #[oai(validator(min_length = 1, max_length = 256))]
    cursor: Option<String>,
}

async fn search_audit(app: Arc<App>, cx: OpCtx, asked: SearchAudit) -> Result<Value> {
    let filter = AuditFilter {
        event: asked.event,
        actor: asked.actor,
        target: asked.target,
        text: asked.text,
        request_id: asked.request_id,
        since_ms: asked.since,
        until_ms: asked.until,
    };
    let page = Page { limit: asked.limit.unsigned_abs(), cursor: asked.cursor };
    let found = app.audit_log.list(&cx, &filter, &page).await?;
    let entries: Vec<Value> = found.items.iter().map(AuditEntry::to_json).collect();
    Ok(json!({ "data": entries, "pagination": pagination(found.next) }))
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchRequests {
    /// Words, each of which must begin a word of what is logged.
    #[oai(validator(min_length = 1, max_length = 256))]
    text: Option<String>,
    /// Such as 404.
    #[oai(validator(minimum(value = "100"), maximum(value = "599")))]
    status: Option<i64>,
    /// How they ended: served, refused (4xx) or failed (5xx).
    result: Option<RequestResult>,
    /// Such as /v2/keys.createKey
    #[oai(validator(min_length = 1, max_length = 256))]
    path: Option<String>,
    /// The outcome of a verification, such as RATE_LIMITED, or the code of an error.
    #[oai(validator(min_length = 1, max_length = 256))]
    outcome: Option<String>,
    /// The id of the root key that called.
    #[oai(validator(min_length = 1, max_length = 256))]
    root_key_id: Option<String>,
    /// The address of the client.
    #[oai(validator(min_length = 2, max_length = 45))]
    ip: Option<String>,
    #[oai(validator(min_length = 1, max_length = 256))]
    request_id: Option<String>,
    /// Unix milliseconds, inclusive.
    since: Option<i64>,
    /// Unix milliseconds, exclusive.
    until: Option<i64>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    /// Of the page before.
    #[oai(validator(min_length = 1, max_length = 256))]
    cursor: Option<String>,
}

#[serde_schema]
#[derive(Clone, Copy, Deserialize)]
enum RequestResult {
    #[serde(rename = "served")]
    Served,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "failed")]
    Failed,
}

impl RequestResult {
    /// As the index has it.
    fn as_str(self) -> &'static str {
        match self {
            RequestResult::Served => "served",
            RequestResult::Refused => "refused",
            RequestResult::Failed => "failed",
        }
    }
}

async fn search_requests(app: Arc<App>, cx: OpCtx, asked: SearchRequests) -> Result<Value> {
    // Events are asked of the index, which knows no callers.
    cx.require(Right::LogsRead, Target::NONE)?;
    let some = |text: Option<String>| text.into_iter().collect();
    // Stored in their shortest form.
    let ip = asked.ip.map(|ip| ip.parse::<IpAddr>().map(|ip| ip.to_string())).transpose();
    let ip = ip.map_err(|_| Error::invalid("'ip' is no address."))?;
    let of = PageOf {
        kind: Kind::Requests,
        workspace: cx.workspace.clone(),
        start_ms: asked.since.unwrap_or(cx.now_ms - REQUESTS_KEPT_MS),
        end_ms: asked.until.unwrap_or(cx.now_ms + 1),
        filter: Filter {
            statuses: some(asked.status.map(|status| status.to_string())),
            outcomes: some(asked.result.map(|result| result.as_str().to_owned())),
            paths: some(asked.path),
            codes: some(asked.outcome),
            root_keys: some(asked.root_key_id),
            ips: some(ip),
            request_ids: some(asked.request_id),
            text: asked.text,
            ..Filter::default()
        },
        limit: usize::try_from(asked.limit).unwrap_or(1),
        after: asked.cursor.as_deref().map(place).transpose()?,
    };
    let page = app.analytics.page(of).await?;
    let requests = page.events.iter().filter_map(|event| match event {
        Stored::Request(request) => Some(logged(request)),
        _ => None,
    });
    let next = page.next.map(|(time, chunk, position)| format!("{time}.{chunk}.{position}"));
    Ok(json!({ "data": requests.collect::<Vec<_>>(), "pagination": pagination(next) }))
}

fn logged(request: &StoredRequest) -> Value {
    json!({
        "requestId": request.request_id,
        "time": request.time_ms,
        "door": request.door,
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "outcome": request.outcome,
        "rootKeyId": request.root_key,
        "ip": request.ip.map(|ip| ip.to_string()),
        "userAgent": request.user_agent,
        "latencyUs": request.latency_us,
        "requestBody": request.request_body,
        "responseBody": request.response_body,
    })
}

/// Where an event is, as a cursor names it.
fn place(cursor: &str) -> Result<(i64, u64, u64)> {
    let mut parts = cursor.splitn(3, '.');
    let mut read = || {
        let (time, chunk, position) = (parts.next()?, parts.next()?, parts.next()?);
        Some((time.parse().ok()?, chunk.parse().ok()?, position.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("There is no page with this cursor."))
}

fn pagination(next: Option<String>) -> Value {
    match next {
        Some(cursor) => json!({ "cursor": cursor, "hasMore": true }),
        None => json!({ "hasMore": false }),
    }
}

#[serde_schema]
#[derive(Deserialize)]
struct SearchDocs {
    /// Words to look for.
    #[oai(validator(min_length = 1, max_length = 200))]
    query: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "50")))]
    #[serde(default = "default_hits")]
    limit: i64,
}

fn default_hits() -> i64 {
    10
}

async fn search_docs(asked: SearchDocs) -> Result<Value> {
    let limit = usize::try_from(asked.limit).unwrap_or(1);
    let searching = tokio::task::spawn_blocking(move || docs::search(&asked.query, limit));
    let hits = searching.await.map_err(Error::internal)??;
    let hits = hits.iter().map(|hit| {
        json!({
            "uri": docs::page_at(&hit.url).map(resources::uri),
            "title": hit.title,
            "heading": hit.heading,
            "excerpt": hit.excerpt.to_string(),
        })
    });
    Ok(json!({ "data": hits.collect::<Vec<_>>() }))
}
