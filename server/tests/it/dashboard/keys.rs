//! Keys in the dashboard: lists, forms, pages, secrets and one-time links.

use base::access::Role;
use futures_util::StreamExt;
use poem::http::{StatusCode, header};
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::{START_MS, TestApp};

const DAY_MS: i64 = 24 * 60 * 60_000;

/// The secret that a page shows.
fn secret_of(page: &Page) -> String {
    let at = page.html.split("data-secret=\"\"").nth(1).expect("the page shows a secret");
    at.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The id of the key that a page is about or leads to.
fn key_id(page: &Page) -> String {
    let link = page.links.iter().find_map(|link| link.strip_prefix("/keys/"));
    link.expect("a link to a key").split(['/', '?']).next().unwrap().to_owned()
}

async fn details(test: &TestApp, id: &str) -> Value {
    test.call("keys.getKey", json!({ "keyId": id })).await.data()
}

// row: apis/features/temp-keys
#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_every_key_with_its_states_and_is_filtered() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    let list = format!("/apis/{api}/keys");
    browser.get(&list).await.shows("No key yet");
    let now = test.app.clock.now_ms();
    test.key(&api, json!({ "name": "gone", "expires": now + 1 })).await;
    test.key(&api, json!({ "name": "soon", "expires": now + 3_600_000 })).await;
    test.key(&api, json!({ "name": "off", "enabled": false })).await;
    let (empty, secret) = test.key(&api, json!({ "name": "<b>empty", "credits": { "remaining": 1 } })).await;
    test.key(&api, json!({ "externalId": "user_7", "meta": { "plan": "pro" } })).await;
    test.verify(&secret).await;
    test.verify(&secret).await;
    test.advance_ms(1000);
    test.flush_events().await;
    let page = browser.get(&list).await;
    page.shows("Expired").shows("Expires soon").shows("Disabled").shows("Out of credits").shows("Active");
    page.shows("5 keys").shows("<b>empty").shows("1 valid, 1 denied").shows("user_7");
    assert!(page.links_to(&format!("/keys/{empty}")) && page.has_form(&format!("/apis/{api}/keys/bulk")));
    for (query, found, others) in [
        ("status=expired&status=disabled", &["gone", "off"][..], &["soon", "empty"][..]),
        ("q=status%3Aexpiring", &["soon"], &["gone", "off"]),
        ("identity=user_7&q=meta.plan%3Apro", &["user_7"], &["soon", "off"]),
        ("credits=%3C1", &["empty"], &["soon"]),
        ("name=o", &["gone", "soon", "off"], &["empty"]),
    ] {
        let page = browser.get(&format!("{list}?{query}")).await;
        found.iter().for_each(|name| assert!(page.text.contains(name), "{query}: {name}"));
        others.iter().for_each(|name| assert!(!page.text.contains(&format!(" {name} ")), "{query}: {name}"));
    }
    browser.get(&format!("{list}?q=colour%3Ared")).await.shows("There is no filter `colour:` here");
    browser.get(&format!("{list}?name=nobody")).await.shows("No key matches");
    assert_eq!(browser.get("/apis/api_unknown/keys").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_by_cursor() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let api = test.api().await;
    for number in 0..51 {
        test.key(&api, json!({ "name": format!("key number {number}.") })).await;
        test.advance_ms(1000);
    }
    let first = browser.get(&format!("/apis/{api}/keys")).await;
    first.shows("50 of 51 keys").shows("key number 50.").lacks("key number 0.");
    assert!(!first.has_form(&format!("/apis/{api}/keys/bulk")), "a viewer changes nothing");
    let next = first.links.iter().find(|link| link.contains("cursor=")).unwrap();
    browser.get(next).await.shows("key number 0.").lacks("key number 1.");
    let long = first.links.iter().find(|link| link.ends_with("rows=100")).expect("a link").clone();
    let long = browser.get(&long).await;
    long.shows("51 keys").shows("key number 50.").shows("key number 0.");
    browser.get(&format!("/apis/{api}/keys?rows=100000")).await.shows("50 of 51 keys");
    // The other end of the list is a press away, and its export is the same as before.
    let oldest = first.links.iter().find(|link| link.ends_with("sort=created")).expect("a link").clone();
    let oldest = browser.get(&oldest).await;
    oldest.shows("Newest first").shows("key number 0.").shows("key number 49.").lacks("key number 50.");
    assert!(
        oldest.links.iter().any(|link| link == &format!("/export?what=keys&api={api}")),
        "{:?}",
        oldest.links
    );
    let next = oldest.links.iter().find(|link| link.contains("cursor=")).unwrap();
    assert!(next.contains("sort=created"), "{next}");
    browser.get(next).await.shows("key number 50.").lacks("key number 49.");
}

/// By a press on a head of the table: once from one end, again from the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sorted_by_the_heads_of_its_columns() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let api = test.api().await;
    for (name, expires) in
        [("beta", Some(START_MS + 2 * DAY_MS)), ("Alpha", None), ("gamma", Some(START_MS + DAY_MS))]
    {
        let mut body = json!({ "name": name });
        if let Some(expires) = expires {
            body["expires"] = json!(expires);
        }
        test.key(&api, body).await;
        test.advance_ms(1000);
    }
    let list = format!("/apis/{api}/keys");
    let mut next = list.clone();
    for (sort, order) in [
        ("name", ["Alpha", "beta", "gamma"]),
        ("-name", ["gamma", "beta", "Alpha"]),
        ("expires", ["gamma", "beta", "Alpha"]),
        ("-expires", ["beta", "gamma", "Alpha"]),
    ] {
        let page = browser.get(&next).await;
        next = format!("{list}?sort={sort}");
        assert!(page.links_to(&next), "{next}: {:?}", page.links);
        let page = browser.get(&next).await;
        let places = order.map(|name| page.html.find(&format!(">{name}</a>")).expect(name));
        assert!(places.is_sorted(), "{sort}: {places:?}");
        let state = if sort.starts_with('-') { "descending" } else { "ascending" };
        assert_eq!(page.html.matches(&format!("aria-sort=\"{state}\"")).count(), 1, "{sort}");
        page.shows("Newest first");
    }
    let page = browser.get(&format!("{list}?sort=name&rows=50&name=a&status=enabled")).await;
    page.shows("Alpha").shows("gamma");
    let saved = browser.submit(&page, "/views", &[("name", "Those with an a")]).await;
    saved.shows("Saved the view Those with an a.");
    assert_eq!(saved.path, format!("{list}?sort=name&rows=50&name=a&status=enabled"), "its order is kept");
    browser
        .get(&format!("{list}?sort=name&cursor=key_1"))
        .await
        .shows("This place is of a list in another order.");
}

