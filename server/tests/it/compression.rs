//! Answers in fewer bytes: which are compressed and which never are.
//!
//! [`Accepting`] stands before every app under test, as a client that accepts gzip. So
//! whatever the tests ask for is asked for by such a client, and no answer that shows a
//! secret was ever compressed.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Mutex;

use base::access::Role;
use flate2::read::GzDecoder;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, Request, Response};
use serde_json::{Value, json};

use crate::dashboard::browser::{Browser, Page};
use crate::support::{Answer, TestApp};
use crate::v2::matrix::{Case, Ids, cases};

/// How an answer came that is handed on as it was before: a header of the tests.
const CAME: &str = "test-came-in";

/// Members of answers of the APIs that hold secrets, where they are texts.
const SECRETS: [&str; 5] = ["key", "plaintext", "accessToken", "secret", "url"];

/// Answers in which `url` is a setting.
const SETTINGS: [&str; 3] =
    ["/v2/webhooks.getEndpoint", "/v2/webhooks.listEndpoints", "/v2/webhooks.updateEndpoint"];

/// A client before the app that accepts gzip and hands answers on decoded.
pub struct Accepting {
    app: BoxEndpoint<'static, Response>,
    /// Secrets that answers showed.
    seen: Mutex<HashSet<String>>,
}

impl Accepting {
    pub fn before(app: BoxEndpoint<'static, Response>) -> Self {
        Self { app, seen: Mutex::new(HashSet::new()) }
    }

    fn note_secrets(&self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.note_secrets(item)),
            Value::Object(members) => members.iter().for_each(|(name, value)| match value {
                Value::String(text) if SECRETS.contains(&name.as_str()) && text.len() > 8 => {
                    self.seen.lock().unwrap().insert(text.clone());
                }
                value => self.note_secrets(value),
            }),
            _ => {}
        }
    }

    fn assert_without_secrets(&self, method: &Method, path: &str, body: &[u8]) {
        let is_api = ["/v1", "/v2", "/mcp"].iter().any(|door| path.starts_with(door));
        assert!(is_api || method != Method::POST, "the answer to a form of {path} was compressed");
        assert!(!path.starts_with("/oauth/token"), "{path}");
        let text = String::from_utf8_lossy(body);
        let shown = self.seen.lock().unwrap().iter().find(|secret| text.contains(secret.as_str())).cloned();
        assert_eq!(shown, None, "{path} was compressed with a secret");
    }
}

impl Endpoint for Accepting {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        request.headers_mut().entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        let mut response = self.app.call(request).await?;
        let is_coded = response.header(header::CONTENT_ENCODING) == Some("gzip");
        let is_json = response.content_type().is_some_and(|kind| kind.starts_with("application/json"));
        if !is_coded && !is_json {
            return Ok(response);
        }
        let body = match response.take_body().into_vec().await {
            Ok(body) if is_coded => {
                let mut plain = Vec::new();
                GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
                self.assert_without_secrets(&method, &path, &plain);
                response.headers_mut().remove(header::CONTENT_ENCODING);
                response.headers_mut().insert(CAME, HeaderValue::from_static("gzip"));
                Body::from(plain)
            }
            Ok(body) => {
                if path.starts_with("/v") && !SETTINGS.contains(&path.as_str()) {
                    self.note_secrets(&serde_json::from_slice(&body).unwrap_or_default());
                }
                Body::from(body)
            }
            Err(cause) => Body::from_bytes_stream(futures_util::stream::iter([Err::<Vec<u8>, _>(
                std::io::Error::other(cause),
            )])),
        };
        response.set_body(body);
        Ok(response)
    }
}

/// Whether an answer was compressed.
#[track_caller]
fn came(answer: &Answer, compressed: bool) {
    assert_eq!(answer.header(CAME) == "gzip", compressed, "{} bytes", answer.body.to_string().len());
}

