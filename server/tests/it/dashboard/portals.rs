//! Portals: their settings, and what their end users see and do.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::TestApp;

/// A portal over an API with two keys of `ann` and one of `bob`.
struct Portal {
    test: TestApp,
    keys: Vec<(String, String)>,
}

impl Portal {
    async fn open() -> Self {
        let test = TestApp::start().await;
        let api = test.api().await;
        let mut keys = Vec::new();
        for (name, external_id) in [("web", "ann"), ("<i>app</i>", "ann"), ("other", "bob")] {
            keys.push(test.key(&api, json!({ "name": name, "externalId": external_id })).await);
        }
        Self::over(&test, &keys[0].1, "acme").await;
        Self { test, keys }
    }

    /// A portal over the API of this key.
    async fn over(test: &TestApp, key: &str, slug: &str) {
        let keyspace = test.verify(key).await["keyspaceId"].clone();
        let body = json!({ "slug": slug, "displayName": "Acme & co", "keyspaceId": keyspace,
            "primaryColor": "#ffd400", "logoUrl": "https://cdn.example.com/logo.svg" });
        test.call("portal.createPortal", body).await.data();
    }

    /// The path that a browser is sent to.
    async fn address(&self, slug: &str, scopes: Value) -> String {
        let body = json!({ "portal": slug, "externalId": "ann", "scopes": scopes,
            "returnUrl": "https://acme.example/account" });
        let data = self.test.call("portal.createSession", body).await.data();
        let url = data["url"].as_str().unwrap().to_owned();
        url[url.find("/portal/").unwrap()..].to_owned()
    }

    async fn enter(&self, scopes: Value) -> (Browser<'_>, Page) {
        let mut browser = Browser::new(&self.test);
        let page = browser.get(&self.address("acme", scopes).await).await;
        assert_eq!((page.status, page.path.as_str()), (StatusCode::OK, "/portal/acme"));
        (browser, page)
    }
}

