//! Webhooks from the change to the receiver: what is sent, when again, where never, and
//! what is left after a crash. Each test has a receiver of its own on this machine.

mod bounds;
mod receiver;

use std::sync::Arc;
use std::time::Duration;

use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::store::DataDir;
use base::store::testing::postgres;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::webhooks::CreateEndpoint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unkey::app::App;

use self::receiver::{Receiver, Reply};
use crate::support::{START_MS, TestApp};

async fn start() -> TestApp {
    TestApp::start_with(|config| config.webhook_private_targets = true).await
}

/// Makes an endpoint; answers its id and secret.
async fn endpoint(test: &TestApp, receiver: &Receiver, events: &[&str]) -> (String, String) {
    let body = json!({ "url": receiver.url(), "events": events });
    let made = test.call("webhooks.createEndpoint", body).await.data();
    (made["endpointId"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn deliveries(test: &TestApp, endpoint: &str) -> Vec<Value> {
    let listed = test.call("webhooks.listDeliveries", json!({ "endpointId": endpoint })).await.data();
    listed.as_array().unwrap().clone()
}

async fn delivery(test: &TestApp, endpoint: &str, id: &Value) -> Value {
    test.call("webhooks.getDelivery", json!({ "endpointId": endpoint, "deliveryId": id })).await.data()
}

async fn send(test: &TestApp) -> u64 {
    test.app.webhooks.deliver_due().await.unwrap()
}

/// HMAC as RFC 2104 writes it, over the one hash that the signatures use.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|own| own ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// What Standard Webhooks tells a receiver to compute.
fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert!((24..=64).contains(&key.len()));
    format!("v1,{}", STANDARD.encode(hmac(&key, format!("{id}.{timestamp}.{body}").as_bytes())))
}

#[test]
fn the_published_example_has_its_signature_here_too() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
    assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[tokio::test]
async fn a_chosen_event_arrives_signed_and_no_other_does() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(204)).await);
    receiver.usually(Reply::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()));
    let (endpoint, secret) = endpoint(&test, &receiver, &["key.*"]).await;
    let (key, plaintext) = test.key(&test.api().await, json!({ "name": "first" })).await;
    assert_eq!(send(&test).await, 1);
    let received = receiver.received().remove(0);
    assert_eq!(received.line, "POST /hook?from=unkey HTTP/1.1");
    assert_eq!(received.headers["content-type"], "application/json");
    assert_eq!(received.headers["host"], receiver.address.to_string());
    let timestamp = &received.headers["webhook-timestamp"];
    assert_eq!(*timestamp, (START_MS / 1000).to_string());
    let expected = signature(&secret, received.id(), timestamp, &received.body);
    assert_eq!(received.headers["webhook-signature"], expected);
    let body = received.json();
    assert_eq!(
        (&body["type"], &body["timestamp"]),
        (&json!("key.create"), &json!("2026-10-07T10:40:00.000Z"))
    );
    assert_eq!(body["data"]["id"], received.id());
    assert_eq!(body["data"]["targets"][0]["id"], *key);
    assert!(!received.body.contains(&plaintext));
    let sent = deliveries(&test, &endpoint).await.remove(0);
    assert_eq!((&sent["state"], &sent["attempts"]), (&json!("delivered"), &json!(1)));
    assert_eq!(sent["messageId"], received.id());
    let shown = delivery(&test, &endpoint, &sent["id"]).await;
    assert_eq!(shown["body"], *received.body);
    assert_eq!(shown["attempts"][0]["status"], 204);
    assert_eq!(send(&test).await, 0);
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_later_with_one_id() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (endpoint, _) = endpoint(&test, &receiver, &["api.create"]).await;
    receiver.next([500, 404, 301].map(Reply::Status));
    test.api().await;
    let mut now_ms = START_MS;
    for (tries, middle_ms) in [(1, 10_000), (2, 30_000), (3, 90_000)] {
        assert_eq!(send(&test).await, 1);
        let waiting = deliveries(&test, &endpoint).await.remove(0);
        assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("waiting"), &json!(tries)));
        let wait_ms = waiting["nextAttemptAt"].as_i64().unwrap() - now_ms;
        assert!((middle_ms * 3 / 4..=middle_ms * 5 / 4).contains(&wait_ms), "{wait_ms}");
        test.advance_ms(wait_ms - 1);
        assert_eq!(send(&test).await, 0, "not before its time");
        test.advance_ms(1);
        now_ms += wait_ms;
    }
    assert_eq!(send(&test).await, 1);
    let received = receiver.received();
    assert_eq!(received.len(), 4);
    assert!(
        received.iter().all(|request| request.id() == received[0].id() && request.body == received[0].body)
    );
    let times: Vec<&String> = received.iter().map(|request| &request.headers["webhook-timestamp"]).collect();
    assert!(times.windows(2).all(|two| two[0] < two[1]), "each attempt has its own time: {times:?}");
    let sent = deliveries(&test, &endpoint).await.remove(0);
    assert_eq!(sent["state"], "delivered");
    let statuses: Vec<i64> = delivery(&test, &endpoint, &sent["id"]).await["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 301, 404, 500]);
}

