//! Making, changing and deleting an identity.

use serde_json::{Map, Value};
use web::form::{FormState, MORE, ON};
use web::pages::identities::{IdentityFormView, form as form_page};
use web::pages::parts::Named;
use web::paths;
use web::time::duration;

use super::super::access::{field_of, tally};
use super::super::answer::Answer;
use super::super::fields::Fields;
use super::super::ratelimits::duration_ms;
use super::super::visit::Visit;
use crate::error::{Error, Result};
use crate::grants::{Operation, Target};
use crate::identities::{CreateIdentity, Identity, IdentityName, UpdateIdentity};
use crate::keys::Kin;
use crate::ratelimit::limits::{Limit, NewLimit};

/// Rate limits of a form.
const ROWS: usize = 50;

type Problems = Vec<(String, String)>;

/// `GET /identities/new`.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::IdentityCreate, Target::NONE)?;
    let external_id = visit.query().text("external_id").to_owned();
    let form = FormState::new(vec![("external_id".to_owned(), external_id)]);
    Ok(Answer::page(new_page(&visit, form)))
}

fn new_page(visit: &Visit, form: FormState) -> String {
    form_page(&visit.shell, &IdentityFormView { form, ..IdentityFormView::default() })
}

/// `POST /identities/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::IdentityCreate, Target::NONE)?;
    if visit.form().given(MORE).is_some() {
        return Ok(Answer::page(new_page(&visit, visit.form_with(Vec::new()))));
    }
    let (meta, limits) = match read(visit.form(), &[]) {
        Ok(read) => read,
        Err(problems) => return Ok(Answer::again(new_page(&visit, visit.form_with(problems)))),
    };
    let external_id = visit.form().text("external_id").to_owned();
    let command = CreateIdentity { external_id: external_id.clone(), meta, limits };
    match visit.app.identities.create(&visit.cx, command).await {
        Ok(id) => {
            Ok(Answer::go(paths::identity(id.as_str())).saying(format!("Created identity {external_id}.")))
        }
        Err(error) => Ok(Answer::again(new_page(&visit, refused(&visit, error)?))),
    }
}

/// `GET /identities/:id/edit`.
pub async fn edit(visit: Visit) -> Result<Answer> {
    let identity = subject(&visit, Operation::IdentityUpdate).await?;
    let form = state(&identity)?;
    Ok(Answer::page(page(&visit, &identity, form).await?))
}

/// `POST /identities/:id/edit`.
pub async fn save(visit: Visit) -> Result<Answer> {
    let identity = subject(&visit, Operation::IdentityUpdate).await?;
    if visit.form().given(MORE).is_some() {
        return Ok(Answer::page(page(&visit, &identity, visit.form_with(Vec::new())).await?));
    }
    let (meta, limits) = match read(visit.form(), &identity.limits) {
        Ok(read) => read,
        Err(problems) => {
            return Ok(Answer::again(page(&visit, &identity, visit.form_with(problems)).await?));
        }
    };
    let command = UpdateIdentity {
        identity: IdentityName::Id(identity.id.to_string()),
        meta: Some(meta),
        limits: Some(limits),
    };
    match visit.app.identities.update(&visit.cx, command).await {
        Ok(saved) => Ok(Answer::go(paths::identity(saved.id.as_str()))
            .saying(format!("Saved identity {}.", saved.external_id))),
        Err(error) => {
            let form = refused(&visit, error)?;
            Ok(Answer::again(page(&visit, &identity, form).await?))
        }
    }
}

/// `POST /identities/:id/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let identity = subject(&visit, Operation::IdentityDelete).await?;
    let act = paths::delete_identity(identity.id.as_str());
    if let Err(problem) = visit.confirmed(&act, &identity.external_id) {
        let form = FormState { errors: vec![problem], ..state(&identity)? };
        return Ok(Answer::again(page(&visit, &identity, form).await?));
    }
    visit.app.identities.delete(&visit.cx, IdentityName::Id(identity.id.to_string())).await?;
    Ok(Answer::go(paths::identities()).saying(format!("Deleted identity {}.", identity.external_id)))
}

