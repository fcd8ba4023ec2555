//! Making a key.

use web::form::{FormState, MORE, NONCE};
use web::pages::key_form::{NewKeyView, create as create_page};
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::fields::{KeyFields, field_of, new_values, read};
use super::secret::{made_already, show};
use crate::apis::Api;
use crate::error::{Code, Result};
use crate::grants::{Operation, Target};
use crate::keys::{CreateKey, NewCredits};
use crate::permissions::Unknown;

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
    let nonce = visit.form().text(NONCE).to_owned();
    if visit.form().given(MORE).is_some() {
        return Ok(Answer::page(page(&visit, &api, nonce, visit.form_with(vec![])).await?));
    }
    let mut read = read(visit.form(), &[], visit.now_ms(), visit.zone);
    let byte_length = visit.form().number("byte_length").unwrap_or_else(|problem| {
        let wrong = ("byte_length".to_owned(), problem);
        read = match std::mem::replace(&mut read, Err(vec![])) {
            Ok(_) => Err(vec![wrong]),
            Err(problems) => Err(problems.into_iter().chain([wrong]).collect()),
        };
        None
    });
    let fields = match read {
        Ok(fields) => fields,
        Err(problems) => {
            return Ok(Answer::again(page(&visit, &api, nonce, visit.form_with(problems)).await?));
        }
    };
    let command = command(&visit, &api, fields, byte_length);
    match visit.app.keys.create(&visit.cx, command).await {
        Ok(made) => show(&visit, &api, "Key created", made.id.as_str(), &made.plaintext).await,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            Ok(made_already(paths::api_keys(api.id.as_str())))
        }
        Err(error) => {
            let form = visit.key_form_refused(error)?;
            Ok(Answer::again(page(&visit, &api, nonce, form).await?))
        }
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
    pub(super) fn key_form_refused(&self, error: crate::error::Error) -> Result<FormState> {
        let field = field_of(&error);
        match error.code() {
            Code::RoleNotFound | Code::PermissionNotFound => {
                Ok(self.form_with(vec![(field.to_owned(), error.detail().to_owned())]))
            }
            _ => self.refused_at(field, error),
        }
    }
}