#[tokio::test]
async fn an_endpoint_of_which_nothing_comes_is_disabled_after_three_days() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(503)).await);
    let (endpoint, _) = endpoint(&test, &receiver, &["api.*"]).await;
    test.api().await;
    let get = async || test.call("webhooks.getEndpoint", json!({ "endpointId": endpoint })).await.data();
    let mut attempts = 0;
    while get().await["enabled"] == true {
        assert_eq!(send(&test).await, 1);
        attempts += 1;
        if let Some(due_at) = deliveries(&test, &endpoint).await[0]["nextAttemptAt"].as_i64() {
            test.advance_ms(due_at - test.app.clock.now_ms());
        }
    }
    assert!((11..=16).contains(&attempts), "{attempts}");
    assert_eq!(test.app.clock.now_ms(), START_MS + 3 * 86_400_000);
    assert!(get().await["disabledReason"].as_str().unwrap().contains("503"));
    assert_eq!(test.audit_events("webhook.disable").await, 1);
    let given_up = deliveries(&test, &endpoint).await.remove(0);
    assert_eq!(given_up["state"], "givenUp");
    // Nothing is written for it, and nothing can be sent.
    test.api().await;
    assert_eq!(deliveries(&test, &endpoint).await.len(), 1);
    let replay = json!({ "endpointId": endpoint, "deliveryId": given_up["id"] });
    test.call("webhooks.replayDelivery", replay.clone()).await.fails(412, "precondition_failed");
    // Once it is enabled, what was given up can be sent again, under its id.
    receiver.usually(Reply::Status(200));
    test.call("webhooks.updateEndpoint", json!({ "endpointId": endpoint, "enabled": true })).await.data();
    let endpoint_now = get().await;
    assert!(endpoint_now["disabledReason"].is_null() && endpoint_now["failingSince"].is_null());
    test.call("webhooks.replayDelivery", replay).await.data();
    assert_eq!(send(&test).await, 1);
    let received = receiver.received();
    assert_eq!(received.last().unwrap().id(), received[0].id());
    assert_eq!(deliveries(&test, &endpoint).await[0]["state"], "delivered");
}

#[tokio::test]
async fn two_secrets_sign_until_the_first_has_ended() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (endpoint, first) = endpoint(&test, &receiver, &["api.create"]).await;
    let rotate = async |grace: i64| {
        let body = json!({ "endpointId": endpoint, "gracePeriod": grace });
        test.call("webhooks.rotateSecret", body).await.data()["secret"].as_str().unwrap().to_owned()
    };
    let signed_by = async || {
        test.api().await;
        send(&test).await;
        receiver.received().pop().unwrap()
    };
    let expected = |request: &receiver::Received, secrets: &[&String]| {
        let sign = |secret: &&String| {
            signature(secret, request.id(), &request.headers["webhook-timestamp"], &request.body)
        };
        secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
    };
    let second = rotate(3_600_000).await;
    let request = signed_by().await;
    assert_eq!(request.headers["webhook-signature"], expected(&request, &[&second, &first]));
    let third = rotate(3_600_000).await;
    let request = signed_by().await;
    assert_eq!(request.headers["webhook-signature"], expected(&request, &[&third, &second]), "two at most");
    test.advance_ms(3_600_000);
    let request = signed_by().await;
    assert_eq!(request.headers["webhook-signature"], expected(&request, &[&third]));
    let fourth = rotate(0).await;
    let request = signed_by().await;
    assert_eq!(request.headers["webhook-signature"], expected(&request, &[&fourth]));
    let too_long = json!({ "endpointId": endpoint, "gracePeriod": 604_800_001 });
    test.call("webhooks.rotateSecret", too_long).await.fails(400, "invalid_input");
}

