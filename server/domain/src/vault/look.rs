//! Whether the master key is where it should be, and opens what it should: looked at,
//! nothing made, moved or replaced.

use super::{MasterKeySource, server_secrets, source, store};
use crate::workspaces;
use base::error::Result;
use base::store::Database;

/// How the master key fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeyState {
    /// The database was used with none yet.
    Unused,
    /// It is the right one and opens the data keys of all workspaces, so many.
    Right(usize),
    /// It is the right one, but still under the name that a rotation gave it.
    Provisional,
    /// Why it cannot be used; what it protects cannot be read after the next start.
    Wrong(String),
    /// It is the right one, and does not open the data keys of these workspaces, or of the
    /// server itself.
    Shut(Vec<String>),
}

/// Compares the master key of `source` with the database that goes by one.
pub async fn master_key_state(database: &Database, source: &MasterKeySource) -> Result<MasterKeyState> {
    let Some(known) = store::fingerprint(database.reader()).await? else { return Ok(MasterKeyState::Unused) };
    let key = match source.find(&known) {
        Ok(found) => found,
        Err(error) => return Ok(MasterKeyState::Wrong(error.detail().to_owned())),
    };
    let sealed = workspaces::data_keys(database.reader()).await?;
    let shut = sealed.iter().filter(|(workspace, sealed)| key.key.open(sealed, workspace.as_str()).is_err());
    let mut shut: Vec<String> = shut.map(|(workspace, _)| workspace.to_string()).collect();
    if let Some(sealed) = store::server_key(database.reader()).await?
        && key.key.open(&sealed, server_secrets::SERVER).is_err()
    {
        shut.push(server_secrets::SERVER.to_owned());
    }
    Ok(match (shut.is_empty(), key.place) {
        (false, _) => MasterKeyState::Shut(shut),
        (true, source::KeyPlace::Provisional) => MasterKeyState::Provisional,
        (true, source::KeyPlace::Own) => MasterKeyState::Right(sealed.len()),
    })
}
