//! The form of a new key: what it says it would make, and settings kept under a name.

use std::path::PathBuf;

use base::access::Role;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::TestApp;

/// Where the programs are that the tests of the official clients run.
fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/examples")
}

/// The call that a page shows in each language.
fn calls(page: &Page) -> Vec<String> {
    let copies = e2e::page::Page::parse(&page.html).copies;
    copies.into_iter().filter(|text| text.contains("reateKey") || text.contains("create_key")).collect()
}

/// The body of the command that a page shows.
fn body(page: &Page) -> Value {
    let command = calls(page).into_iter().find(|call| call.starts_with("curl")).expect("a command");
    let quoted = command.split_once(" -d '").unwrap().1.strip_suffix('\'').unwrap();
    serde_json::from_str(&quoted.replace(r"'\''", "'")).unwrap()
}

/// What a key is, but for what no two keys have in common.
async fn facts(test: &TestApp, key_id: &str) -> Value {
    let mut key = test.call("keys.getKey", json!({ "keyId": key_id })).await.data();
    for own in ["keyId", "start", "createdAt", "updatedAt"] {
        key.as_object_mut().unwrap().remove(own);
    }
    for limit in key["ratelimits"].as_array_mut().into_iter().flatten() {
        limit.as_object_mut().unwrap().remove("id");
    }
    key
}

fn key_id(page: &Page) -> String {
    let link =
        page.links.iter().find_map(|link| link.strip_prefix("/keys/").filter(|id| id.starts_with("key_")));
    link.expect("a link to a key").split(['/', '?']).next().unwrap().to_owned()
}

const NASTY: &str = "it's \"q\" \\ $(x) `y` ${z} </code>\u{2028}\u{202e}\u{feff} \u{1f511}";

