//! Root keys: making, changing, replacing and ending them.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::TestApp;

/// The secret that a page shows.
#[track_caller]
fn secret_of(page: &Page) -> String {
    let field = page.html.split("data-secret-value").next().unwrap();
    let start = field.rfind("value=\"unkey_").unwrap() + "value=\"".len();
    field[start..].split('"').next().unwrap().to_owned()
}

/// The id of the only root key with this name.
async fn id_of(test: &TestApp, name: &str) -> String {
    let keys = test.app.root_keys.list(&test.operator().await).await.unwrap();
    let named: Vec<_> = keys.into_iter().filter(|key| key.name.as_deref() == Some(name)).collect();
    assert_eq!(named.len(), 1);
    named[0].id.to_string()
}

async fn forge(browser: &mut Browser<'_>, path: &str) -> Page {
    let page = browser.get("/shortcuts").await;
    let token = page.form("/theme").fields.iter().find(|(name, _)| name == "csrf").unwrap().clone();
    browser.post(path, &[token], &[]).await
}

// row: security/root-keys
#[tokio::test(flavor = "multi_thread")]
async fn a_root_key_is_made_from_a_template_and_shown_once() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get("/root-keys/new?template=issuer").await;
    page.shows("Verify only").shows("Whole workspace").shows("Read audit").lacks("payments API");
    let ticked: Vec<_> =
        page.form("/root-keys/new").fields.iter().filter(|(n, _)| n == "permissions").collect();
    assert!(ticked.iter().any(|(_, value)| value == "api.*.create_key") && ticked.len() == 7, "{ticked:?}");
    let fields = [
        ("name", "issuer"),
        ("permissions", "api.*.read_api"),
        ("other", "api.*.fly"),
        ("expires", "7d"),
        ("ip_allowlist", "10.0.0.0/8\n::1"),
        ("limit_per_minute", "60"),
    ];
    let refused = browser.submit(&page, "/root-keys/new", &fields).await;
    refused.refuses("There is no permission 'api.*.fly'.");
    let kept = &refused.form("/root-keys/new").fields;
    for field in
        [("name", "issuer"), ("other", "api.*.fly"), ("expires", "7d"), ("permissions", "api.*.read_api")]
    {
        assert!(kept.contains(&(field.0.to_owned(), field.1.to_owned())), "{field:?}: {kept:?}");
    }
    for (field, value, reason) in [
        ("limit_per_minute", "0", "1 request a minute or more"),
        ("limit_per_minute", "some", "This is no whole number."),
        ("ip_allowlist", "here", "here"),
        ("expires", "at", "Choose a day and a time."),
    ] {
        browser.submit(&refused, "/root-keys/new", &[("other", ""), (field, value)]).await.refuses(reason);
    }
    let own = format!("api.{api}.verify_key");
    let made = browser.submit(&refused, "/root-keys/new", &[("other", own.as_str())]).await;
    made.shows("Root key created");
    let secret = secret_of(&made);
    let id = id_of(&test, "issuer").await.as_str().into();
    let details = test.app.root_keys.get(&test.operator().await, &id).await.unwrap();
    assert_eq!(details.key.permissions, ["api.*.read_api", own.as_str()]);
    assert_eq!(
        (details.limit_per_minute, details.ip_allowlist.as_deref()),
        (Some(60), Some("10.0.0.0/8,::1"))
    );
    assert_eq!(details.key.expires_at, Some(crate::support::START_MS + 7 * 86_400_000));
    // Sent twice, it is made once.
    let again = browser.submit(&refused, "/root-keys/new", &[("other", own.as_str())]).await;
    assert!(!again.html.contains("data-secret-value"), "{}", again.text);
    id_of(&test, "issuer").await;
    for path in ["/root-keys".to_owned(), format!("/root-keys/{}", details.key.id)] {
        let page = browser.get(&path).await;
        page.shows("issuer").shows("Expires soon");
        assert!(!page.html.contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_given_by_task_of_one_api() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for number in 0..60 {
        test.call("apis.createApi", json!({ "name": format!("api {number}") })).await.data();
    }
    test.call(
        "ratelimit.limit",
        json!({ "namespace": "mail", "identifier": "a", "limit": 1, "duration": 1000 }),
    )
    .await
    .data();
    let mut browser = Browser::of(&test, Role::Admin).await;
    let new = "/root-keys/new";
    let page = browser.get(new).await;
    let boxes = page.html.matches("name=\"permissions\"").count();
    assert!(boxes < 70, "{boxes} boxes, whatever there is in the workspace");
    assert!(page.html.contains("<option value=\"payments\">API</option>"), "it is suggested");
    for (wrong, problem) in [
        ([("task", ""), ("task_of", "payments")], "Choose what it may do there."),
        ([("task", "god"), ("task_of", "")], "Choose one of the list."),
        ([("task", "verify"), ("task_of", "nowhere")], "no API or namespace"),
        ([("task", "verify"), ("task_of", "   ")], "no API or namespace"),
        ([("task", "verify"), ("task_of", "mail")], "has nothing to do there"),
    ] {
        for more in ["", "rights"] {
            let fields = [&wrong[..], &[("name", "kept"), ("more", more)]].concat();
            let refused = browser.submit(&page, new, &fields).await;
            refused.refuses(problem);
            assert!(refused.form(new).fields.contains(&("name".to_owned(), "kept".to_owned())));
        }
    }
    let ticked = |page: &Page| {
        let fields = page.form(new).fields.iter().filter(|(name, _)| name == "permissions");
        fields.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let (verify, limit) = (format!("api.{api}.verify_key"), "ratelimit.*.limit".to_owned());
    // The button that adds rights never makes anything.
    let nothing = [("name", "gate"), ("permissions", "api.*.read_api"), ("more", "rights")];
    browser.submit(&page, new, &nothing).await.refuses("Choose what it is for");
    let fields = [("name", "gate"), ("task", "verify"), ("task_of", "payments"), ("more", "rights")];
    let added = browser.submit(&page, new, &fields).await;
    assert_eq!((added.status, ticked(&added)), (StatusCode::OK, vec![verify.clone()]));
    added.shows("payments");
    // A second task is saved with the form, whether or not its button was pressed.
    let made = browser.submit(&added, new, &[("task", "limit"), ("permissions", &verify)]).await;
    made.shows("Root key created");
    let id = id_of(&test, "gate").await;
    let details = test.app.root_keys.get(&test.operator().await, &id.as_str().into()).await.unwrap();
    let expected = [verify, "ratelimit.*.create_namespace".to_owned(), limit];
    assert_eq!(details.key.permissions, expected);
    // So with one that is changed, which shows what it has and nothing else of the 61 APIs.
    let edit = format!("/root-keys/{id}/edit");
    let page = browser.get(&edit).await;
    assert!(page.html.contains("api.*.verify_key") && page.html.contains(&format!("api.{api}.read_key")));
    assert!(!page.text.contains("api 59"));
    let fields = [("task", "read"), ("task_of", api.as_str())];
    let kept: Vec<(&str, &str)> =
        details.key.permissions.iter().map(|one| ("permissions", one.as_str())).collect();
    browser.submit(&page, &edit, &[&fields[..], &kept].concat()).await.shows("Saved the root key.");
    let details = test.app.root_keys.get(&test.operator().await, &id.as_str().into()).await.unwrap();
    assert!(details.key.permissions.contains(&format!("api.{api}.read_analytics")), "{details:?}");
    assert_eq!(details.key.permissions.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn root_keys_are_found_by_name_and_permission_and_in_order() {
    let test = TestApp::start().await;
    test.new_root_key(false, &["api.*.verify_key"]).await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let all = browser.get("/root-keys").await;
    all.shows("2 root keys").shows("Full rights").lacks("New root key").lacks("Rotate");
    browser.get("/root-keys?q=VERIFY").await.shows("1 root key").lacks("Full rights");
    browser.get("/root-keys?q=nothing").await.shows("No root key matches");
    let sorted = browser.get("/root-keys?sort=-created").await;
    assert!(sorted.html.contains("aria-sort=\"descending\""));
    test.advance_ms(91 * 86_400_000);
    let mut later = Browser::new(&test);
    later.sign_in("viewer@example.com", super::browser::PASSWORD).await;
    later.get("/root-keys").await.shows("Never used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_key_shows_what_it_may_and_did() {
    let test = TestApp::start().await;
    test.api().await;
    test.call("keys.getKey", json!({ "keyId": "key_unknown" })).await;
    test.flush_events().await;
    test.advance_ms(1_000);
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let id = id_of(&test, "test").await;
    let page = browser.get(&format!("/root-keys/{id}")).await;
    page.shows("Everything, and what later versions add.").shows("the command line").shows("rootkey.create");
    page.shows("/v2/apis.createApi").shows("/v2/keys.getKey").lacks("Edit").lacks("Rotate");
    assert!(page.links_to(&format!("/requests?caller={id}")));
    assert_eq!(browser.get("/root-keys/key_unknown").await.status, StatusCode::NOT_FOUND);
    for act in ["enable", "disable", "delete", "rotate", "edit"] {
        let forged = forge(&mut browser, &format!("/root-keys/{id}/{act}")).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{act}");
    }
    assert_eq!(forge(&mut browser, "/root-keys/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/root-keys/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&format!("/root-keys/{id}/edit")).await.status, StatusCode::FORBIDDEN);
    test.call("apis.createApi", json!({ "name": "still" })).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_key_is_changed_whole() {
    let test = TestApp::start().await;
    let secret = test.new_root_key(false, &["api.*.read_api", "api.api_gone.read_key"]).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let operator = test.operator().await;
    let keys = test.app.root_keys.list(&operator).await.unwrap();
    let id = keys.into_iter().find(|key| !key.full).unwrap().id;
    let path = format!("/root-keys/{id}/edit");
    let page = browser.get(&path).await;
    let shown = &page.form(&path).fields;
    assert!(shown.contains(&("other".to_owned(), "api.api_gone.read_key".to_owned())), "{shown:?}");
    // Saving what is there changes nothing.
    browser.submit(&page, &path, &[]).await.shows("Saved the root key.");
    let details = test.app.root_keys.get(&operator, &id).await.unwrap();
    assert_eq!(details.key.permissions, ["api.*.read_api", "api.api_gone.read_key"]);
    let page = browser.get(&path).await;
    let fields = [("name", "reader"), ("expires", "at"), ("expires_at", "2026-10-08T10:00"), ("other", "")];
    let saved = browser.submit(&page, &path, &fields).await;
    saved.shows("reader").shows("Expires soon").shows("rootkey.update");
    let page = browser.get(&path).await;
    browser
        .submit(&page, &path, &[("expires_at", "2026-10-07T10:00")])
        .await
        .refuses("must lie in the future");
    let page = browser.get(&path).await;
    browser.submit(&page, &path, &[("full", "on"), ("expires", "never")]).await.shows("Full rights");
    let details = test.app.root_keys.get(&operator, &id).await.unwrap();
    assert!(details.key.full && details.key.permissions.is_empty() && details.key.expires_at.is_none());
    test.call_as(&secret, "apis.createApi", json!({ "name": "now" })).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_key_is_paused_rotated_and_deleted() {
    let test = TestApp::start().await;
    let old = test.new_root_key(false, &["api.*.create_api"]).await;
    let operator = test.operator().await;
    let keys = test.app.root_keys.list(&operator).await.unwrap();
    let id = keys.into_iter().find(|key| !key.full).unwrap().id.to_string();
    let path = |act: &str| format!("/root-keys/{id}/{act}");
    let mut browser = Browser::of(&test, Role::Admin).await;
    let call = async |secret: &str| test.call_as(secret, "apis.createApi", json!({ "name": "more" })).await;
    let page = browser.get(&format!("/root-keys/{id}")).await;
    let off = browser.submit(&page, &path("disable"), &[]).await;
    off.shows("Calls with it are refused.").shows("Disabled");
    call(&old).await.fails(403, "key_disabled");
    browser.submit(&off, &path("enable"), &[]).await.shows("Enabled the root key.");
    call(&old).await.data();

    let page = browser.get(&path("rotate")).await;
    page.shows("same name, permissions and bounds");
    let refused = browser.submit(&page, &path("rotate"), &[("grace_ms", "5")]).await;
    refused.refuses("Choose one of the list.");
    let rotated = browser.submit(&refused, &path("rotate"), &[("grace_ms", "900000")]).await;
    rotated.shows("Root key rotated");
    let new = secret_of(&rotated);
    call(&new).await.data();
    call(&old).await.data();
    test.advance_ms(900_001);
    call(&old).await.fails(403, "forbidden");
    call(&new).await.data();
    browser.get(&path("rotate")).await.shows("Set a later expiry first.");

    let page = browser.get(&path("edit")).await;
    let refused = browser.submit(&page, &path("delete"), &[("confirm", "other")]).await;
    refused.refuses("Type test to delete it.");
    browser
        .submit(&refused, &path("delete"), &[("confirm", "test")])
        .await
        .shows("Deleted the root key test.");
    call(&old).await.fails(401, "key_not_found");
    assert_eq!(browser.get(&format!("/root-keys/{id}")).await.status, StatusCode::NOT_FOUND);
}
