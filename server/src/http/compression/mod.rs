//! Answers in fewer bytes, for clients that accept it (RFC 9110 8.4 and 12.5.3).
//!
//! An answer is compressed because whoever makes it hands it in here, and for no other
//! reason: no layer does it to all of them. One with a secret is not handed in, because
//! its length would tell of the secret whoever chooses a text beside it
//! (docs/security.md#compressed-answers).
//!
//! What a client costs is bounded. A short answer is compressed at once and waits for
//! its reader as the few bytes it became. Whatever is longer, or made while it is sent,
//! needs one of [`PLACES`], and goes as it is when all are taken.
//!
//! Deliberately absent: `deflate`, which clients read in two ways; dictionaries; 406
//! for clients that refuse every form, which get the answer as it is; ranges.

mod coding;
mod document;
mod encoder;
mod streamed;

use std::io;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use poem::http::header::{CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, VARY};
use poem::{Body, Response};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

pub use self::coding::Coding;
pub use self::document::{Document, fingerprint, is_known, tag};
use self::encoder::{Effort, Encoder};
use self::streamed::Streamed;

/// A shorter answer is sent as it is: what it would gain is not worth its headers.
pub const LEAST_BYTES: usize = 1024;

/// Bytes that are compressed at once, on the thread that serves: about a millisecond
/// of it. Then others have their turn.
const PIECE_BYTES: usize = 64 << 10;

/// Answers with an encoder of their own at the same time. One takes less than 2 MiB
/// ([`encoder`]).
const PLACES: usize = 16;

static PLACES_LEFT: Semaphore = Semaphore::const_new(PLACES);

/// For answers made for one request: the most of the cheapest.
const PREFERRED: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

/// The coding in which an answer of so many bytes goes, if the client has its way.
pub fn chosen(request: &HeaderMap, bytes: usize) -> Option<Coding> {
    if bytes < LEAST_BYTES { None } else { Coding::chosen(request, PREFERRED) }
}

/// The answer in the coding that the client likes best, if it is long enough. It must
/// hold no secret.
pub async fn compressed(request: &HeaderMap, mut response: Response) -> Response {
    let body: BoxBody<Bytes, io::Error> = response.take_body().into();
    let bytes = body.size_hint().exact();
    let is_short = bytes.is_some_and(|bytes| bytes < LEAST_BYTES as u64);
    if is_short || response.headers().contains_key(CONTENT_ENCODING) {
        response.set_body(Body::from(body));
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    let (body, coding) = match Coding::chosen(request, PREFERRED) {
        Some(coding) => encoded(body, bytes, coding, &PLACES_LEFT).await,
        None => (Body::from(body), None),
    };
    if let Some(coding) = coding {
        mark(response.headers_mut(), coding);
    }
    response.set_body(body);
    response
}

/// Says of an answer in which coding it is. It is another one than the plain one, so
/// its tag is another, too.
fn mark(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    let plain = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(fingerprint) = plain.map(|tag| tag.trim_matches('"').to_owned())
        && let Ok(tag) = HeaderValue::from_str(&tag(&fingerprint, Some(coding)))
    {
        headers.insert(ETAG, tag);
    }
}

/// The body in this coding, or as it is: without the coding, where there is no place
/// for another encoder or it would not become shorter.
async fn encoded(
    body: BoxBody<Bytes, io::Error>,
    bytes: Option<u64>,
    coding: Coding,
    places: &'static Semaphore,
) -> (Body, Option<Coding>) {
    let place = match bytes {
        Some(bytes) if bytes <= PIECE_BYTES as u64 => None,
        _ => match places.try_acquire() {
            Ok(place) => Some(place),
            Err(_) => return (Body::from(body), None),
        },
    };
    let Ok(encoder) = Encoder::new(coding, Effort::Quick, bytes) else { return (Body::from(body), None) };
    if bytes.is_none() {
        let streamed = Streamed::new(body, encoder, place);
        return (Body::from(BoxBody::new(streamed)), Some(coding));
    }
    let plain = match body.collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(cause) => return (broken(cause), None),
    };
    match whole(encoder, &plain).await {
        Ok(short) if short.len() < plain.len() => (Body::from_bytes(short), Some(coding)),
        _ => (Body::from_bytes(plain), None),
    }
}

/// A body that ends before it began.
fn broken(cause: io::Error) -> Body {
    Body::from_bytes_stream(futures_util::stream::once(std::future::ready(Err::<Bytes, _>(cause))))
}