// row: apis/features/refill
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_once_with_everything_a_form_has() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    test.call("permissions.createPermission", json!({ "name": "read", "slug": "docs.read" })).await.data();
    test.call("permissions.createRole", json!({ "name": "editor" })).await.data();
    let path = format!("/apis/{api}/keys/new");
    let form = browser.get(&path).await;
    form.shows("New key").lacks("Recoverable");
    let refused = browser
        .submit(
            &form,
            &path,
            &[
                ("name", "kept"),
                ("byte_length", "many"),
                ("meta", "[1]"),
                ("limits.0.name", "burst"),
                ("limits.0.limit", "0"),
                ("limits.0.duration", "soon"),
            ],
        )
        .await;
    refused.refuses("This is no whole number.").refuses("This is JSON, but no object");
    refused.refuses("A limit admits at least 1.").refuses("Write a duration");
    assert!(refused.html.contains("kept") && refused.html.contains("burst"), "input is kept");
    let domain = browser.submit(&form, &path, &[("refill", "daily"), ("refill_amount", "5")]).await;
    domain.refuses("Unlimited credits cannot be refilled");
    let more = browser.submit(&form, &path, &[("limits.0.name", "a"), ("more", "limits")]).await;
    more.shows("New key");
    let fields = [
        ("name", "web app"),
        ("prefix", "live"),
        ("byte_length", "24"),
        ("external_id", "user_1"),
        ("environment", "production"),
        ("limits.0.name", "burst"),
        ("limits.0.limit", "10"),
        ("limits.0.duration", "10s"),
        ("limits.0.auto_apply", "on"),
        ("credits", "1,000"),
        ("refill", "monthly"),
        ("refill_amount", "1000"),
        ("refill_day", "31"),
        ("expires", "7d"),
        ("roles", "editor"),
        ("permissions", "docs.read"),
        ("meta", r#"{"plan":"pro"}"#),
    ];
    let made = browser.submit(&form, &path, &fields).await;
    made.shows("Key: copy it now").shows("keys.verifyKey");
    let secret = secret_of(&made);
    assert!(secret.starts_with("live_"));
    let stored = details(&test, &key_id(&made)).await;
    assert_eq!(stored["name"], "web app");
    assert_eq!(stored["identity"]["externalId"], "user_1");
    assert_eq!(stored["credits"]["remaining"], 1000);
    assert_eq!(stored["credits"]["refill"]["refillDay"], 31);
    assert_eq!(stored["ratelimits"][0]["duration"], 10_000);
    assert_eq!(stored["roles"], json!(["editor"]));
    assert_eq!(stored["permissions"], json!(["docs.read"]));
    assert_eq!(stored["meta"]["plan"], "pro");
    assert_eq!(stored["expires"], test.app.clock.now_ms() + 7 * 86_400_000);
    assert_eq!(test.verify(&secret).await["valid"], true);
    let again = browser.submit(&form, &path, &fields).await;
    again.shows("its key was made then").shows("1 key");
    assert!(!again.html.contains(&secret) && !again.path.contains(&secret));
}

