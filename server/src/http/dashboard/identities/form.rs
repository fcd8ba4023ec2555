//! Making, changing and deleting an identity.

use serde_json::{Map, Value};
use web::form::{FormState, MORE, VERSION};
use web::number::exact;
use web::pages::identities::{IdentityFormView, form as form_page};
use web::pages::parts::Named;
use web::paths;
use web::texts::identities as text;

use crate::http::dashboard::confirmation::confirmed;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::form_errors::field_of;
use crate::http::dashboard::limit_fields::{limit_values, read_limits};
use crate::http::dashboard::lists::tally;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::metadata;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Error, Field, Result};
use domain::identities::{CreateIdentity, Identity, IdentityName, UpdateIdentity};
use domain::keys::SharedBy;
use domain::ratelimit::limits::{Limit, NewLimit};

type Problems = Vec<(String, String)>;

/// `GET /identities/new`.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::IdentityCreate, Target::NONE)?;
    let external_id = request.query().text("external_id").to_owned();
    let form = FormState::new(vec![("external_id".to_owned(), external_id)]);
    Ok(Reply::page(new_page(&request, form)))
}

fn new_page(request: &MemberRequest, form: FormState) -> String {
    form_page(&request.shell, &IdentityFormView { form, ..IdentityFormView::default() })
}

/// `POST /identities/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::IdentityCreate, Target::NONE)?;
    if request.form().given(MORE).is_some() {
        return Ok(Reply::page(new_page(&request, request.form_with(Vec::new()))));
    }
    let IdentityFields { meta, limits, monthly_credits } = match read(request.form(), &[]) {
        Ok(read) => read,
        Err(problems) => return Ok(Reply::form_again(new_page(&request, request.form_with(problems)))),
    };
    let external_id = request.form().text("external_id").to_owned();
    let command = CreateIdentity { external_id: external_id.clone(), meta, limits, monthly_credits };
    match request.app.identities.create(&request.cx, command).await {
        Ok(id) => {
            Ok(Reply::redirect(paths::identity(id.as_str())).notice(text::created_identity(&external_id)))
        }
        Err(error) => Ok(Reply::form_again(new_page(&request, refused(&request, error)?))),
    }
}

/// `GET /identities/:id/edit`.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let identity = subject(&request, Operation::IdentityUpdate).await?;
    let form = state(&identity)?;
    Ok(Reply::page(page(&request, &identity, form).await?))
}

/// `POST /identities/:id/edit`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let identity = subject(&request, Operation::IdentityUpdate).await?;
    if request.form().given(MORE).is_some() {
        return Ok(Reply::page(page(&request, &identity, request.form_with(Vec::new())).await?));
    }
    let IdentityFields { meta, limits, monthly_credits } = match read(request.form(), &identity.limits) {
        Ok(read) => read,
        Err(problems) => return again(&request, &identity, request.form_with(problems)).await,
    };
    let command = UpdateIdentity {
        identity: IdentityName::Id(identity.id.to_string()),
        meta: Some(meta),
        limits: Some(limits),
        monthly_credits: request.form().patch("monthly_credits", monthly_credits),
        keeps_auto_apply: Vec::new(),
        made_from: Some(request.made_from(VERSION)),
    };
    match request.app.identities.update(&request.cx, command).await {
        Ok(saved) => Ok(Reply::redirect(paths::identity(saved.id.as_str()))
            .notice(text::saved_identity(&saved.external_id))),
        Err(error) if is_edit_conflict(&error) => conflict(&request).await,
        Err(error) => again(&request, &identity, refused(&request, error)?).await,
    }
}

/// The form once more.
async fn again(request: &MemberRequest, identity: &Identity, form: FormState) -> Result<Reply> {
    Ok(Reply::form_again(page(request, identity, form).await?))
}

/// The form beside what is stored by now.
async fn conflict(request: &MemberRequest) -> Result<Reply> {
    let identity = subject(request, Operation::IdentityUpdate).await?;
    let reload = paths::edit_identity(identity.id.as_str());
    let form = sent_beside_stored(request, &state(&identity)?.values, reload);
    Ok(Reply::conflict(page(request, &identity, form).await?))
}

/// `POST /identities/:id/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let identity = subject(&request, Operation::IdentityDelete).await?;
    let act = paths::delete_identity(identity.id.as_str());
    if let Err(problem) = confirmed(&request, &act, &identity.external_id) {
        let form = FormState { errors: vec![problem], ..state(&identity)? };
        return Ok(Reply::form_again(page(&request, &identity, form).await?));
    }
    request.app.identities.delete(&request.cx, IdentityName::Id(identity.id.to_string())).await?;
    Ok(Reply::redirect(paths::identities()).notice(text::deleted_identity(&identity.external_id)))
}

async fn subject(request: &MemberRequest, operation: Operation) -> Result<Identity> {
    let identity = request.app.identities.get(&request.cx, request.id()).await?;
    request.cx.require(operation, Target::identity(&identity.id))?;
    Ok(identity)
}

async fn page(request: &MemberRequest, identity: &Identity, form: FormState) -> Result<String> {
    let keys = request.app.keys.count_sharing(&request.cx, &SharedBy::Identity(identity.id.clone())).await?;
    let view = IdentityFormView {
        identity: Some(Named::new(identity.id.as_str(), &identity.external_id)),
        // What cannot be changed is as it is, whatever was sent.
        form: with(form, "external_id", &identity.external_id),
        keys: tally(keys),
    };
    Ok(form_page(&request.shell, &view))
}

fn with(mut form: FormState, name: &str, value: &str) -> FormState {
    form.values.retain(|(own, _)| own != name);
    form.values.push((name.to_owned(), value.to_owned()));
    form
}

fn refused(request: &MemberRequest, error: Error) -> Result<FormState> {
    let fields = [
        (Field::ExternalId, "external_id"),
        (Field::Meta, "meta"),
        (Field::MonthlyCredits, "monthly_credits"),
    ];
    request.refused_at(field_of(&error, &fields), error)
}

/// The form of an identity as it is.
fn state(identity: &Identity) -> Result<FormState> {
    let mut values = limit_values(&identity.limits);
    values.push(("external_id".to_owned(), identity.external_id.clone()));
    values.push((VERSION.to_owned(), identity.version().as_str().to_owned()));
    values.extend(identity.monthly_credits.map(|most| ("monthly_credits".to_owned(), exact(most))));
    if !identity.meta.is_empty() {
        values.push(("meta".to_owned(), metadata::shown(&identity.meta)?));
    }
    Ok(FormState::new(values))
}

/// What can be changed of an identity.
struct IdentityFields {
    meta: Map<String, Value>,
    limits: Vec<NewLimit>,
    monthly_credits: Option<i64>,
}

/// What the form says, or what in it cannot be read.
fn read(form: &Fields, known: &[Limit]) -> std::result::Result<IdentityFields, Problems> {
    let mut problems = Problems::new();
    let monthly_credits = form.number("monthly_credits").unwrap_or_else(|wrong| {
        problems.push(("monthly_credits".to_owned(), wrong));
        None
    });
    let meta = form.given("meta").map_or(Ok(Map::new()), metadata::read).unwrap_or_else(|wrong| {
        problems.push(("meta".to_owned(), wrong));
        Map::new()
    });
    let limits = read_limits(form, known).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    let fields = IdentityFields { meta, limits, monthly_credits };
    if problems.is_empty() { Ok(fields) } else { Err(problems) }
}
