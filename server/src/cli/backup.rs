//! `unkey backup` and `unkey backup verify`.
//!
//! The process that is called writes the target, with the rights and in the folder of
//! whoever called it. If a server runs, it makes the backup and hands it over.

use std::path::PathBuf;

use clap::ArgMatches;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::handover::{self, Asked, Piece};
use super::listing::printable;
use super::output::Output;
use super::spinner::Spinner;
use super::{control, passphrase};
use crate::app;
use crate::backup::{BackupName, Backups, Making, Manifest, Part, Place, Progress, Sink, verify};
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use base::store::{DataDir, Engine};

pub(super) async fn run(config: Config, given: &ArgMatches) -> Result<Output> {
    let named = given.get_one::<String>("target").or(config.backup.target.as_ref());
    let target = named.ok_or_else(|| {
        Error::invalid(
            "say where the backup goes: a file, a folder, - for standard output, or set backup_target",
        )
    })?;
    let place = Place::read(target)?;
    // First of all: taking hold of a folder keeps what is in it to its owner.
    DataDir::require_used(&config.data_dir)?;
    let passphrase = given.get_flag("with-master-key").then(|| passphrase::to_seal(&config)).transpose()?;
    let name = BackupName { series: None, time_ms: Clock::system().now_ms() };
    let mut sink = place.create(&name, &config.data_dir).await?;
    let (manifest, bytes) = match fill(&mut sink, &config, passphrase).await {
        Ok(made) => made,
        Err(error) => {
            sink.abort().await;
            return Err(error);
        }
    };
    let path = sink.finish().await?;
    let mut remark = format!("Backed up {}, in {} MiB.", contents(&manifest), (bytes >> 20).max(1));
    if manifest.is_of_postgres() {
        remark
            .push_str("\nWhat app.db would hold is in the database of Postgres: back that up with pg_dump.");
    }
    if !manifest.has_master_key() {
        remark.push_str(
            "\nThe master key is not in it: keep a copy of it elsewhere, or call this with --with-master-key.",
        );
    }
    Ok(path.map(Output::line).unwrap_or_default().remark(remark))
}

/// Writes a backup. Answers what it holds, and how large it is.
async fn fill(
    sink: &mut Sink,
    config: &Config,
    passphrase: Option<PlainKey>,
) -> Result<(Box<Manifest>, u64)> {
    let mut source = Source::open(config, passphrase).await?;
    let (line, mut bytes) = (Spinner::of("backup".to_owned()), 0);
    loop {
        match source.next().await? {
            Piece::Progress(Progress { what, bytes, of }) => line.measure(&what, bytes, of),
            Piece::Bytes(part) => {
                bytes += part.len() as u64;
                sink.write(part).await?;
                line.measure("writing", bytes, 0);
            }
            Piece::Done(manifest) => return Ok((manifest, bytes)),
        }
    }
}

/// `unkey backup verify`.
pub(super) async fn check(given: &ArgMatches) -> Result<Output> {
    let source = given.get_one::<String>("source").map_or("", String::as_str).to_owned();
    let below = given.get_one::<String>("temp-dir").map(PathBuf::from);
    let check = move || {
        let (name, reader) = Place::read(&source)?.open(Clock::system().now_ms())?;
        let line = Spinner::of("backup verify".to_owned());
        let verified = verify(reader, below.as_deref(), &mut |progress: &Progress| {
            line.measure(&progress.what, progress.bytes, progress.of);
            Ok(())
        });
        drop(line);
        verified.map(|manifest| (name.clone(), manifest)).map_err(|error| about(&name, error))
    };
    let (name, manifest) = tokio::task::spawn_blocking(check).await.map_err(Error::internal)??;
    let output = Output::line(format!("{name} is whole: {}.", contents(&manifest)));
    Ok(match manifest.has_master_key() {
        true => output.remark("The master key in it is sealed, and was not opened: a restore does that."),
        false => output,
    })
}

/// An error that says which backup it is about.
pub(super) fn about(name: &str, error: Error) -> Error {
    // Some of it may be words of a stranger.
    let told = Error::invalid(printable(&format!("{name}: {}", error.detail())));
    match error.code() {
        Code::InvalidInput => told,
        _ => told.because(error),
    }
}

/// What a backup holds, in a few words.
pub(super) fn contents(manifest: &Manifest) -> String {
    let keys = match manifest.is_of_postgres() {
        true => String::new(),
        false => format!("{} keys, ", manifest.rows("keys")),
    };
    format!("{keys}{} events as of {}", manifest.events, manifest.made_at)
}

/// Where a backup comes from: a server, or the folder itself.
enum Source {
    Server { read: BufReader<OwnedReadHalf>, _write: OwnedWriteHalf },
    Here { making: Making, _dir: DataDir },
}

impl Source {
    async fn open(config: &Config, passphrase: Option<PlainKey>) -> Result<Self> {
        if let Some(dir) = DataDir::acquire_used(&config.data_dir)? {
            dir.refuse_half_restored()?;
            let engine = if config.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
            let key = app::master_key(config, &dir);
            let backups = Backups::at_rest(&dir, engine, Clock::system(), Entropy::system(), key);
            return Ok(Self::Here { making: backups.begin(passphrase)?, _dir: dir });
        }
        let (read, mut write) = control::connect(&config.data_dir).await?.into_split();
        let asked = handover::line(&Asked::for_backup(passphrase.as_ref()))?;
        write.write_all(&asked).await.map_err(Error::internal)?;
        Ok(Self::Server { read: BufReader::new(read), _write: write })
    }

    async fn next(&mut self) -> Result<Piece> {
        match self {
            Self::Server { read, .. } => handover::receive(read).await,
            Self::Here { making, .. } => match making.next().await {
                Some(Part::Progress(progress)) => Ok(Piece::Progress(progress)),
                Some(Part::Bytes(bytes)) => Ok(Piece::Bytes(bytes)),
                None => making.outcome().await.map(|manifest| Piece::Done(Box::new(manifest))),
            },
        }
    }
}