// row: apis/features/remaining
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_changed_in_one_form_and_the_rest_stays() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    test.call("permissions.createRole", json!({ "name": "editor" })).await.data();
    let expires = test.app.clock.now_ms() + 86_400_000 + 12_345;
    let options = json!({
        "name": "old", "externalId": "user_1", "expires": expires, "roles": ["editor"], "permissions": ["a.b"],
        "credits": { "remaining": 10, "refill": { "interval": "daily", "amount": 50 } },
        "ratelimits": [{ "name": "burst", "limit": 9, "duration": 60_000, "autoApply": false }],
        "meta": { "a": 1 },
    });
    let (id, secret) = test.key(&api, options).await;
    let path = format!("/keys/{id}/edit");
    let form = browser.get(&path).await;
    form.shows("It can be restored for 30 days.");
    test.verify(&secret).await;
    test.flush_events().await;
    let saved = browser.submit(&form, &path, &[("name", "new"), ("environment", "staging")]).await;
    saved.shows("Saved the key new.").shows("staging").shows("editor").shows("back to 50 every day");
    let stored = details(&test, &id).await;
    assert_eq!(stored["credits"]["remaining"], 9, "what was spent while the form lay open stays spent");
    assert_eq!(stored["expires"], expires, "a date field knows no seconds");
    assert_eq!(stored["ratelimits"][0]["name"], "burst");
    let form = browser.get(&path).await;
    browser.submit(&form, &path, &[("credits", "")]).await.refuses("Unlimited credits cannot be refilled");
    browser.submit(&form, &path, &[("expires", "at"), ("expires_at", "")]).await.refuses("Choose a day");
    browser.submit(&form, &path, &[("roles", "gone")]).await.refuses("The role 'gone' does not exist.");
    let cleared = [
        ("name", ""),
        ("external_id", ""),
        ("credits", ""),
        ("refill", "none"),
        ("expires", "never"),
        ("roles", ""),
        ("permissions", ""),
        ("limits.0.name", ""),
        ("meta", ""),
    ];
    browser.submit(&form, &path, &cleared).await.shows("unlimited");
    let stored = details(&test, &id).await;
    for gone in ["name", "identity", "credits", "expires", "roles", "permissions", "ratelimits", "meta"] {
        assert!(stored[gone].is_null(), "{gone}: {stored}");
    }
}

