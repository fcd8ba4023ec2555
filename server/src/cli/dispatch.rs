//! From a command to the function that carries it out, on an open data folder.

use clap::ArgMatches;
use serde::{Deserialize, Serialize};

use super::command::{Command, FolderCommand};
use super::output::Output;
use super::{
    analytics, api, audit, configuration, doctor, events, explain, export, healthcheck, index, migration,
    namespace, parser, ratelimit_override, recovery, requests, root_key, search, setup, user, webhook,
    workspace,
};
use crate::app::App;
use base::access::{Door, OpCtx, Principal};
use base::error::{Error, Result};
use base::secret::PlainKey;

/// A command as the process that parsed it hands it on.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub arguments: Vec<String>,
    /// What the command asked its caller to read: a secret from standard input, or a file.
    pub input: Option<String>,
}

impl Request {
    /// Whether it is of no use to go on once the caller is gone: the next one begins with
    /// another backup, perhaps.
    pub fn ends_with_its_caller(&self) -> bool {
        let matches = parser::syntax().try_get_matches_from(&self.arguments);
        matches.is_ok_and(|matches| matches!(parser::read(&matches), Some((Command::Restore, _))))
    }
}

/// Runs a command on an open folder.
pub(super) async fn execute(app: &App, request: &Request) -> Result<Output> {
    let matches = parser::syntax()
        .try_get_matches_from(&request.arguments)
        .map_err(|error| Error::invalid(error.to_string()))?;
    let (command, given) = match parser::read(&matches) {
        Some((Command::Folder(command), given)) => (command, given),
        // Of the server itself: where it is.
        Some((Command::Healthcheck, _)) => return healthcheck::whereabouts(app),
        // Its caller has unpacked the backup.
        Some((Command::Restore, given)) => return recovery::execute(app, given).await,
        _ => return Err(unknown()),
    };
    let cx = context(app, command, given).await?;
    run(app, &cx, command, given, request.input.as_deref()).await
}

async fn run(
    app: &App,
    cx: &OpCtx,
    command: FolderCommand,
    given: &ArgMatches,
    input: Option<&str>,
) -> Result<Output> {
    match command {
        FolderCommand::SetupLink => setup::link(app, cx).await,
        FolderCommand::RootKeyCreate => root_key::create(app, cx, given).await,
        FolderCommand::RootKeyList => root_key::list(app, cx, given).await,
        FolderCommand::RootKeyRevoke => root_key::revoke(app, cx, given).await,
        FolderCommand::UserCreate => user::create(app, cx, given, input.map(secret)).await,
        FolderCommand::UserResetPassword => user::reset_password(app, cx, given, input.map(secret)).await,
        FolderCommand::UserInvite => user::invite(app, cx, given).await,
        FolderCommand::UserTotpReset => user::totp_reset(app, cx, given).await,
        FolderCommand::UserSessions => user::sessions(app, cx, given).await,
        FolderCommand::UserList => user::list(app, cx, given).await,
        FolderCommand::WorkspaceCreate => workspace::create(app, cx, given).await,
        FolderCommand::WorkspaceList => workspace::list(app, given).await,
        FolderCommand::WorkspaceEnable => workspace::set_enabled(app, cx, given, true).await,
        FolderCommand::WorkspaceDisable => workspace::set_enabled(app, cx, given, false).await,
        FolderCommand::WorkspaceRename => workspace::rename(app, cx, given).await,
        FolderCommand::WorkspaceDelete => workspace::delete(app, cx, given).await,
        FolderCommand::WorkspaceSet => workspace::set(app, cx, given).await,
        FolderCommand::ApiList => api::list(app, cx, given).await,
        FolderCommand::ApiSet => api::set(app, cx, given).await,
        FolderCommand::MigrationCreate => migration::create(app, cx, given).await,
        FolderCommand::AuditList => audit::list(app, cx, given).await,
        FolderCommand::AuditExport => audit::export(app, cx, given).await,
        FolderCommand::EventsList => events::list(app, cx, given).await,
        FolderCommand::EventsTop => events::top(app, cx, given).await,
        FolderCommand::EventsLatency => events::latency(app, cx, given).await,
        FolderCommand::ExplainKey => explain::explain(app, cx, given, input.map(secret)).await,
        FolderCommand::Export(list) => export::export(app, cx, list, given).await,
        FolderCommand::ConfigurationApply => configuration::apply(app, cx, given, input).await,
        FolderCommand::ConfigurationExport => configuration::export(app, cx, given).await,
        FolderCommand::AnalyticsQuery => analytics::query(app, cx, given).await,
        FolderCommand::IndexStatus => index::status(app, given).await,
        FolderCommand::IndexRebuild => index::rebuild(app, given).await,
        FolderCommand::RequestsList => requests::list(app, cx, given).await,
        FolderCommand::Search => search::run(app, cx, given).await,
        FolderCommand::NamespaceList => namespace::list(app, cx, given).await,
        FolderCommand::NamespaceRename => namespace::rename(app, cx, given).await,
        FolderCommand::NamespaceDelete => namespace::delete(app, cx, given).await,
        FolderCommand::OverrideList => ratelimit_override::list(app, cx, given).await,
        FolderCommand::OverrideSet => ratelimit_override::set(app, cx, given).await,
        FolderCommand::OverrideDelete => ratelimit_override::delete(app, cx, given).await,
        FolderCommand::WebhookCreate => webhook::create(app, cx, given).await,
        FolderCommand::WebhookList => webhook::list(app, cx, given).await,
        FolderCommand::WebhookDelete => webhook::delete(app, cx, given).await,
        FolderCommand::WebhookDeliveries => webhook::deliveries(app, cx, given).await,
        FolderCommand::WebhookReplay => webhook::replay(app, cx, given).await,
        FolderCommand::Doctor => doctor::examine(&app.doctor, given, |_| {}).await,
        FolderCommand::MasterKeyRotate => {
            app.vault.rotate(cx).await?;
            Ok(Output::default().remark("The master key was replaced."))
        }
    }
}

/// What was read as a secret: a line, without its end.
fn secret(input: &str) -> PlainKey {
    PlainKey::new(input.trim_end_matches(['\r', '\n']).to_owned())
}

/// The operator, in the named workspace or the only one. Commands on
/// workspaces themselves act in the first one unless told otherwise; the audit log
/// of one that was deleted is read by its id.
async fn context(app: &App, command: FolderCommand, given: &ArgMatches) -> Result<OpCtx> {
    let slug = given.try_get_one::<String>("workspace").ok().flatten().map(String::as_str);
    let workspace = match app.workspaces.resolve(slug).await {
        Err(_) if slug.is_none() && command.is_server_wide() => app.workspaces.list().await?.remove(0),
        Err(error) if command.is_of_record() => match slug {
            Some(id) => app.workspaces.resolve_deleted(id).await.or(Err(error))?,
            None => return Err(error),
        },
        found => found?,
    };
    Ok(app.cx(workspace.id, Principal::Cli, Door::Cli))
}

pub(super) fn unknown() -> Error {
    Error::invalid("There is no such command; see `unkey --help`.")
}
