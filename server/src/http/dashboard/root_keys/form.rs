//! Making a root key, and changing one.

use web::components::ShownOnce;
use web::form::{FormState, ON, VERSION};
use web::pages::root_key::{RootKeySecretView, secret};
use web::pages::root_key_form::{GrantScope, RootKeyFormView, form as page};
use web::paths;
use web::texts::{common, root_key_form as text};

use super::permission_picker::{place_names, scopes, template, templates};
use super::task::{self, Chosen};
use super::{addresses, id_of, named};
use crate::http::dashboard::edit_conflict::{conflict_form, is_edit_conflict};
use crate::http::dashboard::expiry::{expiry_patch, expiry_values, read_expiry};
use crate::http::dashboard::form_errors::field_of;
use crate::http::dashboard::keys::made_already;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Code, Error, Field, Result};
use base::secret::PlainKey;
use domain::root_keys::{CreateRootKey, RootKey, RootKeyDetails, UpdateRootKey};

type Problem = (String, String);

/// `GET /root-keys/new`; the parameter `template` ticks its boxes.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let ticked = template(request.query().text("template"));
    let values = ticked.into_iter().map(|permission| ("permissions".to_owned(), permission)).collect();
    let html = drawn(&request, None, FormState::new(values)).await?;
    Ok(Reply::page(html))
}

/// `POST /root-keys/new`: shows the secret, once.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let fields = match RootKeyFields::read(&request).await? {
        Ok(fields) => fields,
        Err(form) => return new_again(&request, form).await,
    };
    let (id, plaintext) = match request.app.root_keys.create(&request.cx, fields.into_command()).await {
        Ok(created) => created,
        Err(error) if error.code() == Code::IdempotencyConflict => {
            return Ok(made_already(paths::root_keys()));
        }
        Err(error) => return new_again(&request, refused(&request, error)?).await,
    };
    let made = request.app.root_keys.get(&request.cx, &id).await?;
    Ok(shown(&request, &made.key, text::ROOT_KEY_CREATED, &plaintext))
}

/// The form of a new root key once more.
async fn new_again(request: &MemberRequest, form: FormState) -> Result<Reply> {
    let is_refused = !form.errors.is_empty();
    Ok(Reply::form_shown(is_refused, drawn(request, None, form).await?))
}

/// The page with a secret that was just made.
pub fn shown(request: &MemberRequest, key: &RootKey, title: &str, plaintext: &PlainKey) -> Reply {
    let origin = &request.shell.frame.origin;
    let call = format!(
        "curl {origin}/v2/keys.verifyKey \\\n  -H 'Authorization: Bearer {}' \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{{\"key\":\"KEY\"}}'",
        plaintext.reveal()
    );
    let view = RootKeySecretView {
        key: named(key),
        title: title.to_owned(),
        shown: ShownOnce {
            secret: plaintext.reveal().to_owned(),
            what: common::ROOT_KEY.to_owned(),
            snippets: vec![(text::VERIFY_A_KEY_WITH_IT.to_owned(), call)],
            link: None,
            nonce: String::new(),
            made_link: None,
        },
    };
    Reply::page(secret(&request.shell, &view))
}

/// `GET /root-keys/:id/edit`.
pub async fn edit(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    let form = stored(&request, &details);
    Ok(Reply::page(drawn(&request, Some(&details.key), form).await?))
}

/// `POST /root-keys/:id/edit`.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let details = editable(&request).await?;
    let fields = match RootKeyFields::read(&request).await? {
        Ok(fields) => fields,
        Err(form) => return again(&request, &details.key, form).await,
    };
    let command = update(&request, &details.key, fields);
    match request.app.root_keys.update(&request.cx, command).await {
        Ok(()) => Ok(Reply::redirect(paths::root_key(request.id())).notice(text::SAVED_THE_ROOT_KEY)),
        Err(error) if is_edit_conflict(&error) => {
            let details = editable(&request).await?;
            let stored = stored(&request, &details).values;
            let typed = request.form().state().values;
            let form = conflict_form(typed, &stored, paths::edit_root_key(request.id()), in_one);
            Ok(Reply::conflict(drawn(&request, Some(&details.key), form).await?))
        }
        Err(error) => again(&request, &details.key, refused(&request, error)?).await,
    }
}

fn update(request: &MemberRequest, key: &RootKey, fields: RootKeyFields) -> UpdateRootKey {
    let form = request.form();
    UpdateRootKey {
        name: form.patch("name", fields.name),
        permissions: (!fields.full).then_some(fields.permissions),
        full: fields.full,
        expires_at: expiry_patch(form, key.expires_at, fields.expires_at, request.zone),
        ip_allowlist: form.patch("ip_allowlist", fields.ip_allowlist),
        limit_per_minute: form.patch("limit_per_minute", fields.limit_per_minute),
        made_from: Some(request.made_from(VERSION)),
        ..UpdateRootKey::new(key.id.clone())
    }
}

/// What whoever may not change it is told is that, not what it holds.
pub async fn editable(request: &MemberRequest) -> Result<RootKeyDetails> {
    let id = id_of(request);
    request.cx.require(Operation::RootKeyUpdate, Target::root_key(&id))?;
    request.app.root_keys.get(&request.cx, &id).await
}

