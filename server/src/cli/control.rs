//! The control socket: how a command reaches the server that holds the folder.
//!
//! `control.sock` in the data folder, mode 0600: whoever may open it may read
//! the database too, so it asks for no credential. One JSON line each way.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dispatch::{self, Request};
use super::handover::{self, line};
use super::output::Output;
use crate::app::App;
use base::error::{Error, Result};
use base::store::DataDir;

/// A configuration of 1 MiB, and what JSON adds to it.
const MAX_REQUEST_BYTES: u64 = 3 << 20;
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// Commands at once: further ones wait for their turn.
const MAX_COMMANDS: usize = 32;
/// For the whole of a command to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// For a piece of an answer to be taken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
const PIECE_BYTES: usize = 64 << 10;
/// After the system had nothing left to accept with.
const REST: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
enum Reply {
    Done(Output),
    Failed(String),
}

/// A connection to the server that holds the folder.
pub(super) async fn connect(data_dir: &Path) -> Result<UnixStream> {
    let path = DataDir::control_socket(data_dir);
    let short = Short::of(&path).map_err(Error::internal)?;
    UnixStream::connect(&short.path).await.map_err(|error| {
        Error::invalid(format!(
            "{} is in use by another process that does not answer on {}: {error}",
            data_dir.display(),
            path.display()
        ))
        .because(error)
    })
}

/// Sends a command to the server that holds the folder.
pub(super) async fn send(data_dir: &Path, request: &Request) -> Result<Output> {
    let (read, mut write) = connect(data_dir).await?.into_split();
    write.write_all(&line(request)?).await.map_err(Error::internal)?;
    let mut answer = String::new();
    BufReader::new(read.take(MAX_ANSWER_BYTES)).read_line(&mut answer).await.map_err(Error::internal)?;
    if !answer.ends_with('\n') {
        return Err(Error::invalid(
            "The server went away before it answered: the command may or may not have been carried out.",
        ));
    }
    match serde_json::from_str(&answer)? {
        Reply::Done(output) => Ok(output),
        Reply::Failed(detail) => Err(Error::invalid(detail)),
    }
}

/// Whether the server that holds the folder answers: anything, to a line that says nothing.
pub(super) async fn is_answered(data_dir: &Path) -> bool {
    let asked = async {
        let short = Short::of(&DataDir::control_socket(data_dir))?;
        let (read, mut write) = UnixStream::connect(&short.path).await?.into_split();
        write.write_all(b"\n").await?;
        read_line(read).await
    };
    matches!(timeout(READ_TIMEOUT, asked).await, Ok(Ok(answer)) if answer.ends_with('\n'))
}

/// Opens the socket, replacing one that a crash left behind: the lock on the
/// folder proves that nobody listens there.
pub(super) fn open(data_dir: &Path) -> Result<UnixListener> {
    let path = DataDir::control_socket(data_dir);
    let failed = |error: std::io::Error| {
        Error::invalid(format!("cannot open the control socket {}: {error}", path.display())).because(error)
    };
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let short = Short::of(&path).map_err(failed)?;
    let listener = UnixListener::bind(&short.path).map_err(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// The path of a socket in no more bytes than the kernel takes for one, by way of its
/// folder, which is open meanwhile.
struct Short {
    path: PathBuf,
    _folder: Option<File>,
}

/// `sun_path` without the zero at its end.
const MAX_PATH_BYTES: usize = 107;

impl Short {
    fn of(path: &Path) -> std::io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Self { path: path.to_owned(), _folder: None });
        };
        if path.as_os_str().len() <= MAX_PATH_BYTES {
            return Ok(Self { path: path.to_owned(), _folder: None });
        }
        let folder = File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _folder: Some(folder) })
    }
}

/// Answers commands until `shutdown` resolves; those that run by then are finished.
pub(super) async fn listen(app: Arc<App>, listener: UnixListener, shutdown: impl Future<Output = ()>) {
    let mut commands = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = commands.join_next() => {}
            accepted = listener.accept(), if commands.len() < MAX_COMMANDS => match accepted {
                Ok((stream, _)) => {
                    let app = app.clone();
                    commands.spawn(async move {
                        if let Err(error) = answer(&app, stream).await {
                            tracing::warn!(?error, "a command on the control socket was not answered");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket refused a connection");
                    tokio::time::sleep(REST).await;
                }
            },
        }
    }
    drop(listener);
    while commands.join_next().await.is_some() {}
}

async fn answer(app: &App, stream: UnixStream) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    let asked = read_line(&mut read);
    let text = timeout(READ_TIMEOUT, asked).await.map_err(Error::internal)?.map_err(Error::internal)?;
    if let Ok(asked) = serde_json::from_str(&text) {
        return handover::answer(app, asked, &mut write).await;
    }
    let outcome = match serde_json::from_str::<Request>(&text) {
        Ok(request) => tokio::select! {
            outcome = dispatch::execute(app, &request) => outcome,
            // Nobody waits for the end of what its caller would have to take back.
            () = hung_up(&mut read), if request.ends_with_its_caller() => {
                return Err(Error::invalid("the caller went away"));
            }
        },
        Err(error) => Err(Error::invalid("The command could not be read.").because(error)),
    };
    let answer = match outcome {
        Ok(output) => Reply::Done(output),
        Err(error) => {
            tracing::info!(?error, "a command failed");
            Reply::Failed(error.detail().to_owned())
        }
    };
    let mut bytes = line(&answer)?;
    if bytes.len() as u64 > MAX_ANSWER_BYTES {
        let limit_mib = MAX_ANSWER_BYTES >> 20;
        bytes = line(&Reply::Failed(format!(
            "The answer is larger than {limit_mib} MiB: ask for less at once."
        )))?;
    }
    // In pieces, so that the time is for each and not for a long answer as a whole.
    for piece in bytes.chunks(PIECE_BYTES) {
        timeout(WRITE_TIMEOUT, write.write_all(piece))
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)?;
    }
    Ok(())
}

/// Resolves when the other side ends, which says nothing more until then.
async fn hung_up(read: &mut (impl AsyncRead + Unpin)) {
    while matches!(read.read(&mut [0; 64]).await, Ok(1..)) {}
}

async fn read_line(read: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let mut text = String::new();
    BufReader::new(read.take(MAX_REQUEST_BYTES)).read_line(&mut text).await?;
    Ok(text)
}
