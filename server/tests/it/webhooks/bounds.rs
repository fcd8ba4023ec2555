//! What an endpoint may be, and how much of it is borne.

use std::time::Duration;

use base::audit::AuditFilter;
use base::store::Page;
use domain::webhooks::{Letter, Posted, Transport, UpdateEndpoint};
use serde_json::json;
use unkey::courier::Courier;

use super::receiver::{Receiver, Reply};
use super::{deliveries, delivery, endpoint, send, start};
use crate::support::TestApp;

fn letter(url: String) -> Letter {
    Letter {
        url,
        message_id: "log_1".to_owned(),
        timestamp_s: 1,
        signature: "v1,x".to_owned(),
        body: "{}".to_owned(),
    }
}

async fn post(reply: Reply) -> Posted {
    let receiver = Receiver::start(reply).await;
    Courier::new(true).within(Duration::from_millis(700)).post(letter(receiver.url())).await
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";

#[tokio::test]
async fn redirections_are_not_followed() {
    let (test, elsewhere) = (start().await, Receiver::start(Reply::Status(200)).await);
    let receiver = Receiver::start(Reply::Status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let text =
            format!("HTTP/1.1 {status} Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
        receiver.next([Reply::Raw(text.into_bytes())]);
    }
    let (id, _) = endpoint(&test, &receiver, &["api.create"]).await;
    for _ in 0..5 {
        test.api().await;
        send(&test).await;
    }
    assert_eq!((receiver.received().len(), elsewhere.received().len()), (5, 0));
    for sent in deliveries(&test, &id).await {
        assert_eq!(sent["state"], "waiting");
        let attempt = &delivery(&test, &id, &sent["id"]).await["attempts"][0];
        assert!((301..=308).contains(&attempt["status"].as_i64().unwrap()), "{attempt}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_left_and_its_beginning_kept() {
    let fast = post(Reply::Forever(HEAD.to_vec(), vec![b'x'; 8192], Duration::ZERO)).await;
    assert_eq!((fast.status, &fast.failure), (Some(200), &None));
    assert_eq!(fast.answer.unwrap(), "x".repeat(1024));
    let declared = b"HTTP/1.1 500 No\r\ncontent-length: 10737418240\r\n\r\n";
    let huge = post(Reply::Forever(declared.to_vec(), vec![0; 8192], Duration::ZERO)).await;
    assert_eq!((huge.status, huge.failure), (Some(500), None));
    assert_eq!(huge.answer.unwrap(), "\u{fffd}".repeat(1024), "no NUL is stored");
}

#[tokio::test]
async fn what_takes_too_long_fails_whatever_it_began_with() {
    let drip = Duration::from_millis(20);
    let slow_body = post(Reply::Forever(HEAD.to_vec(), vec![b'x'], drip)).await;
    assert_eq!(slow_body.status, Some(200));
    assert!(slow_body.failure.unwrap().contains("longer"));
    assert!(slow_body.answer.unwrap().starts_with('x'));
    let slow_head = post(Reply::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".to_vec(), drip)).await;
    assert_eq!(slow_head.status, None);
    assert!(slow_head.failure.is_some());
    let silent = post(Reply::Silence).await;
    assert!(silent.failure.unwrap().contains("longer"));
    assert!((700..5000).contains(&silent.duration_ms), "{}", silent.duration_ms);
}

#[tokio::test]
async fn what_is_no_http_fails() {
    let head = Reply::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'x'; 8192], Duration::ZERO);
    let endless_head = post(head).await;
    assert!(endless_head.status.is_none() && endless_head.failure.is_some());
    let nonsense = post(Reply::Raw(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n".to_vec())).await;
    assert!(nonsense.failure.unwrap().contains("no answer in HTTP"));
    let cut = post(Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_vec())).await;
    assert_eq!((cut.status, cut.answer.as_deref()), (Some(200), Some("abc")));
    assert!(cut.failure.unwrap().contains("broke off"));
    let nobody = Courier::new(true).post(letter("http://127.0.0.1:1/".to_owned())).await;
    assert!(nobody.failure.unwrap().contains("no connection"));
    let unknown = Courier::new(true).post(letter("http://nothing.invalid/".to_owned())).await;
    assert!(unknown.failure.unwrap().contains("could not be resolved"));
}

#[tokio::test]
async fn private_addresses_are_refused_whatever_names_them() {
    let receiver = Receiver::start(Reply::Status(200)).await;
    let port = receiver.address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "2130706433", "127.1"] {
        let posted = Courier::new(false).post(letter(format!("http://{host}:{port}/"))).await;
        assert_eq!(posted.status, None, "{host}");
        assert!(posted.failure.as_ref().unwrap().contains("is private"), "{host}: {posted:?}");
    }
    assert!(receiver.received().is_empty());
    let test = TestApp::start().await;
    for url in [
        receiver.url(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://[fd00:ec2::254]/".to_owned(),
        "https://ann:secret@example.com/".to_owned(),
        "ftp://example.com/".to_owned(),
        "nonsense".to_owned(),
    ] {
        let body = json!({ "url": url, "events": ["*"] });
        test.call("webhooks.createEndpoint", body).await.fails(400, "invalid_input");
    }
    // A name is found out when it is connected to.
    let body = json!({ "url": format!("http://localhost:{port}/"), "events": ["api.create"] });
    let made = test.call("webhooks.createEndpoint", body).await.data();
    let id = made["endpointId"].as_str().unwrap();
    test.api().await;
    assert_eq!(send(&test).await, 1);
    let sent = deliveries(&test, id).await.remove(0);
    let attempt = &delivery(&test, id, &sent["id"]).await["attempts"][0];
    assert!(attempt["failure"].as_str().unwrap().contains("is private"), "{attempt}");
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_workspace_has_twenty_endpoints_at_most() {
    let test = TestApp::start().await;
    let body = json!({ "url": "https://example.com/", "events": ["api.create"] });
    for _ in 0..20 {
        test.call("webhooks.createEndpoint", body.clone()).await.data();
    }
    test.call("webhooks.createEndpoint", body).await.fails(412, "precondition_failed");
    let page = test.call("webhooks.listEndpoints", json!({ "limit": 15 })).await;
    let cursor = page.body["pagination"]["cursor"].clone();
    assert_eq!(page.data().as_array().unwrap().len(), 15);
    let rest = test.call("webhooks.listEndpoints", json!({ "limit": 15, "cursor": cursor })).await.data();
    assert_eq!(rest.as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn what_ended_long_ago_is_removed_and_what_waited_too_long_ends() {
    const DAY_MS: i64 = 86_400_000;
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (id, _) = endpoint(&test, &receiver, &["api.create"]).await;
    let sweep = async || {
        let now_ms = test.app.clock.now_ms();
        let swept = |tx| async move { domain::webhooks::sweep(&tx, now_ms, 100).await };
        test.app.store.write(swept).await.unwrap()
    };
    let states = async || {
        let listed = deliveries(&test, &id).await;
        let mut states: Vec<String> =
            listed.iter().map(|sent| sent["state"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states
    };
    receiver.next([Reply::Status(200), Reply::Status(500)]);
    for _ in 0..2 {
        test.api().await;
        send(&test).await;
    }
    test.call("webhooks.updateEndpoint", json!({ "endpointId": id, "enabled": false })).await.data();
    assert_eq!((sweep().await, states().await), (0, vec!["delivered".to_owned(), "waiting".to_owned()]));
    test.advance_ms(4 * DAY_MS + 1);
    assert_eq!(send(&test).await, 0, "a disabled endpoint is sent nothing");
    assert_eq!((sweep().await, states().await), (0, vec!["delivered".to_owned(), "givenUp".to_owned()]));
    test.advance_ms(10 * DAY_MS);
    assert_eq!((sweep().await, states().await), (1, vec!["givenUp".to_owned()]));
    test.advance_ms(4 * DAY_MS + 1);
    assert_eq!((sweep().await, states().await), (1, Vec::<String>::new()));
}

/// The log says that an endpoint goes elsewhere, and not where its secret path leads.
#[tokio::test]
async fn another_path_is_another_address_in_the_log() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (id, _) = endpoint(&test, &receiver, &["role.*"]).await;
    let update = async |body: serde_json::Value| {
        let mut body = body;
        body["endpointId"] = json!(id);
        test.call("webhooks.updateEndpoint", body).await.data();
    };
    update(json!({})).await;
    update(json!({ "url": format!("{}/other?token=t0p5ecret", receiver.url()) })).await;
    let filter = AuditFilter { event: Some("webhook.*".to_owned()), ..AuditFilter::default() };
    let page = Page { limit: 10, cursor: None };
    let found = test.app.audit_log.list(&test.operator().await, &filter, &page).await.unwrap().items;
    let log: Vec<_> = found.into_iter().map(|entry| entry.changes.unwrap_or_default()).collect();
    let [updated, created] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!(created["events"], json!({ "before": null, "after": ["role.*"] }));
    let digest = &updated["pathDigest"];
    assert_ne!(digest["before"], digest["after"]);
    assert!(!log.iter().any(|changes| changes.to_string().contains("t0p5ecret")), "{log:?}");
}

/// An endpoint whose address is not allowed any more can be disabled all the same.
#[tokio::test]
async fn what_an_endpoint_has_is_not_looked_at_again() {
    let (test, receiver) = (start().await, Receiver::start(Reply::Status(200)).await);
    let (id, _) = endpoint(&test, &receiver, &["role.*"]).await;
    let strict = test.app.webhooks.clone().private_targets(false);
    let cx = test.operator().await;
    let change = |url: Option<String>| UpdateEndpoint {
        id: id.as_str().into(),
        url,
        description: base::patch::Patch::Keep,
        events: None,
        enabled: Some(false),
    };
    assert!(!strict.update(&cx, change(None)).await.unwrap().enabled);
    assert!(strict.update(&cx, change(Some(receiver.url()))).await.is_err());
}
