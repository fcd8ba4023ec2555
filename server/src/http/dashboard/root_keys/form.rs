//! Making a root key, and changing one.

use web::components::ShownOnce;
use web::form::{FormState, ON, VERSION};
use web::pages::root_key::{RootKeySecretView, secret};
use web::pages::root_key_form::{GrantScope, RootKeyFormView, form as page};
use web::paths;

use super::super::answer::Answer;
use super::super::clash::{clash, is_clash};
use super::super::expiry::{minute, read_expiry};
use super::super::visit::Visit;
use super::one::addresses;
use super::picker::{scopes, template, templates};
use super::{id_of, named};
use base::error::{Error, Result};
use base::grants::{Operation, Target};
use base::patch::Patch;
use base::secret::PlainKey;
use domain::root_keys::{CreateRootKey, RootKey, RootKeyDetails, UpdateRootKey};

type Problem = (String, String);

/// `GET /root-keys/new`; the parameter `template` ticks its boxes.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let ticked = template(visit.query().text("template"));
    let values = ticked.into_iter().map(|permission| ("permissions".to_owned(), permission)).collect();
    let html = drawn(&visit, None, FormState::new(values)).await?;
    Ok(Answer::page(html))
}

/// `POST /root-keys/new`: shows the secret, once.
pub async fn create(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::RootKeyCreate, Target::NONE)?;
    let typed = match Typed::read(&visit) {
        Ok(typed) => typed,
        Err(problems) => return Ok(Answer::again(drawn(&visit, None, visit.form_with(problems)).await?)),
    };
    let command = CreateRootKey {
        name: typed.name,
        permissions: typed.permissions,
        full: typed.full,
        expires_at: typed.expires_at,
        ip_allowlist: typed.ip_allowlist,
        limit_per_minute: typed.limit_per_minute,
    };
    let (id, plaintext) = match visit.app.root_keys.create(&visit.cx, command).await {
        Ok(created) => created,
        Err(error) => {
            let form = refused(&visit, error)?;
            return Ok(Answer::again(drawn(&visit, None, form).await?));
        }
    };
    let made = visit.app.root_keys.get(&visit.cx, &id).await?;
    Ok(shown(&visit, &made.key, "Root key created", &plaintext))
}

/// The page with a secret that was just made.
pub fn shown(visit: &Visit, key: &RootKey, title: &str, plaintext: &PlainKey) -> Answer {
    let origin = &visit.shell.frame.origin;
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
            what: "Root key".to_owned(),
            snippets: vec![("Verify a key with it".to_owned(), call)],
            link: None,
            nonce: String::new(),
            made_link: None,
        },
    };
    Answer::page(secret(&visit.shell, &view))
}

/// `GET /root-keys/:id/edit`.
pub async fn edit(visit: Visit) -> Result<Answer> {
    let details = editable(&visit).await?;
    let form = stored(&visit, &details);
    Ok(Answer::page(drawn(&visit, Some(&details.key), form).await?))
}

/// `POST /root-keys/:id/edit`.
pub async fn save(visit: Visit) -> Result<Answer> {
    let details = editable(&visit).await?;
    let typed = match Typed::read(&visit) {
        Ok(typed) => typed,
        Err(problems) => return again(&visit, &details.key, visit.form_with(problems)).await,
    };
    let patch = |value: Option<String>| value.map_or(Patch::Clear, Patch::Set);
    let command = UpdateRootKey {
        name: patch(typed.name),
        permissions: (!typed.full).then_some(typed.permissions),
        full: typed.full,
        expires_at: expiry_patch(&visit, details.key.expires_at, typed.expires_at),
        ip_allowlist: patch(typed.ip_allowlist),
        limit_per_minute: typed.limit_per_minute.map_or(Patch::Clear, Patch::Set),
        made_from: Some(visit.made_from(VERSION)),
        ..UpdateRootKey::new(details.key.id.clone())
    };
    match visit.app.root_keys.update(&visit.cx, command).await {
        Ok(()) => Ok(Answer::go(paths::root_key(visit.id())).saying("Saved the root key.")),
        Err(error) if is_clash(&error) => {
            let details = editable(&visit).await?;
            let stored = stored(&visit, &details).values;
            let typed = visit.form().state().values;
            let form = clash(typed, &stored, paths::edit_root_key(visit.id()), in_one);
            Ok(Answer::conflict(drawn(&visit, Some(&details.key), form).await?))
        }
        Err(error) => again(&visit, &details.key, refused(&visit, error)?).await,
    }
}

