//! Files that become keys, identities, permissions or roles.

use std::fs::File;

use web::form::FormState;
use web::pages::import::{ImportView, import as import_page};
use web::pages::parts::Named;
use web::paths;
use web::texts::bulk as text;

use super::import_formats;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::{Fault, Result};
use domain::bulk::{ImportFile, ImportFormat, ImportOf};

/// `GET /import`.
pub async fn page(request: MemberRequest) -> Result<Reply> {
    let form = FormState::new(request.query().pairs().to_vec());
    Ok(Reply::page(show(&request, form, &[]).await?))
}

/// `POST /import`: takes the file once it is clear that it may be imported, reads all
/// of it, and starts the job that makes its rows.
pub async fn import(request: MemberRequest) -> Result<Reply> {
    let of = match target(&request).await? {
        Ok(of) => of,
        Err(problem) => return again(&request, request.form_with(vec![problem]), &[]).await,
    };
    request.app.bulk.may_import(&request.cx, &of)?;
    let Some((file, format)) = file(&request).await? else {
        let problem = ("file".to_owned(), text::CHOOSE_A_FILE.to_owned());
        return again(&request, request.form_with(vec![problem]), &[]).await;
    };
    match request.app.bulk.import(&request.cx, ImportFile::new(of, format, file)).await {
        Ok(id) => Ok(Reply::redirect(paths::job(id.as_str())).notice(text::THE_JOB_STARTED)),
        Err(error) => {
            let faults = error.faults().to_vec();
            again(&request, request.refused_at("file", error)?, &faults).await
        }
    }
}

/// The file that was sent, stored, and what it is said to be; `None` without one.
async fn file(request: &MemberRequest) -> Result<Option<(File, ImportFormat)>> {
    let Some(upload) = &request.input.upload else { return Ok(None) };
    let format = format(request.form().text("format"), upload.name());
    let file = upload.store(request.app.data_dir()).await?;
    Ok(file.map(|file| (file, format)))
}

type Problem = (String, String);

/// What the file is said to hold.
async fn target(request: &MemberRequest) -> Result<std::result::Result<ImportOf, Problem>> {
    let form = request.form();
    Ok(match form.text("what") {
        "keys" => {
            let apis = request.app.apis.list(&request.cx).await?;
            match apis.into_iter().find(|api| api.id.as_str() == form.text("api")) {
                Some(api) => Ok(ImportOf::Keys(api.id)),
                None => Err(("api".to_owned(), text::KEYS_NEED_AN_API.to_owned())),
            }
        }
        "identities" => Ok(ImportOf::Identities),
        "permissions" => Ok(ImportOf::Permissions),
        "roles" => Ok(ImportOf::Roles),
        _ => Err(("what".to_owned(), text::CHOOSE_WHAT_THE_FILE_HOLDS.to_owned())),
    })
}

fn format(chosen: &str, name: &str) -> ImportFormat {
    let name = name.to_lowercase();
    let is_json = [".json", ".jsonl", ".ndjson"].iter().any(|ending| name.ends_with(ending));
    match chosen {
        "csv" => ImportFormat::Csv,
        "jsonl" => ImportFormat::JsonLines,
        _ if is_json => ImportFormat::JsonLines,
        _ => ImportFormat::Csv,
    }
}

async fn again(request: &MemberRequest, form: FormState, faults: &[Fault]) -> Result<Reply> {
    Ok(Reply::form_again(show(request, form, faults).await?))
}

async fn show(request: &MemberRequest, form: FormState, faults: &[Fault]) -> Result<String> {
    let apis = request.app.apis.list(&request.cx).await?;
    let view = ImportView {
        nonce: request.nonce(),
        kinds: import_formats::kinds(),
        apis: apis.iter().map(|api| Named::new(api.id.as_str(), &api.name)).collect(),
        form,
        faults: faults.iter().map(|fault| (fault.location.clone(), fault.message.clone())).collect(),
    };
    Ok(import_page(&request.shell, &view))
}