fn assert_closed(page: &Page) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}: {}", page.path, page.text);
    assert!(page.text.contains("This session has ended"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_user_sees_replaces_and_watches_their_own_keys() {
    let portal = Portal::open().await;
    // Once before, to learn the keyspace.
    portal.test.verify(&portal.keys[0].1).await;
    portal.test.verify(&portal.keys[2].1).await;
    portal.test.advance_ms(1000);
    portal.test.flush_events().await;
    let (mut ann, page) = portal.enter(json!(["keys:read", "keys:reroll", "analytics:read"])).await;
    page.shows("Acme & co").shows("web").shows("<i>app</i>").shows("Active").lacks("other");
    assert!(!page.html.contains("<i>app"), "names are text");
    assert!(!page.html.contains(&portal.keys[0].1), "secrets are not shown");
    assert!(page.links_to("https://acme.example/account"));
    let policy = page.headers.get("content-security-policy").unwrap().to_str().unwrap();
    assert!(policy.contains("img-src 'self' https://cdn.example.com;"), "{policy}");
    let style = ann.get("/portal/acme/brand.css").await;
    assert!(style.html.contains("--brand:#ffd400"), "{}", style.html);
    let usage = ann.get("/portal/acme/usage").await;
    usage.shows("Your usage").shows("Valid 2");
    ann.get("/portal/acme/usage?since=90d").await.shows("Last 3 months").lacks("of this month");
    let cap = json!({ "identity": "ann", "monthlyCredits": 5 });
    portal.test.call("identities.updateIdentity", cap).await.data();
    portal.test.verify_with(json!({ "key": portal.keys[0].1, "credits": { "cost": 4 } })).await;
    let usage = ann.get("/portal/acme/usage").await;
    usage.shows("Credits").shows("4 of 5 (80%)").shows("Most credits of this month are used.");
    portal.test.verify(&portal.keys[1].1).await;
    ann.get("/portal/acme/usage").await.shows("5 of 5 (100%)").shows("are used up");
    let lift = json!({ "identity": "ann", "monthlyCredits": null });
    portal.test.call("identities.updateIdentity", lift).await.data();

    let (key, old) = &portal.keys[0];
    let reroll = format!("/portal/acme/keys/{key}/reroll");
    let shown = ann.submit(&page, &reroll, &[("grace", "0")]).await;
    shown.shows("New key: copy it now").shows("Expired");
    let reloaded = ann.submit(&page, &reroll, &[("grace", "0")]).await;
    let secret = |page: &Page| {
        let at = page.html.find("data-copy=\"").unwrap() + "data-copy=\"".len();
        page.html[at..].split('"').next().unwrap().to_owned()
    };
    assert_eq!(secret(&shown), secret(&reloaded), "the same form makes one key");
    assert_eq!(portal.test.verify(&secret(&shown)).await["code"], "VALID");
    assert_eq!(portal.test.verify(old).await["code"], "EXPIRED");
    let again = ann.get("/portal/acme").await;
    assert!(!again.html.contains(&secret(&shown)), "a secret is shown once");
    let foreign = format!("/portal/acme/keys/{}/reroll", portal.keys[2].0);
    let mut fields = page.form(&reroll).fields.clone();
    fields.retain(|(name, _)| name != "nonce");
    let forged = ann.post(&foreign, &fields, &[]).await;
    assert_eq!(forged.status, StatusCode::NOT_FOUND);

    let bye = ann.submit(&again, "/portal/acme/logout", &[]).await;
    bye.shows("This session has ended");
    assert!(bye.links_to("https://acme.example/account"));
    assert_eq!(portal.test.audit_events("portal.session.revoke").await, 1);
    assert_closed(&ann.get("/portal/acme").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_offers_what_its_session_may_and_no_more() {
    let portal = Portal::open().await;
    let (mut ann, page) = portal.enter(json!(["keys:read"])).await;
    page.shows("web").lacks("Replace").lacks("Usage");
    assert_eq!(ann.get("/portal/acme/usage").await.status, StatusCode::FORBIDDEN);
    let reroll = format!("/portal/acme/keys/{}/reroll", portal.keys[0].0);
    let csrf = page.form("/portal/acme/logout").fields[0].clone();
    let fields = [csrf, ("grace".to_owned(), "0".to_owned())];
    assert_eq!(ann.post(&reroll, &fields, &[]).await.status, StatusCode::FORBIDDEN);
    let strange = [("grace".to_owned(), "0".to_owned())];
    assert_eq!(ann.post(&reroll, &strange, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(portal.test.verify(&portal.keys[0].1).await["code"], "VALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_one_browser_and_a_cookie_one_portal() {
    let portal = Portal::open().await;
    let address = portal.address("acme", json!(["keys:read"])).await;
    let mut ann = Browser::new(&portal.test);
    assert_closed(&ann.get("/portal/acme").await);
    assert_closed(&ann.get("/portal/").await);
    let page = ann.get(&address).await;
    assert!(!page.path.contains("code"), "the code is out of sight");
    assert!(ann.cookies.contains_key("portal_session"));
    assert_closed(&Browser::new(&portal.test).get(&address).await);
    assert_eq!(ann.get("/portal").await.path, "/portal/acme");
    let elsewhere = portal.test.api().await;
    let (_, key) = portal.test.key(&elsewhere, json!({ "externalId": "ann" })).await;
    Portal::over(&portal.test, &key, "other").await;
    for path in ["/portal/other", "/portal/other/usage", "/portal/other/brand.css"] {
        assert_closed(&ann.get(path).await);
    }
    let kept = ann.cookies.clone();
    let page = ann.get("/portal/acme").await;
    ann.submit(&page, "/portal/acme/logout", &[]).await;
    ann.cookies = kept;
    assert_closed(&ann.get("/portal/acme").await);
    ann.cookies.insert("portal_session".to_owned(), "pat_forged".to_owned());
    assert_closed(&ann.get("/portal/acme").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_is_made_changed_and_deleted() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    let path = format!("/apis/{api}/portal");
    let page = admin.get(&path).await;
    page.shows("No portal yet");
    let fields = [("display_name", "Acme"), ("slug", "Not a slug"), ("primary_color", "#7a2fd0")];
    let wrong = admin.submit(&page, &path, &fields).await;
    wrong.refuses("A portal slug has");
    assert!(wrong.html.contains("Not a slug") && wrong.html.contains("#7a2fd0"), "input is kept");
    let made = admin.submit(&wrong, &path, &[("slug", "acme")]).await;
    made.shows("Saved the portal.").shows("Open sessions 0").shows("portal.createSession");
    let red = admin.submit(&made, &path, &[("primary_color", "red")]).await;
    red.refuses("#rrggbb");
    let other = test.api().await;
    let second = format!("/apis/{other}/portal");
    let page = admin.get(&second).await;
    admin.submit(&page, &second, &[("display_name", "B"), ("slug", "acme")]).await.refuses("already exists");

    let preview = admin.get(&format!("{path}/preview")).await;
    preview.shows("Preview.").shows("Acme").lacks("Sign out").lacks("Replace");
    let style = admin.get(&format!("{path}/preview.css")).await;
    assert!(style.html.contains("--brand:#7a2fd0"));

    let body = json!({ "portal": "acme", "externalId": "ann", "scopes": ["keys:read"] });
    test.call("portal.createSession", body).await.data();
    let page = admin.get(&path).await;
    page.shows("Open sessions 1");
    let csrf =
        page.form(&path).fields.iter().filter(|(name, _)| name != "enabled").cloned().collect::<Vec<_>>();
    admin.post(&path, &csrf, &[]).await.shows("Open sessions 0");
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let seen = viewer.get(&path).await;
    seen.shows("acme").lacks("Delete portal");
    assert!(!seen.has_form(&path));

    let delete = format!("{path}/delete");
    admin.submit(&page, &delete, &[("confirm", "acm")]).await.refuses("not its slug");
    let forged = [seen.form("/theme").fields[0].clone(), ("confirm".to_owned(), "acme".to_owned())];
    assert!(matches!(viewer.post(&delete, &forged, &[]).await.status.as_u16(), 403 | 404));
    let gone = admin.submit(&page, &delete, &[("confirm", "acme")]).await;
    gone.shows("Deleted the portal acme.").shows("No portal yet");
    assert_eq!(admin.get(&format!("{path}/preview")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_tell_nothing_of_other_keys() {
    let portal = Portal::open().await;
    let test = &portal.test;
    let (other_api, _) = test.key(&test.api().await, json!({ "externalId": "ann" })).await;
    let stranger = test.root_key_of_another_workspace().await;
    let api = test.call_as(&stranger, "apis.createApi", json!({ "name": "theirs" })).await.data();
    let body = json!({ "apiId": api["apiId"], "externalId": "ann" });
    let elsewhere = test.call_as(&stranger, "keys.createKey", body).await.data();
    let keys = [&portal.keys[2].0, &other_api, elsewhere["keyId"].as_str().unwrap(), "key_nothing"];
    let (mut ann, page) = portal.enter(json!(["keys:read", "keys:reroll", "analytics:read"])).await;
    let own = format!("/portal/acme/keys/{}/reroll", portal.keys[0].0);
    let mut fields = page.form(&own).fields.clone();
    fields.retain(|(name, _)| name != "nonce" && name != "grace");
    fields.push(("grace".to_owned(), "0".to_owned()));
    let mut told = Vec::new();
    for key in keys {
        let refused = ann.post(&format!("/portal/acme/keys/{key}/reroll"), &fields, &[]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{key}");
        assert!(!refused.html.contains("api_") && !refused.html.contains("unkey:v1"), "{}", refused.html);
        told.push(refused.html.replace(key, "KEY"));
    }
    assert!(told.iter().all(|html| *html == told[0]), "{told:#?}");
    for path in ["/portal/acme/keys/key_nothing/reroll", "/portal/acme/usage", "/portal/acme"] {
        assert_eq!(ann.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(test.verify(&portal.keys[2].1).await["code"], "VALID");
}
