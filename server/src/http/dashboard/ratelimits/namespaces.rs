//! Namespaces: the cards, making, renaming and deleting one.

use std::collections::HashMap;

use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::namespace_settings::{NamespaceSettingsView, settings as settings_page};
use web::pages::namespaces::{self, NamespaceCard, NamespacesView, NewNamespaceView};
use web::paths::{self, QUERY};

use super::super::answer::Answer;
use super::super::clash::is_clash;
use super::super::figures::{spark, sum};
use super::super::span::Span;
use super::super::visit::Visit;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::ratelimit::manage::Namespace;
use insight::analytics::{Buckets, Filter, GroupBy, Question, Row};
use insight::search::Kind;

/// Cards of a page.
const CARDS: u64 = 24;

/// `GET /ratelimits`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let found = visit.app.namespaces.browse(&visit.cx, visit.query().text(QUERY), &visit.page(CARDS)).await?;
    let span = visit.span("24h");
    let namespaces = cards(&visit, &span, &found.items).await?;
    let view = NamespacesView {
        filters: visit.searched("Name or id").await?,
        pager: Pager { shown: namespaces.len() as i64, total: None, next: found.next },
        range: span.range,
        namespaces,
    };
    Ok(Answer::page(namespaces::list(&visit.shell, &view)))
}

/// A card for each; the counts of all come from one question.
async fn cards(visit: &Visit, span: &Span, found: &[Namespace]) -> Result<Vec<NamespaceCard>> {
    visit.cx.require(Operation::AnalyticsRatelimits, Target::NONE)?;
    let names: Vec<String> = found.iter().map(|namespace| namespace.id.to_string()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let buckets = visit.buckets(span)?;
    let filter = Filter { namespaces: names.clone(), ..Filter::default() };
    let question = Question {
        buckets: Some(buckets.clone()),
        group_by: vec![GroupBy::Namespace],
        ..visit.question(Kind::Ratelimits, span, filter)
    };
    let rows = visit.app.analytics.count(question.clone()).await?;
    let latest = visit.app.analytics.latest(question, GroupBy::Namespace, &names).await?;
    let mut of: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows {
        of.entry(row.groups.first().cloned().unwrap_or_default()).or_default().push(row);
    }
    let card = |namespace: &Namespace| {
        let rows = of.remove(namespace.id.as_str()).unwrap_or_default();
        let last = latest.get(namespace.id.as_str()).copied();
        card(visit, span, &buckets, namespace, &rows, last)
    };
    Ok(found.iter().map(card).collect())
}

fn card(
    visit: &Visit,
    span: &Span,
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
        last_used: visit.maybe_stamp(last_ms),
    }
}

/// `GET /ratelimits/new`.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::NamespaceCreate, Target::NONE)?;
    Ok(Answer::page(namespaces::create(&visit.shell, &NewNamespaceView::default())))
}

/// `POST /ratelimits/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    match visit.app.namespaces.make(&visit.cx, visit.form().text("name")).await {
        Ok(made) => Ok(Answer::go(paths::namespace(made.id.as_str()))
            .saying(format!("Created namespace {}.", made.name))),
        Err(error) => {
            let view = NewNamespaceView { form: visit.refused_at("name", error)? };
            Ok(Answer::again(namespaces::create(&visit.shell, &view)))
        }
    }
}

/// `GET /ratelimits/:id/settings`.
pub async fn settings(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    let form = state(&found);
    Ok(Answer::page(settings_page(&visit.shell, &NamespaceSettingsView { namespace, form })))
}

fn state(namespace: &Namespace) -> FormState {
    let version = namespace.version().as_str().to_owned();
    FormState::new(vec![(VERSION.to_owned(), version), ("name".to_owned(), namespace.name.clone())])
}

/// `POST /ratelimits/:id/settings`.
pub async fn rename(visit: Visit) -> Result<Answer> {
    let (_, namespace) = visit.namespace().await?;
    let name = visit.form().text("name");
    let made_from = visit.made_from(VERSION);
    match visit.app.namespaces.rename_from(&visit.cx, &namespace.id, name, Some(&made_from)).await {
        Ok(()) => {
            Ok(Answer::go(paths::namespace_settings(&namespace.id)).saying(format!("Its name is {name}.")))
        }
        Err(error) if is_clash(&error) => {
            let (found, namespace) = visit.namespace().await?;
            let form = visit.clash(&state(&found).values, paths::namespace_settings(&namespace.id));
            Ok(Answer::conflict(settings_page(&visit.shell, &NamespaceSettingsView { namespace, form })))
        }
        Err(error) => {
            let form = visit.refused_at("name", error)?;
            Ok(Answer::again(settings_page(&visit.shell, &NamespaceSettingsView { namespace, form })))
        }
    }
}

/// `POST /ratelimits/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::NamespaceDelete, Target::namespace(&found.id))?;
    if let Err(problem) = visit.confirmed(&paths::delete_namespace(&namespace.id), &namespace.name) {
        let form = FormState { errors: vec![problem], ..state(&found) };
        return Ok(Answer::again(settings_page(&visit.shell, &NamespaceSettingsView { namespace, form })));
    }
    visit.app.namespaces.delete(&visit.cx, &namespace.id).await?;
    Ok(Answer::go(paths::namespaces()).saying(format!("Deleted namespace {}.", namespace.name)))
}
