//! The list of APIs, one API, its settings and its end.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::TestApp;

/// Where a link whose address begins with this leads.
fn link<'p>(page: &'p Page, start: &str) -> &'p str {
    page.links.iter().find(|link| link.starts_with(start)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_made_once_and_found() {
    let test = TestApp::start().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    admin.get("/apis").await.shows("No API yet").shows("apis.createApi");
    let form = admin.get("/apis/new").await;
    let long = "x".repeat(257);
    let refused = admin.submit(&form, "/apis/new", &[("name", &long)]).await;
    refused.refuses("1 to 256 characters");
    assert!(refused.html.contains(&long), "input is kept");
    let name = "<b>\"Maps\" & 'more'</b>";
    let made = admin.submit(&refused, "/apis/new", &[("name", name)]).await;
    made.shows(&format!("Created API {name}."));
    let again = admin.submit(&refused, "/apis/new", &[("name", name)]).await;
    assert_eq!(again.path, made.path, "the same form makes one API");
    let list = admin.get("/apis").await;
    list.shows(name).shows("0 keys").shows("1 API");
    assert!(!list.html.contains("<b>\"Maps"), "names are text");
    assert!(list.links_to(&made.path));
    let found = admin.submit(&list, "/apis", &[("q", "MAPS")]).await;
    assert!(found.links_to(&made.path));
    let none = admin.submit(&list, "/apis", &[("q", "payments")]).await;
    none.shows("No API matches").lacks("No API yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn apis_come_in_pages_with_what_they_were_used_for() {
    let test = TestApp::start().await;
    let first = test.api().await;
    let (_, key) = test.key(&first, json!({})).await;
    let (_, off) = test.key(&first, json!({ "enabled": false })).await;
    for secret in [&key, &key, &key, &off] {
        test.verify(secret).await;
    }
    for _ in 0..24 {
        test.api().await;
    }
    test.advance_ms(1000);
    test.flush_events().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let list = viewer.get("/apis").await;
    list.shows("2 keys").shows("3 valid").shows("1 denied").lacks("New API");
    assert!(list.links_to(&format!("/apis/{first}")));
    let next = viewer.get(link(&list, "/apis?cursor=")).await;
    next.shows("1 API").shows("First page").lacks("Next page");
    viewer.get("/apis?since=1h").await.shows("3 valid").shows("Last 1 hour");
    viewer.get("/apis?to=1791360000000").await.shows("0 valid");
    let refused = viewer.get("/apis/new").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

/// Three keys: one of `ann` that is used, one that is refused, one deleted.
async fn used(test: &TestApp) -> (String, [String; 3]) {
    let api = test.api().await;
    let (web, secret) = test.key(&api, json!({ "name": "web app", "externalId": "ann" })).await;
    let (off, off_secret) = test.key(&api, json!({ "name": "switched off", "enabled": false })).await;
    let (gone, gone_secret) = test.key(&api, json!({ "name": "old one" })).await;
    test.verify(&gone_secret).await;
    test.advance_ms(1000);
    for _ in 0..3 {
        test.verify_with(json!({ "key": secret, "tags": ["eu"] })).await;
    }
    test.verify_with(json!({ "key": secret, "permissions": "maps.draw" })).await;
    test.advance_ms(1000);
    for _ in 0..2 {
        test.verify(&off_secret).await;
    }
    test.call("keys.deleteKey", json!({ "keyId": gone })).await.data();
    test.advance_ms(1000);
    test.flush_events().await;
    (api, [web, off, gone])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_shows_which_keys_were_used_and_how() {
    let test = TestApp::start().await;
    let (api, [web, off, gone]) = used(&test).await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let path = format!("/apis/{api}");
    let page = viewer.get(&path).await;
    page.shows("Keys 2").shows("Active in this span 3").shows("web app").shows("switched off");
    page.shows("old one deleted").shows("ann").shows("3 keys").lacks("New key");
    assert!(page.links_to(&format!("/keys/{web}")) && page.links_to(&format!("/keys/{off}")));
    assert!(!page.links_to(&format!("/keys/{gone}")), "what is deleted has no page");
    let at = |page: &Page, text: &str| page.text.rfind(text).unwrap();
    assert!(at(&page, "switched off") < at(&page, "web app"), "the latest first");
    assert!(at(&page, "web app") < at(&page, "old one"));
    let valid = viewer.get(&format!("{path}?sort=-valid")).await;
    assert!(
        at(&valid, "web app") < at(&valid, "old one") && at(&valid, "web app") < at(&valid, "switched off")
    );
    let denied = viewer.get(&format!("{path}?sort=-denied")).await;
    assert!(at(&denied, "switched off") < at(&denied, "web app"));
    assert!(at(&denied, "web app") < at(&denied, "old one"), "those without any come last");
    let disabled = viewer.get(&format!("{path}?outcome=DISABLED")).await;
    disabled.shows("switched off").lacks("web app").shows("Active in this span 1");
    for (query, shown) in [
        (format!("key={web}"), "web app"),
        ("identity=ann".to_owned(), "web app"),
        ("tag=eu".to_owned(), "web app"),
        ("q=ann".to_owned(), "web app"),
        (format!("key={gone}"), "old one deleted"),
    ] {
        let filtered = viewer.get(&format!("{path}?{query}")).await;
        filtered.shows(shown).lacks("switched off").shows("1 key");
    }
    viewer.get(&format!("{path}?tag=none")).await.shows("No key matches");
    viewer.get(&format!("{path}?to=1791360000000")).await.shows("No request in this span");
    assert_eq!(viewer.get("/apis/api_absent").await.status, StatusCode::NOT_FOUND);
    Browser::of(&test, Role::Operator).await.get(&path).await.shows("New key");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_form_by_form() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    let at = |part: &str| format!("/apis/{api}/settings{part}");
    let page = admin.get(&at("")).await;
    page.shows("ks_");
    let (defaults, allowlist, recovery) = (at("/defaults"), at("/allowlist"), at("/recovery"));
    let typed = [("name", "maps"), ("default_prefix", "live"), ("default_bytes", "many")];
    let wrong = admin.submit(&page, &defaults, &typed).await;
    wrong.refuses("no whole number");
    assert!(wrong.html.contains("\"many\"") && wrong.html.contains("\"live\""), "input is kept");
    let few = admin.submit(&wrong, &defaults, &[("default_bytes", "8")]).await;
    few.refuses("16 to 255");
    let saved = admin.submit(&few, &defaults, &[("default_bytes", "24")]).await;
    saved.shows("Saved maps.");
    assert_eq!(saved.path, at(""));
    let wrong = admin.submit(&saved, &allowlist, &[("ip_allowlist", "203.0.113.7\nnowhere")]).await;
    wrong.refuses("'nowhere' is neither");
    assert!(wrong.html.contains("203.0.113.7\nnowhere") && wrong.html.contains("\"maps\""));
    admin.submit(&wrong, &allowlist, &[("ip_allowlist", "203.0.113.7\n\n2001:DB8::/32")]).await;
    admin.submit(&saved, &recovery, &[("recoverable", "on")]).await.shows("Saved maps.");
    let id = api.as_str().into();
    let set = test.app.apis.get(&test.operator().await, &id).await.unwrap();
    assert_eq!(
        (set.name.as_str(), set.default_prefix.as_deref(), set.default_bytes),
        ("maps", Some("live"), Some(24))
    );
    assert_eq!(
        (set.ip_allowlist.as_deref(), set.store_encrypted_keys),
        (Some("203.0.113.7,2001:db8::/32"), true)
    );
    let page = admin.get(&at("/allowlist")).await;
    let fields = page.form(&allowlist).fields.clone();
    assert!(fields.contains(&("ip_allowlist".to_owned(), "203.0.113.7\n2001:db8::/32".to_owned())));
    assert!(page.form(&recovery).fields.iter().any(|(name, _)| name == "recoverable"));
    admin.submit(&page, &recovery, &[]).await.shows("Saved maps.");
    let mut form = page.form(&recovery).fields.clone();
    form.retain(|(name, _)| name != "recoverable");
    admin.post(&recovery, &form, &[]).await.shows("Saved maps.");
    assert!(!test.app.apis.get(&test.operator().await, &id).await.unwrap().store_encrypted_keys);
}

// row: security/delete-protection
#[tokio::test(flavor = "multi_thread")]
async fn a_protected_api_cannot_be_deleted() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    let (settings, delete) = (format!("/apis/{api}/settings"), format!("/apis/{api}/delete"));
    let (on, off) =
        (format!("{settings}/protection?protect=on"), format!("{settings}/protection?protect=off"));
    let open = admin.get(&settings).await;
    admin.submit(&open, &on, &[("confirm", "other")]).await.refuses("not its name");
    let locked = admin.submit(&open, &on, &[("confirm", "payments")]).await;
    locked.shows("protected from deletion");
    assert!(!locked.has_form(&delete), "what is refused is not offered");
    admin.submit(&open, &delete, &[("confirm", "payments")]).await.refuses("delete protection");
    test.call("apis.deleteApi", json!({ "apiId": api })).await.fails(412, "protected_resource");
    let open = admin.submit(&locked, &off, &[("confirm", "payments")]).await;
    admin.submit(&open, &delete, &[("confirm", "payment")]).await.refuses("not its name");
    let gone = admin.submit(&open, &delete, &[("confirm", "payments")]).await;
    gone.shows("Deleted API payments.").shows("No API yet");
    assert_eq!(admin.get(&settings).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_change_an_api_sees_it_and_is_refused() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let settings = format!("/apis/{api}/settings");
    for role in [Role::Viewer, Role::Operator] {
        let mut browser = Browser::of(&test, role).await;
        let page = browser.get(&settings).await;
        page.shows("Delete protection off").shows("Keys may be used from anywhere");
        let csrf = page.form("/theme").fields[0].clone();
        assert_eq!(csrf.0, "csrf");
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (path, extra) in [
            ("/apis/new".to_owned(), field("name", "mine")),
            (format!("{settings}/defaults"), field("name", "mine")),
            (format!("{settings}/allowlist"), field("ip_allowlist", "10.0.0.1")),
            (format!("{settings}/recovery"), field("recoverable", "on")),
            (format!("{settings}/protection?protect=on"), field("confirm", "payments")),
            (format!("/apis/{api}/delete"), field("confirm", "payments")),
            (format!("/apis/{api}/portal"), field("slug", "mine")),
        ] {
            assert!(!page.has_form(&path), "{path} is offered");
            let refused = browser.post(&path, &[csrf.clone(), extra], &[]).await;
            assert!(matches!(refused.status.as_u16(), 403 | 404), "{path}: {}", refused.text);
        }
    }
    let kept = test.app.apis.get(&test.operator().await, &api.as_str().into()).await.unwrap();
    assert_eq!((kept.name.as_str(), kept.ip_allowlist, kept.delete_protection), ("payments", None, false));
}
