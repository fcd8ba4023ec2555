//! Many rows at once: bulk changes, jobs, imports and exports.

use base::access::Role;
use base::ids::BulkJobId;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::{TestApp, pause};

/// The page of a job once it is over.
async fn finished(browser: &mut Browser<'_>, page: &Page) -> Page {
    page.shows("Progress");
    let id = BulkJobId::from(page.path.strip_prefix("/jobs/").unwrap());
    let cx = browser.test.operator().await;
    while !browser.test.app.bulk.job(&cx, &id).await.unwrap().state.is_over() {
        pause().await;
    }
    browser.get(&page.path).await
}

/// How many rows a job did, once `enough`.
async fn settled_at(test: &TestApp, page: &Page, enough: impl Fn(i64) -> bool) -> i64 {
    let id = BulkJobId::from(page.path.strip_prefix("/jobs/").unwrap());
    let cx = test.operator().await;
    loop {
        let done = test.app.bulk.job(&cx, &id).await.unwrap().done;
        if enough(done) {
            return done;
        }
        pause().await;
    }
}

/// How many rows a job did before it was stopped: those it was at are noted a
/// moment later.
async fn settled(test: &TestApp, page: &Page) -> i64 {
    let mut before = -1;
    loop {
        for _ in 0..100 {
            pause().await;
        }
        let done = settled_at(test, page, |_| true).await;
        if done == before && done > 0 {
            return done;
        }
        before = done;
    }
}

fn key_file(count: usize) -> String {
    let rows = (0..count).map(|number| format!("secret number {number},key {number}\n"));
    "key,name\n".to_owned() + &rows.collect::<String>()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_keys_come_in_by_a_file_change_and_go() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/import").await;
    let fields = [("what", "keys"), ("api", api.as_str())];
    let job = browser.upload(&page, "/import", &fields, ("keys.csv", &key_file(1000))).await;
    let job = finished(&mut browser, &job).await;
    job.shows("Import keys").shows("1,000 of 1,000 (100%)").shows("operator@example.com").shows("Done");
    assert!(!job.html.contains("secret number"), "a plaintext is hashed as it is read");
    assert_eq!(test.verify("secret number 999").await["code"], "VALID");

    let (list, bulk) = (format!("/apis/{api}/keys"), format!("/apis/{api}/keys/bulk"));
    let matching = browser.get(&format!("{list}?name=key+1")).await;
    let all = |act| [("act", act), ("all_matching", "on")];
    let preview = browser.submit(&matching, &bulk, &all("disable")).await;
    preview.shows("Disable: 111 keys").shows("and 106 more");
    let job = browser.submit(&preview, &bulk, &[]).await;
    let job = finished(&mut browser, &job).await;
    job.shows("Disable keys").shows("111 of 111");
    assert!(job.html.contains("disable_keys"));
    assert_eq!(test.verify("secret number 11").await["code"], "DISABLED");
    assert_eq!(test.verify("secret number 2").await["code"], "VALID");

    let everything = browser.get(&list).await;
    let preview = browser.submit(&everything, &bulk, &all("delete")).await;
    let refused = browser.submit(&preview, &bulk, &[("confirm", "111")]).await;
    refused.refuses("This is not 1000.").shows_form(&bulk);
    let job = browser.submit(&refused, &bulk, &[("confirm", "1,000")]).await;
    job.shows("Delete keys");
    assert!(job.html.contains("http-equiv=\"refresh\""), "it looks again by itself");
    assert!(settled_at(&test, &job, |done| done > 0).await < 1000);
    let stopped = browser.submit(&job, &format!("{}/cancel", job.path), &[]).await;
    stopped.shows("Stopped").lacks("Finding keys");
    assert!(settled(&test, &stopped).await < 1000);
    let stopped = browser.get(&stopped.path).await;
    let undone = browser.submit(&stopped, &format!("{}/undo", stopped.path), &[]).await;
    finished(&mut browser, &undone).await.shows("Restore keys").shows("Done");
    assert_eq!(test.verify("secret number 999").await["code"], "VALID");
    browser.get("/jobs").await.shows("Restore keys").shows("Delete keys").shows("Disable keys");
}

impl Page {
    #[track_caller]
    fn shows_form(&self, action: &str) -> &Self {
        self.form(action);
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_keys_get_what_the_form_says_and_each_row_its_result() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({ "name": "first" })).await;
    let (other, _) = test.key(&api, json!({ "name": "elsewhere" })).await;
    test.call("permissions.createRole", json!({ "name": "reader" })).await.data();
    let mut browser = Browser::of(&test, Role::Operator).await;
    let (list, bulk) = (format!("/apis/{api}/keys"), format!("/apis/{api}/keys/bulk"));
    let page = browser.get(&list).await;
    let none = browser.submit(&page, &bulk, &[("act", "enable")]).await;
    none.shows("Choose the keys first.");
    assert_eq!(none.path, list);

