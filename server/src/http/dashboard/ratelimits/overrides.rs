//! Overrides: the list, and the form to make or change one.

use base::ids::OverrideId;
use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::overrides::{self, OverrideFormView, OverrideRow, OverridesView};
use web::pages::parts::{Named, NamespaceRef};
use web::paths::{self, QUERY};
use web::time::duration;

use super::namespace_of_path;
use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::duration::duration_ms;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::lists::{ROWS, search_filters};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Field, Result};
use domain::ratelimit::overrides::{NamedOverride, SetOverride};

/// `GET /ratelimits/:id/overrides`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let (_, namespace) = namespace_of_path(&request).await?;
    let search = request.query().text(QUERY);
    let found = request.app.overrides.browse(&request.cx, &namespace.id, search, &request.page(ROWS)).await?;
    let rows: Vec<_> = found.items.into_iter().map(|one| row(&request, one)).collect();
    let view = OverridesView {
        namespace,
        filters: search_filters(&request, "Identifier or id").await?,
        pager: Pager { shown: rows.len() as i64, total: None, next: found.next },
        rows,
    };
    Ok(Reply::page(overrides::list(&request.shell, &view)))
}

fn row(request: &MemberRequest, one: NamedOverride) -> OverrideRow {
    OverrideRow {
        id: one.applies.id.to_string(),
        identifier: one.identifier,
        limit: signed(one.applies.limit),
        duration_ms: signed(one.applies.duration_ms),
        changed: request.maybe_stamp(one.updated_at),
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// `GET /ratelimits/:id/overrides/new`, perhaps for an identifier of a log.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let identifier = request.query().text("identifier").to_owned();
    let form = FormState::new(vec![("identifier".to_owned(), identifier)]);
    Ok(Reply::page(page(&request, namespace, None, form)))
}

/// `POST /ratelimits/:id/overrides/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let identifier = request.form().text("identifier").to_owned();
    let command = match command(&request, &namespace, &identifier, false) {
        Ok(command) => command,
        Err(problems) => {
            let form = request.form_with(problems);
            return Ok(Reply::form_again(page(&request, namespace, None, form)));
        }
    };
    match request.app.overrides.create(&request.cx, command).await {
        Ok(_) => Ok(Reply::redirect(paths::overrides(&namespace.id))
            .notice(format!("Set the override of {identifier}."))),
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page(&request, namespace, None, form)))
        }
    }
}

const FIELDS: &FieldNames =
    &[(Field::Identifier, "identifier"), (Field::Limit, "limit"), (Field::Duration, "duration")];

/// `GET /ratelimits/:id/overrides/:override`, which whoever may not write is shown, too.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let (_, namespace) = namespace_of_path(&request).await?;
    let one = subject(&request, &namespace).await?;
    let form = state(&one);
    Ok(Reply::page(page(&request, namespace, Some(&one), form)))
}

/// `POST /ratelimits/:id/overrides/:override`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let one = subject(&request, &namespace).await?;
    let command = match command(&request, &namespace, &one.identifier, one.is_async) {
        Ok(command) => command,
        Err(problems) => {
            let form = request.form_with(problems);
            return Ok(Reply::form_again(page(&request, namespace, Some(&one), form)));
        }
    };
    match request.app.overrides.change(&request.cx, command, request.made_from(VERSION)).await {
        Ok(_) => Ok(Reply::redirect(paths::overrides(&namespace.id))
            .notice(format!("Saved the override of {}.", one.identifier))),
        Err(error) if is_edit_conflict(&error) => conflict(&request, namespace).await,
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page(&request, namespace, Some(&one), form)))
        }
    }
}

/// The form beside what is stored by now.
async fn conflict(request: &MemberRequest, namespace: NamespaceRef) -> Result<Reply> {
    let one = subject(request, &namespace).await?;
    let reload = paths::override_(&namespace.id, one.applies.id.as_str());
    let form = sent_beside_stored(request, &state(&one).values, reload);
    Ok(Reply::conflict(page(request, namespace, Some(&one), form)))
}

/// `POST /ratelimits/:id/overrides/:override/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideDelete, Target::namespace(&found.id))?;
    let one = subject(&request, &namespace).await?;
    let act = paths::delete_override(&namespace.id, one.applies.id.as_str());
    if let Err(problem) = confirmed(&request, &act, &one.identifier) {
        let form = FormState { errors: vec![problem], ..state(&one) };
        return Ok(Reply::form_again(page(&request, namespace, Some(&one), form)));
    }
    request.app.overrides.delete(&request.cx, &namespace.id, &one.identifier).await?;
    Ok(Reply::redirect(paths::overrides(&namespace.id))
        .notice(format!("Deleted the override of {}.", one.identifier)))
}

async fn subject(request: &MemberRequest, namespace: &NamespaceRef) -> Result<NamedOverride> {
    let id = OverrideId::from(request.input.param("override"));
    request.app.overrides.get_by_id(&request.cx, &namespace.id, &id).await
}

fn page(
    request: &MemberRequest,
    namespace: NamespaceRef,
    one: Option<&NamedOverride>,
    form: FormState,
) -> String {
    let existing = one.map(|one| Named::new(one.applies.id.as_str(), &one.identifier));
    overrides::form(&request.shell, &OverrideFormView { namespace, existing, form })
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
    request: &MemberRequest,
    namespace: &NamespaceRef,
    identifier: &str,
    is_async: bool,
) -> std::result::Result<SetOverride, Vec<(String, String)>> {
    let form = request.form();
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
