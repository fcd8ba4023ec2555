//! `unkey restore`: a backup becomes a data folder, or gives back a part of what one had.

use clap::ArgMatches;

use super::backup::{about, contents};
use super::output::{Output, time};
use super::spinner::Spinner;
use super::{data_folder, passphrase, recovery};
use crate::backup::{Manifest, Place, Progress, UnpackedBackup, WithMasterKey, restore};
use base::clock::Clock;
use base::config::Config;
use base::error::{Error, Result};
use base::store::DataDir;

pub(super) async fn run(config: Config, given: &ArgMatches) -> Result<Output> {
    let source = given.get_one::<String>("source").map_or("", String::as_str).to_owned();
    let folder = config.data_dir.clone();
    let master_key = match given.get_flag("without-master-key") {
        true => WithMasterKey::No,
        false => WithMasterKey::Unsealed(Box::new(move || passphrase::to_open(&config))),
    };
    let is_left_out = matches!(master_key, WithMasterKey::No);
    let into = folder.clone();
    let work = move || {
        let (name, reader) = Place::read(&source)?.open(Clock::system().now_ms())?;
        let line = Spinner::of("restore".to_owned());
        let restored = restore(reader, &into, master_key, &mut shown_on(&line));
        drop(line);
        restored.map(|manifest| (name.clone(), manifest)).map_err(|error| about(&name, error))
    };
    let (name, manifest) = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
    let said = format!("Restored {} from {name} to {}.", contents(&manifest), folder.display());
    Ok(Output::line(said).remark(remarks(&manifest, is_left_out, Clock::system().now_ms())))
}

/// Unpacks a backup where a server can read it, and has one API, or one workspace, brought
/// back from there.
pub(super) async fn only(config: Config, line: Vec<String>, given: &ArgMatches, id: &str) -> Result<Output> {
    recovery::Wanted::read(id)?;
    DataDir::require_used(&config.data_dir)?;
    let source = given.get_one::<String>("source").map_or("", String::as_str).to_owned();
    let folder = config.data_dir.clone();
    let unpack = move || {
        let (name, reader) = Place::read(&source)?.open(Clock::system().now_ms())?;
        let line = Spinner::of("restore".to_owned());
        UnpackedBackup::read(reader, &folder, &mut shown_on(&line)).map_err(|error| about(&name, error))
    };
    let unpacked = tokio::task::spawn_blocking(unpack).await.map_err(Error::internal)??;
    unpacked.migrate().await?;
    data_folder::run(config, false, line, given, &Spinner::of("restore".to_owned())).await
}

/// Shows on a line how far it is.
fn shown_on(line: &Spinner) -> impl FnMut(&Progress) -> Result<()> {
    |progress| {
        line.measure(&progress.what, progress.bytes, progress.of);
        Ok(())
    }
}

/// What is lost, and what is left to do.
fn remarks(manifest: &Manifest, is_left_out: bool, now_ms: i64) -> String {
    let mut remarks = Vec::new();
    let until = |what, time_ms: Option<i64>| {
        time_ms.map_or(format!("It has no {what}s."), |time_ms| {
            format!("Its newest {what} is of {}.", time(time_ms))
        })
    };
    remarks.push(format!(
        "{} {} What happened since is lost: keys made since are unknown, keys revoked since work again, credits and limits \
         are as they were.",
        until("change", manifest.newest_change_ms),
        until("event", manifest.newest_event_ms),
    ));
    if manifest.made_at_ms > now_ms {
        remarks.push(
            "It was made in the future, says the clock of this machine: one of the two clocks is wrong."
                .to_owned(),
        );
    }
    if manifest.is_of_postgres() {
        remarks.push(
            "Restore the database of Postgres with its own tools, and start with database_url.".to_owned(),
        );
    }
    if !manifest.has_master_key() || is_left_out {
        let fingerprint = manifest.master_key_fingerprint.as_deref().unwrap_or("unknown");
        remarks.push(format!(
            "The master key was not restored. The server wants the one with the fingerprint {fingerprint}: put it into \
             master.key, or set UNKEY_MASTER_KEY."
        ));
    }
    remarks.push("Indexes are built anew once the server runs.".to_owned());
    remarks.join("\n")
}
