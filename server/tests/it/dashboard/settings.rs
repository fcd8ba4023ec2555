//! Settings of the workspace, of oneself and of the server.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, PASSWORD, Page};
use crate::support::TestApp;

/// Fields that a forged form would send.
fn forged(page: &Page, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut forged = page.form("/theme").fields.clone();
    forged.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    forged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_renamed() {
    let test = TestApp::start().await;
    // Before the slug by which the operator finds the workspace is another one.
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get("/settings").await;
    page.shows("Workspace id").shows("unlimited").shows("data_dir").shows("(unset)");
    let refused = browser.submit(&page, "/settings", &[("name", "Acme & Co"), ("slug", "Not A Slug")]).await;
    refused.refuses("3 to 64 characters");
    assert!(refused.html.contains("Acme &amp; Co") && refused.html.contains("Not A Slug"), "input is kept");
    let saved = browser.submit(&refused, "/settings", &[("slug", "acme")]).await;
    saved.shows("Saved.").shows("Acme & Co");
    assert!(test.app.workspaces.resolve(Some("acme")).await.is_ok());

    let page = viewer.get("/settings").await;
    page.shows("Acme & Co").lacks("data_dir");
    assert!(!page.has_form("/settings"));
    let fields = forged(&page, &[("name", "Mine"), ("slug", "mine")]);
    assert_eq!(viewer.post("/settings", &fields, &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_made_and_deleted_by_its_owner() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    browser.get("/settings/danger").await.shows("It is the only workspace of this server");
    let page = browser.get("/workspaces/new").await;
    let taken = browser.submit(&page, "/workspaces/new", &[("name", "Staging"), ("slug", "default")]).await;
    taken.refuses("The slug 'default' is taken");
    let made = browser.submit(&taken, "/workspaces/new", &[("slug", "staging")]).await;
    made.shows("Created the workspace Staging");
    assert_eq!(made.path, "/start");
    let page = browser.get("/settings").await;
    page.shows("owner");
    assert_eq!(page.form("/settings").fields.iter().find(|(name, _)| name == "slug").unwrap().1, "staging");
    let page = browser.get("/settings/danger").await;
    let delete = "/settings/danger/delete";
    browser.submit(&page, delete, &[("confirm", "staging")]).await.refuses("not the name of the workspace");
    browser.submit(&page, delete, &[("confirm", "Staging")]).await.shows("Deleted the workspace Staging");
    assert_eq!(test.app.workspaces.list().await.unwrap().len(), 1);

    let mut admin = Browser::of(&test, Role::Admin).await;
    assert_eq!(admin.get("/settings/danger").await.status, StatusCode::FORBIDDEN);
    let page = admin.get("/settings").await;
    let fields = forged(&page, &[("confirm", "Default")]);
    assert_eq!(admin.post(delete, &fields, &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_looked_over_by_admins() {
    // As the program does at its start; what the server writes meanwhile is looked at, too.
    base::store::set_umask();
    let test = TestApp::start().await;
    let mut operator = Browser::of(&test, Role::Operator).await;
    let page = operator.get("/settings").await;
    let path = "/settings/doctor";
    assert_eq!(operator.get(path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(operator.post(path, &forged(&page, &[]), &[]).await.status, StatusCode::FORBIDDEN);
    assert!(test.app.doctor.last().is_none(), "nothing was looked at for somebody who may not ask");

    let mut admin = Browser::of(&test, Role::Admin).await;
    let page = admin.get(path).await;
    page.shows("Not looked over since the start");
    let seen = admin.submit(&page, path, &[]).await;
    seen.shows("All is well").lacks("Not looked over");
    for check in unkey::doctor::names() {
        seen.shows(check);
    }
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(test.app.data_dir().join("events.db"), open).unwrap();
    let seen = admin.submit(&seen, path, &[]).await;
    seen.shows("1 error").shows("Others may read 1 file").shows("unkey doctor --fix").lacks("All is well");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_looked_at_and_ended() {
    let test = TestApp::start().await;
    let mut here = Browser::of(&test, Role::Viewer).await;
    here.get("/settings/sessions").await.shows("this one").lacks("End all others");
    test.advance_ms(1000);
    let mut there = Browser::new(&test);
    there.sign_in("viewer@example.com", PASSWORD).await;
    let page = here.get("/settings/sessions").await;
    let end = page.forms.iter().find(|form| form.action.ends_with("/end")).unwrap().action.clone();
    here.submit(&page, &end, &[]).await.shows("Ended the session.");
    there.get("/settings/sessions").await.shows("Sign in");
    here.submit(&page, &end, &[]).await.shows("There is no such session, or it is over.");
    there.sign_in("viewer@example.com", PASSWORD).await;
    let page = here.get("/settings/sessions").await;
    here.submit(&page, "/settings/sessions/end-others", &[]).await.shows("Ended 1 other session.");
    there.get("/").await.shows("Sign in");
}

/// The code an authenticator with this secret shows.
fn code(test: &TestApp, base32: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(base32).unwrap();
    let generator =
        totp_rs::Builder::new().with_secret(secret.as_ref()).with_account_name("a").build().unwrap();
    let now_s = u64::try_from(test.app.clock.now_ms() / 1000).unwrap();
    generator.generate(now_s).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_used_and_removed() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let (page, totp) = (browser.get("/settings/security").await, "/settings/security/totp");
    page.shows("Signing in takes your password only");
    browser.submit(&page, totp, &[("password", "wrong")]).await.refuses("Set up a second factor");
    let shown = browser.submit(&page, totp, &[("password", PASSWORD)]).await;
    shown.shows("Scan this with an authenticator app");
    assert!(shown.html.contains("<svg") && !shown.html.contains("style=\""));
    let secret = shown.text.split("or type the secret. Secret ").nth(1).unwrap().split(' ').next().unwrap();
    let again = browser.submit(&shown, totp, &[("code", "000000")]).await;
    again.refuses("This is not the code of now").refuses("or type the secret").refuses(secret);
    let on = browser.submit(&again, totp, &[("code", &code(&test, secret))]).await;
    on.shows("Recovery codes: store them now").shows("On. 10 recovery codes left");
    browser.get("/settings/security").await.lacks("store them now").shows("On. 10 recovery codes left");

    test.advance_ms(60_000);
    let mut other = Browser::new(&test);
    let page = other.sign_in("viewer@example.com", PASSWORD).await;
    let step = "/login/second-factor";
    assert_eq!(other.submit(&page, step, &[("code", &code(&test, secret))]).await.path, "/");

    let page = browser.get("/settings/security").await;
    let renew = "/settings/security/recovery-codes";
    browser.submit(&page, renew, &[("code", "000000")]).await.refuses("On. 10 recovery codes left");
    test.advance_ms(60_000);
    let renewed = browser.submit(&page, renew, &[("code", &code(&test, secret))]).await;
    let codes = renewed.text.split("not shown again. Recovery codes ").nth(1).unwrap();
    let recovery = codes.split(' ').next().unwrap();
    let remove = "/settings/security/totp/remove";
    browser.submit(&renewed, remove, &[("code", recovery)]).await.shows("Turned the second factor off.");
    assert_eq!(Browser::new(&test).sign_in("viewer@example.com", PASSWORD).await.path, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_a_profile_are_changed() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/settings/security").await;
    let (path, new) = ("/settings/security/password", "another horse battery");
    browser.submit(&page, path, &[("current", "wrong"), ("password", new)]).await.refuses("Current password");
    browser.submit(&page, path, &[("current", PASSWORD), ("password", "short")]).await.refuses("characters");
    let fields = [("current", PASSWORD), ("password", new)];
    browser.submit(&page, path, &fields).await.shows("Changed the password.");
    let wrong = Browser::new(&test).sign_in("viewer@example.com", PASSWORD).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(Browser::new(&test).sign_in("viewer@example.com", new).await.path, "/");

    let (page, path) = (browser.get("/settings/security").await, "/settings/security/profile");
    let nowhere = browser.submit(&page, path, &[("name", "Ada L."), ("zone", "Mars/Olympus")]).await;
    nowhere.refuses("There is no time zone");
    assert!(nowhere.html.contains("Ada L."), "input is kept");
    browser.submit(&page, path, &[("name", "Ada L."), ("zone", "Asia/Tokyo")]).await.shows("Saved.");
    let page = browser.get("/settings/security").await;
    let sent = &page.form(path).fields;
    assert!(
        sent.contains(&("zone".into(), "Asia/Tokyo".into()))
            && sent.contains(&("name".into(), "Ada L.".into()))
    );
    let page = browser.get("/settings").await;
    assert!(page.html.contains(" JST"), "times are in the zone of the reader");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_shown_as_it_was_started() {
    let test = TestApp::start_with(|config| {
        config.public_url = Some("https://keys.example.com".into());
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    test.api().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    admin.get("/settings/retention").await.shows("400 days").shows("for ever").shows("10.0 GiB");
    let page = admin.get("/settings/addresses").await;
    page.shows("https://keys.example.com").shows("10.0.0.0/8").lacks("Without UNKEY_PUBLIC_URL");
    admin.get("/settings/v1").await.shows("600 unknown keys a minute");
    admin.get("/settings/ai").await.shows("https://keys.example.com/llms.txt");

    let page = admin.get("/settings/migrations").await;
    page.shows("None. Make one below");
    let path = "/settings/migrations";
    admin.submit(&page, path, &[("algorithm", "md5")]).await.refuses("An algorithm is one of");
    let made = admin.submit(&page, path, &[("algorithm", "sha256")]).await;
    made.shows("Created the migration").shows("migrationId");

    let mut viewer = Browser::of(&test, Role::Viewer).await;
    viewer.get("/settings/ai").await.shows("llms.txt");
    for path in ["retention", "addresses", "v1", "migrations"] {
        let refused = viewer.get(&format!("/settings/{path}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let page = viewer.get("/settings").await;
    let fields = forged(&page, &[("algorithm", "sha256")]);
    assert_eq!(viewer.post(path, &fields, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(test.audit_events("migration.create").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_make_workspaces_unless_the_operator_lets_others() {
    let test = TestApp::start().await;
    for role in [Role::Viewer, Role::Operator, Role::Admin] {
        let mut browser = Browser::of(&test, role).await;
        let page = browser.get("/settings").await;
        page.lacks("New workspace");
        assert_eq!(browser.get("/workspaces/new").await.status, StatusCode::FORBIDDEN);
        let fields = forged(&page, &[("name", "Mine"), ("slug", "mine")]);
        assert_eq!(browser.post("/workspaces/new", &fields, &[]).await.status, StatusCode::FORBIDDEN);
    }
    Browser::of(&test, Role::Owner).await.get("/settings").await.shows("New workspace");
    assert_eq!(test.app.workspaces.list().await.unwrap().len(), 1);

    let test = TestApp::start_with(|config| config.members_create_workspaces = true).await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    viewer.get("/settings").await.shows("New workspace");
    let page = viewer.get("/workspaces/new").await;
    let made = viewer.submit(&page, "/workspaces/new", &[("name", "Mine"), ("slug", "mine")]).await;
    made.shows("Created the workspace Mine");
}

/// A document is planned, then applied as it was planned and no other way.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_planned_before_it_is_applied() {
    let test = TestApp::start().await;
    let (plan, apply) = ("/settings/configuration", "/settings/configuration/apply");
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    assert_eq!(viewer.get(plan).await.status, StatusCode::FORBIDDEN);
    let mut admin = Browser::of(&test, Role::Admin).await;
    let page = admin.get(plan).await;
    page.shows("version: 1").shows("apis: []");
    assert!(!page.has_form(apply), "nothing is applied that was not planned");
    let document = "version: 1\napis:\n  - name: Payments\n    defaultPrefix: pay\n";
    let seen = admin.submit(&page, plan, &[("document", document)]).await;
    seen.shows("Apply 2 changes").shows("api.create").shows("Payments").shows("pay");
    assert!(admin.get("/apis").await.lacks("Payments").status.is_success());

    test.call("apis.createApi", json!({ "name": "Payments" })).await.data();
    let stale = admin.submit(&seen, apply, &[]).await;
    stale.refuses("Something was changed since the plan was shown").refuses("Apply 1 change");
    admin.submit(&stale, apply, &[]).await.shows("1 change was made.").shows("defaultPrefix: pay");
    admin.submit(&stale, apply, &[]).await.refuses("Something was changed").refuses("Nothing differs.");
    assert_eq!(test.call("apis.createApi", json!({ "name": "Other" })).await.status, StatusCode::OK);
    let pruned = admin.submit(&page, plan, &[("document", document), ("prune", "on")]).await;
    pruned.shows("Apply 1 change").shows("api.delete").shows("Other");
    admin.submit(&pruned, apply, &[]).await.shows("1 change was made.").lacks("Other");
    admin.submit(&page, plan, &[("document", document)]).await.shows("Nothing differs.");
    let wrong = admin.submit(&page, plan, &[("document", "version: 1\napi: []")]).await;
    wrong.refuses("unknown field `api`");
    let file = admin.get("/settings/configuration/download").await;
    assert!(file.html.starts_with("version: 1\n"), "{}", file.html);
}
