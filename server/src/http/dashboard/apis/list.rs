//! The list of APIs, and making one.

use std::collections::HashMap;

use web::components::{Filters, Pager};
use web::form::FormState;
use web::pages::apis::{ApiCard, ApisView, NewApiView, create as create_page, list as list_page};
use web::paths::{self, CURSOR, QUERY};

use super::super::answer::Answer;
use super::super::figures::{bad, good, spark, sum};
use super::super::span::Span;
use super::super::visit::Visit;
use base::error::Result;
use base::grants::{Operation, Target};
use base::store::Page;
use domain::apis::{Api, CreateApi, FindApis};
use insight::analytics::{Filter, GroupBy, Question, Row};
use insight::search::Kind;

/// Cards of a page.
const CARDS: u64 = 24;

/// `GET /apis`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let span = visit.span("24h");
    let page = Page { limit: CARDS, cursor: visit.query().given(CURSOR).map(ToOwned::to_owned) };
    let command = FindApis { text: visit.query().text(QUERY).to_owned(), page };
    let found = visit.app.apis.find(&visit.cx, command).await?;
    let apis = cards(&visit, &span, &found.items).await?;
    let view = ApisView {
        filters: Filters::search_only(visit.here(), "Name or id"),
        range: span.range,
        pager: Pager { shown: apis.len() as i64, total: None, next: found.next },
        apis,
    };
    Ok(Answer::page(list_page(&visit.shell, &view)))
}

/// What the APIs were used for, by one question about all of them.
async fn cards(visit: &Visit, span: &Span, apis: &[Api]) -> Result<Vec<ApiCard>> {
    visit.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    if apis.is_empty() {
        return Ok(Vec::new());
    }
    let buckets = visit.buckets(span)?;
    let filter = Filter { apis: apis.iter().map(|api| api.id.to_string()).collect(), ..Filter::default() };
    let question = Question {
        buckets: Some(buckets.clone()),
        group_by: vec![GroupBy::Api],
        ..visit.question(Kind::Verifications, span, filter)
    };
    let mut of_api: HashMap<String, Vec<Row>> = HashMap::new();
    for row in visit.app.analytics.count(question).await? {
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
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::ApiCreate, Target::NONE)?;
    let view = NewApiView { nonce: visit.nonce(), form: FormState::default() };
    Ok(Answer::page(create_page(&visit.shell, &view)))
}

/// `POST /apis/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    let name = visit.form().text("name").to_owned();
    let command = CreateApi { name: name.clone() };
    let act = async { Ok(visit.app.apis.create(&visit.cx, command).await?.into_string()) };
    match visit.app.idempotency.once_text(&visit.cx, act).await {
        Ok(id) => Ok(Answer::go(paths::api(&id)).saying(format!("Created API {name}."))),
        Err(error) => {
            let view = NewApiView { nonce: visit.nonce(), form: visit.refused_at("name", error)? };
            Ok(Answer::again(create_page(&visit.shell, &view)))
        }
    }
}
