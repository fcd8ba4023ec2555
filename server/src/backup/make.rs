//! Making a backup: copies of the databases, what the manifest says of them, and the
//! stream that all of it becomes.
//!
//! The work is done by a thread of the lowest priority. Whoever takes the stream may be
//! slow: the databases were copied by then. Who takes it no longer ends the work.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::archive;
use super::manifest::{APP_DB, EVENTS_DB, FORMAT, FileEntry, Manifest, SEALED_MASTER_KEY};
use super::progress::Progress;
use super::unpack::{remove_folder, require_room, unmade};
use base::audit;
use base::clock::Clock;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::events::{Recorder, events_of_copy};
use base::secret::PlainKey;
use base::store::copies::{Copied, DatabaseCopy, Pace, copy_database};
use base::store::{DataDir, Engine};
use domain::ratelimit::RateLimiter;
use domain::vault::{MasterKeySource, Vault, fingerprint_of_copy};

/// The most a thread can give way.
const NICE: i32 = 19;

/// How long events may take to be stored before the copy begins; later ones are
/// missing from it.
const FLUSH: Duration = Duration::from_secs(2);

/// Parts of the stream that wait to be taken, and how large each is.
const PARTS: usize = 8;
const PART_BYTES: usize = 256 << 10;

/// Makes backups of one data folder, one at a time. Cheap to clone.
#[derive(Clone)]
pub struct Backups(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    copies: PathBuf,
    engine: Engine,
    clock: Clock,
    entropy: Entropy,
    master_key: KeyHolder,
    live: Option<Live>,
    turn: Arc<Mutex<()>>,
}

enum KeyHolder {
    Vault(Vault),
    Source(MasterKeySource),
}

/// What a running server has in memory only.
pub struct Live {
    pub recorder: Recorder,
    pub limiter: RateLimiter,
    pub vault: Vault,
}

/// A piece of a backup that is being made, in order.
#[derive(Debug)]
pub enum Part {
    Progress(Progress),
    Bytes(Vec<u8>),
}

/// A backup that is being made. Dropped, it ends.
pub struct Making {
    parts: mpsc::Receiver<Part>,
    outcome: oneshot::Receiver<Result<Manifest>>,
}

impl Making {
    /// The next part; nothing after the last.
    pub async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }

    /// What was made, once there is no part more. What was taken before is a backup if
    /// this says so, and else is none.
    pub async fn outcome(&mut self) -> Result<Manifest> {
        (&mut self.outcome).await.map_err(|_| Error::internal("a backup ended without an outcome"))?
    }
}

impl Backups {
    /// Of a server that runs.
    pub fn live(dir: &DataDir, engine: Engine, clock: Clock, entropy: Entropy, live: Live) -> Self {
        let master_key = KeyHolder::Vault(live.vault.clone());
        Self::new(dir, engine, clock, entropy, master_key, Some(live))
    }

    /// Of a folder on which no server runs.
    pub fn at_rest(
        dir: &DataDir,
        engine: Engine,
        clock: Clock,
        entropy: Entropy,
        source: MasterKeySource,
    ) -> Self {
        Self::new(dir, engine, clock, entropy, KeyHolder::Source(source), None)
    }

    fn new(
        dir: &DataDir,
        engine: Engine,
        clock: Clock,
        entropy: Entropy,
        master_key: KeyHolder,
        live: Option<Live>,
    ) -> Self {
        let (folder, copies) = (dir.path().to_owned(), dir.backup_copies());
        // Whatever is there is of a process that died.
        if let Err(error) = remove_folder(&copies) {
            tracing::warn!(%error, "what an interrupted backup left cannot be removed");
        }
        Self(Arc::new(Inner {
            folder,
            copies,
            engine,
            clock,
            entropy,
            master_key,
            live,
            turn: Arc::default(),
        }))
    }

    /// What is backed up.
    pub fn data_dir(&self) -> &Path {
        &self.0.folder
    }

