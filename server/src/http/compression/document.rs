//! Content that is the same for everybody while the server runs: compressed once for
//! each coding, as far as it goes, and kept so.
//!
//! That takes up to half a second of a thread that does not serve, once. Until it is
//! done, and while [`MAKERS`] others are made, the content goes as it is.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use poem::http::StatusCode;
use poem::http::header::{CONTENT_ENCODING, ETAG, HeaderMap, IF_NONE_MATCH, VARY};
use poem::{Response, ResponseBuilder};
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;

use super::LEAST_BYTES;
use super::coding::Coding;
use super::encoder::{Effort, Encoder};
use crate::http::request_lifecycle::header;

/// Contents that are compressed at the same time, each in up to 8 MiB.
const MAKERS: usize = 2;

static MAKERS_LEFT: Semaphore = Semaphore::const_new(MAKERS);

/// The smallest first: it costs nothing any more.
const PREFERRED: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// Content that never changes.
pub struct Document {
    content: Box<dyn Fn() -> Bytes + Send + Sync>,
    fingerprint: OnceLock<String>,
    /// `None` within where a coding makes it no shorter.
    coded: [OnceCell<Option<Bytes>>; 3],
}

impl Document {
    /// A document that is made anew where its content is needed as it is, and the same
    /// each time.
    pub fn new(content: impl Fn() -> Bytes + Send + Sync + 'static) -> Self {
        let coded = Default::default();
        Self { content: Box::new(content), fingerprint: OnceLock::new(), coded }
    }

    /// The document with what a coding makes of it, known beforehand.
    pub fn with(mut self, coding: Coding, coded: &'static [u8]) -> Self {
        let coded = ((self.content)().len() >= LEAST_BYTES).then(|| Bytes::from_static(coded));
        self.coded[coding as usize] = OnceCell::new_with(Some(coded));
        self
    }

    /// Names the content.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| fingerprint(&(self.content)()))
    }

    /// The document as the client accepts it, or 304 if it has it so.
    pub async fn answer(&'static self, request: &HeaderMap, response: ResponseBuilder) -> Response {
        let coded = match Coding::chosen(request, PREFERRED) {
            Some(coding) => self.coded(coding).await.map(|coded| (coding, coded)),
            None => None,
        };
        let coding = coded.as_ref().map(|(coding, _)| *coding);
        let tag = tag(self.fingerprint(), coding);
        let is_known = is_known(request, &tag);
        let response = response.header(ETAG, tag).header(VARY, "accept-encoding");
        if is_known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        match coded {
            Some((coding, coded)) => response.header(CONTENT_ENCODING, coding.name()).body(coded),
            None => response.body((self.content)()),
        }
    }

    async fn coded(&'static self, coding: Coding) -> Option<Bytes> {
        let cell = &self.coded[coding as usize];
        if let Some(coded) = cell.get() {
            return coded.clone();
        }
        // The place is kept until it is made, whether anybody waits or not.
        let place = MAKERS_LEFT.try_acquire().ok()?;
        let make = move || (self.made(coding), place).0;
        cell.get_or_try_init(|| spawn_blocking(make)).await.ok()?.clone()
    }

    fn made(&self, coding: Coding) -> Option<Bytes> {
        let plain = (self.content)();
        if plain.len() < LEAST_BYTES {
            return None;
        }
        let mut encoder = Encoder::new(coding, Effort::Thorough, Some(plain.len() as u64)).ok()?;
        encoder.write(&plain).ok()?;
        let coded = encoder.finish().ok()?;
        (coded.len() < plain.len()).then(|| Bytes::from(coded))
    }
}

/// Names content: 96 bits are plenty where nobody gains from a collision.
pub fn fingerprint(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..12])
}

/// The entity tag of content in a coding: each is a representation of its own.
pub fn tag(fingerprint: &str, coding: Option<Coding>) -> String {
    match coding {
        None => format!("\"{fingerprint}\""),
        Some(coding) => format!("\"{fingerprint}-{}\"", coding.name()),
    }
}

/// Whether the client says that it has what this tag names.
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let names = |known: &str| known == "*" || known.trim_start_matches("W/") == tag;
    header(request, &IF_NONE_MATCH).is_some_and(|tags| tags.split(',').map(str::trim).any(names))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use poem::http::HeaderValue;
    use poem::http::header::ACCEPT_ENCODING;

    use super::*;

    static MADE: AtomicUsize = AtomicUsize::new(0);

    static TEXT: LazyLock<Document> = LazyLock::new(|| {
        Document::new(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            Bytes::from("All work and no play makes Jack a dull boy.\n".repeat(100))
        })
    });

    static SHORT: LazyLock<Document> =
        LazyLock::new(|| Document::new(|| Bytes::from_static(b"short")).with(Coding::Gzip, b"longer"));

    fn asking(codings: &str, known: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(codings).unwrap());
        headers.insert(IF_NONE_MATCH, HeaderValue::from_str(known).unwrap());
        headers
    }

    #[tokio::test]
    async fn each_coding_is_made_once_and_has_a_tag_of_its_own() {
        let plain = TEXT.answer(&asking("", ""), Response::builder()).await;
        let tag_of = |response: &Response| response.header(ETAG).unwrap().to_owned();
        let (mut tags, text) = (vec![tag_of(&plain)], plain.into_body().into_vec().await.unwrap());
        let made = MADE.load(Ordering::Relaxed);
        for coding in Coding::ALL {
            for _ in 0..3 {
                let coded = TEXT.answer(&asking(coding.name(), &tags.join(",")), Response::builder()).await;
                assert_eq!(coded.header(VARY), Some("accept-encoding"));
                let any = TEXT.answer(&asking(coding.name(), "*"), Response::builder()).await;
                assert_eq!(any.status(), StatusCode::NOT_MODIFIED);
                let known = TEXT.answer(&asking(coding.name(), &tag_of(&coded)), Response::builder()).await;
                assert_eq!((known.status(), tag_of(&known)), (StatusCode::NOT_MODIFIED, tag_of(&coded)));
                tags.push(tag_of(&coded));
                if coded.status() == StatusCode::OK {
                    let body = coded.into_body().into_vec().await.unwrap();
                    assert!(body.len() < text.len() / 10 && coding.decoded(&body) == text, "{coding:?}");
                }
            }
        }
        assert_eq!(MADE.load(Ordering::Relaxed), made + 3);
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4, "{tags:?}");
    }

    #[tokio::test]
    async fn what_is_short_stays_as_it_is() {
        for coding in Coding::ALL {
            let response = SHORT.answer(&asking(coding.name(), ""), Response::builder()).await;
            assert_eq!(response.header(CONTENT_ENCODING), None);
            assert_eq!(response.into_body().into_vec().await.unwrap(), b"short");
        }
    }
}