/// More than is sent as it is.
fn long() -> Value {
    json!({ "note": "a customer wrote this ".repeat(100) })
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_apis_are_compressed_unless_they_show_a_secret() {
    let test = TestApp::start_with(|config| {
        config.public_url = Some(format!("https://{}.example", "a".repeat(1100)))
    })
    .await;
    let api = test.api().await;
    test.set_recoverable(&api).await;
    let (id, key) = test.key(&api, json!({ "recoverable": true, "meta": long() })).await;
    let v1 = test.v1();
    for decrypt in [false, true] {
        let get = test.call("keys.getKey", json!({ "keyId": id, "decrypt": decrypt })).await;
        assert_eq!(get.body["data"]["plaintext"].as_str(), decrypt.then_some(key.as_str()));
        came(&get, !decrypt);
        came(&test.call("keys.whoami", json!({ "key": key })).await, true);
        came(&test.call("apis.listKeys", json!({ "apiId": api, "decrypt": decrypt })).await, !decrypt);
        came(&v1.get(&format!("keys.getKey?keyId={id}&decrypt={decrypt}")).await, !decrypt);
        came(&v1.get(&format!("apis.listKeys?apiId={api}&decrypt={decrypt}")).await, !decrypt);
    }
    came(&test.call("keys.verifyKey", json!({ "key": key })).await, true);
    came(&v1.post("keys.verifyKey", json!({ "key": key, "apiId": api })).await, true);
    came(&test.call("apis.getApi", json!({ "apiId": api })).await, false);
    let served = test.verify(&key).await["keyspaceId"].clone();
    test.call("portal.createPortal", json!({ "slug": "acme", "displayName": "Acme", "keyspaceId": served }))
        .await
        .data();
    let session = json!({ "portal": "acme", "externalId": "ann", "scopes": ["keys:read"] });
    let opened = test.call("portal.createSession", session).await;
    assert!(opened.body["data"]["url"].as_str().unwrap().len() > 1024);
    came(&opened, false);
}

/// An answer that is given again is kept as it was, and nobody looks what is in it.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_given_again_is_not_compressed() {
    let test = TestApp::start().await;
    let names: Vec<_> = (0..100).map(|number| format!("permission.{number}")).collect();
    let api = test.api().await;
    let (id, _) = test.key(&api, json!({})).await;
    came(&test.call("keys.addPermissions", json!({ "keyId": id, "permissions": names })).await, true);
    let body = json!({ "apiId": api, "meta": long() });
    for _ in 0..2 {
        came(&test.call_once("keys.createKey", "once", body.clone()).await, false);
    }
}

/// Every operation of both APIs is asked for with a long text beside what it shows; what
/// is compressed holds no secret, which [`Accepting`] looks after.
#[tokio::test(flavor = "multi_thread")]
async fn no_operation_compresses_a_secret() {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    ids.lengthen(&test, &long()).await;
    let (reading, changing): (Vec<_>, Vec<_>) = cases().into_iter().partition(Case::reads);
    let mut compressed = Vec::new();
    for case in reading.iter().chain(&changing) {
        let answer = case.ask(&test, &ids).await;
        assert!(!case.reads() || answer.status == StatusCode::OK, "{}: {}", case.operation, answer.body);
        if answer.header(CAME) == "gzip" {
            compressed.push(case.operation);
        }
    }
    for operation in
        ["keys.getKey", "keys.whoami", "apis.listKeys", "keys.verifyKey", "identities.listIdentities"]
    {
        assert!(compressed.contains(&operation), "{operation}: {compressed:?}");
    }
}

fn is_compressed(page: &Page) -> bool {
    page.headers.contains_key(CAME)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_compressed_unless_a_secret_is_on_them() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let stranger = Browser::new(&test).get("/login").await;
    assert!(is_compressed(&stranger), "{} bytes", stranger.html.len());
    for path in ["/", "/apis", "/root-keys/new", "/start/protect", "/settings/security"] {
        assert!(is_compressed(&owner.get(path).await), "{path}");
    }
    // The secret is the answer to a form.
    let page = owner.get("/start/protect").await;
    let made = owner.submit(&page, "/start/protect", &[("name", "maps")]).await;
    made.shows("Bearer unkey_");
    assert!(!is_compressed(&made));
    // The address is the secret, and the page repeats it.
    let team = owner.get("/settings/team").await;
    let invited = owner.submit(&team, "/settings/team/invite", &[("email", "ann@example.com")]).await;
    assert!(!is_compressed(&invited));
    let token = invited.html.split("/invites/").nth(1).unwrap();
    let token =
        token.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter)).next().unwrap();
    let invitation = Browser::new(&test).get(&format!("/invites/{token}")).await;
    assert!(invitation.html.len() > 1024 && invitation.html.contains(token));
    assert!(!is_compressed(&invitation));
}

/// Browsers say where a request begins. Whoever sends one here with a text of their own
/// learns nothing from the length of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_asks_for_is_not_compressed() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    for (headers, compressed) in [
        (&[][..], true),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("origin", "https://evil.example")], false),
    ] {
        let page = owner.ask("/search?q=guess", headers).await;
        assert_eq!((page.status, is_compressed(&page)), (StatusCode::OK, compressed), "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_forms_looks_different_in_each_answer() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let mut seen = HashSet::new();
    for mut browser in [Browser::new(&test), Browser { test: &test, cookies: owner.cookies.clone() }] {
        let path = if browser.cookies.is_empty() { "/login" } else { "/settings/security" };
        for _ in 0..5 {
            let page = browser.get(path).await;
            let tokens: HashSet<_> =
                page.forms.iter().filter_map(|form| form.value("csrf")).map(ToOwned::to_owned).collect();
            assert_eq!(tokens.len(), 1, "{path}");
            assert!(seen.insert(tokens.into_iter().next().unwrap()), "{path}");
        }
    }
    // Each of them is good, the oldest too.
    let page = owner.get("/").await;
    owner.get("/apis").await;
    assert_eq!(owner.submit(&page, "/theme", &[("theme", "dark")]).await.status, StatusCode::OK);
}
