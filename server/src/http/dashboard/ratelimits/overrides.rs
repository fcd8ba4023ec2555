//! Overrides: the list, and the form to make or change one.

use base::duration::duration_ms;
use base::ids::OverrideId;
use web::components::Pager;
use web::form::{FormState, VERSION};
use web::pages::overrides::{self, OverrideFormView, OverrideRow, OverridesView};
use web::pages::parts::{Named, NamespaceRef};
use web::paths::{self, QUERY};
use web::texts::ratelimits as text;
use web::time::duration;

use super::namespace_of_path;
use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::expiry::{expiry_patch, expiry_values, read_expiry};
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::lists::search_filters;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Field, Result};
use domain::ratelimit::overrides::{NamedOverride, SetOverride};
use domain::ratelimit::quota::Quota;

/// `GET /ratelimits/:id/overrides`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let (_, namespace) = namespace_of_path(&request).await?;
    let search = request.query().text(QUERY);
    let found = request.app.overrides.browse(&request.cx, &namespace.id, search, &request.page()).await?;
    let rows: Vec<_> = found.items.into_iter().map(|one| row(&request, one)).collect();
    let view = OverridesView {
        namespace,
        filters: search_filters(&request, text::IDENTIFIER_OR_ID).await?,
        pager: Pager { shown: rows.len() as i64, total: None, next: found.next, rows: Some(request.rows()) },
        rows,
    };
    Ok(Reply::page(overrides::list(&request.shell, &view)))
}

fn row(request: &MemberRequest, one: NamedOverride) -> OverrideRow {
    OverrideRow {
        id: one.applies.id.to_string(),
        identifier: one.identifier.clone(),
        limit: signed(one.applies.quota.limit),
        duration_ms: signed(one.applies.quota.duration_ms),
        ends: request.maybe_stamp(one.expires_at()),
        afterwards: afterwards(&one).map(|quota| (signed(quota.limit), signed(quota.duration_ms))),
        changed: request.maybe_stamp(one.updated_at),
    }
}

/// What holds from its end on, if it has one and that is an override.
fn afterwards(one: &NamedOverride) -> Option<Quota> {
    one.applies.end.and_then(|end| end.afterwards)
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
    let command = match command(&request, &namespace, identifier.clone(), None) {
        Ok(command) => command,
        Err(problems) => {
            let form = request.form_with(problems);
            return Ok(Reply::form_again(page(&request, namespace, None, form)));
        }
    };
    match request.app.overrides.create(&request.cx, command).await {
        Ok(_) => {
            Ok(Reply::redirect(paths::overrides(&namespace.id)).notice(text::set_the_override(&identifier)))
        }
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page(&request, namespace, None, form)))
        }
    }
}

const FIELDS: &FieldNames = &[
    (Field::Identifier, "identifier"),
    (Field::Limit, "limit"),
    (Field::Duration, "duration"),
    (Field::Expires, "expires_at"),
];

/// `GET /ratelimits/:id/overrides/:override`, which whoever may not write is shown, too.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let (_, namespace) = namespace_of_path(&request).await?;
    let one = subject(&request, &namespace).await?;
    let form = state(&request, &one);
    Ok(Reply::page(page(&request, namespace, Some(&one), form)))
}

/// `POST /ratelimits/:id/overrides/:override`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideSet, Target::namespace(&found.id))?;
    let one = match subject(&request, &namespace).await {
        Ok(one) => one,
        Err(error) if error.code() == Code::OverrideNotFound => return Ok(gone(&request, namespace)),
        Err(error) => return Err(error),
    };
    let command = match command(&request, &namespace, one.identifier.clone(), Some(&one)) {
        Ok(command) => command,
        Err(problems) => {
            let form = request.form_with(problems);
            return Ok(Reply::form_again(page(&request, namespace, Some(&one), form)));
        }
    };
    match request.app.overrides.change(&request.cx, command, request.made_from(VERSION)).await {
        Ok(_) => Ok(Reply::redirect(paths::overrides(&namespace.id))
            .notice(text::saved_the_override(&one.identifier))),
        Err(error) if is_edit_conflict(&error) => conflict(&request, namespace).await,
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page(&request, namespace, Some(&one), form)))
        }
    }
}

