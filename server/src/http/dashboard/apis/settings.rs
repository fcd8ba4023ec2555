//! Settings of an API, each form on its own, and its end.

use web::form::{CONFIRM, FormState, ON};
use web::pages::api_settings::{
    ADDRESSES_VERSION, ApiSettingsView, DEFAULTS_VERSION, RECOVERY_VERSION, settings,
};
use web::pages::parts::ApiRef;
use web::paths;

use super::super::answer::Answer;
use super::super::clash::is_clash;
use super::super::visit::Visit;
use base::error::{Code, Result};
use domain::apis::{Api, Part, SetApi};

const WRONG_NAME: &str = "This is not its name.";

/// `GET /apis/:id/settings`.
pub async fn show(visit: Visit) -> Result<Answer> {
    let (api, reference) = visit.api_of_path().await?;
    let form = FormState::new(values(&api));
    Ok(Answer::page(settings(&visit.shell, &view(&api, reference, form))))
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
async fn again(visit: &Visit, typed: FormState) -> Result<Answer> {
    Ok(Answer::again(html(visit, typed).await?))
}

async fn html(visit: &Visit, typed: FormState) -> Result<String> {
    let (api, reference) = visit.api_of_path().await?;
    let is_typed = |name: &str| typed.values.iter().any(|(own, _)| own == name);
    // A checkbox that is not ticked is typed, too.
    let is_sent = |fields: &[&str]| is_typed(fields[0]);
    let of_sent = PARTS.iter().filter(|(_, fields)| is_sent(fields)).flat_map(|(_, fields)| *fields);
    let of_sent: Vec<&str> = of_sent.copied().collect();
    let others = values(&api).into_iter().filter(|(name, _)| !of_sent.contains(&name.as_str()));
    let values = typed.values.iter().cloned().chain(others).collect();
    let form = FormState { values, ..typed };
    Ok(settings(&visit.shell, &view(&api, reference, form)))
}

/// The forms of the page: the version of each and its fields.
const PARTS: [(Part, &[&str]); 3] = [
    (Part::Defaults, &[DEFAULTS_VERSION, "name", "default_prefix", "default_bytes"]),
    (Part::Addresses, &[ADDRESSES_VERSION, "ip_allowlist"]),
    (Part::Recovery, &[RECOVERY_VERSION, "recoverable"]),
];

async fn set_part(visit: &Visit, part: Part, field: &str, change: SetApi) -> Result<Answer> {
    let fields = PARTS.iter().find(|(own, _)| *own == part).map_or(&[][..], |(_, fields)| *fields);
    let version = fields.first().copied().unwrap_or_default();
    let change = SetApi { made_from: Some((part, visit.made_from(version))), ..change };
    match visit.app.apis.set(&visit.cx, change).await {
        Err(error) if is_clash(&error) => {
            let (api, _) = visit.api_of_path().await?;
            let stored = values(&api).into_iter().filter(|(name, _)| fields.contains(&name.as_str()));
            let form = visit.clash(&stored.collect(), paths::api_settings(visit.id()));
            Ok(Answer::conflict(html(visit, form).await?))
        }
        Err(error) if field.is_empty() => {
            let field = field_of(error.detail());
            saved(visit, field, Err(error)).await
        }
        outcome => saved(visit, field, outcome).await,
    }
}

/// The field of the defaults that the domain's sentence is about.
fn field_of(problem: &str) -> &'static str {
    let places = [("random bytes", "default_bytes"), ("prefix", "default_prefix"), ("name", "name")];
    places.into_iter().find(|(words, _)| problem.contains(words)).map_or("", |(_, field)| field)
}

async fn saved(visit: &Visit, field: &str, outcome: Result<Api>) -> Result<Answer> {
    match outcome {
        Ok(api) => Ok(Answer::go(paths::api_settings(visit.id())).saying(format!("Saved {}.", api.name))),
        Err(error) => again(visit, visit.refused_at(field, error)?).await,
    }
}

fn change(visit: &Visit) -> SetApi {
    SetApi::new(visit.id().into())
}

/// `POST /apis/:id/settings/defaults`.
pub async fn set_defaults(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let default_bytes = match form.number("default_bytes") {
        Ok(bytes) => bytes,
        Err(problem) => {
            return again(&visit, visit.form_with(vec![("default_bytes".to_owned(), problem)])).await;
        }
    };
    let change = SetApi {
        name: Some(form.text("name").to_owned()),
        default_prefix: Some(form.given("default_prefix").map(ToOwned::to_owned)),
        default_bytes: Some(default_bytes),
        ..change(&visit)
    };
    set_part(&visit, Part::Defaults, "", change).await
}

/// `POST /apis/:id/settings/allowlist`.
pub async fn set_allowlist(visit: Visit) -> Result<Answer> {
    let lines: Vec<&str> =
        visit.form().raw("ip_allowlist").lines().filter(|line| !line.trim().is_empty()).collect();
    let change = SetApi { ip_allowlist: Some(Some(lines.join(","))), ..change(&visit) };
    set_part(&visit, Part::Addresses, "ip_allowlist", change).await
}

/// `POST /apis/:id/settings/recovery`.
pub async fn set_recovery(visit: Visit) -> Result<Answer> {
    let change = SetApi { recoverable: Some(visit.form().ticked("recoverable")), ..change(&visit) };
    set_part(&visit, Part::Recovery, "recoverable", change).await
}

/// `POST /apis/:id/settings/protection`: query `protect`, and the name typed.
pub async fn set_protection(visit: Visit) -> Result<Answer> {
    let protect = visit.query().text("protect") == "on";
    let act = paths::api_protection(visit.id()).with("protect", if protect { "on" } else { "off" });
    let name = visit.app.apis.get(&visit.cx, &visit.id().into()).await?.name;
    let change = SetApi { delete_protection: Some(protect), ..change(&visit) };
    if visit.form().text(CONFIRM) != name.trim() {
        let problem = (act.to_string(), WRONG_NAME.to_owned());
        return again(&visit, visit.form_with(vec![problem])).await;
    }
    let outcome = visit.app.apis.set(&visit.cx, change).await;
    saved(&visit, act.as_str(), outcome).await
}

/// `POST /apis/:id/delete`: the name typed.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let act = paths::delete_api(visit.id());
    let api = visit.app.apis.get(&visit.cx, &visit.id().into()).await?;
    if visit.form().text(CONFIRM) != api.name.trim() {
        let problem = (act.to_string(), WRONG_NAME.to_owned());
        return again(&visit, visit.form_with(vec![problem])).await;
    }
    match visit.app.apis.delete(&visit.cx, &api.id).await {
        Ok(()) => Ok(Answer::go(paths::apis()).saying(format!("Deleted API {}.", api.name))),
        Err(error) => {
            // What is protected has no form to show the reason at.
            let field = if error.code() == Code::ProtectedResource { "" } else { act.as_str() };
            again(&visit, visit.refused_at(field, error)?).await
        }
    }
}