    /// Begins a backup, with the master key in it behind a passphrase if there is one.
    ///
    /// Fails while another one is being made.
    pub fn begin(&self, passphrase: Option<PlainKey>) -> Result<Making> {
        let turn = self.0.turn.clone().try_lock_owned();
        let turn = turn.map_err(|_| Error::invalid("another backup is being made: wait until it is done"))?;
        let (sender, parts) = mpsc::channel(PARTS);
        let (reply, outcome) = oneshot::channel();
        let inner = self.0.clone();
        tokio::spawn(async move {
            let made = inner.make(sender, passphrase).await;
            let cleared = remove_folder(&inner.copies);
            drop(turn);
            let _ = reply.send(made.and_then(|manifest| cleared.map(|()| manifest)));
        });
        Ok(Making { parts, outcome })
    }
}

impl Inner {
    async fn make(
        self: &Arc<Self>,
        parts: mpsc::Sender<Part>,
        passphrase: Option<PlainKey>,
    ) -> Result<Manifest> {
        self.prepare()?;
        let now_ms = self.clock.now_ms();
        if self.engine == Engine::Sqlite {
            self.copy(APP_DB, &parts).await?;
        }
        if let Some(live) = &self.live {
            if !live.recorder.flush(FLUSH).await {
                tracing::warn!("events are stored too slowly: the newest will be missing from the backup");
            }
            live.limiter.snapshot_all(self.clock.now_ms()).await?;
        }
        self.copy(EVENTS_DB, &parts).await?;
        let fingerprint = match (&self.master_key, self.engine) {
            // The copy of app.db says it, where there is one.
            (KeyHolder::Vault(vault), Engine::Postgres) => vault.fingerprint().await?,
            _ => None,
        };
        let this = self.clone();
        quietly(move || this.pack(now_ms, fingerprint, passphrase.as_ref(), &parts)).await
    }

    /// A server that runs comes first.
    fn pace(&self) -> Pace {
        if self.live.is_some() { Pace::gentle() } else { Pace::full() }
    }

    fn prepare(&self) -> Result<()> {
        remove_folder(&self.copies)?;
        let size = |name: &str| self.folder.join(name).metadata().map_or(0, |file| file.len());
        let names = [APP_DB, "app.db-wal", EVENTS_DB, "events.db-wal"];
        require_room(&self.folder, names.iter().map(|name| size(name)).sum())?;
        let made = DirBuilder::new().mode(0o700).create(&self.copies);
        made.map_err(|error| unmade(&self.copies, error))
    }

    async fn copy(&self, name: &'static str, parts: &mpsc::Sender<Part>) -> Result<()> {
        let (from, to, parts) = (self.folder.join(name), self.copies.join(name), parts.clone());
        if !from.exists() {
            return Err(Error::invalid(format!(
                "there is no {}, so there is nothing to back up",
                from.display()
            )));
        }
        let (what, pace) = (format!("copying {name}"), self.pace());
        quietly(move || {
            let copied = copy_database(&from, &to, pace, |Copied { bytes, of }| {
                say(&parts, Progress { what: what.clone(), bytes, of })
            });
            copied.map_err(|error| Error::invalid(format!("{} cannot be copied: {error}", from.display())))
        })
        .await
    }

