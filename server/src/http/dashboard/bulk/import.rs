//! Files that become keys, identities, permissions or roles.

use web::form::FormState;
use web::pages::import::{ImportView, import as import_page};
use web::pages::parts::Named;
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::samples;
use base::error::{Fault, Result};
use domain::bulk::{ImportFile, ImportFormat, ImportOf};

/// `GET /import`.
pub async fn page(visit: Visit) -> Result<Answer> {
    let form = FormState::new(visit.query().pairs().to_vec());
    Ok(Answer::page(show(&visit, form, &[]).await?))
}

/// `POST /import`: takes the file once it is clear that it may be imported, reads all
/// of it, and starts the job that makes its rows.
pub async fn import(visit: Visit) -> Result<Answer> {
    let of = match target(&visit).await? {
        Ok(of) => of,
        Err(problem) => return again(&visit, visit.form_with(vec![problem]), &[]).await,
    };
    let bulk = &visit.app.bulk;
    bulk.may_import(&visit.cx, &of)?;
    let (file, format) = match &visit.sent.upload {
        Some(upload) => {
            let format = format(visit.form().text("format"), upload.name());
            (upload.store(visit.app.data_dir()).await?, format)
        }
        None => (None, ImportFormat::Csv),
    };
    let Some(file) = file else {
        let problem = ("file".to_owned(), "Choose a file.".to_owned());
        return again(&visit, visit.form_with(vec![problem]), &[]).await;
    };
    match bulk.import(&visit.cx, ImportFile::new(of, format, file)).await {
        Ok(id) => Ok(Answer::go(paths::job(id.as_str())).saying("Started.")),
        Err(error) => {
            let faults = error.faults().to_vec();
            again(&visit, visit.refused_at("file", error)?, &faults).await
        }
    }
}

type Problem = (String, String);

/// What the file is said to hold.
async fn target(visit: &Visit) -> Result<std::result::Result<ImportOf, Problem>> {
    let form = visit.form();
    Ok(match form.text("what") {
        "keys" => {
            let apis = visit.app.apis.list(&visit.cx).await?;
            match apis.into_iter().find(|api| api.id.as_str() == form.text("api")) {
                Some(api) => Ok(ImportOf::Keys(api.id)),
                None => Err(("api".to_owned(), "Keys need an API.".to_owned())),
            }
        }
        "identities" => Ok(ImportOf::Identities),
        "permissions" => Ok(ImportOf::Permissions),
        "roles" => Ok(ImportOf::Roles),
        _ => Err(("what".to_owned(), "Choose what the file holds.".to_owned())),
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
