//! What of an authority is kept in the data folder: the account, and the certificate
//! with its key, in files of mode 0600 that are replaced in one step.
//!
//! A certificate and its key are one file, so that no crash leaves halves of two.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use super::super::certificate::Certificate;
use base::durable;
use base::error::{Error, Result};
use base::file_fault;

const FOLDER: &str = "acme";
/// Begins the file of a certificate; Unix milliseconds follow.
const OBTAINED: &str = "# obtained at ";

pub struct Kept {
    folder: PathBuf,
    certificate: PathBuf,
}

/// An account, and with whom and for whom it was opened.
#[derive(Serialize, Deserialize)]
pub struct KeptAccount {
    pub directory: String,
    pub contact: Option<String>,
    pub credentials: AccountCredentials,
}

impl Kept {
    pub fn open(data_dir: &Path, domain: &str) -> Result<Self> {
        let folder = data_dir.join(FOLDER);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| {
            Error::invalid(format!("cannot use {}", file_fault::describe(&folder, &error))).because(error)
        })?;
        let certificate = folder.join(format!("{domain}.pem"));
        Ok(Self { folder, certificate })
    }

    /// The certificate, unless there is none or it cannot be used, which is said.
    pub fn certificate(&self) -> Option<Certificate> {
        let text = match fs::read(&self.certificate) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                let fault = file_fault::describe(&self.certificate, &error);
                tracing::error!(
                    fault,
                    "the certificate from before cannot be read, another one is asked for"
                );
                return None;
            }
        };
        Certificate::parse(&text, &text)
            .map_err(|fault| {
                let file = self.certificate.display();
                tracing::error!(%file, ?fault, "the certificate from before is damaged, another one is asked for");
            })
            .ok()
    }

    /// When the certificate was obtained, by the clock of that time. The file says so
    /// itself: its own times change with each copy.
    pub fn obtained_ms(&self) -> Option<i64> {
        let text = fs::read_to_string(&self.certificate).ok()?;
        text.lines().next()?.strip_prefix(OBTAINED)?.parse().ok()
    }

    /// Readers of PEM skip what stands before it.
    pub fn keep(&self, chain: &str, key: &str, obtained_ms: i64) -> Result<(), String> {
        self.write(&self.certificate, &format!("{OBTAINED}{obtained_ms}\n{key}\n{chain}"))
    }

    /// The account with this authority, unless there is none or it cannot be read.
    pub fn account(&self, directory: &str) -> Option<KeptAccount> {
        let text = fs::read(self.account_file()).ok()?;
        match serde_json::from_slice::<KeptAccount>(&text) {
            Ok(account) if account.directory == directory => Some(account),
            Ok(_) => None,
            Err(error) => {
                let file = self.account_file();
                tracing::error!(%error, file = %file.display(), "the account is damaged, another one is opened");
                None
            }
        }
    }

    pub fn keep_account(&self, account: &KeptAccount) -> Result<(), String> {
        let text = serde_json::to_string(account).map_err(|error| error.to_string())?;
        self.write(&self.account_file(), &text)
    }

    fn account_file(&self) -> PathBuf {
        self.folder.join("account.json")
    }

    /// In one step, on disk when it returns.
    fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        let written = durable::write(path, &path.with_added_extension("new"), text.as_bytes());
        written.map_err(|error| format!("cannot write {}", file_fault::describe(path, &error)))
    }
}
