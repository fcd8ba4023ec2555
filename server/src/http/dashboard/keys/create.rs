//! Making a key.

use web::form::{FormState, MORE, NONCE};
use web::pages::key_form::{NewKeyView, create as create_page};
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::fields::{KeyFields, Problem, field_of, new_values, read};
use super::secret::{made_already, show};
use base::error::{Code, Result};
use base::grants::{Operation, Target};
use domain::apis::Api;
use domain::keys::{CreateKey, NewCredits};
use domain::permissions::Unknown;

/// `GET /apis/:id/keys/new`.
pub async fn form(visit: Visit) -> Result<Answer> {
    let api = visit.app.apis.get(&visit.cx, &visit.id().into()).await?;
    visit.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    let nonce = visit.nonce();
    Ok(Answer::page(page(&visit, &api, nonce, FormState::new(new_values())).await?))
}

async fn page(visit: &Visit, api: &Api, nonce: String, form: FormState) -> Result<String> {
    let view = NewKeyView {
        api: visit.api_ref(api).await?,
        nonce,
        form,
        choices: visit.key_choices(api, None).await?,
        zone: visit.zone.name().to_owned(),
    };
    Ok(create_page(&visit.shell, &view))
}

/// `POST /apis/:id/keys/new`.
pub async fn create(visit: Visit) -> Result<Answer> {
    let api = visit.app.apis.get(&visit.cx, &visit.id().into()).await?;
    visit.cx.require(Operation::KeyCreate, Target::api(&api.id, &api.keyspace_id))?;
    if visit.form().given(MORE).is_some() {
        return Ok(Answer::page(page_again(&visit, &api, visit.form_with(vec![])).await?));
    }
    let command = match read_new(&visit) {
        Ok((fields, byte_length)) => command(&visit, &api, fields, byte_length),
        Err(problems) => {
            return Ok(Answer::again(page_again(&visit, &api, visit.form_with(problems)).await?));
        }
    };
    match visit.app.keys.create(&visit.cx, command).await {
        Ok(made) => show(&visit, &api, "Key created", made.id.as_str(), &made.plaintext).await,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            Ok(made_already(paths::api_keys(api.id.as_str())))
        }
        Err(error) => Ok(Answer::again(page_again(&visit, &api, visit.key_form_refused(error)?).await?)),
    }
}

/// The form under the name it was sent by: nothing was made yet.
async fn page_again(visit: &Visit, api: &Api, form: FormState) -> Result<String> {
    page(visit, api, visit.form().text(NONCE).to_owned(), form).await
}

fn read_new(visit: &Visit) -> Result<(KeyFields, Option<i64>), Vec<Problem>> {
    let wrong = |problem| ("byte_length".to_owned(), problem);
    let byte_length = visit.form().number("byte_length").map_err(wrong);
    match (read(visit.form(), &[], visit.now_ms(), visit.zone), byte_length) {
        (Ok(fields), Ok(byte_length)) => Ok((fields, byte_length)),
        (Ok(_), Err(problem)) => Err(vec![problem]),
        (Err(problems), byte_length) => Err(problems.into_iter().chain(byte_length.err()).collect()),
    }
}

fn command(visit: &Visit, api: &Api, fields: KeyFields, byte_length: Option<i64>) -> CreateKey {
    CreateKey {
        prefix: visit.form().given("prefix").map(ToOwned::to_owned),
        byte_length,
        recoverable: visit.form().ticked("recoverable"),
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
        unknown_permissions: Unknown::Refuse,
        meta: fields.meta,
        ..CreateKey::new(api.id.clone())
    }
}

impl Visit {
    /// The form of a key after the domain refused it.
    pub(super) fn key_form_refused(&self, error: base::error::Error) -> Result<FormState> {
        let field = field_of(&error);
        match error.code() {
            Code::RoleNotFound | Code::PermissionNotFound => {
                Ok(self.form_with(vec![(field.to_owned(), error.detail().to_owned())]))
            }
            _ => self.refused_at(field, error),
        }
    }
}