async fn subject(visit: &Visit, operation: Operation) -> Result<Identity> {
    let identity = visit.app.identities.get(&visit.cx, visit.id()).await?;
    visit.cx.require(operation, Target::identity(&identity.id))?;
    Ok(identity)
}

async fn page(visit: &Visit, identity: &Identity, form: FormState) -> Result<String> {
    let keys = visit.app.keys.count_kin(&visit.cx, &Kin::Identity(identity.id.clone())).await?;
    let view = IdentityFormView {
        identity: Some(Named::new(identity.id.as_str(), &identity.external_id)),
        // What cannot be changed is as it is, whatever was sent.
        form: with(form, "external_id", &identity.external_id),
        keys: tally(keys),
    };
    Ok(form_page(&visit.shell, &view))
}

fn with(mut form: FormState, name: &str, value: &str) -> FormState {
    form.values.retain(|(own, _)| own != name);
    form.values.push((name.to_owned(), value.to_owned()));
    form
}

fn refused(visit: &Visit, error: Error) -> Result<FormState> {
    let field = match error.detail() {
        text if text.starts_with("The externalId ") => "external_id",
        text if text.starts_with("The metadata ") => "meta",
        _ => field_of(&error, &["external_id"]),
    };
    visit.refused_at(field, error)
}

/// The form of an identity as it is.
fn state(identity: &Identity) -> Result<FormState> {
    let mut values = Vec::new();
    for (index, limit) in identity.limits.iter().enumerate() {
        let mut value = |field: &str, text: String| values.push((format!("limits.{index}.{field}"), text));
        value("id", limit.id.to_string());
        value("name", limit.name.clone());
        value("limit", limit.limit.to_string());
        value("duration", duration(limit.duration_ms));
        if limit.auto_apply {
            value("auto_apply", ON.to_owned());
        }
    }
    if !identity.meta.is_empty() {
        values.push(("meta".to_owned(), serde_json::to_string_pretty(&identity.meta)?));
    }
    Ok(FormState::new(values))
}

/// Metadata and limits of the form, or what in it cannot be read.
fn read(
    form: &Fields,
    known: &[Limit],
) -> std::result::Result<(Map<String, Value>, Vec<NewLimit>), Problems> {
    let mut problems = Problems::new();
    let meta = match form.given("meta").map(serde_json::from_str::<Value>) {
        None => Map::new(),
        Some(Ok(Value::Object(meta))) => meta,
        Some(Ok(_)) => {
            problems
                .push(("meta".to_owned(), "This is JSON, but no object: { \"name\": value }.".to_owned()));
            Map::new()
        }
        Some(Err(error)) => {
            problems.push(("meta".to_owned(), format!("This is no JSON: {error}.")));
            Map::new()
        }
    };
    let limits = (0..ROWS).filter_map(|index| limit(form, index, known, &mut problems)).collect();
    if problems.is_empty() { Ok((meta, limits)) } else { Err(problems) }
}

/// A row of the limits; without a name there is none.
fn limit(form: &Fields, index: usize, known: &[Limit], problems: &mut Problems) -> Option<NewLimit> {
    let field = |name: &str| format!("limits.{index}.{name}");
    let name = form.given(&field("name"))?.to_owned();
    let mut problem = |field: String, text: String| problems.push((field, text));
    let limit = match form.number(&field("limit")) {
        Ok(limit) => limit,
        Err(text) => {
            problem(field("limit"), text);
            return None;
        }
    };
    let duration_ms = duration_ms(form.text(&field("duration")));
    if limit.is_none_or(|limit| limit < 1) {
        problem(field("limit"), "Give a limit of 1 or more.".to_owned());
    }
    if duration_ms.is_none_or(|duration_ms| duration_ms < 1000) {
        problem(field("duration"), "Give one second or more, such as 10s, 5m, 1h or 1d.".to_owned());
    }
    Some(NewLimit {
        limit: limit?,
        duration_ms: duration_ms?,
        auto_apply: form.ticked(&field("auto_apply")),
        // The form does not show it, so it stays.
        is_async: known.iter().any(|old| old.name == name && old.is_async),
        name,
    })
}
