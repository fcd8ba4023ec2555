//! Root keys for programs that cannot be given one: from registering to the first
//! call, and everything that is refused on the way.

mod clients;
mod consent;
mod exchange;
mod metadata;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dashboard::browser::{Browser, Page, encode};
use crate::support::{Answer, TestApp, answer};

const CALLBACK: &str = "http://127.0.0.1:4321/callback";
const STATE: &str = "a b&c";

/// A program that registered.
pub struct Program<'a> {
    test: &'a TestApp,
    pub client_id: String,
    verifier: String,
}

impl<'a> Program<'a> {
    pub async fn register(test: &'a TestApp) -> Self {
        let body = json!({ "client_name": "Cursor", "redirect_uris": ["http://127.0.0.1/callback"] });
        let answer = register(test, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let client_id = answer.body["client_id"].as_str().unwrap().to_owned();
        Self { test, client_id, verifier: "v".repeat(43) }
    }

    /// Where it sends a person, with some of the parameters changed; an empty one is
    /// left out.
    pub fn address(&self, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        let resource = self.resource();
        let sent = [
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("resource", resource.as_str()),
            ("state", STATE),
        ];
        format!("/oauth/authorize?{}", encode(&changed(&sent, changes)))
    }

    pub fn resource(&self) -> String {
        format!("{}/mcp", self.test.app.origin())
    }

    /// Exchanges a code, with some of the parameters changed.
    pub async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let resource = self.resource();
        let sent = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", self.verifier.as_str()),
            ("resource", resource.as_str()),
        ];
        let request = self.test.client.post("/oauth/token").content_type("application/x-www-form-urlencoded");
        answer(request.body(encode(&changed(&sent, changes))).send().await.0).await
    }

    /// The code that somebody gives it on the page.
    pub async fn code(&self, browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> String {
        let page = self.allow(browser, fields).await;
        told(&page, "code").unwrap_or_else(|| panic!("{}: {}", page.path, page.text))
    }

    /// What becomes of a form that allows it something.
    pub async fn allow(&self, browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Page {
        let page = browser.get(&self.address(&[])).await;
        page.shows("Cursor");
        browser.submit(&page, &action(&page), fields).await
    }
}

/// Where the form posts that allows something.
#[track_caller]
pub fn action(page: &Page) -> String {
    let found = page.forms.iter().find(|form| form.value("decision") == Some("allow"));
    found.unwrap_or_else(|| panic!("{} asks nothing: {}", page.path, page.text)).action.clone()
}

fn changed(sent: &[(&str, &str)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> =
        sent.iter().filter(|(name, _)| !changes.iter().any(|(own, _)| own == name)).copied().collect();
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What the program is told at its address.
pub fn told(page: &Page, name: &str) -> Option<String> {
    let query = page.path.strip_prefix(CALLBACK)?.strip_prefix('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

pub async fn register(test: &TestApp, body: &Value) -> Answer {
    let request = test.client.post("/oauth/register").content_type("application/json");
    answer(request.body(body.to_string()).send().await.0).await
}

/// How many root keys there are that a program got.
pub async fn given(test: &TestApp) -> usize {
    let keys = test.app.root_keys.list(&test.operator().await).await.unwrap();
    keys.iter().filter(|key| key.client.is_some()).count()
}
