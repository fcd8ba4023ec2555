//! One act on many keys of an API: what it would do, and the job that does it.

use web::form::{CONFIRM, FormState, MORE};
use web::pages::bulk::{BulkView, preview};
use web::pages::keys::ACTS;
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::chosen::Chosen;
use super::work::{field_of, work};
use base::error::{Error, Result};
use base::grants::{Operation, Target};
use base::store::Page;
use domain::apis::Api;
use domain::bulk::StartJob;
use domain::keys::Matching;
use domain::permissions::Listing;

/// Roles or permissions to tick; any other can be typed.
const CHOICES: u64 = 100;

/// `GET /apis/:id/keys/bulk`: the page is the answer to a form alone.
pub async fn back(visit: Visit) -> Result<Answer> {
    Ok(Answer::go(paths::api_keys(visit.id())))
}

/// `POST /apis/:id/keys/bulk`: the preview, and then the act.
pub async fn change(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::KeyUpdate, Target::NONE)?;
    let api = visit.app.apis.get(&visit.cx, &visit.id().into()).await?;
    let form = visit.form();
    let Some(chosen) = Chosen::of(form) else {
        return Ok(Answer::go(paths::api_keys(visit.id())).warning("Choose the keys first."));
    };
    let act = ACTS.iter().map(|(act, _)| *act).find(|act| *act == form.text("act"));
    let act = act.ok_or_else(|| Error::invalid("There is no such act on many keys."))?;
    let count = chosen.count(&visit, &api.id).await?;
    let asked = Asked { api, act, chosen, count };
    if !form.ticked("run") || form.given(MORE).is_some() {
        return Ok(Answer::page(page(&visit, &asked, form.state()).await?));
    }
    run(&visit, asked).await
}

struct Asked {
    api: Api,
    act: &'static str,
    chosen: Chosen,
    count: Matching,
}

async fn run(visit: &Visit, asked: Asked) -> Result<Answer> {
    let read = work(asked.act, visit.form(), visit.now_ms(), visit.zone);
    let work = match read.ok_or_else(|| Error::invalid("There is no such act on many keys."))? {
        Ok(work) => work,
        Err(problems) => {
            let form = visit.form_with(problems);
            return Ok(Answer::again(page(visit, &asked, form).await?));
        }
    };
    let confirm = confirmation(asked.count);
    if asked.act == "delete" && visit.form().text(CONFIRM).replace(',', "") != confirm {
        let form = visit.form_with(vec![(CONFIRM.to_owned(), format!("This is not {confirm}."))]);
        return Ok(Answer::again(page(visit, &asked, form).await?));
    }
    let (api, act) = (asked.api, asked.act);
    let field = field_of(&work);
    let command = StartJob { work, selection: asked.chosen.into_selection(api.id.clone()) };
    match visit.app.bulk.start(&visit.cx, command).await {
        Ok(id) => Ok(Answer::go(paths::job(id.as_str())).saying("Started.")),
        Err(error) => {
            let form = visit.refused_at(field, error)?;
            let chosen = Chosen::of(visit.form()).ok_or_else(|| Error::invalid("No key was chosen."))?;
            let asked = Asked { api, act, chosen, count: asked.count };
            Ok(Answer::again(page(visit, &asked, form).await?))
        }
    }
}

/// What is typed before keys are deleted: how many, where that is known.
fn confirmation(count: Matching) -> String {
    if count.is_exact { count.keys.to_string() } else { "all".to_owned() }
}

async fn page(visit: &Visit, asked: &Asked, form: FormState) -> Result<String> {
    let sample = asked.chosen.sample(visit, &asked.api.id).await?;
    let view = BulkView {
        api: visit.api_ref(&asked.api).await?,
        nonce: visit.nonce(),
        act: asked.act.to_owned(),
        count: i64::try_from(asked.count.keys).map_err(Error::internal)?,
        or_more: !asked.count.is_exact,
        sample: sample.iter().map(|details| visit.key_line(&details.key)).collect(),
        ids: asked.chosen.ids(),
        query: visit.form().raw("query").to_owned(),
        form,
        choices: choices(visit, asked.act).await?,
        confirm: confirmation(asked.count),
        zone: visit.zone_at(visit.now_ms()).label,
    };
    Ok(preview(&visit.shell, &view))
}

/// Names to tick, and what they are for.
async fn choices(visit: &Visit, act: &str) -> Result<Vec<(String, String)>> {
    let listing = || Listing { page: Page { limit: CHOICES, cursor: None }, search: None };
    let mut found: Vec<_> = match act {
        "add_roles" | "remove_roles" => {
            let roles = visit.app.permissions.list_roles(&visit.cx, listing()).await?.items.into_iter();
            roles.map(|found| (found.role.name, found.role.description.unwrap_or_default())).collect()
        }
        "add_permissions" | "remove_permissions" => {
            let all = visit.app.permissions.list_permissions(&visit.cx, listing()).await?.items.into_iter();
            all.map(|permission| (permission.slug, permission.description.unwrap_or_default())).collect()
        }
        _ => Vec::new(),
    };
    found.sort_unstable();
    Ok(found)
}