/// A form that says everything a program can say.
const EVERYTHING: &[(&str, &str)] = &[
    ("name", NASTY),
    ("prefix", "live"),
    ("byte_length", "32"),
    ("external_id", "user_1"),
    ("environment", "not part of the call"),
    ("enabled", ""),
    ("limits.0.name", "requests"),
    ("limits.0.limit", "100"),
    ("limits.0.duration", "90s"),
    ("credits", "1000"),
    ("refill", "monthly"),
    ("refill_amount", "900"),
    ("refill_day", "31"),
    ("expires", "30d"),
    ("roles", "admin"),
    ("roles", "it's one"),
    ("permissions", "doc.*"),
    ("meta", r#"{"a b":[1,-2.5,null,true,{}],"c":{"d":"it's \"e\"","f":[[]]}}"#),
    ("preview", "on"),
];

/// Forms that say all that a form of a key can say.
fn filled() -> Vec<Vec<(&'static str, String)>> {
    let meta = json!({ "a": [1, -2.5, null, true], "it's": { "__proto__": NASTY, "big": u64::MAX, "": "" } });
    let text = |pairs: &[(&'static str, &str)]| pairs.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
    let mut forms: Vec<Vec<(&'static str, String)>> = vec![
        text(&[]),
        text(&[("expires", "30d"), ("credits", "1,000"), ("prefix", "live")]),
        text(&[("credits", "5"), ("refill", "daily"), ("refill_amount", "9"), ("byte_length", "32")]),
        text(&[("refill", "monthly"), ("refill_amount", "9"), ("refill_day", "31"), ("credits", "0")]),
        text(&[("expires", "at"), ("expires_at", "2031-02-03T04:05"), ("external_id", "user_1")]),
        text(&[
            ("limits.0.name", "requests"),
            ("limits.0.limit", "100"),
            ("limits.0.duration", "90s"),
            ("limits.0.auto_apply", "on"),
        ]),
        text(&[
            ("roles", "admin"),
            ("roles", "it's one"),
            ("permissions", "doc.*"),
            ("permissions", "doc:read"),
        ]),
    ];
    forms.push(vec![("name", NASTY.to_owned()), ("meta", meta.to_string())]);
    forms
}

async fn ready() -> (TestApp, String) {
    let test = TestApp::start().await;
    let api = test.api().await;
    for name in ["admin", "it's one"] {
        test.call("permissions.createRole", json!({ "name": name })).await.data();
    }
    for slug in ["doc.*", "doc:read"] {
        test.call("permissions.createPermission", json!({ "name": slug, "slug": slug })).await.data();
    }
    (test, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_that_a_form_shows_makes_the_same_key() {
    let (test, api) = ready().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{api}/keys/new");
    for form in filled() {
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.get(&path).await;
        let previewed = browser.submit(&page, &path, &[&fields[..], &[("preview", "on")]].concat()).await;
        assert_eq!(calls(&previewed).len(), 4, "{form:?}: {}", previewed.text);
        let created = browser.submit(&previewed, &path, &[("create", "on")]).await;
        created.shows("Key created");
        let called = test.call("keys.createKey", body(&previewed)).await.data();
        let by_call = facts(&test, called["keyId"].as_str().unwrap()).await;
        assert_eq!(facts(&test, &key_id(&created)).await, by_call, "{form:?}");
    }
    let keys = test.call("apis.listKeys", json!({ "apiId": api })).await.data();
    assert_eq!(keys.as_array().unwrap().len(), 2 * filled().len(), "a preview makes nothing");
}

/// The programs are run by the tests of the clients, each in its language.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_that_a_form_shows_are_the_examples_that_clients_run() {
    let (test, api) = ready().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{api}/keys/new");
    let page = browser.get(&path).await;
    let page = browser.submit(&page, &path, EVERYTHING).await;
    let mut body = body(&page);
    // Counts from the call in the programs.
    body.as_object_mut().unwrap().remove("expires");
    let body = serde_json::to_string_pretty(&body).unwrap();
    let shown: Vec<String> = [body].into_iter().chain(calls(&page).into_iter().skip(1)).collect();
    let files = ["create_key.json", "create_key.mjs", "create_key.py", "create_key.go.txt"];
    #[expect(clippy::disallowed_methods, reason = "asking for a rewrite is the developer's, by environment")]
    let rewrite = std::env::var_os("UNKEY_WRITE_EXAMPLES").is_some();
    for (file, shown) in files.into_iter().zip(shown) {
        let shown = shown.replace(&api, "api_example") + "\n";
        let file = examples().join(file);
        if rewrite {
            std::fs::write(&file, &shown).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(shown, kept, "{}: UNKEY_WRITE_EXAMPLES=1 writes it", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_what_cannot_be_read() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{}/keys/new", test.api().await);
    let page = browser.get(&path).await;
    page.shows("Never").shows("Unlimited").shows("16 random bytes");
    let half = [("limits.0.limit", "5"), ("expires", "30d"), ("preview", "on")];
    let page = browser.submit(&page, &path, &half).await;
    page.shows("Name the limit").shows("The call is shown when every step can be read");
    assert!(calls(&page).is_empty());
    let whole = [
        ("limits.0.name", "requests"),
        ("limits.0.duration", "1m"),
        ("limits.0.auto_apply", ""),
        ("preview", "on"),
    ];
    let page = browser.submit(&page, &path, &whole).await;
    page.shows("requests: 5 every 1m, only for requests that name it").shows("in 30 days");
    let viewer = Browser::of(&test, Role::Viewer).await.get(&path).await;
    assert_eq!(viewer.status, 403, "{}", viewer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_under_a_name_for_every_api() {
    let (test, api) = ready().await;
    let other = test.api().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let path = format!("/apis/{api}/keys/new");
    let typed = [
        ("name", "of one key"),
        ("external_id", "user_1"),
        ("limits.0.name", "requests"),
        ("limits.0.limit", "7"),
        ("limits.0.duration", "1h"),
        ("expires", "7d"),
        ("credits", "50"),
        ("roles", "admin"),
        ("preset_name", "Partner"),
        ("preset_shared", "on"),
    ];
    let page = owner.get(&path).await;
    let saved = owner.submit(&page, &path, &typed).await;
    saved.shows("Saved the preset Partner. No key was made yet.").shows("of one key").shows("50");
    let refused = owner.submit(&saved, &path, &[("preset_name", "Other"), ("create", "on")]).await;
    refused.refuses("Save the preset, or empty its name. No key was made.");
    owner
        .submit(&page, &path, &[("preset_name", "Big"), ("prefix", &"x".repeat(2100))])
        .await
        .refuses("2048");
    for name in ["", "  "] {
        let nameless = owner.submit(&page, &path, &[("preset_name", name), ("save_preset", "on")]).await;
        nameless.refuses("1 to 64 characters");
    }
    assert_eq!(test.call("apis.listKeys", json!({ "apiId": api })).await.data(), json!([]));
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let home = viewer.get("/").await;
    home.shows("Partner");
    assert!(!home.html.contains("/views/"), "what a role may not do is not offered");

    let mut operator = Browser::of(&test, Role::Operator).await;
    let there = format!("/apis/{other}/keys/new");
    let page = operator.get(&there).await;
    page.shows("Trial").shows("Production");
    let link = page
        .links
        .iter()
        .find(|link| link.starts_with(&there) && link.contains("credits=50"))
        .unwrap()
        .clone();
    let form = operator.get(&link).await;
    let made = operator.submit(&form, &there, &[("name", "first")]).await;
    let key = facts(&test, &key_id(&made)).await;
    assert_eq!(
        (&key["name"], &key["roles"], &key["credits"]["remaining"]),
        (&json!("first"), &json!(["admin"]), &json!(50))
    );
    assert_eq!(key["identity"], Value::Null, "whose a key is is of that key");
    let limit = &key["ratelimits"][0];
    assert_eq!(
        (&limit["limit"], &limit["duration"], &limit["autoApply"]),
        (&json!(7), &json!(3_600_000), &json!(true))
    );
    assert_eq!(key["expires"], test.app.clock.now_ms() + 7 * 86_400_000);
    operator.get("/").await.shows("Partner");
    let chosen = operator.get("/keys/new?credits=50").await;
    chosen.shows("For which API?");
    assert!(chosen.links_to(&format!("{there}?credits=50")), "{:?}", chosen.links);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_spelt_well_is_told() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{}/keys/new", test.api().await);
    browser
        .get(&format!("{path}?expire=30d&limits.0.rate=5"))
        .await
        .shows("This address has what the form does not: expire, limits.0.rate.");
    browser.get(&format!("{path}?expires=30d&limits.0.limit=5")).await.shows("Name the limit");
    let moved = browser.get("/keys/new?expires=30d").await;
    assert_eq!(moved.path, format!("{path}?expires=30d"), "there is one API");
}

/// What a preview says is what Create does: what it would refuse is told with no call to copy.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_no_key_that_would_be_refused() {
    let (test, api) = ready().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{api}/keys/new");
    let long = "x".repeat(5000);
    for wrong in [
        &[("byte_length", "15")][..],
        &[("byte_length", "256")],
        &[("prefix", "a_prefix_that_is_long")],
        &[("credits", "-1")],
        &[("credits", "1"), ("refill", "daily"), ("refill_amount", "0")],
        &[("credits", "1"), ("refill", "monthly"), ("refill_amount", "1"), ("refill_day", "32")],
        &[("refill", "daily"), ("refill_amount", "5")],
        &[("name", &long)],
        &[("external_id", &long)],
        &[("environment", &long)],
        &[("limits.00.name", "a"), ("limits.00.limit", "1"), ("limits.00.duration", "1m")],
    ] {
        let page = browser.get(&path).await;
        let form = page.form(&path);
        let mut fields = form.filled::<&str>(&[]);
        for (name, value) in wrong {
            fields.retain(|(own, _)| own != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let with = |button: &str| [fields.clone(), vec![(button.to_owned(), "on".to_owned())]].concat();
        let preview = browser.post(&path, &with("preview"), &[]).await;
        assert!(calls(&preview).is_empty(), "{wrong:?}: {}", preview.text);
        let created = browser.post(&path, &with("create"), &[]).await;
        assert_eq!(created.status, 422, "{wrong:?}");
    }
    assert_eq!(test.call("apis.listKeys", json!({ "apiId": api })).await.data(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_what_its_preview_says() {
    let (test, api) = ready().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let path = format!("/apis/{api}/keys/new");
    let page = browser.get(&format!("{path}?expires=5d")).await;
    page.shows("in 5 days");
    let made = browser.submit(&page, &path, &[]).await;
    let key = facts(&test, &key_id(&made)).await;
    assert_eq!(key["expires"], test.app.clock.now_ms() + 5 * 86_400_000);
    let gone = browser.get(&format!("{path}?roles=admin&roles=gone&permissions=doc.*&recoverable=on")).await;
    gone.shows("what the form does not offer: roles gone, recoverable on");
    gone.shows("1 role 1 permission").lacks("can be shown again");
}
