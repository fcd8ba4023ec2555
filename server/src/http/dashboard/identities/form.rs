//! Making, changing and deleting an identity.

use serde_json::{Map, Value};
use web::form::{FormState, MORE, VERSION};
use web::pages::identities::{IdentityFormView, form as form_page};
use web::pages::parts::Named;
use web::paths;

use super::super::access::{field_of, tally};
use super::super::answer::Answer;
use super::super::clash::is_clash;
use super::super::fields::Fields;
use super::super::shown::{limit_values, read_limits};
use super::super::visit::Visit;
use base::error::{Error, Result};
use base::grants::{Operation, Target};
use domain::identities::{CreateIdentity, Identity, IdentityName, UpdateIdentity};
use domain::keys::SharedBy;
use domain::ratelimit::limits::{Limit, NewLimit};

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
        keeps_auto_apply: Vec::new(),
        made_from: Some(visit.made_from(VERSION)),
    };
    match visit.app.identities.update(&visit.cx, command).await {
        Ok(saved) => Ok(Answer::go(paths::identity(saved.id.as_str()))
            .saying(format!("Saved identity {}.", saved.external_id))),
        Err(error) if is_clash(&error) => {
            let identity = subject(&visit, Operation::IdentityUpdate).await?;
            let reload = paths::edit_identity(identity.id.as_str());
            let form = visit.clash(&state(&identity)?.values, reload);
            Ok(Answer::conflict(page(&visit, &identity, form).await?))
        }
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
    let keys = visit.app.keys.count_sharing(&visit.cx, &SharedBy::Identity(identity.id.clone())).await?;
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
    let mut values = limit_values(&identity.limits);
    values.push(("external_id".to_owned(), identity.external_id.clone()));
    values.push((VERSION.to_owned(), identity.version().as_str().to_owned()));
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
    let limits = read_limits(form, known).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    if problems.is_empty() { Ok((meta, limits)) } else { Err(problems) }
}
