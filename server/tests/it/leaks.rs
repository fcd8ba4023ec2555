//! Reports of secret scanners: signed as GitHub signs them, about root keys that
//! work, that do not exist, that are gone.

use base::access::Role;
use base::audit::{AuditEntry, AuditFilter};
use base::config::{Config, Raw};
use base::secret::KeyHash;
use base::store::Page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::dashboard::browser::Browser;
use crate::support::{Answer, TestApp, answer};

const DAY_MS: i64 = 24 * 60 * 60_000;
const URL: &str = "https://github.com/octocat/hello/blob/12345/foo.txt";

/// The scanner's key pair.
fn scanner() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

pub async fn start() -> TestApp {
    TestApp::start_with(|config| config.leak_public_key = Some(*scanner().verifying_key())).await
}

fn signature_of(key: &SigningKey, body: &str) -> String {
    let signature: Signature = key.sign(body.as_bytes());
    STANDARD.encode(signature.to_der())
}

async fn send(test: &TestApp, body: String, signature: Option<&str>) -> Answer {
    let mut request = test.client.post("/leaks").header("github-public-key-identifier", "key-1");
    if let Some(signature) = signature {
        request = request.header("github-public-key-signature", signature);
    }
    answer(request.content_type("application/json").body(body).send().await.0).await
}

/// A report with the right signature.
pub async fn report(test: &TestApp, body: Value) -> Answer {
    let body = body.to_string();
    let signature = signature_of(&scanner(), &body);
    send(test, body, Some(&signature)).await
}

pub fn found(token: &str, url: &str) -> Value {
    json!({ "token": token, "type": "unkey_root_key", "url": url, "source": "content" })
}

fn label(token: &str, label: &str) -> Value {
    json!({ "token_hash": KeyHash::of(token).to_base64(), "token_type": "unkey_root_key", "label": label })
}

async fn notices(test: &TestApp) -> Vec<AuditEntry> {
    let filter = AuditFilter { event: Some("rootkey.leak".into()), ..AuditFilter::default() };
    let page = Page { limit: 100, cursor: None };
    test.app.audit_log.list(&test.operator().await, &filter, &page).await.unwrap().items
}

async fn only_root_key(test: &TestApp) -> String {
    test.app.root_keys.list(&test.operator().await).await.unwrap()[0].id.to_string()
}

// row: security/github-scanning
#[tokio::test(flavor = "multi_thread")]
async fn a_reported_root_key_makes_a_notice_and_goes_on_working() {
    let test = start().await;
    let id = only_root_key(&test).await;
    let unknown = "unkey_11111111111111113SwN9R";
    let answer = report(&test, json!([found(&test.root_key, URL), found(unknown, URL)])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let expected = json!([label(&test.root_key, "true_positive"), label(unknown, "false_positive")]);
    assert_eq!(answer.body, expected);
    let entries = notices(&test).await;
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.actor_type.as_str(), entry.actor_id.as_str()), ("system", "secret scanning"));
    assert_eq!(entry.targets[0].id, id);
    assert_eq!(entry.targets[0].meta, Some(json!({ "source": "content", "url": URL })));
    assert!(entry.description.contains(&id) && entry.description.contains(URL), "{entry:?}");
    assert!(!format!("{entry:?}").contains(&test.root_key));
    test.api().await;

    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/").await;
    page.shows("The root key test was found in public").shows(&id).shows(URL).shows("content");
    assert!(page.links_to(&format!("/root-keys/{id}")), "{:?}", page.links);
    test.call("rootKeys.deleteKey", json!({ "keyId": id })).await.data();
    browser.get("/").await.lacks("was found in public");
    let answer = report(&test, json!([found(&test.root_key, "https://example.com/2")])).await;
    assert_eq!(answer.body, json!([label(&test.root_key, "false_positive")]));
    assert_eq!(notices(&test).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_scanner_did_not_sign_is_refused() {
    let test = start().await;
    let body = json!([found(&test.root_key, URL)]).to_string();
    let stranger = SigningKey::from_slice(&[8; 32]).unwrap();
    let by_stranger = signature_of(&stranger, &body);
    let of_other = signature_of(&scanner(), "[]");
    for signature in [None, Some(""), Some("no base64"), Some("AAAA"), Some(&*by_stranger), Some(&*of_other)]
    {
        let refused = send(&test, body.clone(), signature).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{signature:?}");
    }
    assert!(notices(&test).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_report_or_too_long_is_refused() {
    let test = start().await;
    for body in [json!({}), json!([{ "token": "x" }]), json!([found("x", URL), 7])] {
        assert_eq!(report(&test, body).await.status, StatusCode::BAD_REQUEST);
    }
    let many = |count: usize| json!(vec![found("x", URL); count]);
    assert_eq!(report(&test, many(1001)).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(report(&test, many(1000)).await.body.as_array().unwrap().len(), 1000);
    let long = json!([found(&"x".repeat(1 << 20), URL)]);
    assert_eq!(report(&test, long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(report(&test, json!([])).await.body, json!([]));
    let bare = json!([{ "token": test.root_key, "type": "x" }]);
    assert_eq!(report(&test, bare).await.body[0]["label"], "true_positive");
    assert!(notices(&test).await[0].description.ends_with("was found in public"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_place_makes_one_entry_a_day_and_each_workspace_has_its_own() {
    let test = start().await;
    let foreign = test.root_key_of_another_workspace().await;
    let twice = json!([found(&test.root_key, URL), found(&test.root_key, URL), found(&foreign, URL)]);
    for _ in 0..2 {
        assert_eq!(report(&test, twice.clone()).await.body[2]["label"], "true_positive");
    }
    assert_eq!(notices(&test).await.len(), 1);
    assert_eq!(test.audit_events("rootkey.leak").await, 2);
    report(&test, json!([found(&test.root_key, "https://example.com/2")])).await;
    assert_eq!(notices(&test).await.len(), 2);
    test.advance_ms(DAY_MS + 1);
    report(&test, json!([found(&test.root_key, URL)])).await;
    assert_eq!(notices(&test).await.len(), 3);
    let recent = test.app.leaks.recent(&test.operator().await).await.unwrap();
    let [leak] = &recent[..] else { panic!("{recent:?}") };
    assert_eq!(leak.place.url, URL);
    test.advance_ms(31 * DAY_MS);
    assert!(test.app.leaks.recent(&test.operator().await).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_there_is_no_such_page() {
    let test = TestApp::start().await;
    assert_eq!(report(&test, json!([])).await.status, StatusCode::NOT_FOUND);
}

#[test]
fn the_setting_is_pem_in_lines_or_in_one() {
    let resolve = |pem: &str| {
        let flags = [("leak_public_key".to_owned(), pem.to_owned())].into();
        Config::resolve(&Raw { flags, ..Raw::default() })
    };
    let pem = scanner().verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
    for pem in [pem.clone(), pem.replace('\n', "\\n")] {
        assert_eq!(resolve(&pem).unwrap().leak_public_key.as_ref(), Some(scanner().verifying_key()));
    }
    assert!(resolve(&pem).unwrap().print().contains("-----BEGIN PUBLIC KEY-----"));
    let fault = resolve("AAAA").err().expect("a problem");
    assert!(fault.detail().contains("leak_public_key (from flag)"), "{}", fault.detail());
}