// row: apis/features/revocation
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_switched_deleted_and_brought_back() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let (id, secret) = test.key(&test.api().await, json!({ "name": "web" })).await;
    let page = browser.get(&format!("/keys/{id}")).await;
    let off = browser.submit(&page, &format!("/keys/{id}/disable"), &[]).await;
    off.shows("Disabled the key web.");
    assert_eq!(test.verify(&secret).await["code"], "DISABLED");
    browser.submit(&off, &format!("/keys/{id}/enable"), &[]).await.shows("Enabled the key web.");
    assert_eq!(test.verify(&secret).await["valid"], true);
    let form = browser.get(&format!("/keys/{id}/edit")).await;
    let list = browser.submit(&form, &format!("/keys/{id}/delete"), &[]).await;
    list.shows("Deleted the key web.").shows("No key yet");
    assert_eq!(test.verify(&secret).await["code"], "NOT_FOUND");
    let gone = browser.get(&format!("/keys/{id}")).await;
    gone.shows("Deleted").shows("Restore");
    assert!(!gone.has_form(&format!("/keys/{id}/disable")));
    let back = browser.submit(&list, &format!("/keys/{id}/restore"), &[]).await;
    back.shows("Restored the key web.");
    assert!(back.has_form(&format!("/keys/{id}/disable")), "it is active");
    assert_eq!(test.verify(&secret).await["valid"], true);
    let changes = browser.get(&format!("/keys/{id}/changes")).await;
    changes.shows("key.delete").shows("key.restore").shows("key.create").shows("operator");
    assert_eq!(browser.get("/keys/key_unknown").await.status, StatusCode::NOT_FOUND);
}

// row: security/recovering-keys
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_secret_is_shown_to_those_who_may_and_audited() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    let (plain, _) = test.key(&api, json!({})).await;
    test.set_recoverable(&api).await;
    let path = format!("/apis/{api}/keys/new");
    let form = browser.get(&path).await;
    let made = browser.submit(&form, &path, &[("recoverable", "on"), ("name", "kept")]).await;
    let (secret, id) = (secret_of(&made), key_id(&made));
    let page = browser.get(&format!("/keys/{id}")).await;
    let reveal = format!("/keys/{id}/reveal");
    let shown = browser.submit(&page, &reveal, &[]).await;
    shown.shows("Secret of kept").shows("It is kept encrypted");
    assert_eq!(secret_of(&shown), secret);
    assert_eq!(test.last_audit().await, ["key.decrypt"]);
    let other = browser.get(&format!("/keys/{plain}")).await;
    assert!(!other.has_form(&format!("/keys/{plain}/reveal")));
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let fields = viewer.get("/shortcuts").await.form("/theme").fields.clone();
    let refused = viewer.post(&reveal, &fields, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.html.contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_once_and_the_old_one_goes_on_for_a_while() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let (id, old) = test.key(&test.api().await, json!({ "name": "web" })).await;
    let path = format!("/keys/{id}/rotate");
    let form = browser.get(&path).await;
    for wrong in ["-1", "5", "9223372036854775807"] {
        browser.submit(&form, &path, &[("grace_ms", wrong)]).await.refuses("Choose how long");
    }
    let made = browser.submit(&form, &path, &[("grace_ms", "3600000")]).await;
    made.shows("Key rotated");
    let (new, new_id) = (secret_of(&made), key_id(&made));
    assert_ne!(new_id, id);
    browser.get(&format!("/keys/{new_id}")).await.shows("operator");
    assert_eq!(test.verify(&new).await["valid"], true);
    assert_eq!(test.verify(&old).await["valid"], true);
    browser.submit(&form, &path, &[]).await.shows("its key was made then");
    test.advance_ms(2 * 3_600_000);
    assert_eq!(test.verify(&old).await["code"], "EXPIRED");
    browser.get(&path).await.shows("Set a later expiry first");
    let late = [("grace_ms", "0"), ("nonce", "another")];
    browser.submit(&form, &path, &late).await.refuses("Set a later expiry first").lacks("Key rotated");
}

