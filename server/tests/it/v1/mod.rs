//! The v1 door, one file per tag, and what callers of v1 need. A line
//! `// row: <slug>` names the entry of `tests/features/slugs.txt` that a test shows.

mod access;
mod analytics;
mod apis;
mod bad_input;
mod budget;
mod codes;
mod features;
mod identities;
mod keys;
mod keys_update;
mod legacy;
mod matrix;
mod migrations;
mod page_samples;
mod permissions;
mod protections;
mod ratelimits;
mod transport;
mod verify;

use domain::apis::SetApi;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, answer};

/// Callers of v1 with one credential, or none.
pub struct V1<'a> {
    test: &'a TestApp,
    authorization: Option<String>,
}

impl TestApp {
    /// A caller with the full root key.
    pub fn v1(&self) -> V1<'_> {
        self.v1_as(&self.root_key)
    }

    pub fn v1_as(&self, root_key: &str) -> V1<'_> {
        V1 { test: self, authorization: Some(format!("Bearer {root_key}")) }
    }

    pub fn v1_anonymous(&self) -> V1<'_> {
        V1 { test: self, authorization: None }
    }

    /// A caller with a root key that has just these permissions.
    pub async fn v1_with(&self, permissions: &[&str]) -> V1<'_> {
        let root_key = self.new_root_key(false, permissions).await;
        self.v1_as(&root_key)
    }
}

impl V1<'_> {
    /// `operation` is what follows `/v1/`, query included.
    pub async fn get(&self, operation: &str) -> Answer {
        self.send(self.test.client.get(format!("/v1/{operation}"))).await
    }

    pub async fn post(&self, operation: &str, body: Value) -> Answer {
        self.raw(operation, body.to_string()).await
    }

    /// Sends a body that [`Value`] cannot be.
    pub async fn raw(&self, operation: &str, body: String) -> Answer {
        let request = self.test.client.post(format!("/v1/{operation}")).body(body);
        self.send(request.header("content-type", "application/json")).await
    }

    pub async fn send(&self, mut request: poem::test::TestRequestBuilder<'_, BoxedEndpoint>) -> Answer {
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        answer(request.send().await.0).await
    }

    pub async fn api(&self) -> String {
        text(&self.post("apis.createApi", json!({ "name": "payments" })).await.ok()["apiId"])
    }

    /// Creates a key in `api`; returns its id and plaintext.
    pub async fn key(&self, api: &str, mut options: Value) -> (String, String) {
        options["apiId"] = api.into();
        let created = self.post("keys.createKey", options).await.ok();
        (text(&created["keyId"]), text(&created["key"]))
    }

    pub async fn verify(&self, key: &str) -> Value {
        self.verify_with(json!({ "key": key })).await
    }

    pub async fn verify_with(&self, body: Value) -> Value {
        self.post("keys.verifyKey", body).await.ok()
    }
}

pub type BoxedEndpoint = poem::endpoint::BoxEndpoint<'static, poem::Response>;

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

impl Answer {
    /// The body of a success; panics on anything else.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.body);
        assert_eq!(self.content_type, "application/json; charset=UTF-8");
        self.body
    }

    /// Asserts a failure in the envelope of v1 and answers its message.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let error = &self.body["error"];
        assert_eq!(error["code"], code, "{}", self.body);
        let docs = format!("/docs/api-reference/errors/code/{code}");
        assert!(error["docs"].as_str().unwrap().ends_with(&docs), "{}", self.body);
        assert_eq!(error["requestId"], self.header("unkey-request-id"));
        assert_eq!(self.body.as_object().unwrap().len(), 1);
        error["message"].as_str().unwrap()
    }
}

/// Changes settings of an API, as the operator can.
pub async fn set_api(test: &TestApp, change: SetApi) {
    test.app.apis.set(&test.operator().await, change).await.unwrap();
}
