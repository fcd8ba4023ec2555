//! The master key: whether the next start would find it, and whether it opens what it
//! protects.

use super::{Finding, Subject, some};
use base::error::Result;
use domain::vault::{MasterKeyState, master_key_state};

pub(super) async fn state(subject: &Subject) -> Result<Vec<Finding>> {
    let is_file = subject.master_key.is_file();
    Ok(vec![match master_key_state(subject.app()?, &subject.master_key).await? {
        MasterKeyState::Unused => Finding::ok("There is none yet."),
        MasterKeyState::Right(_) if is_file => {
            Finding::ok("master.key is the right one. A copy of it belongs elsewhere.")
        }
        MasterKeyState::Right(_) => Finding::ok("The master key of the settings is the right one."),
        MasterKeyState::Provisional => {
            Finding::warning("A rotation of the master key was cut short: the key is in master.key.next.")
                .remedy("unkey master-key rotate")
        }
        MasterKeyState::Wrong(why) => Finding::error(why)
            .remedy("put the right key back, from the copy of it: docs/recoverable-keys.md"),
        MasterKeyState::Shut(whose) => Finding::error(format!(
            "The master key does not open the data keys of {}: what they protect cannot be read.",
            some(&whose)
        ))
        .remedy("restore a backup: docs/backup.md"),
    }])
}