    let chosen = [("id", id.as_str()), ("id", "key_gone"), ("act", "limits")];
    let preview = browser.submit(&page, &bulk, &chosen).await;
    preview.shows("Set rate limits: 2 keys").shows("first").lacks("elsewhere");
    let row = [("limits.0.name", "requests"), ("limits.0.limit", "5"), ("limits.0.duration", "soon")];
    let more = browser.submit(&preview, &bulk, &[row[0], row[1], row[2], ("more", "limits")]).await;
    more.shows("Limit");
    let refused = browser.submit(&more, &bulk, &[row[0], row[1], row[2]]).await;
    refused.refuses("such as 10s");
    assert!(refused.form(&bulk).fields.contains(&("limits.0.duration".into(), "soon".into())), "kept");
    let job = browser.submit(&refused, &bulk, &[("limits.0.duration", "1h")]).await;
    let job = finished(&mut browser, &job).await;
    job.shows("2 of 2").shows("failed").shows("not found");
    let own = job.form("/theme").fields.clone();
    let undo = browser.post(&format!("{}/undo", job.path), &own, &[]).await;
    assert!(undo.text.contains("Only deletions that are done can be taken back."), "{}", undo.text);
    let failed = browser.get(&format!("{}?failed=1", job.path)).await;
    failed.shows("key_gone").shows("1 row");
    assert!(!failed.links_to(&format!("/keys/{id}")));
    let csv = browser.get(&format!("{}/result.csv", job.path)).await;
    assert!(csv.html.starts_with("row,subject,result,message\r\n1,"), "{}", csv.html);
    assert!(csv.html.contains(&format!("{id},done,\r\n")) && csv.html.lines().count() == 3, "{}", csv.html);