#[tokio::test]
async fn what_was_sent_but_not_noted_is_sent_again_after_a_restart() {
    if postgres::server().is_some() {
        return;
    }
    let receiver = Receiver::start(Reply::Silence).await;
    let dir = tempfile::tempdir().unwrap();
    let open = async |now_ms: i64, seed: u64| {
        let mut config = Config::for_tests(dir.path());
        config.webhook_private_targets = true;
        let data_dir = DataDir::acquire(dir.path()).unwrap().expect("nobody else has it");
        App::open(config, Clock::manual(now_ms), Entropy::seeded(seed), data_dir).await.unwrap()
    };
    let app = open(START_MS, 1).await;
    let workspace = app.workspaces.resolve(None).await.unwrap().id;
    let cx =
        |app: &Arc<App>| app.cx(workspace.clone(), base::access::Principal::Cli, base::access::Door::Cli);
    let command = CreateEndpoint {
        url: receiver.url(),
        description: None,
        events: vec!["permission.create".to_owned()],
        enabled: true,
    };
    let (endpoint, _) = app.webhooks.create(&cx(&app), command).await.unwrap();
    let permission = domain::permissions::CreatePermission {
        name: "read".to_owned(),
        slug: "read".to_owned(),
        description: None,
    };
    app.permissions.create_permission(&cx(&app), permission).await.unwrap();
    let webhooks = app.webhooks.clone();
    let sending = tokio::spawn(async move { webhooks.deliver_due().await });
    while receiver.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sending.abort();
    let _ = sending.await;
    app.close().await.unwrap();
    drop(app);

    receiver.usually(Reply::Status(200));
    let app = open(START_MS + 30_000, 2).await;
    assert_eq!(app.webhooks.deliver_due().await.unwrap(), 0, "somebody may still be sending it");
    app.clock.advance_ms(30_000);
    assert_eq!(app.webhooks.deliver_due().await.unwrap(), 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].id(), received[1].id());
    let page = base::store::Page { limit: 10, cursor: None };
    let sent = app.webhooks.deliveries(&cx(&app), &endpoint.id, None, &page).await.unwrap();
    assert_eq!(sent.items[0].state.as_str(), "delivered");
    app.close().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_hangs_does_not_stop_others() {
    let (test, good) = (start().await, Receiver::start(Reply::Status(200)).await);
    let silent = Receiver::start(Reply::Silence).await;
    endpoint(&test, &silent, &["api.create"]).await;
    endpoint(&test, &good, &["api.create"]).await;
    for _ in 0..10 {
        test.api().await;
    }
    let webhooks = test.app.webhooks.clone();
    let sending = tokio::spawn(async move { webhooks.deliver_due().await });
    let arrived = async {
        while good.received().len() < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived).await.expect("all arrive meanwhile");
    assert_eq!(silent.received().len(), 4, "one endpoint has four requests at once");
    sending.abort();
}

#[tokio::test]
async fn a_test_goes_to_the_endpoint_that_is_tried_alone() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let other = Receiver::start(Reply::Status(200)).await;
    let (tried, _) = endpoint(&test, &receiver, &["identity.create"]).await;
    endpoint(&test, &other, &["*"]).await;
    send(&test).await;
    let before = other.received().len();
    let sent = test.call("webhooks.sendTest", json!({ "endpointId": tried })).await.data();
    send(&test).await;
    assert_eq!(other.received().len(), before);
    let received = receiver.received().remove(0);
    assert_eq!(received.json()["type"], "webhook.test");
    assert_eq!(deliveries(&test, &tried).await[0]["id"], sent["deliveryId"]);
    let wrong = json!({ "url": receiver.url(), "events": ["webhook.test"] });
    test.call("webhooks.createEndpoint", wrong).await.fails(400, "invalid_input");
}

