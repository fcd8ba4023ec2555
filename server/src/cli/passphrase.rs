//! The passphrase that a master key in a backup is behind: a setting, or typed at a
//! terminal. Never an argument: command lines are public.

use std::io::IsTerminal;

use base::config::Config;
use base::error::{Error, Result};
use base::secret::{MIN_PASSWORD_CHARACTERS, PlainKey};

/// One to seal with; typed twice.
pub(super) fn to_seal(config: &Config) -> Result<PlainKey> {
    let passphrase = match &config.backup.passphrase {
        Some(passphrase) => passphrase.clone(),
        None => {
            let typed = ask("Passphrase for the master key: ")?;
            let again = ask("The same again: ")?;
            if typed.reveal() != again.reveal() {
                return Err(Error::invalid("the two passphrases differ"));
            }
            typed
        }
    };
    if passphrase.reveal().chars().count() < MIN_PASSWORD_CHARACTERS {
        return Err(Error::invalid(format!(
            "a passphrase has {MIN_PASSWORD_CHARACTERS} characters or more: whoever guesses it has the master key"
        )));
    }
    Ok(passphrase)
}

/// The one that a master key was sealed with.
pub(super) fn to_open(config: &Config) -> Result<PlainKey> {
    match &config.backup.passphrase {
        Some(passphrase) => Ok(passphrase.clone()),
        None => ask("Passphrase of the master key in the backup: "),
    }
}

fn ask(question: &str) -> Result<PlainKey> {
    let typed = match std::io::stdin().is_terminal() {
        true => rpassword::prompt_password(question).map(PlainKey::new).ok(),
        false => None,
    };
    typed.ok_or_else(|| {
        Error::invalid(
            "there is no terminal to type a passphrase at: set UNKEY_BACKUP_PASSPHRASE_FILE to a file that has it",
        )
    })
}
