//! One action on many keys of an API: what it would do, and the job that does it.

use web::form::{CONFIRM, FormState, MORE};
use web::pages::bulk::{BulkView, preview};
use web::pages::keys::ACTS;
use web::paths;
use web::texts::bulk as text;

use super::job_form::{field_of, work};
use super::key_selection::KeySelection;
use crate::http::dashboard::api_reference::api_ref;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_line;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Error, Result};
use base::store::Page;
use domain::apis::Api;
use domain::bulk::StartJob;
use domain::keys::Matching;
use domain::permissions::Listing;

/// Roles or permissions to tick; any other can be typed.
const CHOICES: u64 = 100;

/// `GET /apis/:id/keys/bulk`: the page is the answer to a form alone.
pub async fn back(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::redirect(paths::api_keys(request.id())))
}

/// `POST /apis/:id/keys/bulk`: the preview, and then the action.
pub async fn change_keys(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::KeyUpdate, Target::NONE)?;
    let api = request.app.apis.get(&request.cx, &request.id().into()).await?;
    let form = request.form();
    let Some(chosen) = KeySelection::of(form) else {
        return Ok(Reply::redirect(paths::api_keys(request.id())).warning(text::CHOOSE_THE_KEYS_FIRST));
    };
    let act = ACTS.iter().map(|(act, _)| *act).find(|act| *act == form.text("act"));
    let act = act.ok_or_else(|| Error::invalid(text::NO_SUCH_ACT))?;
    let count = chosen.count(&request, &api.id).await?;
    let change = KeyChange { api, act, chosen, count };
    if !form.ticked("run") || form.given(MORE).is_some() {
        return Ok(Reply::page(page(&request, &change, form.state()).await?));
    }
    run(&request, change).await
}

struct KeyChange {
    api: Api,
    act: &'static str,
    chosen: KeySelection,
    count: Matching,
}

async fn run(request: &MemberRequest, change: KeyChange) -> Result<Reply> {
    let read = work(change.act, request.form(), request.now_ms(), request.zone);
    let work = match read.ok_or_else(|| Error::invalid(text::NO_SUCH_ACT))? {
        Ok(work) => work,
        Err(problems) => {
            let form = request.form_with(problems);
            return Ok(Reply::form_again(page(request, &change, form).await?));
        }
    };
    let confirm = confirmation(change.count);
    if change.act == "delete" && request.form().text(CONFIRM).replace(',', "") != confirm {
        let form = request.form_with(vec![(CONFIRM.to_owned(), text::this_is_not(&confirm))]);
        return Ok(Reply::form_again(page(request, &change, form).await?));
    }
    let (api, act) = (change.api, change.act);
    let field = field_of(&work);
    let command = StartJob { work, selection: change.chosen.into_selection(api.id.clone()) };
    match request.app.bulk.start(&request.cx, command).await {
        Ok(id) => Ok(Reply::redirect(paths::job(id.as_str())).notice(text::THE_JOB_STARTED)),
        Err(error) => {
            let form = request.refused_at(field, error)?;
            let chosen =
                KeySelection::of(request.form()).ok_or_else(|| Error::invalid(text::NO_KEY_WAS_CHOSEN))?;
            let change = KeyChange { api, act, chosen, count: change.count };
            Ok(Reply::form_again(page(request, &change, form).await?))
        }
    }
}

/// What is typed before keys are deleted: how many, where that is known.
fn confirmation(count: Matching) -> String {
    if count.is_exact { count.keys.to_string() } else { text::ALL_OF_THEM.to_owned() }
}

async fn page(request: &MemberRequest, change: &KeyChange, form: FormState) -> Result<String> {
    let sample = change.chosen.sample(request, &change.api.id).await?;
    let view = BulkView {
        api: api_ref(request, &change.api).await?,
        nonce: request.nonce(),
        act: change.act.to_owned(),
        count: i64::try_from(change.count.keys).map_err(Error::internal)?,
        or_more: !change.count.is_exact,
        sample: sample.iter().map(|details| key_line(request, &details.key)).collect(),
        ids: change.chosen.ids(),
        query: request.form().raw("query").to_owned(),
        form,
        choices: choices(request, change.act).await?,
        confirm: confirmation(change.count),
        zone: request.zone_at(request.now_ms()).label,
    };
    Ok(preview(&request.shell, &view))
}

/// Names to tick, and what they are for.
async fn choices(request: &MemberRequest, act: &str) -> Result<Vec<(String, String)>> {
    let listing = || Listing { page: Page { limit: CHOICES, cursor: None }, search: None };
    let mut found: Vec<_> = match act {
        "add_roles" | "remove_roles" => {
            let roles = request.app.permissions.list_roles(&request.cx, listing()).await?.items.into_iter();
            roles.map(|found| (found.role.name, found.role.description.unwrap_or_default())).collect()
        }
        "add_permissions" | "remove_permissions" => {
            let all =
                request.app.permissions.list_permissions(&request.cx, listing()).await?.items.into_iter();
            all.map(|permission| (permission.slug, permission.description.unwrap_or_default())).collect()
        }
        _ => Vec::new(),
    };
    found.sort_unstable();
    Ok(found)
}