#[tokio::test]
async fn secrets_are_shown_once_and_kept_encrypted() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (id, secret) = endpoint(&test, &receiver, &["*"]).await;
    let body = json!({ "endpointId": id });
    let rotated = test.call("webhooks.rotateSecret", body.clone()).await;
    assert_eq!(rotated.header("cache-control"), "no-store");
    let second = rotated.data()["secret"].as_str().unwrap().to_owned();
    test.call("webhooks.updateEndpoint", json!({ "endpointId": id, "description": "ours" })).await.data();
    send(&test).await;
    let mut shown = test.call("webhooks.getEndpoint", body.clone()).await.body.to_string();
    shown += &test.call("webhooks.listEndpoints", json!({})).await.body.to_string();
    for sent in deliveries(&test, &id).await {
        shown += &delivery(&test, &id, &sent["id"]).await.to_string();
    }
    receiver.received().iter().for_each(|request| shown += &request.body);
    assert!(!shown.contains("whsec_"), "{shown}");
    use sea_orm::{ConnectionTrait, Statement};
    let db = test.app.store.read();
    let sql = "SELECT secret, old_secret FROM webhook_endpoints";
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    for (column, plain) in [("secret", &second), ("old_secret", &secret)] {
        let stored: Vec<u8> = row.try_get("", column).unwrap();
        assert!(!stored.windows(6).any(|part| part == b"whsec_") && stored.len() > plain.len());
    }
}

#[tokio::test]
async fn other_workspaces_see_nothing_and_hear_nothing() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (id, _) = endpoint(&test, &receiver, &["*"]).await;
    send(&test).await;
    let before = receiver.received().len();
    let stranger = test.root_key_of_another_workspace().await;
    test.call_as(&stranger, "apis.createApi", json!({ "name": "theirs" })).await.data();
    send(&test).await;
    // The one entry is the making of the workspace, which is in the log of the first.
    let heard = receiver.received().split_off(before);
    assert!(heard.iter().all(|request| !request.body.contains("theirs")), "{heard:?}");
    let own = deliveries(&test, &id).await;
    for operation in
        ["getEndpoint", "updateEndpoint", "deleteEndpoint", "rotateSecret", "sendTest", "listDeliveries"]
    {
        let body = json!({ "endpointId": id });
        let told = test.call_as(&stranger, &format!("webhooks.{operation}"), body).await;
        told.fails(404, "data/webhook_not_found");
    }
    for operation in ["getDelivery", "replayDelivery"] {
        let body = json!({ "endpointId": id, "deliveryId": own[0]["id"] });
        let told = test.call_as(&stranger, &format!("webhooks.{operation}"), body).await;
        told.fails(404, "data/webhook_not_found");
    }
    let missing = json!({ "endpointId": id, "deliveryId": "whd_nothing" });
    test.call("webhooks.getDelivery", missing).await.fails(404, "data/webhook_delivery_not_found");
    let listed = test.call_as(&stranger, "webhooks.listEndpoints", json!({})).await.data();
    assert_eq!(listed, json!([]));
}

#[tokio::test]
async fn deleting_an_endpoint_removes_what_waits_for_it() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(500)).await);
    let (id, _) = endpoint(&test, &receiver, &["*"]).await;
    test.api().await;
    assert!(send(&test).await > 0);
    let count = async |table: &str| {
        use sea_orm::{ConnectionTrait, Statement};
        let db = test.app.store.read();
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get::<i64>("", "n").unwrap()
    };
    assert!(count("webhook_deliveries").await > 0 && count("webhook_attempts").await > 0);
    test.call("webhooks.deleteEndpoint", json!({ "endpointId": id })).await.data();
    for table in ["webhook_endpoints", "webhook_deliveries", "webhook_attempts"] {
        assert_eq!(count(table).await, 0, "{table}");
    }
    assert_eq!(send(&test).await, 0);
}