    fn pack(
        &self,
        now_ms: i64,
        fingerprint: Option<String>,
        passphrase: Option<&PlainKey>,
        parts: &mpsc::Sender<Part>,
    ) -> Result<Manifest> {
        let made_at = DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap_or_default();
        let mut manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: made_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            made_at_ms: now_ms,
            database: self.engine.name().to_lowercase(),
            master_key_fingerprint: fingerprint,
            events: 0,
            newest_event_ms: None,
            newest_change_ms: None,
            files: Vec::new(),
        };
        if self.engine == Engine::Sqlite {
            let copy = DatabaseCopy::open(&self.copies.join(APP_DB))?;
            manifest.master_key_fingerprint = fingerprint_of_copy(&copy)?;
            manifest.newest_change_ms = audit::newest_of_copy(&copy)?;
            manifest.files.push(self.describe(APP_DB, copy, parts)?);
        }
        let copy = DatabaseCopy::open(&self.copies.join(EVENTS_DB))?;
        (manifest.events, manifest.newest_event_ms) = events_of_copy(&copy)?;
        manifest.files.push(self.describe(EVENTS_DB, copy, parts)?);
        if let Some(passphrase) = passphrase {
            let sealed = self.seal_master_key(manifest.master_key_fingerprint.as_deref(), passphrase)?;
            let path = self.copies.join(SEALED_MASTER_KEY);
            fs::write(&path, sealed).map_err(|error| unmade(&path, error))?;
            let (sha256, bytes) = archive::digest(&path, |_| Ok(()))?;
            let name = SEALED_MASTER_KEY.to_owned();
            manifest.files.push(FileEntry { name, bytes, sha256, ..FileEntry::default() });
        }
        let out = PartWriter { parts, buffer: Vec::new(), pace: self.pace() };
        archive::write(&manifest, &self.copies, out).map_err(unpacked)?;
        Ok(manifest)
    }

    fn seal_master_key(&self, fingerprint: Option<&str>, passphrase: &PlainKey) -> Result<Vec<u8>> {
        let fingerprint =
            fingerprint.ok_or_else(|| Error::invalid("the database knows no master key yet"))?;
        match &self.master_key {
            KeyHolder::Vault(vault) => vault.export(fingerprint, passphrase),
            KeyHolder::Source(source) => source.export(fingerprint, passphrase, &self.entropy),
        }
    }

    fn describe(&self, name: &str, copy: DatabaseCopy, parts: &mpsc::Sender<Part>) -> Result<FileEntry> {
        let (migrations, rows) = (copy.migrations()?, copy.row_counts()?);
        copy.close()?;
        let path = self.copies.join(name);
        let of = path.metadata().map_err(|error| unmade(&path, error))?.len();
        let (mut done, mut pace) = (0, self.pace());
        let (sha256, bytes) = archive::digest(&path, |read| {
            done += read;
            pace.rest();
            say(parts, Progress { what: format!("reading {name}"), bytes: done, of })?;
            pace.begin();
            Ok(())
        })?;
        Ok(FileEntry { name: name.to_owned(), bytes, sha256, migrations, rows })
    }
}

/// Runs on a thread of its own, the least urgent of all.
async fn quietly<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (reply, answer) = oneshot::channel();
    let run = move || {
        // Of this thread only: on Linux priorities belong to threads.
        if let Err(error) = rustix::process::nice(NICE) {
            tracing::debug!(%error, "the thread of a backup keeps its priority");
        }
        let _ = reply.send(work());
    };
    std::thread::Builder::new().name("unkey-backup".to_owned()).spawn(run).map_err(Error::internal)?;
    answer.await.map_err(Error::internal)?
}

/// Progress is left out where nobody keeps up; a taker that is gone ends the work.
fn say(parts: &mpsc::Sender<Part>, progress: Progress) -> Result<()> {
    match parts.try_send(Part::Progress(progress)) {
        Err(mpsc::error::TrySendError::Closed(_)) => Err(gone()),
        _ => Ok(()),
    }
}

fn gone() -> Error {
    Error::invalid("nobody takes the backup any more")
}

fn unpacked(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => gone(),
        _ => Error::invalid(format!("the backup cannot be packed: {error}")).because(error),
    }
}

/// Hands on what is written, in parts.
struct PartWriter<'a> {
    parts: &'a mpsc::Sender<Part>,
    buffer: Vec<u8>,
    pace: Pace,
}

impl Write for PartWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PART_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.pace.rest();
        let part = Part::Bytes(std::mem::take(&mut self.buffer));
        self.parts.blocking_send(part).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.pace.begin();
        Ok(())
    }
}