/// What whoever may not change it is told is that, not what it holds.
pub async fn editable(visit: &Visit) -> Result<RootKeyDetails> {
    let id = id_of(visit);
    visit.cx.require(Operation::RootKeyUpdate, Target::root_key(&id))?;
    visit.app.root_keys.get(&visit.cx, &id).await
}

/// The form of a root key once more.
pub async fn again(visit: &Visit, key: &RootKey, form: FormState) -> Result<Answer> {
    Ok(Answer::again(drawn(visit, Some(key), form).await?))
}

async fn drawn(visit: &Visit, key: Option<&RootKey>, form: FormState) -> Result<String> {
    let view = RootKeyFormView {
        key: key.map(named),
        nonce: visit.nonce(),
        scopes: scopes(visit).await?,
        form,
        templates: templates(),
        zone: visit.zone_at(visit.now_ms()).label,
    };
    let form = with_others(view.form, &view.scopes);
    Ok(page(&visit.shell, &RootKeyFormView { form, ..view }))
}

/// Permissions without a box of their own are lines of `other`.
fn with_others(mut form: FormState, scopes: &[GrantScope]) -> FormState {
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
pub fn stored(visit: &Visit, details: &RootKeyDetails) -> FormState {
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
    if let Some(expires_at) = key.expires_at {
        values.push(("expires", "at".to_owned()));
        values.push(("expires_at_before", minute(expires_at, visit.zone)));
        values.push(("expires_at", minute(expires_at, visit.zone)));
    }
    values.extend(key.permissions.iter().map(|permission| ("permissions", permission.clone())));
    FormState::new(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A time that is still what the form showed keeps its seconds.
fn expiry_patch(visit: &Visit, stored: Option<i64>, typed: Option<i64>) -> Patch<i64> {
    match (stored, typed) {
        (_, None) => Patch::Clear,
        (Some(stored), Some(typed)) if minute(stored, visit.zone) == minute(typed, visit.zone) => Patch::Keep,
        (_, Some(typed)) => Patch::Set(typed),
    }
}

/// The domain gives one reason; its words tell at which field it belongs.
fn refused(visit: &Visit, error: Error) -> Result<FormState> {
    let places = [
        ("permission", "other"),
        ("workspace", "other"),
        ("expiry", "expires_at"),
        ("a minute", "limit_per_minute"),
        ("key name", "name"),
    ];
    let of_words = places.into_iter().find(|(words, _)| error.detail().contains(words));
    visit.refused_at(of_words.map_or("ip_allowlist", |(_, field)| field), error)
}

/// What a form has, read but not judged.
struct Typed {
    name: Option<String>,
    full: bool,
    permissions: Vec<String>,
    expires_at: Option<i64>,
    ip_allowlist: Option<String>,
    limit_per_minute: Option<i64>,
}

impl Typed {
    fn read(visit: &Visit) -> Result<Self, Vec<Problem>> {
        let form = visit.form();
        let mut problems = Vec::new();
        let expires_at = read_expiry(form, visit.now_ms(), visit.zone).unwrap_or_else(|(field, message)| {
            problems.push((field.to_owned(), message));
            None
        });
        let limit_per_minute = form.number("limit_per_minute").unwrap_or_else(|message| {
            problems.push(("limit_per_minute".to_owned(), message));
            None
        });
        let addresses: Vec<String> = lines(&form.raw("ip_allowlist").replace(',', "\n")).collect();
        if addresses.is_empty() && form.given("ip_allowlist").is_some() {
            problems.push(("ip_allowlist".to_owned(), "There is no address in it.".to_owned()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let full = form.ticked("full");
        let boxes = form.all("permissions").map(str::to_owned);
        let permissions = boxes.chain(lines(form.raw("other"))).filter(|_| !full).collect();
        Ok(Self {
            name: form.given("name").map(str::to_owned),
            full,
            permissions,
            expires_at,
            ip_allowlist: (!addresses.is_empty()).then(|| addresses.join(",")),
            limit_per_minute,
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.into_iter()
}
