//! Roles and permissions: lists, forms, refusals, and what carries them.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::Browser;
use crate::support::TestApp;

/// Posts a form that this person is not shown, with their own token.
async fn forge(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> StatusCode {
    let page = browser.get("/shortcuts").await;
    let mut sent: Vec<(String, String)> = page.form("/theme").fields.clone();
    sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let own = [("origin", "http://unkey.test"), ("sec-fetch-site", "same-origin")];
    browser.post(path, &sent, &own).await.status
}

async fn permission_id(test: &TestApp, slug: &str) -> String {
    let found = test.call("permissions.getPermission", json!({ "permission": slug })).await.data();
    found["id"].as_str().unwrap().to_owned()
}

// row: apis/features/authorization/roles-and-permissions
#[tokio::test(flavor = "multi_thread")]
async fn several_permissions_are_made_at_once_changed_and_deleted() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    browser.get("/permissions").await.shows("No permission yet");
    let page = browser.get("/permissions/new").await;
    let lines = "documents.read\r\n\r\n documents.write \r\nbilling.view";
    let made = browser.submit(&page, "/permissions/new", &[("slugs", lines)]).await;
    made.shows("Created 3 permissions.").shows("documents.write").shows("billing.view");
    let again = browser
        .submit(&page, "/permissions/new", &[("slugs", "new.one\nDOCUMENTS.read"), ("description", "kept")])
        .await;
    again.refuses("These slugs are taken: documents.read.");
    assert!(again.html.contains("kept") && again.html.contains("new.one"), "input is kept");
    browser.get("/permissions?q=new.one").await.shows("No permission matches");
    browser.submit(&page, "/permissions/new", &[("slugs", "a\na")]).await.refuses("given twice");
    let found = browser.get("/permissions?q=bill").await;
    found.shows("billing.view").lacks("documents.read");

    let id = permission_id(&test, "billing.view").await;
    let edit = format!("/permissions/{id}/edit");
    let page = browser.get(&edit).await;
    page.shows("0 keys directly, and through 0 roles");
    browser.submit(&page, &edit, &[("slug", "documents.read")]).await.refuses("already exists");
    let saved = browser.submit(&page, &edit, &[("slug", "billing.read"), ("name", "<b>Bills</b>")]).await;
    saved.shows("Saved permission billing.read.").shows("<b>Bills</b>");
    let delete = format!("/permissions/{id}/delete");
    let page = browser.get(&edit).await;
    browser.submit(&page, &delete, &[("confirm", "billing")]).await.refuses("Type billing.read exactly");
    browser.submit(&page, &delete, &[("confirm", "billing.read")]).await.shows("Deleted permission");
    assert_eq!(browser.get(&edit).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_changed_and_deleted() {
    let test = TestApp::start().await;
    test.call("permissions.createPermission", json!({ "name": "r", "slug": "documents.read" })).await.data();
    let read = permission_id(&test, "documents.read").await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    browser.get("/roles").await.shows("No role yet");
    let page = browser.get("/roles/new").await;
    page.shows("documents.read");
    let fields = [("name", "editor"), ("description", "Edits"), ("permissions", &*read), ("slugs", "a.new")];
    let made = browser.submit(&page, "/roles/new", &fields).await;
    made.shows("Created role editor.").shows("documents.read").shows("a.new").shows("No key has this role");
    let path = made.path.clone();
    let again = browser.submit(&page, "/roles/new", &[("name", "EDITOR"), ("description", "kept")]).await;
    again.refuses("already exists");
    assert!(again.html.contains("kept"), "input is kept");

    let api = test.api().await;
    test.key(&api, json!({ "name": "first", "roles": ["editor"], "permissions": ["documents.read"] })).await;
    test.key(&api, json!({ "name": "second", "roles": ["editor"], "enabled": false })).await;
    let gone = test.key(&api, json!({ "name": "third", "roles": ["editor"] })).await.0;
    test.call("keys.deleteKey", json!({ "keyId": gone })).await.data();
    browser.get("/roles/editor").await.shows("2 keys").shows("first").shows("second").lacks("third");
    browser.get("/roles").await.shows("editor").shows("Edits");
    let page = browser.get(&format!("/permissions/{read}/edit")).await;
    page.shows("1 key directly, and through 1 role").shows("editor").shows("first");

    let edit = format!("{path}/edit");
    let page = browser.get(&edit).await;
    let taken = browser.submit(&page, &edit, &[("name", ""), ("permissions", "")]).await;
    taken.refuses("The name must have");
    browser.get(&path).await.shows("documents.read");
    let saved = browser.submit(&page, &edit, &[("name", "writer"), ("slugs", "b.new")]).await;
    saved.shows("Saved role writer.").shows("documents.read").shows("b.new").lacks("Edits kept");
    let page = browser.get(&edit).await;
    let delete = format!("{path}/delete");
    browser.submit(&page, &delete, &[("confirm", "editor")]).await.refuses("Type writer exactly");
    browser.submit(&page, &delete, &[("confirm", "writer")]).await.shows("Deleted role writer.");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_page_by_page_in_either_order() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let slugs: Vec<_> = (0..60).map(|index| format!("many.{index:02}")).collect();
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/permissions/new").await;
    browser.submit(&page, "/permissions/new", &[("slugs", &slugs.join("\n"))]).await.shows("Created 60");
    let next = |page: &super::browser::Page, name: &str| {
        let found = page.links.iter().find(|link| link.contains(name)).cloned();
        found.unwrap_or_else(|| panic!("{} has no {name}", page.path))
    };
    let first = browser.get("/permissions").await;
    first.shows("many.00").shows("many.49").lacks("many.50");
    browser.get(&next(&first, "cursor=")).await.shows("many.50").shows("many.59").lacks("many.49");
    let last = browser.get("/permissions?sort=-slug").await;
    last.shows("many.59").shows("many.10").lacks("many.09");
    browser.get(&next(&last, "cursor=")).await.shows("many.09").shows("many.00").lacks("many.10");

    test.call("permissions.createRole", json!({ "name": "crowd" })).await.data();
    for index in 0..23 {
        test.key(&api, json!({ "name": format!("key {index:02}"), "roles": ["crowd"] })).await;
    }
    let page = browser.get("/roles/crowd").await;
    page.shows("23 keys").shows("key 22").shows("key 03").lacks("key 02");
    browser.get(&next(&page, "keys=")).await.shows("key 02").shows("key 00").lacks("key 03");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_roles_and_permissions_and_changes_none() {
    let test = TestApp::start().await;
    test.call("permissions.createPermission", json!({ "name": "r", "slug": "a.read" })).await.data();
    test.call("permissions.createRole", json!({ "name": "editor", "permissions": ["a.read"] })).await.data();
    let id = permission_id(&test, "a.read").await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/roles").await;
    page.shows("editor");
    assert!(!page.links_to("/roles/new"), "nothing is offered");
    let page = browser.get("/roles/editor").await;
    page.shows("a.read");
    assert!(!page.links.iter().any(|link| link.starts_with("/roles/") && link.ends_with("/edit")));
    let edit = format!("/permissions/{id}/edit");
    let page = browser.get(&edit).await;
    page.shows("editor");
    assert!(!page.has_form(&edit) && !page.has_form(&format!("/permissions/{id}/delete")));
    for path in ["/roles/new", "/roles/editor/edit", "/permissions/new"] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (path, fields) in [
        ("/roles/new", vec![("name", "x")]),
        ("/roles/editor/edit", vec![("name", "x")]),
        ("/roles/editor/delete", vec![("confirm", "editor")]),
        ("/permissions/new", vec![("slugs", "x")]),
        (&*edit, vec![("name", "x"), ("slug", "x")]),
        (&*format!("/permissions/{id}/delete"), vec![("confirm", "a.read")]),
    ] {
        assert_eq!(forge(&mut browser, path, &fields).await, StatusCode::FORBIDDEN, "{path}");
    }
    browser.get("/roles/editor").await.shows("a.read");
}
