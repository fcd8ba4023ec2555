//! The workspace as a file: shown, planned, applied.

use web::form::{FormState, VERSION};
use web::pages::settings::configuration::{
    ConfigurationView, DOCUMENT, DifferenceRow, PRUNE, PlanView, configuration as page,
};
use web::paths;
use web::texts::settings as text;

use super::server::require_admin;
use crate::http::dashboard::known_ids::KnownIds;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::changes::in_words;
use crate::http::dashboard::reply::Reply;
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use domain::configuration::{ApplyDocument, Difference, Document, plan_version};

/// `GET /settings/configuration`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    Ok(Reply::page(page_of(&request, FormState::default(), None).await?))
}

/// `GET /settings/configuration/download`.
pub async fn download(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    let yaml = request.app.configuration.export(&request.cx).await?.to_yaml()?;
    Ok(Reply::download("application/yaml", "unkey.yaml".to_owned(), yaml.into()))
}

/// `POST /settings/configuration`: what a document would change.
pub async fn plan(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    match planned(&request).await {
        Ok(plan) => Ok(Reply::page(page_of(&request, request.form_with(vec![]), Some(plan)).await?)),
        Err(error) => refused(&request, error).await,
    }
}

/// `POST /settings/configuration/apply`: what was planned, and nothing else.
pub async fn apply(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    let command = command(&request).map(|command| ApplyDocument {
        planned: Some(Version::from(request.form().text(VERSION))),
        ..command
    });
    let made = match command {
        Ok(command) => request.app.configuration.apply(&request.cx, &command).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(Reply::redirect(paths::configuration()).notice(text::changes_were_made(made.len()))),
        Err(error) if error.code() == Code::EditConflict => {
            let form = request.form_with(vec![(String::new(), text::ANOTHER_PLAN.to_owned())]);
            let plan = planned(&request).await?;
            Ok(Reply::form_again(page_of(&request, form, Some(plan)).await?))
        }
        Err(error) => refused(&request, error).await,
    }
}

fn command(request: &MemberRequest) -> Result<ApplyDocument> {
    let form = request.form();
    let document = Document::from_yaml(form.text(DOCUMENT))?;
    Ok(ApplyDocument { document, prune: form.ticked(PRUNE), planned: None })
}

async fn planned(request: &MemberRequest) -> Result<PlanView> {
    let differences = request.app.configuration.plan(&request.cx, &command(request)?).await?;
    let version = plan_version(&differences).as_str().to_owned();
    let differences = differences.into_iter().map(|difference| row(request, difference)).collect();
    Ok(PlanView { differences, version })
}

fn row(request: &MemberRequest, difference: Difference) -> DifferenceRow {
    let Difference { event, description, name, changes, .. } = difference;
    let changes = in_words(request, &KnownIds::default(), event, changes.as_ref());
    DifferenceRow { event: event.to_owned(), name, description, changes }
}

async fn refused(request: &MemberRequest, error: Error) -> Result<Reply> {
    let form = request.refused_at(DOCUMENT, error)?;
    Ok(Reply::form_again(page_of(request, form, None).await?))
}

async fn page_of(request: &MemberRequest, form: FormState, plan: Option<PlanView>) -> Result<String> {
    let yaml = request.app.configuration.export(&request.cx).await?.to_yaml()?;
    Ok(page(&request.shell, &ConfigurationView { yaml, form, plan }))
}
