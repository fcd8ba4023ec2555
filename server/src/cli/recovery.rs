//! One API, or one workspace, comes back into the data folder that is open here, from a
//! backup that `unkey restore --only` has unpacked there.

use base::ids::{ApiId, WorkspaceId};
use clap::ArgMatches;

use super::output::Output;
use crate::app::App;
use crate::backup::hold_unpacked;
use base::access::{Door, Principal};
use base::error::{Error, Result};
use base::store::{DataDir, Database};
use domain::keys::RecoveredKeys;
use domain::recovery::Recovery;

/// What `--only` names.
pub(super) enum Wanted {
    Api(ApiId),
    Workspace(WorkspaceId),
}

impl Wanted {
    pub fn read(id: &str) -> Result<Self> {
        match id.split_once('_') {
            Some((ApiId::PREFIX, _)) => Ok(Self::Api(id.into())),
            Some((WorkspaceId::PREFIX, _)) => Ok(Self::Workspace(id.into())),
            _ => Err(Error::invalid(format!("'{id}' is no id of an API (api_...) or a workspace (ws_...)"))),
        }
    }
}

pub(super) async fn execute(app: &App, given: &ArgMatches) -> Result<Output> {
    let id =
        given.get_one::<String>("only").ok_or_else(|| Error::invalid("a restore is not sent to a server"))?;
    let _held = hold_unpacked(app.data_dir())?;
    let backup = Database::open_to_look(&DataDir::recovering_in(app.data_dir()).join("app.db")).await?;
    let recovery = Recovery::new(&app.store, &app.entropy, &app.keys, backup.reader());
    let outcome = match Wanted::read(id)? {
        Wanted::Api(id) => api(app, &recovery, &id).await,
        Wanted::Workspace(id) => workspace(app, &recovery, id).await,
    };
    backup.close().await?;
    outcome
}

async fn api(app: &App, recovery: &Recovery<'_>, id: &ApiId) -> Result<Output> {
    let workspace = recovery.workspace_of(id).await?;
    let recovered = recovery.api(&app.cx(workspace, Principal::Cli, Door::Cli), id).await?;
    let keys = match recovered.keys.returned + recovered.keys.copied {
        0 => "its keys as they are here".to_owned(),
        _ => count(recovered.keys),
    };
    let said = format!("Brought back {id} ({}) with {keys}.", recovered.name);
    Ok(answer(said, &remarks(recovered.keys)))
}

async fn workspace(app: &App, recovery: &Recovery<'_>, id: WorkspaceId) -> Result<Output> {
    let recovered = recovery.workspace(&app.cx(id.clone(), Principal::Cli, Door::Cli)).await?;
    let said = format!("Brought back {id} as {}", recovered.slug);
    let mut told = match recovered.copied {
        None => vec!["It is as it was when it was deleted.".to_owned()],
        Some(keys) => remarks(keys),
    };
    if recovered.members == 0 {
        let slug = &recovered.slug;
        told.push(format!("Nobody can see it yet: `unkey user invite --workspace {slug}` lets people in."));
    }
    let said = match recovered.copied {
        None => format!("{said}."),
        Some(keys) => format!("{said} with {}.", count(keys)),
    };
    Ok(answer(said, &told))
}

fn answer(said: String, told: &[String]) -> Output {
    let said = Output::line(said);
    if told.is_empty() { said } else { said.remark(told.join("\n")) }
}

fn count(keys: RecoveredKeys) -> String {
    match keys.returned + keys.copied {
        1 => "1 key".to_owned(),
        several => format!("{several} keys"),
    }
}

fn remarks(keys: RecoveredKeys) -> Vec<String> {
    let mut remarks = Vec::new();
    if keys.copied > 0 {
        remarks.push(format!(
            "{} from the backup, with the credits of that time: those spent after it are there again.",
            keys.copied
        ));
    }
    if keys.elsewhere > 0 {
        remarks.push(format!(
            "{} below identities that were made here anew, with the limits and the spend cap that these have here.",
            keys.elsewhere
        ));
    }
    if keys.left_out > 0 {
        remarks.push(format!(
            "{} of the backup left out: revoked here, here as another key, spending the credits of one that was \
             revoked, or damaged.",
            keys.left_out
        ));
    }
    if keys.disabled > 0 {
        remarks.push(format!(
            "{} disabled: something was changed about them after the backup, such as a reroll or an expiry, and \
             the backup does not know what. Look at them in the audit log before you enable them.",
            keys.disabled
        ));
    }
    if keys.copied > 0 && !keys.with_ciphertext {
        remarks.push("Recoverable keys among them verify and cannot be shown again: the backup has another master key.".to_owned());
    }
    remarks
}