async fn whole(mut encoder: Encoder, plain: &[u8]) -> io::Result<Bytes> {
    for (turn, piece) in plain.chunks(PIECE_BYTES).enumerate() {
        if turn > 0 {
            yield_now().await;
        }
        encoder.write(piece)?;
    }
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use poem::http::header::ACCEPT_ENCODING;
    use sha2::{Digest, Sha256};

    use super::*;

    fn accepting(codings: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
        headers
    }

    fn text(bytes: usize) -> String {
        let lines = (0..).flat_map(|number: u32| format!("line {number}\n").into_bytes());
        String::from_utf8(lines.take(bytes).collect()).unwrap()
    }

    async fn bytes(response: Response) -> Vec<u8> {
        response.into_body().into_vec().await.unwrap()
    }

    #[tokio::test]
    async fn every_coding_decodes_to_what_was_there() {
        for coding in Coding::ALL {
            for length in [LEAST_BYTES, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 7] {
                let plain = text(length);
                let response = Response::builder().header(ETAG, "\"x\"").body(plain.clone());
                let response = compressed(&accepting(coding.name()), response).await;
                assert_eq!(response.header(CONTENT_ENCODING), Some(coding.name()));
                assert_eq!(response.header(ETAG), Some(tag("x", Some(coding)).as_str()));
                assert_eq!(response.header(VARY), Some("accept-encoding"));
                let body = bytes(response).await;
                assert!(body.len() < length / 2, "{coding:?} {length}");
                assert!(coding.decoded(&body) == plain.as_bytes(), "{coding:?} {length}");
            }
        }
    }

    #[tokio::test]
    async fn what_gains_nothing_stays_as_it_is() {
        let noise =
            || (0..500_u64).flat_map(|number| Sha256::digest(number.to_be_bytes())).collect::<Vec<u8>>();
        let cases = [
            ("gzip", text(LEAST_BYTES - 1).into_bytes(), None),
            ("identity", text(LEAST_BYTES).into_bytes(), Some("accept-encoding")),
            ("*;q=0", text(LEAST_BYTES).into_bytes(), Some("accept-encoding")),
            ("br", noise(), Some("accept-encoding")),
            ("gzip", noise(), Some("accept-encoding")),
        ];
        for (accepted, plain, vary) in cases {
            let response = compressed(&accepting(accepted), Response::builder().body(plain.clone())).await;
            assert_eq!(
                (response.header(CONTENT_ENCODING), response.header(VARY)),
                (None, vary),
                "{accepted}"
            );
            assert_eq!(bytes(response).await, plain);
        }
        let coded = Response::builder().header(CONTENT_ENCODING, "br").body(text(LEAST_BYTES));
        let coded = compressed(&accepting("gzip"), coded).await;
        assert_eq!((coded.header(CONTENT_ENCODING), coded.header(VARY)), (Some("br"), None));
        assert_eq!(bytes(coded).await, text(LEAST_BYTES).as_bytes());
    }

    #[tokio::test]
    async fn a_failure_is_no_end() {
        let parts = [Ok(Bytes::from(text(5000))), Err(io::Error::other("gone"))];
        let body = Body::from_bytes_stream(futures_util::stream::iter(parts));
        let response = compressed(&accepting("gzip"), Response::builder().body(body)).await;
        assert_eq!(response.header(CONTENT_ENCODING), Some("gzip"));
        assert!(response.into_body().into_vec().await.is_err());
    }

    /// Each part can be read before the next one is made.
    #[tokio::test]
    async fn a_stream_holds_nothing_back() {
        for coding in Coding::ALL {
            let (give, parts) = tokio::sync::mpsc::channel::<Bytes>(1);
            let parts = futures_util::stream::unfold(parts, |mut parts| async move {
                let part = parts.recv().await?;
                Some((Ok::<_, io::Error>(part), parts))
            });
            let response = Response::builder().body(Body::from_bytes_stream(parts));
            let response = compressed(&accepting(coding.name()), response).await;
            let mut body: BoxBody<Bytes, io::Error> = response.into_body().into();
            let (mut plain, mut coded) = (String::new(), Vec::new());
            for part in 0..3 {
                let part = format!("part {part} {}", text(PIECE_BYTES));
                plain += &part;
                give.send(part.into()).await.unwrap();
                while coding.decoded_so_far(&coded) != plain.as_bytes() {
                    coded.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
                }
            }
            drop(give);
            while let Some(frame) = body.frame().await {
                coded.extend_from_slice(&frame.unwrap().into_data().unwrap());
            }
            assert!(body.is_end_stream() && coding.decoded(&coded) == plain.as_bytes(), "{coding:?}");
        }
    }

    #[tokio::test]
    async fn without_a_place_only_short_answers_are_compressed() {
        static NONE: Semaphore = Semaphore::const_new(0);
        for (length, coded) in [(PIECE_BYTES, true), (PIECE_BYTES + 1, false)] {
            let plain = Body::from(text(length));
            let (body, coding) = encoded(plain.into(), Some(length as u64), Coding::Zstd, &NONE).await;
            assert_eq!(coding.is_some(), coded);
            assert_eq!(body.into_vec().await.unwrap() != text(length).as_bytes(), coded);
        }
        let endless = Body::from_bytes_stream(futures_util::stream::pending::<io::Result<Bytes>>());
        assert_eq!(encoded(endless.into(), None, Coding::Gzip, &NONE).await.1, None);
    }
}
