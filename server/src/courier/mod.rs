//! The courier: takes what is due to the endpoints of webhooks.
//!
//! An endpoint is wherever somebody says, so nothing about it is trusted. Its name is
//! resolved here, each address is looked at, and the connection goes to that very
//! address; a redirection is an answer like any other; head, body and time of an answer
//! are bounded. Nothing comes from the environment, so there is no proxy. Connections are
//! not kept: an address that was good a minute ago need not be now.

mod connection;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::Url;

use self::connection::{Connection, connect, trust};
use base::clock::Stopwatch;
use domain::webhooks::{Letter, Posted, Transport};

/// For one request and its answer, from the name of the endpoint to the last byte.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Of a head, of a body, and of what is kept of the latter.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_BODY_BYTES: usize = 64 << 10;
const KEPT_BYTES: usize = 1 << 10;

const AGENT: &str = concat!("unkey/", env!("CARGO_PKG_VERSION"));

/// Posts to endpoints. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    private_targets: bool,
    timeout: Duration,
    /// Read when the first endpoint asks for it.
    tls: Arc<OnceCell<TlsConnector>>,
}

impl Courier {
    /// `private_targets` lets requests go to private addresses.
    pub fn new(private_targets: bool) -> Self {
        Self { private_targets, timeout: TIMEOUT, tls: Arc::default() }
    }

    /// With another limit of time, for tests that would wait.
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Fails with what went wrong, for people; what is known by then is in `posted`.
    async fn exchange(&self, letter: Letter, posted: &mut Posted) -> Result<(), String> {
        let url = Url::parse(&letter.url).map_err(|_| "its URL cannot be read".to_owned())?;
        let stream = self.open(&url).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| format!("no HTTP was spoken: {error}"))?;
        // Ends with this request, however that ends.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let answer = sender
            .send_request(request(&url, letter)?)
            .await
            .map_err(|error| format!("it gave no answer in HTTP: {error}"))?;
        posted.status = Some(answer.status().as_u16());
        read(answer, posted).await
    }

    async fn open(&self, url: &Url) -> Result<Connection, String> {
        let stream = connect(url, self.private_targets).await?;
        if url.scheme() != "https" {
            return Ok(Connection::Plain(stream));
        }
        let tls = self.tls.get_or_try_init(trust).await?;
        Connection::secure(tls, url, stream).await
    }
}

impl Transport for Courier {
    fn post(&self, letter: Letter) -> Pin<Box<dyn Future<Output = Posted> + Send + '_>> {
        Box::pin(async move {
            let (watch, mut posted) = (Stopwatch::start(), Posted::default());
            let done = tokio::time::timeout(self.timeout, self.exchange(letter, &mut posted)).await;
            posted.failure = match done {
                Ok(done) => done.err(),
                Err(_) => Some(format!("it took longer than {} seconds", self.timeout.as_secs())),
            };
            posted.duration_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
            posted
        })
    }
}

fn request(url: &Url, letter: Letter) -> Result<Request<Full<Bytes>>, String> {
    let host = url.host_str().unwrap_or_default();
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let place = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Request::builder()
        .method(Method::POST)
        .uri(place)
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", letter.message_id)
        .header("webhook-timestamp", letter.timestamp_s)
        .header("webhook-signature", letter.signature)
        .body(Full::new(Bytes::from(letter.body)))
        .map_err(|error| format!("its URL cannot be asked for: {error}"))
}

/// Reads what a body may have, and keeps its beginning. One that goes on is left there:
/// the endpoint has said by its status what it had to say.
async fn read(answer: Response<Incoming>, posted: &mut Posted) -> Result<(), String> {
    let (mut body, mut kept, mut length) = (answer.into_body(), Vec::new(), 0);
    let mut outcome = Ok(());
    while length < MAX_BODY_BYTES {
        let Some(frame) = body.frame().await else { break };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                outcome = Err(format!("its answer broke off: {error}"));
                break;
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        kept.extend_from_slice(&data[..data.len().min(KEPT_BYTES - kept.len())]);
        posted.answer = Some(text(&kept));
    }
    outcome
}

/// What can be stored and shown of it. Postgres takes no NUL.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}
