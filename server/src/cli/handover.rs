//! How a server hands a backup over to whoever asked through the control socket:
//! lines of JSON, some of which announce bytes that follow.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::timeout;

use crate::app::App;
use crate::backup::{Making, Manifest, Part, Progress};
use base::error::{Error, Result};
use base::secret::PlainKey;

/// For a part to be taken: the place it is put may be slow.
const TAKE_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest line that comes before bytes, or in place of them.
const MAX_LINE_BYTES: u64 = 1 << 20;
const MAX_PART_BYTES: u32 = 16 << 20;

/// A part of a backup, as it arrives.
pub(super) enum Piece {
    Progress(Progress),
    Bytes(Vec<u8>),
    Done(Box<Manifest>),
}

/// What is asked of a server through the control socket.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    backup: Wanted,
}

impl Asked {
    pub fn for_backup(passphrase: Option<&PlainKey>) -> Self {
        Self { backup: Wanted { passphrase: passphrase.map(|passphrase| passphrase.reveal().to_owned()) } }
    }
}

#[derive(Serialize, Deserialize)]
struct Wanted {
    passphrase: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Frame {
    Progress(Progress),
    /// So many bytes follow the line.
    Bytes(u32),
    Done(Box<Manifest>),
    Failed(String),
}

pub(super) async fn receive(read: &mut (impl AsyncBufRead + Unpin)) -> Result<Piece> {
    let mut line = String::new();
    (&mut *read).take(MAX_LINE_BYTES).read_line(&mut line).await.map_err(Error::internal)?;
    if !line.ends_with('\n') {
        return Err(Error::invalid("the server went away before the backup was done"));
    }
    // An error of the socket itself has the form of other commands.
    match serde_json::from_str::<Frame>(&line)? {
        Frame::Progress(progress) => Ok(Piece::Progress(progress)),
        Frame::Bytes(length) if length <= MAX_PART_BYTES => {
            let mut bytes = vec![0; length as usize];
            read.read_exact(&mut bytes).await.map_err(|error| {
                Error::invalid("the server went away before the backup was done").because(error)
            })?;
            Ok(Piece::Bytes(bytes))
        }
        Frame::Bytes(_) => Err(Error::internal("a part is too large")),
        Frame::Done(manifest) => Ok(Piece::Done(manifest)),
        Frame::Failed(detail) => Err(Error::invalid(detail)),
    }
}

/// Makes a backup for whoever asked through the socket.
pub(super) async fn answer(app: &App, asked: Asked, write: &mut OwnedWriteHalf) -> Result<()> {
    let making = app.backup_job.backups().begin(asked.backup.passphrase.map(PlainKey::new));
    let outcome = match making {
        Ok(mut making) => tokio::select! {
            () = app.closing() => Err(Error::invalid("the server is being stopped")),
            handed = hand_over(&mut making, write) => match handed {
                Ok(()) => making.outcome().await,
                Err(error) => return Err(error),
            },
        },
        Err(error) => Err(error),
    };
    let last = match outcome {
        Ok(manifest) => {
            tracing::info!(keys = manifest.rows("keys"), events = manifest.events, "a backup was made");
            Frame::Done(Box::new(manifest))
        }
        Err(error) => {
            tracing::warn!(?error, "a backup failed");
            Frame::Failed(error.detail().to_owned())
        }
    };
    put(write, &line(&last)?).await
}

async fn hand_over(making: &mut Making, write: &mut OwnedWriteHalf) -> Result<()> {
    while let Some(part) = making.next().await {
        match part {
            Part::Progress(progress) => put(write, &line(&Frame::Progress(progress))?).await?,
            Part::Bytes(bytes) => {
                let length = u32::try_from(bytes.len()).map_err(Error::internal)?;
                put(write, &line(&Frame::Bytes(length))?).await?;
                put(write, &bytes).await?;
            }
        }
    }
    Ok(())
}

async fn put(write: &mut OwnedWriteHalf, bytes: &[u8]) -> Result<()> {
    timeout(TAKE_TIMEOUT, write.write_all(bytes)).await.map_err(Error::internal)?.map_err(Error::internal)
}

pub(super) fn line<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
