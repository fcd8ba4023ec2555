//! Settings of an API, each form on its own, and its end.

use web::form::{CONFIRM, FormState, ON};
use web::pages::api_settings::{
    ADDRESSES_VERSION, ApiSettingsView, DEFAULTS_VERSION, RECOVERY_VERSION, settings,
};
use web::pages::parts::ApiRef;
use web::paths;
use web::texts::apis as text;

use crate::http::dashboard::api_reference::api_of_path;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::{Code, Field, Result};
use domain::apis::{Api, Part, SetApi};

/// `GET /apis/:id/settings`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let (api, reference) = api_of_path(&request).await?;
    let form = FormState::new(values(&api));
    Ok(Reply::page(settings(&request.shell, &view(&api, reference, form))))
}

fn view(api: &Api, reference: ApiRef, form: FormState) -> ApiSettingsView {
    ApiSettingsView {
        api: reference,
        keyspace_id: api.keyspace_id.to_string(),
        keys: api.live_keys,
        protected: api.delete_protection,
        form,
    }
}

/// The values of all forms of the page.
fn values(api: &Api) -> Vec<(String, String)> {
    let addresses = api.ip_allowlist.as_deref().unwrap_or_default().replace(',', "\n");
    let version = |part: Part| api.version(part).as_str().to_owned();
    let texts = [
        (DEFAULTS_VERSION, version(Part::Defaults)),
        (ADDRESSES_VERSION, version(Part::Addresses)),
        (RECOVERY_VERSION, version(Part::Recovery)),
        ("name", api.name.clone()),
        ("default_prefix", api.default_prefix.clone().unwrap_or_default()),
        ("default_bytes", api.default_bytes.map(|bytes| bytes.to_string()).unwrap_or_default()),
        ("ip_allowlist", addresses),
        ("recoverable", if api.store_encrypted_keys { ON } else { "" }.to_owned()),
    ];
    texts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The page once more: what was typed, and the other forms as they are.
async fn again(request: &MemberRequest, typed: FormState) -> Result<Reply> {
    Ok(Reply::form_again(html(request, typed).await?))
}

async fn html(request: &MemberRequest, typed: FormState) -> Result<String> {
    let (api, reference) = api_of_path(request).await?;
    let is_typed = |name: &str| typed.values.iter().any(|(own, _)| own == name);
    // A checkbox that is not ticked is typed, too.
    let is_sent = |fields: &[&str]| is_typed(fields[0]);
    let of_sent = PARTS.iter().filter(|(_, fields)| is_sent(fields)).flat_map(|(_, fields)| *fields);
    let of_sent: Vec<&str> = of_sent.copied().collect();
    let others = values(&api).into_iter().filter(|(name, _)| !of_sent.contains(&name.as_str()));
    let values = typed.values.iter().cloned().chain(others).collect();
    let form = FormState { values, ..typed };
    Ok(settings(&request.shell, &view(&api, reference, form)))
}

/// The forms of the page: the version of each and its fields.
const PARTS: [(Part, &[&str]); 3] = [
    (Part::Defaults, &[DEFAULTS_VERSION, "name", "default_prefix", "default_bytes"]),
    (Part::Addresses, &[ADDRESSES_VERSION, "ip_allowlist"]),
    (Part::Recovery, &[RECOVERY_VERSION, "recoverable"]),
];

async fn set_part(request: &MemberRequest, part: Part, field: &str, change: SetApi) -> Result<Reply> {
    let fields = PARTS.iter().find(|(own, _)| *own == part).map_or(&[][..], |(_, fields)| *fields);
    let version = fields.first().copied().unwrap_or_default();
    let change = SetApi { made_from: Some((part, request.made_from(version))), ..change };
    match request.app.apis.set(&request.cx, change).await {
        Err(error) if is_edit_conflict(&error) => {
            let (api, _) = api_of_path(request).await?;
            let stored = values(&api).into_iter().filter(|(name, _)| fields.contains(&name.as_str()));
            let form = sent_beside_stored(request, &stored.collect(), paths::api_settings(request.id()));
            Ok(Reply::conflict(html(request, form).await?))
        }
        Err(error) if field.is_empty() => {
            let field = field_of(&error, DEFAULTS);
            saved(request, field, Err(error)).await
        }
        outcome => saved(request, field, outcome).await,
    }
}

const DEFAULTS: &FieldNames =
    &[(Field::Name, "name"), (Field::Prefix, "default_prefix"), (Field::RandomBytes, "default_bytes")];

async fn saved(request: &MemberRequest, field: &str, outcome: Result<Api>) -> Result<Reply> {
    match outcome {
        Ok(api) => Ok(Reply::redirect(paths::api_settings(request.id())).notice(text::saved_api(&api.name))),
        Err(error) => again(request, request.refused_at(field, error)?).await,
    }
}

fn change(request: &MemberRequest) -> SetApi {
    SetApi::new(request.id().into())
}

/// `POST /apis/:id/settings/defaults`.
pub async fn set_defaults(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let default_bytes = match form.number("default_bytes") {
        Ok(bytes) => bytes,
        Err(problem) => {
            return again(&request, request.form_with(vec![("default_bytes".to_owned(), problem)])).await;
        }
    };
    let change = SetApi {
        name: Some(form.text("name").to_owned()),
        default_prefix: Some(form.given("default_prefix").map(ToOwned::to_owned)),
        default_bytes: Some(default_bytes),
        ..change(&request)
    };
    set_part(&request, Part::Defaults, "", change).await
}

/// `POST /apis/:id/settings/allowlist`.
pub async fn set_allowlist(request: MemberRequest) -> Result<Reply> {
    let lines: Vec<&str> =
        request.form().raw("ip_allowlist").lines().filter(|line| !line.trim().is_empty()).collect();
    let change = SetApi { ip_allowlist: Some(Some(lines.join(","))), ..change(&request) };
    set_part(&request, Part::Addresses, "ip_allowlist", change).await
}

/// `POST /apis/:id/settings/recovery`.
pub async fn set_recovery(request: MemberRequest) -> Result<Reply> {
    let change = SetApi { recoverable: Some(request.form().ticked("recoverable")), ..change(&request) };
    set_part(&request, Part::Recovery, "recoverable", change).await
}

/// `POST /apis/:id/settings/protection`: query `protect`, and the name typed.
pub async fn set_protection(request: MemberRequest) -> Result<Reply> {
    let protect = request.query().text("protect") == "on";
    let act = paths::api_protection(request.id()).with("protect", if protect { "on" } else { "off" });
    let name = request.app.apis.get(&request.cx, &request.id().into()).await?.name;
    let change = SetApi { delete_protection: Some(protect), ..change(&request) };
    if request.form().text(CONFIRM) != name.trim() {
        let problem = (act.to_string(), text::THIS_IS_NOT_ITS_NAME.to_owned());
        return again(&request, request.form_with(vec![problem])).await;
    }
    let outcome = request.app.apis.set(&request.cx, change).await;
    saved(&request, act.as_str(), outcome).await
}

/// `POST /apis/:id/delete`: the name typed.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let act = paths::delete_api(request.id());
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    if request.form().text(CONFIRM) != api.name.trim() {
        let problem = (act.to_string(), text::THIS_IS_NOT_ITS_NAME.to_owned());
        return again(&request, request.form_with(vec![problem])).await;
    }
    match request.app.apis.delete(&request.cx, &api.id).await {
        Ok(()) => Ok(Reply::redirect(paths::apis()).notice(text::deleted_api(&api.name))),
        Err(error) => {
            // What is protected has no form to show the reason at.
            let field = if error.code() == Code::ProtectedResource { "" } else { act.as_str() };
            again(&request, request.refused_at(field, error)?).await
        }
    }
}
