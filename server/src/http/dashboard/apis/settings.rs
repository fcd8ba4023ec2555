//! Settings of an API, each form on its own, and its end.

use web::form::{CONFIRM, FormState, ON};
use web::pages::api_settings::{ApiSettingsView, settings};
use web::pages::parts::ApiRef;
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use crate::apis::{Api, SetApi};
use crate::error::{Code, Result};

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
    let texts = [
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
    let (api, reference) = visit.api_of_path().await?;
    let is_typed = |name: &str| typed.values.iter().any(|(own, _)| own == name);
    let others = values(&api).into_iter().filter(|(name, _)| !is_typed(name));
    let values = typed.values.iter().cloned().chain(others).collect();
    let form = FormState { values, errors: typed.errors };
    Ok(Answer::again(settings(&visit.shell, &view(&api, reference, form))))
}

async fn set(visit: &Visit, field: &str, change: SetApi) -> Result<Answer> {
    match visit.app.apis.set(&visit.cx, change).await {
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
    set(&visit, "", change).await
}

/// `POST /apis/:id/settings/allowlist`.
pub async fn set_allowlist(visit: Visit) -> Result<Answer> {
    let lines: Vec<&str> = visit.form().raw("ip_allowlist").lines().collect();
    let change = SetApi { ip_allowlist: Some(Some(lines.join(","))), ..change(&visit) };
    set(&visit, "ip_allowlist", change).await
}

/// `POST /apis/:id/settings/recovery`.
pub async fn set_recovery(visit: Visit) -> Result<Answer> {
    let change = SetApi { recoverable: Some(visit.form().ticked("recoverable")), ..change(&visit) };
    set(&visit, "recoverable", change).await
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
    set(&visit, act.as_str(), change).await
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
