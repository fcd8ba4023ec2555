//! Making a key.

use web::components::{Flash, FlashKind};
use web::form::{FormState, MORE, NONCE};
use web::pages::key_form::{
    CREATE, NewKeyView, PRESET, PREVIEW, SAVE_PRESET, choose_api, create as create_page,
};
use web::pages::parts::Named;
use web::paths::{self, Here};
use web::shell::Shell;
use web::texts::key_form as text;

use super::key_choices::key_choices;
use super::key_form::{KeyFields, Problem, read, refused_form};
use super::presets;
use super::preview::preview;
use super::secret_page::{made_already, show};
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::direction_marks::marks_shown;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Result};
use domain::apis::Api;
use domain::keys::{CreateKey, NewCredits};
use domain::permissions::OnMissing;

/// `GET /keys/new`: the API to make a key in. The address may say the rest of the form.
pub async fn choose(request: MemberRequest) -> Result<Reply> {
    let apis = request.app.apis.list(&request.cx).await?;
    let apis: Vec<Named> = apis.iter().map(|api| Named::new(api.id.as_str(), &api.name)).collect();
    let here = request.here();
    match apis.as_slice() {
        [only] => Ok(Reply::redirect(Here::new(paths::new_key(&only.id), here.pairs).href())),
        _ => Ok(Reply::page(choose_api(&request.shell, &apis, &here))),
    }
}

/// `GET /apis/:id/keys/new`, filled in as the address says.
pub async fn form(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    request.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    let form = presets::form_of(request.query());
    Ok(Reply::page(page(&request, &request.shell, &api, request.nonce(), form).await?))
}

async fn page(
    request: &MemberRequest,
    shell: &Shell,
    api: &Api,
    nonce: String,
    form: FormState,
) -> Result<String> {
    let choices = key_choices(request, api, None).await?;
    let form = presets::within(form, &choices);
    let view = NewKeyView {
        api: api_ref(request, api).await?,
        nonce,
        preview: preview(request, api, &Fields::new(form.values.clone())?)?,
        presets: presets::presets(request, api.id.as_str()).await?,
        form,
        choices,
        zone: request.zone.name().to_owned(),
    };
    Ok(create_page(shell, &view))
}

/// `POST /apis/:id/keys/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    request.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    let form = request.form();
    if form.given(MORE).is_some() || form.given(PREVIEW).is_some() {
        return Ok(Reply::page(page_again(&request, &api, request.form_with(vec![])).await?));
    }
    if form.given(SAVE_PRESET).is_some() || form.given(PRESET).is_some() {
        return save_preset(&request, &api, form.text(PRESET)).await;
    }
    let refused = match read_new(&request, &api, form) {
        Ok(command) => match request.app.keys.create(&request.cx, command).await {
            Ok(made) => {
                return show(&request, &api, text::KEY_CREATED, made.id.as_str(), &made.plaintext).await;
            }
            Err(error) if error.code() == Code::IdempotencyConflict => {
                return Ok(made_already(paths::api_keys(api.id.as_str())));
            }
            Err(error) => refused_form(&request, error)?,
        },
        Err(problems) => request.form_with(problems),
    };
    Ok(Reply::form_again(page_again(&request, &api, refused).await?))
}

/// A form with the name of a preset makes no key, whichever button sent it: what was typed
/// is kept, and is in the form still.
async fn save_preset(request: &MemberRequest, api: &Api, name: &str) -> Result<Reply> {
    let refused = |problem: String| request.form_with(vec![(PRESET.to_owned(), problem)]);
    if request.form().given(CREATE).is_some() {
        let problem = text::SAVE_THE_PRESET_OR_EMPTY_IT.to_owned();
        return Ok(Reply::form_again(page_again(request, api, refused(problem)).await?));
    }
    if let Err(error) = presets::save(request, name).await {
        let form = request.refused_at(PRESET, error)?;
        return Ok(Reply::form_again(page_again(request, api, form).await?));
    }
    let mut form = request.form_with(vec![]);
    form.values.retain(|(field, _)| !field.starts_with("preset_"));
    let message = text::saved_the_preset(&marks_shown(name));
    let mut shell = request.shell.clone();
    shell.frame.flashes.push(Flash { kind: FlashKind::Done, message, undo: None });
    Ok(Reply::page(page(request, &shell, api, request.form().text(NONCE).to_owned(), form).await?))
}

/// The form under the name it was sent by: nothing was made yet.
async fn page_again(request: &MemberRequest, api: &Api, form: FormState) -> Result<String> {
    page(request, &request.shell, api, request.form().text(NONCE).to_owned(), form).await
}

/// The key that a form asks for, or every field that cannot be read.
pub(super) fn read_new(request: &MemberRequest, api: &Api, form: &Fields) -> Result<CreateKey, Vec<Problem>> {
    let wrong = |problem| ("byte_length".to_owned(), problem);
    let byte_length = form.number("byte_length").map_err(wrong);
    match (read(form, &[], request.now_ms(), request.zone), byte_length) {
        (Ok(fields), Ok(byte_length)) => Ok(command(api, form, fields, byte_length)),
        (Ok(_), Err(problem)) => Err(vec![problem]),
        (Err(problems), byte_length) => Err(problems.into_iter().chain(byte_length.err()).collect()),
    }
}

fn command(api: &Api, form: &Fields, fields: KeyFields, byte_length: Option<i64>) -> CreateKey {
    CreateKey {
        prefix: form.given("prefix").map(ToOwned::to_owned),
        byte_length,
        recoverable: form.ticked("recoverable"),
        name: fields.name,
        external_id: fields.external_id,
        environment: fields.environment,
        enabled: fields.enabled,
        limits: fields.limits,
        credits: (fields.credits.is_some() || fields.refill.is_some())
            .then_some(NewCredits { remaining: fields.credits, refill: fields.refill }),
        expires_at: fields.expires_at,
        roles: fields.roles,
        permissions: fields.permissions,
        // What was offered may be gone by now.
        on_missing_permissions: OnMissing::Refuse,
        meta: fields.meta,
        ..CreateKey::new(api.id.clone())
    }
}
