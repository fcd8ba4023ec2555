//! Programs that look at the page of the question before they send somebody there.
//!
//! A registration may be forgotten before it is used. A program that asks for JSON is
//! told so by the error of RFC 6749 and registers again, as mcp-remote does; a person
//! would stand before a page that only the program's own memory can mend.

use std::sync::Arc;

use poem::http::Method;
use poem::http::header::ACCEPT;
use poem::{Endpoint, Request, Response};

use super::answer;
use crate::app::App;
use crate::http::request_lifecycle::header;
use domain::oauth::{Reason, Refused};

/// Where people decide.
const QUESTION: &str = "/oauth/authorize";

/// Answers such programs, and leaves all else to the pages.
pub struct Preflight<E> {
    app: Arc<App>,
    pages: E,
}

impl<E> Preflight<E> {
    pub fn new(app: &Arc<App>, pages: E) -> Self {
        Self { app: app.clone(), pages }
    }

    /// As which client such a program asks.
    fn client(&self, request: &Request) -> Option<String> {
        let wants_json = header(request.headers(), &ACCEPT) == Some("application/json");
        let is_one = wants_json && request.method() == Method::GET && request.uri().path() == QUESTION;
        if !is_one || !self.app.config.mcp {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let client = pairs.find(|(name, _)| name == "client_id").map(|(_, value)| value.into_owned());
        Some(client.unwrap_or_default())
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Preflight<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(client) = self.client(&request) else { return self.pages.call(request).await };
        match self.app.oauth.is_registered(&client).await {
            Ok(true) => self.pages.call(request).await,
            Ok(false) => {
                let detail = "This client_id is not known: register again.";
                Ok(answer::failed(&Refused::new(Reason::InvalidClient, detail).into()))
            }
            Err(error) => Ok(answer::failed(&error.into())),
        }
    }
}
