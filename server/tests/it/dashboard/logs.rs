//! The logs: requests, verifications, changes, and why one was refused.

use base::access::Role;
use domain::keys::{Decrypt, GetKey};
use domain::root_keys::CreateRootKey;
use futures_util::StreamExt;
use poem::http::{StatusCode, header};
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::TestApp;

async fn settle(test: &TestApp) {
    test.flush_events().await;
    test.advance_ms(1_000);
}

/// The link that begins with this and has more.
#[track_caller]
fn link_below(page: &Page, start: &str) -> String {
    let found = page.links.iter().find(|link| link.len() > start.len() && link.starts_with(start));
    found.unwrap_or_else(|| panic!("{} has no link below {start}: {:?}", page.path, page.links)).clone()
}

/// Posts a form that a page does not show, with a token that a page has.
async fn forge(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get("/shortcuts").await;
    let token = page.form("/theme").fields.iter().find(|(name, _)| name == "csrf").unwrap().clone();
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    browser.post(path, &fields.chain([token]).collect::<Vec<_>>(), &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_listed_chosen_and_shown_without_secrets() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    browser.get("/requests").await.shows("No request here");
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "name": "<b>web</b>" })).await;
    test.verify(&secret).await;
    test.call("keys.getKey", json!({ "keyId": "key_unknown" })).await;
    settle(&test).await;
    let all = browser.get("/requests").await;
    all.shows("/v2/keys.createKey")
        .shows("/v2/keys.verifyKey")
        .shows("/v2/keys.getKey")
        .shows("Valid")
        .shows("test");
    assert!(!all.links.iter().any(|link| link.starts_with("/export")), "exports are for admins");
    let failed = browser.get("/requests?status=4XX").await;
    failed.shows("/v2/keys.getKey").lacks("/v2/keys.createKey").shows("4xx client error");
    browser.get("/requests?outcome=VALID").await.shows("/v2/keys.verifyKey").lacks("keys.getKey");
    browser.get("/requests?path=/v2/apis.createApi&method=post").await.shows("1 request");
    browser.get("/requests?ip=nowhere").await.shows("nowhere is not an address.").shows("No request here");
    browser.get("/requests?q=payments").await.shows("/v2/apis.createApi").lacks("/v2/keys.getKey");
    browser.get("/requests?from=2026-10-01T00:00&to=2026-10-02T00:00").await.shows("No request here");
    let caller = test.app.root_keys.list(&test.operator().await).await.unwrap().remove(0).id;
    browser.get(&format!("/requests?caller={caller}")).await.shows("/v2/keys.createKey");
    browser.get("/requests?caller=key_other").await.shows("No request here");

    let created = browser.get("/requests?path=/v2/keys.createKey").await;
    let one = browser.get(&link_below(&created, "/requests/")).await;
    one.shows("POST /v2/keys.createKey").shows("[redacted]").shows("<b>web</b>").shows("Request body");
    assert!(!one.html.contains(&secret) && one.links_to(&format!("/root-keys/{caller}")));
    let verified = browser.get("/requests?path=/v2/keys.verifyKey").await;
    let id = link_below(&verified, "/requests/").replace("/requests/", "");
    let one = browser.get(&format!("/requests/{id}")).await;
    assert!(one.links_to(&format!("/verifications/{id}")));
    assert_eq!(browser.get("/requests/req_unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_paged_by_an_opaque_cursor_that_keeps_the_filters() {
    let test = TestApp::start().await;
    for _ in 0..60 {
        test.call("keys.getKey", json!({ "keyId": "key_unknown" })).await;
    }
    settle(&test).await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let first = browser.get("/requests?status=4XX").await;
    first.shows("50 requests");
    let next = link_below(&first, "/requests?status=4XX&cursor=");
    browser.get(&next).await.shows("10 requests").shows("First page");
    browser.get("/requests?cursor=nonsense").await.shows("50 requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_log_sends_rows_until_the_server_ends() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/requests?live=1&status=4XX").await;
    assert!(page.html.contains("http-equiv=\"refresh\""), "without script the page looks again");
    let source = page.html.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap();
    let source = source.replace("&amp;", "&");
    assert!(source.starts_with("/requests?status=4XX&live=events&after="), "{source}");
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = test.client.get(&source).header(header::COOKIE, cookies.join("; "));
    let response = request.send().await.0;
    assert_eq!(response.content_type(), Some("text/event-stream"));
    let mut parts = Box::pin(response.into_body().into_bytes_stream());
    let hello = parts.next().await.unwrap().unwrap();
    assert!(hello.starts_with(b":"), "{hello:?}");
    test.advance_ms(1_000);
    test.call("keys.getKey", json!({ "keyId": "key_unknown" })).await;
    test.call("apis.createApi", json!({ "name": "more" })).await;
    test.flush_events().await;
    let news = String::from_utf8(parts.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(news.starts_with("data: <tr"), "{news}");
    assert!(news.contains("/v2/keys.getKey") && !news.contains("createApi"), "{news}");
    test.app.close().await.unwrap();
    while let Some(part) = parts.next().await {
        assert_eq!(part.unwrap(), ":\n\n", "nothing but that it is still there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_log_ends_with_the_session() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = test.client.get("/requests?live=events").header(header::COOKIE, cookies.join("; "));
    let mut parts = Box::pin(request.send().await.0.into_body().into_bytes_stream());
    parts.next().await.unwrap().unwrap();
    let page = browser.get("/shortcuts").await;
    browser.submit(&page, "/logout", &[]).await;
    assert!(parts.next().await.is_none());
    let stranger = Browser::new(&test).get("/requests?live=events").await;
    stranger.shows("Sign in");
}

/// Also where chance logged none of a few verifications.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_leaves_out_is_told() {
    let test = TestApp::start_with(|config| config.request_log_sample_percent = 1).await;
    let (_, secret) = test.key(&test.api().await, json!({})).await;
    test.verify(&secret).await;
    settle(&test).await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let note = "f successful verifications and limit checks, 1 of 100 are logged.";
    browser.get("/requests").await.shows(note);
    browser.get("/requests?path=/v2/apis.createApi").await.lacks(note);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_secret_is_explained_and_mended_and_never_in_an_address() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let options = json!({ "permissions": ["docs.read"], "credits": { "remaining": 2 } });
    let (id, secret) = test.key(&api, options).await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/explain").await;
    page.shows("Nothing asked yet");
    let query = "docs.read AND (docs.write OR docs.own)";
    let fields = [("key", secret.as_str()), ("permissions", query), ("cost", "5")];
    let asked = browser.submit(&page, "/explain", &fields).await;
    asked.shows("No permission").shows("docs.own missing, this decided it").shows("docs.write missing");
    asked.shows("not reached, would fail").shows("does not cover the cost of 5");
    assert!(asked.path.starts_with(&format!("/explain?key={id}&permissions=")), "{}", asked.path);
    assert!(!asked.html.contains(&secret) && !asked.path.contains(&secret));
    // The first fault offers its act, and so does the next one.
    let fix = |what: &str| {
        let is = |(name, value): &(String, String)| name == "fix" && value == what;
        asked.forms.iter().find(|form| form.fields.iter().any(is)).unwrap().fields.clone()
    };
    let (grant, top_up) = (fix("grant"), fix("top_up"));
    let granted = browser.post("/explain/fix", &grant, &[]).await;
    granted.shows("Granted docs.own to the key.").shows("Out of credits");
    let mended = browser.post("/explain/fix", &top_up, &[]).await;
    mended.shows("Added the missing credits.").shows("Valid").lacks("failed");
    let operator = test.operator().await;
    let read = GetKey { key_id: id.as_str().into(), decrypt: Decrypt::No };
    let left = test.app.keys.get(&operator, read).await.unwrap().key.credits.remaining;
    assert_eq!(left, Some(5), "nothing was spent");

    let wrong = browser.submit(&mended, "/explain", &[("key", "no_such_secret")]).await;
    wrong.shows("Unknown key").lacks("no_such_secret");
    assert!(!wrong.html.contains("no_such_secret"));
    let twice = [("key", id.as_str()), ("permissions", "a AND"), ("cost", "")];
    let refused = browser.submit(&wrong, "/explain", &twice).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.html.contains("a AND") && refused.html.contains(&id), "input is kept");
    let refused = browser.get(&format!("/explain?key={id}&cost=many&ip=here")).await;
    refused.refuses("This is no whole number.").refuses("This is not an address.");
    browser.get("/explain?key=key_unknown").await.refuses("not found");
    let pasted = browser.get(&format!("/explain?key={secret}")).await;
    pasted.refuses("not found").refuses("a secret does not belong in an address");
    assert!(!pasted.html.contains(&secret), "an address with a secret is not made worse");
    browser.get(&format!("/explain?key={id}&limits=nothing")).await.refuses("nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_why_but_mends_nothing() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, _) = test.key(&api, json!({ "enabled": false })).await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get(&format!("/explain?key={id}")).await;
    page.shows("The key is disabled.").lacks("Enable this key");
    assert!(!page.has_form("/explain/fix"));
    let forged = forge(&mut browser, "/explain/fix", &[("key", &id), ("fix", "enable")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let mut operator = Browser::of(&test, Role::Operator).await;
    let page = operator.get(&format!("/explain?key={id}")).await;
    operator.submit(&page, "/explain/fix", &[]).await.shows("Enabled the key.").shows("Valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_shown_as_it_was_beside_what_it_would_be_now() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, secret) = test.key(&api, json!({ "name": "web app", "externalId": "user_1" })).await;
    let answer = test.call("keys.verifyKey", json!({ "key": secret, "permissions": "docs.read" })).await;
    let id = answer.body["meta"]["requestId"].as_str().unwrap().to_owned();
    settle(&test).await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get(&format!("/verifications/{id}")).await;
    page.shows("No permission").shows("docs.read").shows("web app").shows("payments").shows("user_1");
    page.shows("The permission 'docs.read' was missing. Now: The permission 'docs.read' is missing.");
    for link in [format!("/keys/{key}"), format!("/apis/{api}"), format!("/verifications/{id}/explain")] {
        assert!(page.links_to(&link), "{link}: {:?}", page.links);
    }
    let explain = browser.get(&format!("/verifications/{id}/explain")).await;
    explain.shows("What happened").shows("The same request now");
    assert!(explain.html.contains("value=\"docs.read\""), "the form asks the same");
    let fixed = browser.submit(&explain, "/explain/fix", &[]).await;
    fixed.shows("Granted docs.read to the key.").shows("Valid");
    let page = browser.get(&format!("/verifications/{id}")).await;
    page.shows("was missing. Now: The key holds what was asked for.");
    test.call("keys.deleteKey", json!({ "keyId": key })).await.data();
    browser.get(&format!("/verifications/{id}")).await.shows("The key is gone");
    assert_eq!(browser.get("/verifications/req_unknown").await.status, StatusCode::NOT_FOUND);
}

// row: api-reference/errors-v2/unkey/data/audit_log_not_found
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_not_there_is_a_page_that_says_so() {
    let test = TestApp::start().await;
    let refused = test.app.audit_log.get(&test.operator().await, &"log_unknown".into()).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "unkey:data:audit_log_not_found");
    let page = Browser::of(&test, Role::Viewer).await.get("/audit/log_unknown").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("Nothing is here"), "{}", page.text);
}

// row: audit-log/introduction
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_found_and_shown_before_and_after() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "name": "old name" })).await;
    let change = json!({ "keyId": key, "name": "<i>new</i>", "enabled": false });
    test.call("keys.updateKey", change).await.data();
    test.advance_ms(1_000);
    let mut browser = Browser::of(&test, Role::Viewer).await;
    test.advance_ms(1_000);
    let all = browser.get("/audit").await;
    all.shows("key.create").shows("api.create").shows("key.update").shows("root key").shows("Last 1 week");
    all.shows("Source");
    let updates = browser.get(&format!("/audit?event=key.up*&target={key}")).await;
    updates.shows("key.update").lacks("key.create").shows("1 entry");
    browser.get("/audit?q=old").await.shows("key.update");
    browser.get("/audit?actor=nobody").await.shows("No change here");
    // The span that is shown is the span that is asked.
    let day = browser.get("/audit?from=2026-10-01T00:00&to=2026-10-02T00:00").await;
    day.shows("2026-10-01 00:00 to 2026-10-02 00:00").shows("No change here");
    // Who, what and from what to what, in words, already in the list.
    updates.shows("old name \u{2192} <i>new</i>").shows("yes \u{2192} no").shows("<i>new</i>");
    assert!(updates.html.contains("<bdi><code class=\"value\">old name</code></bdi>"), "{}", updates.html);
    assert!(updates.links_to(&format!("/keys/{key}")), "{:?}", updates.links);
    assert!(updates.links.iter().any(|link| link.starts_with("/root-keys/")), "the actor has a page");
    let entry = browser.get(&link_below(&updates, "/audit/")).await;
    entry.shows("old name").shows("<i>new</i>").shows("Enabled").shows("yes").shows("no").shows("v2");
    assert!(entry.links_to(&format!("/keys/{key}")), "{:?}", entry.links);
    assert!(entry.links.iter().any(|link| link.starts_with("/root-keys/")), "the actor has a page");
    let saved = [("name", "Renamings"), ("back", "/audit?event=key.update")];
    forge(&mut browser, "/views", &saved).await.shows("Renamings");
    assert!(browser.get("/audit").await.links_to("/audit?event=key.update"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_one_act_lead_to_each_other_and_others_see_none() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "permissions": ["docs.read"], "roles": [] })).await;
    test.advance_ms(1_000);
    let mut admin = Browser::of(&test, Role::Admin).await;
    test.advance_ms(1_000);
    admin.get("/audit").await.shows("same act");
    let list = admin.get(&format!("/audit?target={key}&event=key.create")).await;
    list.lacks("same act");
    assert!(list.links.iter().any(|link| link.starts_with("/export?what=audit&target=")), "{:?}", list.links);
    let entry = admin.get(&link_below(&list, "/audit/")).await;
    entry.shows("Of the same act").shows("permission.create");
    let stranger = Browser::new(&test).get("/audit").await;
    stranger.shows("Sign in");
}