/// The form of a root key once more.
pub async fn again(request: &MemberRequest, key: &RootKey, form: FormState) -> Result<Reply> {
    let is_refused = !form.errors.is_empty();
    Ok(Reply::form_shown(is_refused, drawn(request, Some(key), form).await?))
}

async fn drawn(request: &MemberRequest, key: Option<&RootKey>, form: FormState) -> Result<String> {
    let view = RootKeyFormView {
        key: key.map(named),
        nonce: request.nonce(),
        scopes: scopes(request, &form).await?,
        form,
        templates: templates(),
        places: place_names(request).await?,
        zone: request.zone_at(request.now_ms()).label,
    };
    let form = with_others(view.form, &view.scopes);
    Ok(page(&request.shell, &RootKeyFormView { form, ..view }))
}

/// Permissions without a box of their own are lines of `other`.
pub fn with_others(mut form: FormState, scopes: &[GrantScope]) -> FormState {
    let options = || scopes.iter().flat_map(|scope| &scope.groups).flat_map(|group| &group.options);
    let has_box = |permission: &str| options().any(|option| option.permission == permission);
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for (name, value) in form.values {
        match name.as_str() {
            "permissions" if !has_box(&value) => lines.push(value),
            "other" => lines.push(value),
            _ => values.push((name, value)),
        }
    }
    values.push(("other".to_owned(), lines.join("\n")));
    form.values = values;
    form
}

/// All permissions as boxes, whether they have one or not.
fn in_one(values: &[(String, String)]) -> Vec<(String, String)> {
    let of = |(name, value): &(String, String)| match name.as_str() {
        "other" => lines(value).map(|line| ("permissions".to_owned(), line)).collect(),
        _ => vec![(name.clone(), value.clone())],
    };
    values.iter().flat_map(of).collect()
}

/// The form as a root key is stored.
pub fn stored(request: &MemberRequest, details: &RootKeyDetails) -> FormState {
    let key = &details.key;
    let mut values = vec![
        (VERSION, details.version().as_str().to_owned()),
        ("name", key.name.clone().unwrap_or_default()),
        ("ip_allowlist", addresses(details).join("\n")),
        ("limit_per_minute", details.limit_per_minute.map(|limit| limit.to_string()).unwrap_or_default()),
    ];
    if key.full {
        values.push(("full", ON.to_owned()));
    }
    values.extend(expiry_values(key.expires_at, request.zone));
    values.extend(key.permissions.iter().map(|permission| ("permissions", permission.clone())));
    FormState::new(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn refused(request: &MemberRequest, error: Error) -> Result<FormState> {
    let fields = [
        (Field::Name, "name"),
        (Field::Permissions, "other"),
        (Field::Expires, "expires_at"),
        (Field::Addresses, "ip_allowlist"),
        (Field::LimitPerMinute, "limit_per_minute"),
    ];
    request.refused_at(field_of(&error, &fields), error)
}

/// What a form has, read but not judged.
pub struct RootKeyFields {
    name: Option<String>,
    full: bool,
    permissions: Vec<String>,
    expires_at: Option<i64>,
    ip_allowlist: Option<String>,
    limit_per_minute: Option<i64>,
}

impl RootKeyFields {
    /// The fields of a form, or the form that is to be shown once more.
    pub async fn read(request: &MemberRequest) -> Result<std::result::Result<Self, FormState>> {
        let rights = match task::chosen(request).await? {
            Chosen::Rights(rights) => rights,
            Chosen::Again(form) => return Ok(Err(form)),
        };
        Ok(Self::beside(request, rights).map_err(|problems| request.form_with(problems)))
    }

    /// The fields beside the rights of a task.
    fn beside(request: &MemberRequest, rights: Vec<String>) -> std::result::Result<Self, Vec<Problem>> {
        let form = request.form();
        let mut problems = Vec::new();
        let expires_at =
            read_expiry(form, request.now_ms(), request.zone).unwrap_or_else(|(field, message)| {
                problems.push((field.to_owned(), message));
                None
            });
        let limit_per_minute = form.number("limit_per_minute").unwrap_or_else(|message| {
            problems.push(("limit_per_minute".to_owned(), message));
            None
        });
        let addresses: Vec<String> = lines(&form.raw("ip_allowlist").replace(',', "\n")).collect();
        if addresses.is_empty() && form.given("ip_allowlist").is_some() {
            problems.push(("ip_allowlist".to_owned(), text::NO_ADDRESS_IN_IT.to_owned()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let full = form.ticked("full");
        let boxes = form.all("permissions").map(str::to_owned);
        let permissions = boxes.chain(rights).chain(lines(form.raw("other"))).filter(|_| !full).collect();
        Ok(Self {
            name: form.given("name").map(str::to_owned),
            full,
            permissions,
            expires_at,
            ip_allowlist: (!addresses.is_empty()).then(|| addresses.join(",")),
            limit_per_minute,
        })
    }

    /// A root key as the form has it.
    pub fn into_command(self) -> CreateRootKey {
        CreateRootKey {
            name: self.name,
            permissions: self.permissions,
            full: self.full,
            expires_at: self.expires_at,
            ip_allowlist: self.ip_allowlist,
            limit_per_minute: self.limit_per_minute,
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.into_iter()
}
