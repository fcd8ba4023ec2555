//! Changing a key: one form with all of it, and its end.
//!
//! A form is of the state it was opened with. If the key is in another by the time
//! it is sent, nothing is saved and both are shown.

use web::form::{FormState, MORE, VERSION};
use web::pages::key_form::{EditKeyView, edit as edit_page};
use web::pages::parts::Named;
use web::paths;
use web::texts::key_form as text;

use super::key_choices::key_choices;
use super::key_form::{KeyFields, read, refused_form, values};
use super::key_page::key_of_path;
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::edit_conflict::{conflict_form, is_edit_conflict};
use crate::http::dashboard::expiry::expiry_patch;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_label;
use crate::http::dashboard::reply::Reply;
use crate::jobs::KEEP_DELETED_DAYS;
use base::access::{Operation, Target};
use base::error::Result;
use base::patch::Patch;
use domain::keys::{CreditsPatch, KeyDetails, UpdateKey, unlimited_refill};
use domain::permissions::{OnMissing, Reference};
use domain::ratelimit::limits::NewLimit;

/// `GET /keys/:id/edit`.
pub async fn form(request: MemberRequest) -> Result<Reply> {
    let details = key_of_path(&request).await?;
    require(&request, &details)?;
    let form = FormState::new(values(&details, request.zone)?);
    Ok(Reply::page(page(&request, &details, form).await?))
}

/// The page is for those who may change the key; the domain asks again.
fn require(request: &MemberRequest, details: &KeyDetails) -> Result<()> {
    let api = &details.key.api;
    request.cx.require(Operation::KeyUpdate, Target::key(&api.id, &api.keyspace_id, &details.key.id))
}

async fn page(request: &MemberRequest, details: &KeyDetails, form: FormState) -> Result<String> {
    let key = &details.key;
    let view = EditKeyView {
        api: api_ref(request, &key.api).await?,
        key: Named::new(key.id.as_str(), &key_label(key)),
        form,
        choices: key_choices(request, &key.api, Some(details)).await?,
        zone: request.zone.name().to_owned(),
        undo_for: text::days(KEEP_DELETED_DAYS),
    };
    Ok(edit_page(&request.shell, &view))
}

/// `POST /keys/:id/edit`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let details = key_of_path(&request).await?;
    require(&request, &details)?;
    if request.form().given(MORE).is_some() {
        return Ok(Reply::page(page(&request, &details, request.form_with(vec![])).await?));
    }
    let fields = match read(request.form(), &details.limits, request.now_ms(), request.zone) {
        Ok(fields) => fields,
        Err(problems) => {
            return Ok(Reply::form_again(page(&request, &details, request.form_with(problems)).await?));
        }
    };
    if let Err(error) = update(&request, &details, fields).await {
        if is_edit_conflict(&error) {
            return clashed(&request).await;
        }
        let form = refused_form(&request, error)?;
        return Ok(Reply::form_again(page(&request, &details, form).await?));
    }
    let label = request.form().given("name").map_or_else(|| key_label(&details.key), ToOwned::to_owned);
    Ok(Reply::redirect(paths::key(details.key.id.as_str())).notice(text::saved_the_key(&label)))
}

async fn update(request: &MemberRequest, details: &KeyDetails, fields: KeyFields) -> Result<()> {
    let command = command(request, details, fields)?;
    request.app.keys.update(&request.cx, command).await
}

/// The form beside what is stored by now. A balance that nobody typed is no
/// difference: it goes on changing by itself.
async fn clashed(request: &MemberRequest) -> Result<Reply> {
    let details = key_of_path(request).await?;
    let stored = values(&details, request.zone)?;
    let balance = || stored.iter().find(|(name, _)| name == "credits").map_or("", |(_, value)| value);
    let is_typed = request.form().text("credits") != request.form().text("credits_before");
    let mut typed = request.form().state().values;
    for (name, value) in &mut typed {
        if name == "credits_before" || name == "credits" && !is_typed {
            balance().clone_into(value);
        }
    }
    let reload = paths::edit_key(details.key.id.as_str());
    let form = conflict_form(typed, &stored, reload, |values| values.to_vec());
    Ok(Reply::conflict(page(request, &details, form).await?))
}

fn command(request: &MemberRequest, details: &KeyDetails, fields: KeyFields) -> Result<UpdateKey> {
    let key = &details.key;
    let stored_limits: Vec<NewLimit> = details.limits.iter().cloned().map(NewLimit::from).collect();
    let slugs: Vec<String> = details.direct_permissions.iter().map(|one| one.slug.clone()).collect();
    let external_id = details.identity.as_ref().map(|one| one.external_id.clone());
    let credits = credits(request.form(), details, &fields)?;
    Ok(UpdateKey {
        name: patch(fields.name, &key.name),
        external_id: patch(fields.external_id, &external_id),
        environment: patch(fields.environment, &key.environment),
        enabled: (fields.enabled != key.enabled).then_some(fields.enabled),
        limits: (fields.limits != stored_limits).then_some(fields.limits),
        credits,
        expires_at: expiry_patch(request.form(), key.expires_at, fields.expires_at, request.zone),
        roles: changed(fields.roles, &details.roles),
        permissions: changed(fields.permissions, &slugs),
        meta: if fields.meta == key.meta { Patch::Keep } else { Patch::Set(fields.meta) },
        made_from: Some(request.made_from(VERSION)),
        ..UpdateKey::new(key.id.clone())
    })
}

/// The balance goes on changing while a form lies open: it is set only if
/// somebody typed another one.
fn credits(form: &Fields, details: &KeyDetails, fields: &KeyFields) -> Result<Patch<CreditsPatch>> {
    let typed = form.has("credits") && form.text("credits") != form.text("credits_before");
    let stored = &details.key.credits.refill;
    let refill = patch(fields.refill.clone(), stored);
    let remaining = match (typed, fields.credits) {
        (false, _) => Patch::Keep,
        (true, Some(credits)) => Patch::Set(credits),
        // The APIs keep a refill for when there are credits again; a form that showed
        // both is half filled in.
        (true, None) if fields.refill.is_some() => return Err(unlimited_refill()),
        (true, None) => Patch::Clear,
    };
    Ok(match (&remaining, &refill) {
        (Patch::Keep, Patch::Keep) => Patch::Keep,
        _ => Patch::Set(CreditsPatch { remaining, refill }),
    })
}

fn patch<T: PartialEq>(wanted: Option<T>, stored: &Option<T>) -> Patch<T> {
    match wanted {
        wanted if wanted == *stored => Patch::Keep,
        Some(wanted) => Patch::Set(wanted),
        None => Patch::Clear,
    }
}

/// Names in another order are the same.
fn changed(mut wanted: Vec<String>, stored: &[String]) -> Option<Vec<Reference>> {
    let mut stored = stored.to_vec();
    wanted.sort_unstable();
    stored.sort_unstable();
    (wanted != stored).then(|| Reference::named(wanted, OnMissing::Refuse))
}
