//! Namespaces: the cards, making, renaming and deleting one.

use std::collections::HashMap;

use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::namespace_settings::{NamespaceSettingsView, settings as settings_page};
use web::pages::namespaces::{self, NamespaceCard, NamespacesView, NewNamespaceView};
use web::paths::{self, QUERY};
use web::texts::ratelimits as text;

use super::namespace_of_path;
use crate::http::dashboard::charts::spark;
use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::lists::search_filters;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::sum;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::error::Result;
use domain::ratelimit::namespace_admin::Namespace;
use insight::analytics::{Buckets, Filter, GroupBy, Question, Row};
use insight::search::Kind;

/// Cards of a page.
const CARDS: u64 = 24;

/// `GET /ratelimits`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let found = request
        .app
        .namespaces
        .browse(&request.cx, request.query().text(QUERY), &request.page_of(CARDS))
        .await?;
    let span = TimeSpan::of(&request, "24h");
    let namespaces = cards(&request, &span, &found.items).await?;
    let view = NamespacesView {
        filters: search_filters(&request, text::NAME_OR_ID).await?,
        pager: Pager { shown: namespaces.len() as i64, total: None, next: found.next, rows: None },
        range: span.range,
        namespaces,
    };
    Ok(Reply::page(namespaces::list(&request.shell, &view)))
}

/// A card for each; the counts of all come from one question.
async fn cards(request: &MemberRequest, span: &TimeSpan, found: &[Namespace]) -> Result<Vec<NamespaceCard>> {
    request.cx.require(Operation::AnalyticsRatelimits, Target::NONE)?;
    let names: Vec<String> = found.iter().map(|namespace| namespace.id.to_string()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let buckets = span.buckets(request.zone)?;
    let filter = Filter { namespaces: names.clone(), ..Filter::default() };
    let question = Question {
        buckets: Some(buckets.clone()),
        group_by: vec![GroupBy::Namespace],
        ..event_question(request, Kind::Ratelimits, span, filter)
    };
    let rows = request.app.analytics.count(question.clone()).await?;
    let latest = request.app.analytics.latest(question, GroupBy::Namespace, &names).await?;
    let mut of: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows {
        of.entry(row.groups.first().cloned().unwrap_or_default()).or_default().push(row);
    }
    let card = |namespace: &Namespace| {
        let rows = of.remove(namespace.id.as_str()).unwrap_or_default();
        let last = latest.get(namespace.id.as_str()).copied();
        card(request, span, &buckets, namespace, &rows, last)
    };
    Ok(found.iter().map(card).collect())
}

fn card(
    request: &MemberRequest,
    span: &TimeSpan,
    buckets: &Buckets,
    namespace: &Namespace,
    rows: &[Row],
    last_ms: Option<i64>,
) -> NamespaceCard {
    let counts = sum(rows);
    NamespaceCard {
        id: namespace.id.to_string(),
        name: namespace.name.clone(),
        passed: counts.passed,
        blocked: counts.denied,
        spark: spark(rows, buckets, span),
        last_used: request.maybe_stamp(last_ms),
    }
}

/// `GET /ratelimits/new`.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::NamespaceCreate, Target::NONE)?;
    Ok(Reply::page(namespaces::create(&request.shell, &NewNamespaceView::default())))
}

/// `POST /ratelimits/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    match request.app.namespaces.make(&request.cx, request.form().text("name")).await {
        Ok(made) => {
            Ok(Reply::redirect(paths::namespace(made.id.as_str()))
                .notice(text::created_namespace(&made.name)))
        }
        Err(error) => {
            let view = NewNamespaceView { form: request.refused_at("name", error)? };
            Ok(Reply::form_again(namespaces::create(&request.shell, &view)))
        }
    }
}

/// `GET /ratelimits/:id/settings`.
pub async fn settings(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    let form = state(&found);
    Ok(Reply::page(settings_page(&request.shell, &NamespaceSettingsView { namespace, form })))
}

fn state(namespace: &Namespace) -> FormState {
    let version = namespace.version().as_str().to_owned();
    FormState::new(vec![(VERSION.to_owned(), version), ("name".to_owned(), namespace.name.clone())])
}

/// `POST /ratelimits/:id/settings`.
pub async fn rename(request: MemberRequest) -> Result<Reply> {
    let (_, namespace) = namespace_of_path(&request).await?;
    let name = request.form().text("name");
    let made_from = request.made_from(VERSION);
    match request.app.namespaces.rename_from(&request.cx, &namespace.id, name, Some(&made_from)).await {
        Ok(()) => {
            Ok(Reply::redirect(paths::namespace_settings(&namespace.id)).notice(text::its_name_is(name)))
        }
        Err(error) if is_edit_conflict(&error) => {
            let (found, namespace) = namespace_of_path(&request).await?;
            let form =
                sent_beside_stored(&request, &state(&found).values, paths::namespace_settings(&namespace.id));
            Ok(Reply::conflict(settings_page(&request.shell, &NamespaceSettingsView { namespace, form })))
        }
        Err(error) => {
            let form = request.refused_at("name", error)?;
            Ok(Reply::form_again(settings_page(&request.shell, &NamespaceSettingsView { namespace, form })))
        }
    }
}

/// `POST /ratelimits/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::NamespaceDelete, Target::namespace(&found.id))?;
    if let Err(problem) = confirmed(&request, &paths::delete_namespace(&namespace.id), &namespace.name) {
        let form = FormState { errors: vec![problem], ..state(&found) };
        return Ok(Reply::form_again(settings_page(
            &request.shell,
            &NamespaceSettingsView { namespace, form },
        )));
    }
    request.app.namespaces.delete(&request.cx, &namespace.id).await?;
    Ok(Reply::redirect(paths::namespaces()).notice(text::deleted_namespace(&namespace.name)))
}