/// Names cannot turn what stands beside them around.
#[tokio::test(flavor = "multi_thread")]
async fn names_keep_to_themselves_in_the_audit_log() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "name": "\u{2067}gate" })).await;
    test.call("keys.updateKey", json!({ "keyId": key, "enabled": false })).await.data();
    let set =
        json!({ "namespace": "\u{202e}mail", "identifier": "\u{2067}ada", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", set.clone()).await.data();
    test.call("ratelimit.setOverride", set).await.data();
    test.advance_ms(1_000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    test.advance_ms(1_000);
    for path in ["/audit", "/"] {
        let page = viewer.get(path).await;
        let named = format!("<bdi><a href=\"/keys/{key}\">\u{2067}gate</a></bdi>");
        assert!(page.html.contains(&named), "{path}: {}", page.html);
        page.shows("Set the override of \\u{2067}ada in \\u{202e}mail");
    }
}

/// Of what still exists the name, which leads to it; ids that people typed stay text.
#[tokio::test(flavor = "multi_thread")]
async fn changes_name_what_their_ids_are_of() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "name": "gate" })).await;
    for change in [json!({ "externalId": "ada" }), json!({ "externalId": "bob" }), json!({ "name": api })] {
        let mut change = change;
        change["keyId"] = json!(key);
        test.call("keys.updateKey", change).await.data();
    }
    let limit = json!({ "namespace": "\u{202e}mail", "identifier": "ada", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", limit).await.data();
    let operator = test.operator().await;
    let namespace = test.app.namespaces.list(&operator).await.unwrap().remove(0).id;
    let permissions = [
        format!("api.{api}.read_api"),
        "api.api_gone.read_api".to_owned(),
        format!("ratelimit.{namespace}.limit"),
    ];
    let command = CreateRootKey {
        name: Some("reader".into()),
        permissions: permissions.into(),
        full: false,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: None,
    };
    let (reader, _) = test.app.root_keys.create(&operator, command).await.unwrap();
    test.advance_ms(1_000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    test.advance_ms(1_000);
    let list = viewer.get("/audit?event=key.update").await;
    let is_identity = |link: &&String| link.starts_with("/identities/id_");
    assert_eq!(list.links.iter().filter(is_identity).count(), 3, "before and after: {:?}", list.links);
    list.shows("ada \u{2192} bob");
    assert!(list.html.contains(&format!("<code class=\"value\">{api}</code>")), "a name like an id");
    let change = viewer.get(&format!("/audit?event=rootkey.create&target={reader}")).await;
    let entry = viewer.get(&link_below(&change, "/audit/")).await;
    assert!(entry.links_to(&format!("/apis/{api}")), "{:?}", entry.links);
    assert!(entry.links_to(&format!("/ratelimits/{namespace}")), "{:?}", entry.links);
    entry.shows("api.api_gone.read_api").shows(&api).shows("\\u{202e}mail").lacks("\u{202e}mail");
    test.call("identities.deleteIdentity", json!({ "identity": "bob" })).await.data();
    let list = viewer.get("/audit?event=key.update").await;
    list.lacks("bob").shows("ada \u{2192} id_");
    assert_eq!(list.links.iter().filter(is_identity).count(), 2, "{:?}", list.links);
}

/// What was deleted has no page; what was done to it is in the log.
#[tokio::test(flavor = "multi_thread")]
async fn entries_about_what_is_gone_or_has_no_page_lead_to_its_history() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "permissions": ["docs.read"] })).await;
    test.call("keys.deleteKey", json!({ "keyId": key })).await.data();
    test.call("apis.deleteApi", json!({ "apiId": api })).await.data();
    test.advance_ms(1_000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    test.advance_ms(1_000);
    for (event, gone) in [("key.delete", format!("/keys/{key}")), ("api.delete", format!("/apis/{api}"))] {
        let page = viewer.get(&format!("/audit?event={event}")).await;
        assert!(!page.links_to(&gone), "{event}: {:?}", page.links);
        let id = gone.rsplit('/').next().unwrap();
        let history = format!("/audit?target={id}");
        assert!(page.links_to(&history), "{event}: {:?}", page.links);
        viewer.get(&history).await.shows(event);
    }
    let made = viewer.get("/audit?event=permission.create").await;
    let history = made.links.iter().find(|link| link.starts_with("/audit?target=perm_")).expect("a link");
    viewer.get(history).await.shows("permission.create");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_leaves_out_the_columns_that_its_address_names() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "name": "web", "externalId": "user_7" })).await;
    test.verify(&secret).await;
    settle(&test).await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    for (path, column) in [
        (format!("/apis/{api}/keys"), "Identity"),
        ("/identities".to_owned(), "Last used"),
        ("/requests".to_owned(), "Source"),
        ("/audit".to_owned(), "Actor"),
    ] {
        let head = format!(">{column}</th>");
        let page = browser.get(&path).await;
        page.shows(&format!("Hide {column}"));
        assert!(page.html.contains(&head), "{path} has {column}");
        let hidden = format!("hide={}", column.replace(' ', "%20"));
        let link =
            page.links.iter().find(|link| link.ends_with(&hidden)).expect("a link that hides it").clone();
        let less = browser.get(&link).await;
        less.shows(&format!("Show {column}")).shows("Save view");
        assert!(!less.html.contains(&head), "{link}");
        let rows = |page: &Page| page.html.matches("data-row").count();
        let cells = |page: &Page| page.html.matches("<td").count();
        assert_eq!(cells(&page) - cells(&less), rows(&page), "{link}: one cell of each row");
        assert!(less.links_to(&path), "{link} leads back: {:?}", less.links);
    }
}
