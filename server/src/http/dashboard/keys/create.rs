//! Making a key.

use web::form::{FormState, MORE, NONCE};
use web::pages::key_form::{NewKeyView, create as create_page};
use web::paths;

use super::key_choices::key_choices;
use super::key_form::{KeyFields, Problem, new_values, read, refused_form};
use super::secret_page::{made_already, show};
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Result};
use domain::apis::Api;
use domain::keys::{CreateKey, NewCredits};
use domain::permissions::OnMissing;

/// `GET /apis/:id/keys/new`.
pub async fn form(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    request.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    let nonce = request.nonce();
    Ok(Reply::page(page(&request, &api, nonce, FormState::new(new_values())).await?))
}

async fn page(request: &MemberRequest, api: &Api, nonce: String, form: FormState) -> Result<String> {
    let view = NewKeyView {
        api: api_ref(request, api).await?,
        nonce,
        form,
        choices: key_choices(request, api, None).await?,
        zone: request.zone.name().to_owned(),
    };
    Ok(create_page(&request.shell, &view))
}

/// `POST /apis/:id/keys/new`.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    request.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    if request.form().given(MORE).is_some() {
        return Ok(Reply::page(page_again(&request, &api, request.form_with(vec![])).await?));
    }
    let command = match read_new(&request) {
        Ok((fields, byte_length)) => command(&request, &api, fields, byte_length),
        Err(problems) => {
            return Ok(Reply::form_again(page_again(&request, &api, request.form_with(problems)).await?));
        }
    };
    match request.app.keys.create(&request.cx, command).await {
        Ok(made) => show(&request, &api, "Key created", made.id.as_str(), &made.plaintext).await,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            Ok(made_already(paths::api_keys(api.id.as_str())))
        }
        Err(error) => {
            Ok(Reply::form_again(page_again(&request, &api, refused_form(&request, error)?).await?))
        }
    }
}

/// The form under the name it was sent by: nothing was made yet.
async fn page_again(request: &MemberRequest, api: &Api, form: FormState) -> Result<String> {
    page(request, api, request.form().text(NONCE).to_owned(), form).await
}

fn read_new(request: &MemberRequest) -> Result<(KeyFields, Option<i64>), Vec<Problem>> {
    let wrong = |problem| ("byte_length".to_owned(), problem);
    let byte_length = request.form().number("byte_length").map_err(wrong);
    match (read(request.form(), &[], request.now_ms(), request.zone), byte_length) {
        (Ok(fields), Ok(byte_length)) => Ok((fields, byte_length)),
        (Ok(_), Err(problem)) => Err(vec![problem]),
        (Err(problems), byte_length) => Err(problems.into_iter().chain(byte_length.err()).collect()),
    }
}

fn command(request: &MemberRequest, api: &Api, fields: KeyFields, byte_length: Option<i64>) -> CreateKey {
    CreateKey {
        prefix: request.form().given("prefix").map(ToOwned::to_owned),
        byte_length,
        recoverable: request.form().ticked("recoverable"),
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
