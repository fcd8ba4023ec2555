//! Forms with a file: its fields first, the file when somebody wants it.
//!
//! The file goes straight to a file of the data folder that has no name and is gone
//! with whoever holds it, however that ends. In memory there is a buffer of it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use parking_lot::Mutex;
use poem::web::{Field, Multipart};
use poem::{Body, FromRequest, Request, RequestBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fields::Fields;
use crate::http::request_lifecycle;
use base::error::{Code, Error, Result};
use web::texts::forms as text;

/// Bytes of a file.
const FILE_BYTES: u64 = 64 << 20;
const BUFFER_BYTES: usize = 256 << 10;
/// What is handed on of a body at once.
const PIECE_BYTES: usize = 64 << 10;

/// A file of a form, on its way.
pub struct Upload {
    name: String,
    rest: Mutex<Option<Rest>>,
    limit: Arc<Limit>,
}

/// What of the form is not read yet.
struct Rest {
    file: Field,
    parts: Multipart,
    _place: OwnedSemaphorePermit,
}

/// Reads the fields of a form up to its file, `most` bytes of them.
///
/// Fails with `service_unavailable` when as many forms with files are read as there
/// are places.
pub async fn begin(
    request: &mut Request,
    places: &Arc<Semaphore>,
    most: usize,
) -> Result<(Fields, Option<Arc<Upload>>)> {
    let place = places
        .clone()
        .try_acquire_owned()
        .map_err(|_| Error::new(Code::ServiceUnavailable, text::TOO_MANY_FILES_AT_ONCE))?;
    let limit = Arc::new(Limit { most: AtomicU64::new(most as u64), fault: Mutex::new(None) });
    let body = Limited::new(request.take_body(), limit.clone());
    let mut body = RequestBody::new(Body::from_bytes_stream(body));
    let parts = Multipart::from_request(request, &mut body).await;
    let mut parts = parts.map_err(|error| limit.unreadable(error))?;
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| limit.unreadable(error))? {
        let field = part.name().unwrap_or_default().to_owned();
        let Some(name) = part.file_name().map(ToOwned::to_owned) else {
            pairs.push((field, part.text().await.map_err(|error| limit.unreadable(error))?));
            continue;
        };
        let rest = Mutex::new(Some(Rest { file: part, parts, _place: place }));
        return Ok((Fields::new(pairs)?, Some(Arc::new(Upload { name, rest, limit }))));
    }
    Ok((Fields::new(pairs)?, None))
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Upload {
    /// As the browser calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the file into a folder, under no name; `None` when it is empty or was
    /// taken before.
    pub async fn store(&self, folder: &Path) -> Result<Option<File>> {
        let Some(Rest { file, mut parts, _place }) = self.rest.lock().take() else { return Ok(None) };
        self.limit.allow_more(FILE_BYTES);
        let stored = tempfile::tempfile_in(folder).map_err(unstorable)?;
        let mut stored = BufWriter::with_capacity(BUFFER_BYTES, tokio::fs::File::from_std(stored));
        let mut file = Box::pin(file.into_async_read());
        let (mut piece, mut bytes) = (vec![0; PIECE_BYTES], 0);
        loop {
            match file.read(&mut piece).await.map_err(|error| self.limit.unreadable(error))? {
                0 => break,
                read => {
                    stored.write_all(&piece[..read]).await.map_err(unstorable)?;
                    bytes += read;
                }
            }
        }
        stored.flush().await.map_err(unstorable)?;
        drop(file);
        // What would be passed over in silence is refused.
        let after = parts.next_field().await.map_err(|error| self.limit.unreadable(error))?;
        if after.is_some() {
            return Err(Error::new(Code::BodyUnreadable, text::FILE_HAS_TO_BE_LAST));
        }
        let file = stored.into_inner().into_std().await;
        Ok((bytes > 0).then_some(file))
    }
}

fn unstorable(error: io::Error) -> Error {
    Error::new(Code::ServiceUnavailable, text::FILE_CANNOT_BE_STORED).because(error)
}

/// How much of a body may come, and why no more of it did.
struct Limit {
    most: AtomicU64,
    fault: Mutex<Option<Error>>,
}

impl Limit {
    fn allow_more(&self, bytes: u64) {
        self.most.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The reader of forms says only that something went wrong; what, is known here.
    fn unreadable(&self, error: impl std::fmt::Display) -> Error {
        let known = self.fault.lock().take();
        known.unwrap_or_else(|| {
            Error::new(Code::BodyUnreadable, text::FORM_COULD_NOT_BE_READ).because(error.to_string())
        })
    }
}

type BodyStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body with a limit. It comes in pieces, with a pause after each: the reader of
/// forms takes what it can get, needed or not.
struct Limited {
    body: BodyStream,
    limit: Arc<Limit>,
    /// Of what came, not handed on yet.
    rest: Bytes,
    passed: u64,
    gave: bool,
}

impl Limited {
    fn new(body: Body, limit: Arc<Limit>) -> Self {
        Self { body: Box::pin(body.into_bytes_stream()), limit, rest: Bytes::new(), passed: 0, gave: false }
    }

    fn fail(&self, fault: Error) -> Poll<Option<io::Result<Bytes>>> {
        *self.limit.fault.lock() = Some(fault);
        Poll::Ready(Some(Err(io::Error::other("the form is not read to its end"))))
    }
}

impl Stream for Limited {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if std::mem::take(&mut self.gave) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match ready!(self.body.as_mut().poll_next(cx)) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(error)) => return self.fail(request_lifecycle::unreadable(error)),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(PIECE_BYTES);
        self.passed += length as u64;
        if self.passed > self.limit.most.load(Ordering::Relaxed) {
            let most_mib = FILE_BYTES >> 20;
            let detail = text::form_too_large(most_mib);
            return self.fail(Error::new(Code::BodyTooLarge, detail));
        }
        self.gave = true;
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "----edge";

    fn form(parts: &[(&str, Option<&str>, &str)]) -> Request {
        let part = |(name, file, content): &(&str, Option<&str>, &str)| {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
        };
        let text = parts.iter().map(part).collect::<String>() + &format!("--{EDGE}--\r\n");
        sent(text)
    }

    fn sent(text: String) -> Request {
        Request::builder().content_type(&format!("multipart/form-data; boundary={EDGE}")).body(text)
    }

    async fn code<T>(read: impl Future<Output = Result<T>>) -> Code {
        read.await.err().expect("a refusal").code()
    }

    #[tokio::test]
    async fn fields_are_read_and_the_file_when_it_is_wanted() {
        let (places, folder) = (Arc::new(Semaphore::new(1)), tempfile::tempdir().unwrap());
        let content = "a line\r\n".repeat(300_000);
        let mut request = form(&[("what", None, "roles"), ("file", Some("r.csv"), &content)]);
        let (fields, upload) = begin(&mut request, &places, 1 << 20).await.unwrap();
        let upload = upload.unwrap();
        assert_eq!((fields.text("what"), upload.name()), ("roles", "r.csv"));
        assert_eq!(
            code(begin(&mut form(&[]), &places, 100)).await,
            Code::ServiceUnavailable,
            "places are few"
        );
        let mut file = upload.store(folder.path()).await.unwrap().unwrap();
        assert!(upload.store(folder.path()).await.unwrap().is_none(), "taken");
        assert_eq!(places.available_permits(), 1);
        let mut read = String::new();
        io::Seek::rewind(&mut file).unwrap();
        io::Read::read_to_string(&mut file, &mut read).unwrap();
        assert!(read == content);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        let mut empty = form(&[("file", Some(""), "")]);
        let upload = begin(&mut empty, &places, 1000).await.unwrap().1.unwrap();
        assert!(upload.store(folder.path()).await.unwrap().is_none());
        assert!(begin(&mut form(&[("what", None, "roles")]), &places, 1000).await.unwrap().1.is_none());
    }

    #[tokio::test]
    async fn what_is_too_large_or_out_of_order_is_refused() {
        let (places, folder) = (Arc::new(Semaphore::new(1)), tempfile::tempdir().unwrap());
        let long = "x".repeat(200_000);
        for mut request in [
            form(&[("what", None, &long)]),
            form(&[("", None, ""); 3000]),
            // The head of a part that never ends.
            sent(format!("--{EDGE}\r\nContent-Disposition: {long}")),
        ] {
            assert_eq!(code(begin(&mut request, &places, 100_000)).await, Code::BodyTooLarge);
        }
        assert_eq!(code(begin(&mut sent("nothing".to_owned()), &places, 1000)).await, Code::BodyUnreadable);
        let mut late = form(&[("file", Some("r.csv"), "a"), ("what", None, "roles")]);
        let upload = begin(&mut late, &places, 1000).await.unwrap().1.unwrap();
        assert_eq!(code(upload.store(folder.path())).await, Code::BodyUnreadable);
        let content = "x".repeat(usize::try_from(FILE_BYTES).unwrap() + 100_000);
        let mut large = form(&[("file", Some("r.csv"), &content)]);
        let upload = begin(&mut large, &places, 100_000).await.unwrap().1.unwrap();
        assert_eq!(code(upload.store(folder.path())).await, Code::BodyTooLarge);
        assert_eq!(places.available_permits(), 1, "every way out gives the place back");
    }
}
