//! How the authority is reached: HTTPS alone, checked against whom the system trusts
//! and whom the operator names, with a bound on every wait and every answer.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use ureq::{Agent, http};

use crate::tls::client::{self, Trust};

/// For one request and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: u64 = 1 << 20;

#[derive(Clone)]
pub struct Client(Agent);

impl Client {
    /// `ca_certificate` is trusted beside the system's.
    pub fn new(ca_certificate: Option<&Path>) -> Result<Self, String> {
        let config = client::config(Trust::System { and: ca_certificate })?
            .https_only(true)
            .timeout_global(Some(TIMEOUT));
        Ok(Self(config.build().into()))
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answer {
        let agent = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let body = body.to_bytes().to_vec();
            let asked = tokio::task::spawn_blocking(move || ask(&agent, head, body)).await;
            asked.unwrap_or_else(|error| Err(Error::Other(error.into())))
        })
    }
}

fn ask(agent: &Agent, head: http::request::Parts, body: Vec<u8>) -> Result<BytesResponse, Error> {
    let failed = |error: ureq::Error| Error::Other(error.into());
    let answer = if head.method == http::Method::POST {
        agent.run(http::Request::from_parts(head, body))
    } else {
        agent.run(http::Request::from_parts(head, ()))
    };
    let (head, mut body) = answer.map_err(failed)?.into_parts();
    let bytes = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec().map_err(failed)?;
    Ok(BytesResponse { parts: head, body: Box::new(Bytes::from(bytes)) })
}