/// A refused form chooses what it chose at first, and not the first of the list.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_rotation_does_not_offer_to_end_the_old_secret_at_once() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let (id, _) = test.key(&test.api().await, json!({ "name": "web" })).await;
    let path = format!("/keys/{id}/rotate");
    let form = browser.get(&path).await;
    for wrong in ["-1", "soon", ""] {
        let refused = browser.submit(&form, &path, &[("grace_ms", wrong)]).await;
        let chosen = &refused.form(&path).fields;
        assert!(chosen.contains(&("grace_ms".into(), "86400000".into())), "{wrong}: {chosen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_handed_on_by_a_link_that_works_once() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    let path = format!("/apis/{api}/keys/new");
    let form = browser.get(&path).await;
    let made = browser.submit(&form, &path, &[]).await;
    let (secret, id) = (secret_of(&made), key_id(&made));
    let link = format!("/keys/{id}/link");
    let with_link = browser.submit(&made, &link, &[]).await;
    with_link.shows("72 hours");
    let origin = test.app.origin();
    let url = with_link.text.split_whitespace().find(|word| word.starts_with(&format!("{origin}/links/")));
    let path = url.expect("the link is shown").strip_prefix(&origin).unwrap().to_owned();
    browser.submit(&made, &link, &[]).await.shows("A link was made");
    let strange = browser.submit(&made, &link, &[("secret", "something else"), ("nonce", "n")]).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND, "links hold secrets of keys alone");
    let mut stranger = Browser::new(&test);
    for _ in 0..2 {
        stranger.get(&path).await.shows("Somebody sent you a secret").lacks(&secret);
    }
    let page = stranger.get(&path).await;
    let shown = stranger.submit(&page, &path, &[]).await;
    assert_eq!(secret_of(&shown), secret);
    let gone = stranger.submit(&page, &path, &[]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(!gone.html.contains(&secret));
    assert_eq!(stranger.get("/links/unknown").await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.audit_events("secret.reveal").await, 1);
}

// row: apis/features/analytics
#[tokio::test(flavor = "multi_thread")]
async fn a_key_shows_its_facts_and_every_verification() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let api = test.api().await;
    let options = json!({
        "name": "web", "externalId": "user_1", "credits": { "remaining": 5 }, "meta": { "plan": "pro" },
        "permissions": ["docs.read"],
        "ratelimits": [{ "name": "burst", "limit": 2, "duration": 3_600_000, "autoApply": true }],
    });
    let (id, secret) = test.key(&api, options).await;
    let (sibling, _) = test.key(&api, json!({ "name": "other", "externalId": "user_1" })).await;
    browser.get(&format!("/keys/{id}")).await.shows("No request in this span");
    for tag in ["one", "two", "three"] {
        test.verify_with(json!({ "key": secret, "tags": [tag] })).await;
    }
    test.advance_ms(1000);
    test.flush_events().await;
    let page = browser.get(&format!("/keys/{id}")).await;
    page.shows("3 left")
        .shows("burst")
        .shows("docs.read")
        .shows("\"plan\"")
        .shows("test")
        .lacks("Last used never")
        .shows("Rate limited");
    assert!(page.links_to(&format!("/keys/{sibling}")));
    assert!(!page.has_form(&format!("/keys/{id}/disable")) && !page.links_to(&format!("/keys/{id}/edit")));
    browser.get(&format!("/keys/{id}?since=7d")).await.shows("3").shows("Requests by hour");
    let log = format!("/keys/{id}/log");
    browser.get(&log).await.shows("one").shows("three").shows("3 requests");
    browser.get(&format!("{log}?outcome=RATE_LIMITED")).await.shows("three").shows("1 request");
    browser.get(&format!("{log}?tag=one")).await.shows("1 request").lacks("three");
    browser.get(&format!("{log}?tag=none")).await.shows("No request here");
    browser.get(&format!("{log}?live=1")).await.shows("Live, press to stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_by_cursor_and_follows_what_comes() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let (id, secret) = test.key(&test.api().await, json!({})).await;
    for number in 0..51 {
        test.verify_with(json!({ "key": secret, "tags": [format!("tag-{number}.")] })).await;
        test.advance_ms(1000);
    }
    test.flush_events().await;
    let first = browser.get(&format!("/keys/{id}/log")).await;
    first.shows("tag-50.").lacks("tag-0.");
    let next = first.links.iter().find(|link| link.contains("cursor=")).unwrap();
    browser.get(next).await.shows("tag-0.").lacks("tag-1.");
    browser.get(&format!("/keys/{id}/log?rows=200")).await.shows("tag-50.").shows("tag-0.");
    // The legend chooses an outcome, and from the chosen one leads back to all.
    let expired = format!("/keys/{id}/log?outcome=EXPIRED");
    assert!(first.links_to(&expired), "{:?}", first.links);
    let none = browser.get(&expired).await;
    none.shows("No request here").lacks("tag-50.");
    assert!(none.links_to(&format!("/keys/{id}/log")) && none.html.contains("aria-current=\"true\""));
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let live =
        test.client.get(format!("/keys/{id}/log?live=events")).header(header::COOKIE, cookies.join("; "));
    let response = live.send().await;
    response.assert_content_type("text/event-stream");
    let mut parts = response.0.into_body().into_bytes_stream();
    let first = parts.next().await.unwrap().unwrap();
    assert_eq!(&first[..], b":\n\n", "what the page shows is not sent again");
    test.verify_with(json!({ "key": secret, "tags": ["fresh"] })).await;
    test.flush_events().await;
    let mut text = String::new();
    while !text.contains("fresh") {
        text.push_str(std::str::from_utf8(&parts.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.contains("data: <tr") && !text.contains("tag-50."), "{text}");
    test.app.sessions.logout(&viewer(&test, &browser).await).await.unwrap();
    while let Some(part) = parts.next().await {
        assert_eq!(&part.unwrap()[..], b":\n\n");
    }
}

/// Whoever is signed in with this browser.
async fn viewer(test: &TestApp, browser: &Browser<'_>) -> base::access::OpCtx {
    let now_ms = test.app.clock.now_ms();
    let mut signed_in = None;
    for cookie in browser.cookies.values() {
        signed_in = signed_in.or(test.app.sessions.authenticate(cookie, now_ms).await.ok());
    }
    let who = signed_in.expect("somebody is signed in");
    test.app.cx(who.home.clone(), who.principal(&who.home), base::access::Door::Dashboard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_refused_whatever_they_post() {
    let test = TestApp::start().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({})).await;
    let mut fields = viewer.get("/shortcuts").await.form("/theme").fields.clone();
    fields.push(("grace_ms".into(), "0".into()));
    fields.push(("secret".into(), secret.clone()));
    let before = test.audit_entries().await;
    for path in ["enable", "disable", "delete", "rotate", "edit", "link", "restore", "reveal"] {
        let refused = viewer.post(&format!("/keys/{id}/{path}"), &fields, &[]).await;
        // A key that lives cannot be restored, which is said first.
        let status = if path == "restore" { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
        assert_eq!(refused.status, status, "{path}: {}", refused.text);
    }
    let refused = viewer.post(&format!("/apis/{api}/keys/new"), &fields, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for path in [format!("/apis/{api}/keys/new"), format!("/keys/{id}/edit"), format!("/keys/{id}/rotate")] {
        assert_eq!(viewer.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(test.audit_entries().await, before);
    assert_eq!(test.verify(&secret).await["valid"], true);
}
