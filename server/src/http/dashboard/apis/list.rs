//! The list of APIs, and making one.

use std::collections::HashMap;

use web::components::{Filters, Pager};
use web::form::FormState;
use web::pages::apis::{ApiCard, ApisView, NewApiView, create as create_page, list as list_page};
use web::paths::{self, CURSOR, QUERY};
use web::texts::apis as text;

use crate::http::dashboard::charts::spark;
use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::{bad, good, sum};
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::error::Result;
use base::store::Page;
use domain::apis::{Api, CreateApi, FindApis};
use insight::analytics::{Filter, GroupBy, Question, Row};
use insight::search::Kind;

/// Cards of a page.
const CARDS: u64 = 24;

/// `GET /apis`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let span = TimeSpan::of(&request, "24h");
    let page = Page { limit: CARDS, cursor: request.query().given(CURSOR).map(ToOwned::to_owned) };
    let command = FindApis { text: request.query().text(QUERY).to_owned(), page };
    let found = request.app.apis.find(&request.cx, command).await?;
    let apis = cards(&request, &span, &found.items).await?;
    let view = ApisView {
        filters: Filters::search_only(request.here(), text::NAME_OR_ID),
        range: span.range,
        pager: Pager { shown: apis.len() as i64, total: None, next: found.next, rows: None },
        apis,
    };
    Ok(Reply::page(list_page(&request.shell, &view)))
}

/// What the APIs were used for, by one question about all of them.
async fn cards(request: &MemberRequest, span: &TimeSpan, apis: &[Api]) -> Result<Vec<ApiCard>> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    if apis.is_empty() {
        return Ok(Vec::new());
    }
    let buckets = span.buckets(request.zone)?;
    let filter = Filter { apis: apis.iter().map(|api| api.id.to_string()).collect(), ..Filter::default() };
    let question = Question {
        buckets: Some(buckets.clone()),
        group_by: vec![GroupBy::Api],
        ..event_question(request, Kind::Verifications, span, filter)
    };
    let mut of_api: HashMap<String, Vec<Row>> = HashMap::new();
    for row in request.app.analytics.count(question).await? {
        of_api.entry(row.groups.first().cloned().unwrap_or_default()).or_default().push(row);
    }
    let card = |api: &Api| {
        let rows = of_api.get(api.id.as_str()).map_or(&[][..], Vec::as_slice);
        let counts = sum(rows);
        ApiCard {
            id: api.id.to_string(),
            name: api.name.clone(),
            keys: api.live_keys,
            valid: good(&counts),
            denied: bad(&counts),
            spark: spark(rows, &buckets, span),
        }
    };
    Ok(apis.iter().map(card).collect())
}

/// `GET /apis/new`.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::ApiCreate, Target::NONE)?;
    let view = NewApiView { nonce: request.nonce(), form: FormState::default() };
    Ok(Reply::page(create_page(&request.shell, &view)))
}

/// `POST /apis/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let name = request.form().text("name").to_owned();
    let command = CreateApi { name: name.clone() };
    let act = async { Ok(request.app.apis.create(&request.cx, command).await?.into_string()) };
    match request.app.idempotency.once_text(&request.cx, act).await {
        Ok(id) => Ok(Reply::redirect(paths::api(&id)).notice(text::created_api(&name))),
        Err(error) => {
            let view = NewApiView { nonce: request.nonce(), form: request.refused_at("name", error)? };
            Ok(Reply::form_again(create_page(&request.shell, &view)))
        }
    }
}
