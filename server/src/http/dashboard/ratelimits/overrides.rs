//! Overrides: the list, and the form to make or change one.

use base::ids::OverrideId;
use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::overrides::{self, OverrideFormView, OverrideRow, OverridesView};
use web::pages::parts::{Named, NamespaceRef};
use web::paths::{self, QUERY};
use web::time::duration;

use super::super::access::{ROWS, field_of};
use super::super::answer::Answer;
use super::super::clash::is_clash;
use super::super::duration::duration_ms;
use super::super::visit::Visit;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::ratelimit::overrides::{NamedOverride, SetOverride};

/// `GET /ratelimits/:id/overrides`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let (_, namespace) = visit.namespace().await?;
    let search = visit.query().text(QUERY);
    let found = visit.app.overrides.browse(&visit.cx, &namespace.id, search, &visit.page(ROWS)).await?;
    let rows: Vec<_> = found.items.into_iter().map(|one| row(&visit, one)).collect();
    let view = OverridesView {
        namespace,
        filters: visit.searched("Identifier or id").await?,
        pager: Pager { shown: rows.len() as i64, total: None, next: found.next },
        rows,
    };
    Ok(Answer::page(overrides::list(&visit.shell, &view)))
}

fn row(visit: &Visit, one: NamedOverride) -> OverrideRow {
    OverrideRow {
        id: one.applies.id.to_string(),
        identifier: one.identifier,
        limit: signed(one.applies.limit),
        duration_ms: signed(one.applies.duration_ms),
        changed: visit.maybe_stamp(one.updated_at),
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// `GET /ratelimits/:id/overrides/new`, perhaps for an identifier of a log.
pub async fn new(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let identifier = visit.query().text("identifier").to_owned();
    let form = FormState::new(vec![("identifier".to_owned(), identifier)]);
    Ok(Answer::page(page(&visit, namespace, None, form)))
}

/// `POST /ratelimits/:id/overrides/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let identifier = visit.form().text("identifier").to_owned();
    let command = match command(&visit, &namespace, &identifier, false) {
        Ok(command) => command,
        Err(problems) => {
            let form = visit.form_with(problems);
            return Ok(Answer::again(page(&visit, namespace, None, form)));
        }
    };
    match visit.app.overrides.create(&visit.cx, command).await {
        Ok(_) => {
            Ok(Answer::go(paths::overrides(&namespace.id))
                .saying(format!("Set the override of {identifier}.")))
        }
        Err(error) => {
            let form = visit.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Answer::again(page(&visit, namespace, None, form)))
        }
    }
}

const FIELDS: &[&str] = &["identifier", "limit", "duration"];

/// `GET /ratelimits/:id/overrides/:override`, which whoever may not write is shown, too.
pub async fn edit(visit: Visit) -> Result<Answer> {
    let (_, namespace) = visit.namespace().await?;
    let one = subject(&visit, &namespace).await?;
    let form = state(&one);
    Ok(Answer::page(page(&visit, namespace, Some(&one), form)))
}

/// `POST /ratelimits/:id/overrides/:override`.
pub async fn save(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let one = subject(&visit, &namespace).await?;
    let command = match command(&visit, &namespace, &one.identifier, one.is_async) {
        Ok(command) => command,
        Err(problems) => {
            let form = visit.form_with(problems);
            return Ok(Answer::again(page(&visit, namespace, Some(&one), form)));
        }
    };
    match visit.app.overrides.change(&visit.cx, command, visit.made_from(VERSION)).await {
        Ok(_) => Ok(Answer::go(paths::overrides(&namespace.id))
            .saying(format!("Saved the override of {}.", one.identifier))),
        Err(error) if is_clash(&error) => {
            let one = subject(&visit, &namespace).await?;
            let reload = paths::override_(&namespace.id, one.applies.id.as_str());
            let form = visit.clash(&state(&one).values, reload);
            Ok(Answer::conflict(page(&visit, namespace, Some(&one), form)))
        }
        Err(error) => {
            let form = visit.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Answer::again(page(&visit, namespace, Some(&one), form)))
        }
    }
}

/// `POST /ratelimits/:id/overrides/:override/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::OverrideDelete, Target::namespace(&found.id))?;
    let one = subject(&visit, &namespace).await?;
    let act = paths::delete_override(&namespace.id, one.applies.id.as_str());
    if let Err(problem) = visit.confirmed(&act, &one.identifier) {
        let form = FormState { errors: vec![problem], ..state(&one) };
        return Ok(Answer::again(page(&visit, namespace, Some(&one), form)));
    }
    visit.app.overrides.delete(&visit.cx, &namespace.id, &one.identifier).await?;
    Ok(Answer::go(paths::overrides(&namespace.id))
        .saying(format!("Deleted the override of {}.", one.identifier)))
}

async fn subject(visit: &Visit, namespace: &NamespaceRef) -> Result<NamedOverride> {
    let id = OverrideId::from(visit.sent.param("override"));
    visit.app.overrides.get_by_id(&visit.cx, &namespace.id, &id).await
}

fn page(visit: &Visit, namespace: NamespaceRef, one: Option<&NamedOverride>, form: FormState) -> String {
    let existing = one.map(|one| Named::new(one.applies.id.as_str(), &one.identifier));
    overrides::form(&visit.shell, &OverrideFormView { namespace, existing, form })
}

fn state(one: &NamedOverride) -> FormState {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    FormState::new(vec![
        pair(VERSION, one.version().as_str().to_owned()),
        pair("identifier", one.identifier.clone()),
        pair("limit", one.applies.limit.to_string()),
        pair("duration", duration(signed(one.applies.duration_ms))),
    ])
}

/// What the form asks for, or what in it cannot be read.
fn command(
    visit: &Visit,
    namespace: &NamespaceRef,
    identifier: &str,
    is_async: bool,
) -> std::result::Result<SetOverride, Vec<(String, String)>> {
    let form = visit.form();
    let mut problems = Vec::new();
    let mut problem = |field: &str, text: &str| problems.push((field.to_owned(), text.to_owned()));
    let limit = match form.number("limit") {
        Ok(Some(limit)) => limit,
        Ok(None) => {
            problem("limit", "Give a limit; 0 blocks everything.");
            0
        }
        Err(text) => {
            problem("limit", &text);
            0
        }
    };
    let duration_ms = duration_ms(form.text("duration")).unwrap_or_else(|| {
        problem("duration", "Give a number and a unit, such as 10s, 5m, 1h or 1d.");
        0
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let (namespace, identifier) = (namespace.id.clone(), identifier.to_owned());
    Ok(SetOverride { namespace, identifier, limit, duration_ms, is_async })
}
