//! Files that become keys, identities, permissions or roles.

use web::form::FormState;
use web::pages::import::{ImportView, import as import_page};
use web::pages::parts::Named;
use web::paths;

use super::super::answer::Answer;
use super::super::visit::{Upload, Visit};
use super::samples;
use crate::bulk::{ImportFormat, ImportOf, Row, Selection, StartJob, Work};
use crate::error::{Error, Fault, Result};

/// `GET /import`.
pub async fn page(visit: Visit) -> Result<Answer> {
    let form = FormState::new(visit.query().pairs().to_vec());
    Ok(Answer::page(show(&visit, form, &[]).await?))
}

/// `POST /import`: reads the whole file, and starts the job that makes its rows.
pub async fn import(visit: Visit) -> Result<Answer> {
    let (of, work) = match target(&visit).await? {
        Ok(target) => target,
        Err(problem) => return again(&visit, visit.form_with(vec![problem]), &[]).await,
    };
    let upload = visit.sent.upload.clone().filter(|upload| !upload.content.is_empty());
    let Some(upload) = upload else {
        let problem = ("file".to_owned(), "Choose a file.".to_owned());
        return again(&visit, visit.form_with(vec![problem]), &[]).await;
    };
    let rows = match read(&visit, of, upload).await {
        Ok(rows) => rows,
        Err(error) => {
            let faults = error.faults().to_vec();
            return again(&visit, visit.refused_at("file", error)?, &faults).await;
        }
    };
    match visit.app.bulk.start(&visit.cx, StartJob { work, selection: Selection::Rows(rows) }).await {
        Ok(id) => Ok(Answer::go(paths::job(id.as_str())).saying("Started.")),
        Err(error) => again(&visit, visit.refused_at("file", error)?, &[]).await,
    }
}

type Problem = (String, String);

/// What the file is said to hold.
async fn target(visit: &Visit) -> Result<std::result::Result<(ImportOf, Work), Problem>> {
    let form = visit.form();
    Ok(match form.text("what") {
        "keys" => {
            let apis = visit.app.apis.list(&visit.cx).await?;
            match apis.into_iter().find(|api| api.id.as_str() == form.text("api")) {
                Some(api) => Ok((ImportOf::Keys(api.id.clone()), Work::ImportKeys { api: api.id.into() })),
                None => Err(("api".to_owned(), "Keys need an API.".to_owned())),
            }
        }
        "identities" => Ok((ImportOf::Identities, Work::ImportIdentities)),
        "permissions" => Ok((ImportOf::Permissions, Work::ImportPermissions)),
        "roles" => Ok((ImportOf::Roles, Work::ImportRoles)),
        _ => Err(("what".to_owned(), "Choose what the file holds.".to_owned())),
    })
}

/// The rows of a file. Reading many takes a while, and no thread that serves.
async fn read(visit: &Visit, of: ImportOf, upload: Upload) -> Result<Vec<Row>> {
    let format = format(visit.form().text("format"), &upload.name);
    let reading = move || {
        let text = String::from_utf8(upload.content.into())
            .map_err(|_| Error::invalid("The file is no text in UTF-8."))?;
        of.read(format, &text)
    };
    tokio::task::spawn_blocking(reading).await.map_err(Error::internal)?
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

async fn again(visit: &Visit, form: FormState, faults: &[Fault]) -> Result<Answer> {
    Ok(Answer::again(show(visit, form, faults).await?))
}

async fn show(visit: &Visit, form: FormState, faults: &[Fault]) -> Result<String> {
    let apis = visit.app.apis.list(&visit.cx).await?;
    let view = ImportView {
        nonce: visit.nonce(),
        kinds: samples::kinds(),
        apis: apis.iter().map(|api| Named::new(api.id.as_str(), &api.name)).collect(),
        form,
        faults: faults.iter().map(|fault| (fault.location.clone(), fault.message.clone())).collect(),
    };
    Ok(import_page(&visit.shell, &view))
}