/// What was typed for an override that has ended or was deleted since the form was
/// opened, as the form of a new one.
fn gone(request: &MemberRequest, namespace: NamespaceRef) -> Reply {
    let told = text::OVERRIDE_IS_GONE;
    let form = request.form_with(vec![(String::new(), told.to_owned())]);
    Reply::conflict(page(request, namespace, None, form))
}

/// The form beside what is stored by now.
async fn conflict(request: &MemberRequest, namespace: NamespaceRef) -> Result<Reply> {
    let one = subject(request, &namespace).await?;
    let reload = paths::override_(&namespace.id, one.applies.id.as_str());
    let form = sent_beside_stored(request, &state(request, &one).values, reload);
    Ok(Reply::conflict(page(request, namespace, Some(&one), form)))
}

/// `POST /ratelimits/:id/overrides/:override/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::OverrideDelete, Target::namespace(&found.id))?;
    let one = subject(&request, &namespace).await?;
    let act = paths::delete_override(&namespace.id, one.applies.id.as_str());
    if let Err(problem) = confirmed(&request, &act, &one.identifier) {
        let form = FormState { errors: vec![problem], ..state(&request, &one) };
        return Ok(Reply::form_again(page(&request, namespace, Some(&one), form)));
    }
    request.app.overrides.delete(&request.cx, &namespace.id, &one.identifier).await?;
    Ok(Reply::redirect(paths::overrides(&namespace.id)).notice(text::deleted_the_override(&one.identifier)))
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
    let end = one.and_then(|one| one.applies.end);
    let afterwards = end.map(|end| match end.afterwards {
        Some(quota) => text::limit_holds_again(quota.limit, &duration(signed(quota.duration_ms))),
        None => text::THE_LIMITS_OF_CALLS_HOLD_AGAIN.to_owned(),
    });
    let zone = request.zone.name().to_owned();
    overrides::form(&request.shell, &OverrideFormView { namespace, existing, afterwards, form, zone })
}

fn state(request: &MemberRequest, one: &NamedOverride) -> FormState {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let mut values = vec![
        pair(VERSION, one.version().as_str().to_owned()),
        pair("identifier", one.identifier.clone()),
        pair("limit", one.applies.quota.limit.to_string()),
        pair("duration", duration(signed(one.applies.quota.duration_ms))),
    ];
    values.extend(expiry_values(one.expires_at(), request.zone).map(|(name, value)| pair(name, value)));
    FormState::new(values)
}

/// What the form asks for, or what in it cannot be read. `stored` is what it changes.
fn command(
    request: &MemberRequest,
    namespace: &NamespaceRef,
    identifier: String,
    stored: Option<&NamedOverride>,
) -> std::result::Result<SetOverride, Vec<(String, String)>> {
    let form = request.form();
    let mut problems = Vec::new();
    let mut problem = |field: &str, text: &str| problems.push((field.to_owned(), text.to_owned()));
    let limit = form.number("limit").unwrap_or_else(|text| {
        problem("limit", &text);
        Some(0)
    });
    if limit.is_none() {
        problem("limit", text::GIVE_A_LIMIT);
    }
    let duration_ms = duration_ms(form.text("duration"));
    if duration_ms.is_none() {
        problem("duration", text::GIVE_A_DURATION);
    }
    let expires_at = read_expiry(form, request.now_ms(), request.zone).unwrap_or_else(|(field, text)| {
        problem(field, &text);
        None
    });
    let (Some(limit), Some(duration_ms), true) = (limit, duration_ms, problems.is_empty()) else {
        return Err(problems);
    };
    let is_async = stored.is_some_and(|stored| stored.is_async);
    let mut end = stored.and_then(NamedOverride::expires_at);
    expiry_patch(form, end, expires_at, request.zone).apply(&mut end);
    Ok(SetOverride {
        namespace: namespace.id.clone(),
        identifier,
        limit,
        duration_ms,
        is_async,
        expires_at: end,
    })
}