    for (act, field, value) in [
        ("add_roles", "names", "reader"),
        ("add_permissions", "others", "docs.read\r\ndocs.write"),
        ("credits", "credits", "7"),
        ("add_credits", "amount", "3"),
        ("external_id", "external_id", "user_1"),
        ("meta", "meta", r#"{"plan":"pro"}"#),
        ("expiry", "expires", "30d"),
    ] {
        let preview = browser.submit(&page, &bulk, &[("id", &id), ("act", act)]).await;
        let job = browser.submit(&preview, &bulk, &[(field, value)]).await;
        finished(&mut browser, &job).await.shows("1 of 1").lacks("failed");
    }
    let verified = test.verify_with(json!({ "key": secret, "permissions": "docs.write" })).await;
    assert_eq!(
        (&verified["code"], &verified["credits"], &verified["roles"], &verified["meta"]["plan"]),
        (&json!("VALID"), &json!(9), &json!(["reader"]), &json!("pro"))
    );
    assert_eq!(verified["identity"]["externalId"], "user_1");
    for (act, field, value, why) in [
        ("credits", "credits", "many", "no whole number"),
        ("add_credits", "amount", "0", "no credits to add"),
        ("remove_roles", "others", "", "No role was named"),
        ("meta", "meta", "[]", "no object"),
        ("expiry", "expires", "at", "Choose a day and a time."),
    ] {
        let preview = browser.submit(&page, &bulk, &[("id", &other), ("act", act)]).await;
        browser.submit(&preview, &bulk, &[(field, value)]).await.refuses(why);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_jobs_and_starts_none() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({})).await;
    let mut operator = Browser::of(&test, Role::Operator).await;
    let page = operator.get(&format!("/apis/{api}/keys")).await;
    let bulk = format!("/apis/{api}/keys/bulk");
    let preview = operator.submit(&page, &bulk, &[("id", &id), ("act", "delete")]).await;
    let job = operator.submit(&preview, &bulk, &[("confirm", "1")]).await;
    let job = finished(&mut operator, &job).await;
    assert_eq!(test.verify(&secret).await["code"], "NOT_FOUND");

    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/jobs").await;
    page.shows("Delete keys").lacks("Import");
    let seen = viewer.get(&job.path).await;
    seen.shows("1 of 1");
    let (cancel, undo) = (format!("{}/cancel", job.path), format!("{}/undo", job.path));
    assert!(!seen.has_form(&cancel) && !seen.has_form(&undo));
    assert!(!viewer.get("/import").await.has_form("/import"));
    viewer.get("/export").await.shows("Exports take the role admin").lacks("Download");
    let csrf = page.form("/theme").fields.iter().find(|(name, _)| name == "csrf").unwrap().clone();
    let mut forged = vec![csrf];
    for (name, value) in [("id", id.as_str()), ("act", "enable"), ("run", "on"), ("what", "roles")] {
        forged.push((name.to_owned(), value.to_owned()));
    }
    for path in [bulk.as_str(), undo.as_str(), cancel.as_str()] {
        assert_eq!(viewer.post(path, &forged, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut import = operator.get("/import").await;
    import
        .forms
        .iter_mut()
        .flat_map(|form| &mut form.fields)
        .filter(|(name, _)| name == "csrf")
        .for_each(|(_, value)| value.clone_from(&forged[0].1));
    let refused = viewer.upload(&import, "/import", &[("what", "roles")], ("r.csv", "name\nreader\n")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for path in ["/export?what=roles&download=1", "/export?what=keys&download=1&format=jsonl"] {
        for browser in [&mut viewer, &mut operator] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(viewer.get("/jobs/job_none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_faults_changes_nothing_and_tells_each() {
    let test = TestApp::start().await;
    test.api().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/import").await;
    page.shows("external_id").shows("JSON, one object a line");
    let identities = [("what", "identities")];
    let text = "external_id,meta\nuser_1,no json\nuser_2,\n,\nuser_4,\n";
    let refused = browser.upload(&page, "/import", &identities, ("people.csv", text)).await;
    refused.refuses("line 2").refuses("no JSON").refuses("line 4");
    assert!(refused.form("/import").fields.contains(&("what".into(), "identities".into())), "kept");
    let colour = browser.upload(&refused, "/import", &identities, ("p.jsonl", "{\"colour\":1}")).await;
    colour.refuses("unknown field");
    browser.upload(&page, "/import", &identities, ("p.csv", "")).await.refuses("Choose a file.");
    browser.upload(&page, "/import", &identities, ("p.csv", "external_id\n")).await.refuses("no rows");
    browser.upload(&page, "/import", &[("what", "keys")], ("k.csv", "key\na\n")).await.refuses("need an API");
    let cx = test.operator().await;
    let none = base::store::Page { limit: 1, cursor: None };
    assert!(test.app.bulk.jobs(&cx, &none).await.unwrap().items.is_empty());
    let twice = "external_id\nuser_1\nuser_1\n";
    let job = browser.upload(&page, "/import", &identities, ("people.csv", twice)).await;
    finished(&mut browser, &job).await.shows("2 of 2").shows("failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_can_be_brought_back() {
    let test = TestApp::start().await;
    let limit = json!([{ "name": "requests", "limit": 5, "duration": 1000, "autoApply": true }]);
    let identity = json!({ "externalId": "-user", "meta": { "plan": "pro" }, "ratelimits": limit,
        "monthlyCredits": 1_000 });
    test.call("identities.createIdentity", identity).await.data();
    for number in 0..501 {
        let permission = json!({ "name": "=SUM(1)", "slug": format!("docs.{number}") });
        test.call("permissions.createPermission", permission).await.data();
    }
    let role =
        json!({ "name": "reader", "description": "reads, \"only\"", "permissions": ["docs.1", "docs.2"] });
    test.call("permissions.createRole", role).await.data();
    let mut admin = Browser::of(&test, Role::Admin).await;
    let second = TestApp::start().await;
    let mut elsewhere = Browser::of(&second, Role::Admin).await;
    for format in ["csv", "jsonl"] {
        for what in ["permissions", "roles", "identities"] {
            let page = admin.get(&format!("/export?what={what}")).await;
            let file = admin.submit(&page, "/export", &[("format", format)]).await;
            let name = file.headers["content-disposition"].to_str().unwrap();
            assert_eq!(name, format!("attachment; filename=\"{what}-2026-10-07.{format}\""));
            assert_eq!(
                file.html.contains("'=") | file.html.contains("'-"),
                format == "csv" && what != "roles",
                "{}",
                file.html
            );
            if format == "jsonl" {
                let again = elsewhere.get(&format!("/export?what={what}&format=jsonl&download=1")).await;
                assert_eq!(without_ids(&again.html), without_ids(&file.html));
                let is_full = what == "permissions" || !file.html.contains("null");
                assert!(is_full, "a column that nothing here fills: {}", file.html);
                continue;
            }
            let page = elsewhere.get("/import").await;
            let name = format!("{what}.csv");
            let job = elsewhere.upload(&page, "/import", &[("what", what)], (&name, &file.html)).await;
            finished(&mut elsewhere, &job).await.shows("Done").lacks("failed");
        }
    }
    assert_eq!(test.audit_events("export.create").await, 6);
}

/// Lines of objects, in an order of their own.
fn without_ids(lines: &str) -> Vec<String> {
    let bare = |line: &str| {
        let mut object: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
        object.remove("id");
        serde_json::Value::Object(object).to_string()
    };
    let mut lines: Vec<_> = lines.lines().map(bare).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_events_are_exported_as_they_were_filtered() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "name": "web", "externalId": "user_1" })).await;
    test.key(&api, json!({ "name": "cron", "enabled": false })).await;
    let limit = json!({ "namespace": "mail", "identifier": "i", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", limit.clone()).await.data();
    test.call("ratelimit.setOverride", limit).await.data();
    test.verify(&secret).await;
    test.flush_events().await;
    test.advance_ms(10);
    let mut admin = Browser::of(&test, Role::Admin).await;
    let list = admin.get(&format!("/apis/{api}/keys?status=disabled")).await;
    let link = list.links.iter().find(|link| link.starts_with("/export")).unwrap().clone();
    let page = admin.get(&link).await;
    page.shows("status").shows("disabled");
    let keys = admin.submit(&page, "/export", &[]).await;
    assert!(keys.html.contains("cron") && !keys.html.contains("web") && !keys.html.contains(&secret));
    let rows = async |admin: &mut Browser<'_>, query: &str| {
        let file = admin.get(&format!("/export?format=jsonl&download=1&{query}")).await;
        assert_eq!(file.status, StatusCode::OK, "{query}: {}", file.text);
        file.html.lines().count()
    };
    for (query, count) in [
        ("what=overrides&namespace=mail".to_owned(), 1),
        ("what=verifications".to_owned(), 1),
        (format!("what=verifications&api={api}&outcome=VALID"), 1),
        ("what=verifications&outcome=EXPIRED".to_owned(), 0),
        ("what=ratelimits&outcome=PASSED".to_owned(), 1),
        ("what=ratelimits&outcome=BLOCKED".to_owned(), 0),
        ("what=audit&event=api.create".to_owned(), 1),
        ("what=audit&event=api.create&since=1h".to_owned(), 1),
        ("what=identities&q=user".to_owned(), 1),
        ("what=keys&q=identity:user_1".to_owned(), 1),
    ] {
        assert_eq!(rows(&mut admin, &query).await, count, "{query}");
    }
    admin.get("/export?what=requests").await.shows("Requests");
    let refused = admin.get("/export?what=keys&q=colour:red&download=1").await;
    refused.refuses("no filter");
    assert!(refused.form("/export").fields.contains(&("q".into(), "colour:red".into())), "kept");
    admin.get("/export?what=overrides&download=1").await.refuses("which namespace");
    admin.get("/export?what=overrides&namespace=none&download=1").await.refuses("does not exist");
}

/// Whatever the span of a list is called, its export is of the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_of_the_time_that_its_list_showed() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "name": "web" })).await;
    test.verify(&secret).await;
    test.flush_events().await;
    test.advance_ms(20 * 60_000);
    test.verify(&secret).await;
    test.flush_events().await;
    test.advance_ms(10);
    let mut admin = Browser::of(&test, Role::Admin).await;
    for (span, count) in [("5m", 1), ("15m", 1), ("30m", 2), ("12h", 2), ("month", 2), ("last-month", 0)] {
        let page = admin.get(&format!("/export?what=verifications&since={span}")).await;
        let file = admin.submit(&page, "/export", &[("format", "jsonl")]).await;
        assert_eq!(file.html.lines().count(), count, "{span}");
    }
    for since in ["5y", "soon"] {
        admin.get(&format!("/export?what=verifications&since={since}")).await.shows("is no span of time");
    }
    admin.get("/export?what=keys&since=5y").await.lacks("See the marked fields");
    admin.get("/export?what=audit&from=2026-02-02T00:00&to=2026-01-01T00:00").await.shows("must be before");
    // What a list chose from the calendar gives way to what is chosen in the form.
    let past = admin.get("/export?what=verifications&from=2020-01-01T00:00&to=2020-01-02T00:00").await;
    past.shows("nothing is kept for longer");
    let page = admin.get("/export?what=verifications&from=1767225600000").await;
    let file = admin.submit(&page, "/export", &[("format", "jsonl"), ("since", "5m")]).await;
    assert_eq!((file.status, file.html.lines().count()), (StatusCode::OK, 1), "{}", file.text);
}
