//! Jobs over many rows: each row as a single change would, once, with its result.

use std::io::Write;
use std::sync::Arc;

use base::access::{Claimant, IdempotencyKey, OpCtx};
use base::error::Code;
use base::ids::{BulkJobId, KeyId, RequestId};
use base::store::Page;
use domain::bulk::{ImportFile, ImportFormat, ImportOf, Job, RowState, Selection, StartJob, State, Work};
use domain::keys::DeleteKey;
use serde_json::{Value, json};

use crate::support::{TestApp, pause};

async fn run(test: &TestApp, work: Work, selection: Selection) -> (BulkJobId, Job) {
    let cx = test.operator().await;
    let id = test.app.bulk.start(&cx, StartJob { work, selection }).await.unwrap();
    (id.clone(), finished(test, &cx, &id).await)
}

async fn finished(test: &TestApp, cx: &OpCtx, id: &BulkJobId) -> Job {
    loop {
        let job = test.app.bulk.job(cx, id).await.unwrap();
        if job.state.is_over() {
            return job;
        }
        pause().await;
    }
}

async fn keys(test: &TestApp, api: &str, count: usize) -> Vec<KeyId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let (id, _) = test.key(api, json!({ "name": format!("key {number}") })).await;
        ids.push(KeyId::from(id));
    }
    ids
}

async fn key(test: &TestApp, id: &KeyId) -> Value {
    test.call("keys.getKey", json!({ "keyId": id.as_str() })).await.data()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chosen_key_is_changed_and_says_how_it_went() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut ids = keys(&test, &api, 60).await;
    let untouched = ids.pop().unwrap();
    ids.push("key_that_never_was".into());
    let (id, job) = run(&test, Work::DisableKeys, Selection::Keys(ids.clone())).await;
    assert_eq!((job.state, job.total, job.done, job.failed), (State::Done, 60, 59, 1));
    assert_eq!(key(&test, &ids[0]).await["enabled"], false);
    assert_eq!(key(&test, &untouched).await["enabled"], true);
    let cx = test.operator().await;
    let failed = test.app.bulk.rows(&cx, &id, true, &Page { limit: 10, cursor: None }).await.unwrap().items;
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].subject.as_str(), failed[0].outcome), ("key_that_never_was", RowState::Failed));
    assert!(failed[0].message.as_deref().unwrap().contains("not found"));
    let mut rows = 0;
    let mut page = Page { limit: 25, cursor: None };
    loop {
        let found = test.app.bulk.rows(&cx, &id, false, &page).await.unwrap();
        rows += found.items.len();
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(rows, 60);
    assert_eq!(test.audit_events("key.update").await, 59);
    assert_eq!(test.audit_events("bulk.start").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_chooses_every_key_it_fits() {
    let test = TestApp::start().await;
    let api = test.api().await;
    keys(&test, &api, 30).await;
    test.key(&api, json!({ "name": "other" })).await;
    let matching =
        |filter: &str| Selection::Matching { api: Some(api.as_str().into()), filter: filter.into() };
    let limits =
        vec![domain::bulk::Limit { name: "requests".into(), limit: 5, duration: 1000, auto_apply: true }];
    let works = [
        Work::SetExpiry { expires_at: Some(4_000_000_000_000) },
        Work::SetCredits { remaining: Some(3) },
        Work::AddCredits { amount: 4 },
        Work::SetLimits { limits },
        Work::SetIdentity { external_id: Some("user_1".into()) },
        Work::MergeMeta { meta: json!({ "plan": "pro" }).as_object().unwrap().clone() },
        Work::AddPermissions { slugs: vec!["docs.read".into()] },
    ];
    for work in works {
        let (_, job) = run(&test, work, matching("name:key")).await;
        assert_eq!((job.state, job.total, job.done), (State::Done, 30, 30), "{:?}", job.work);
    }
    let found = test.call("apis.listKeys", json!({ "apiId": api, "externalId": "user_1" })).await.data();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 30);
    let one = &found[0];
    assert_eq!((&one["credits"]["remaining"], &one["meta"]["plan"]), (&json!(7), &json!("pro")));
    assert_eq!((&one["ratelimits"][0]["limit"], &one["permissions"]), (&json!(5), &json!(["docs.read"])));
    let (_, job) = run(
        &test,
        Work::MergeMeta { meta: json!({ "plan": null }).as_object().unwrap().clone() },
        matching("name:key"),
    )
    .await;
    assert_eq!(job.done, 30);
    assert_eq!(key(&test, &one["keyId"].as_str().unwrap().into()).await.get("meta"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_can_be_taken_back() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({ "credits": { "remaining": 5 } })).await;
    let chosen = || Selection::Keys(vec![id.as_str().into()]);
    run(&test, Work::DeleteKeys, chosen()).await;
    assert_eq!(test.verify(&secret).await["code"], "NOT_FOUND");
    let (_, job) = run(&test, Work::RestoreKeys, chosen()).await;
    assert_eq!(job.done, 1);
    let verified = test.verify(&secret).await;
    assert_eq!((&verified["code"], &verified["credits"]), (&json!("VALID"), &json!(4)));
    assert_eq!(run(&test, Work::RestoreKeys, chosen()).await.1.failed, 1, "it lives");
    test.app
        .keys
        .delete(&test.operator().await, DeleteKey { key_id: id.as_str().into(), permanent: true })
        .await
        .unwrap();
    assert_eq!(run(&test, Work::RestoreKeys, chosen()).await.1.failed, 1, "it is gone");
}

/// A crash between a change and the note of its result must not do it twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_done_before_a_crash_is_not_done_again() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, _) = test.key(&api, json!({ "credits": { "remaining": 10 } })).await;
    let (job_id, _) =
        run(&test, Work::AddCredits { amount: 5 }, Selection::Keys(vec![id.as_str().into()])).await;
    // As if the note had been lost: the row waits and the job is open again.
    use sea_orm::ConnectionTrait;
    let db = test.app.store.database().writer();
    db.execute_unprepared("UPDATE bulk_rows SET state = 'waiting'").await.unwrap();
    db.execute_unprepared("UPDATE bulk_jobs SET state = 'running', done = 0, finished_at = NULL")
        .await
        .unwrap();
    test.app.bulk.run_open().await.unwrap();
    let job = finished(&test, &test.operator().await, &job_id).await;
    assert_eq!((job.state, job.done, job.failed), (State::Done, 1, 0));
    assert_eq!(key(&test, &id.as_str().into()).await["credits"]["remaining"], 15);
    let claimed = IdempotencyKey {
        claimant: Claimant::BulkJob(job_id.clone()),
        key_hash: "0".into(),
        request_hash: String::new(),
    };
    let cx = OpCtx {
        idempotency: Some(Arc::new(claimed)),
        request_id: RequestId::from("req_x"),
        ..test.operator().await
    };
    let again = test.app.keys.delete(&cx, DeleteKey { key_id: id.as_str().into(), permanent: false }).await;
    assert_eq!(again.unwrap_err().code(), Code::IdempotencyConflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_become_keys_identities_permissions_and_roles() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let cx = test.operator().await;
    let file = |of, format, text: &str| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        ImportFile::new(of, format, file)
    };
    let import = async |of: ImportOf, format, text: &str| {
        let id = test.app.bulk.import(&cx, file(of, format, text)).await.unwrap();
        finished(&test, &cx, &id).await
    };
    let permissions = "slug,name\ndocs.read,Read\ndocs.write,Write\n";
    let job = import(ImportOf::Permissions, ImportFormat::Csv, permissions).await;
    assert_eq!((job.done, job.failed), (2, 0));
    let roles = r#"{"name":"reader","permissions":["docs.read"]}"#;
    assert_eq!(import(ImportOf::Roles, ImportFormat::JsonLines, roles).await.done, 1);
    let identities = "external_id,meta\nuser_1,\"{\"\"plan\"\":\"\"pro\"\"}\"\nuser_1,\n";
    let job = import(ImportOf::Identities, ImportFormat::Csv, identities).await;
    assert_eq!((job.done, job.failed), (1, 1), "the second is taken");
    let keys = "key,name,external_id,roles,credits\nmy-old-key,Old,user_1,reader,9\n,,,,\n".to_owned();
    let of = ImportOf::Keys(api.as_str().into());
    let refused = test.app.bulk.import(&cx, file(of.clone(), ImportFormat::Csv, &keys)).await.unwrap_err();
    assert_eq!(refused.faults()[0].location, "line 3", "a row without a secret");
    let keys = keys.replace(",,,,\n", "");
    let job = import(of, ImportFormat::Csv, &keys).await;
    assert_eq!((job.work, job.total, job.done), (Work::ImportKeys { api: api.clone() }, 1, 1));
    let verified = test.verify("my-old-key").await;
    assert_eq!((&verified["code"], &verified["credits"]), (&json!("VALID"), &json!(8)));
    assert_eq!(
        (&verified["roles"], &verified["identity"]["meta"]["plan"]),
        (&json!(["reader"]), &json!("pro"))
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_it_starts() {
    let test = TestApp::start().await;
    let cx = test.operator().await;
    let filter = || Selection::Matching { api: None, filter: "colour:red".into() };
    for (work, selection) in [
        (Work::EnableKeys, Selection::Keys(Vec::new())),
        (Work::EnableKeys, filter()),
        (Work::ImportRoles, Selection::Keys(vec!["key_1".into()])),
    ] {
        let refused = test.app.bulk.start(&cx, StartJob { work, selection }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidInput);
    }
    assert_eq!(test.app.bulk.job(&cx, &"job_none".into()).await.unwrap_err().code(), Code::JobNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_moment_are_listed_as_they_were_started() {
    let test = TestApp::start().await;
    let key = keys(&test, &test.api().await, 1).await;
    let mut started = Vec::new();
    for _ in 0..6 {
        started.push(run(&test, Work::DisableKeys, Selection::Keys(key.clone())).await.0);
    }
    started.reverse();
    let (cx, mut page) = (test.operator().await, Page { limit: 4, cursor: None });
    let mut listed = Vec::new();
    loop {
        let found = test.app.bulk.jobs(&cx, &page).await.unwrap();
        listed.extend(found.items.into_iter().map(|job| job.id));
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, started);
    page.cursor = Some("job_unknown".to_owned());
    assert_eq!(test.app.bulk.jobs(&cx, &page).await.unwrap_err().code(), Code::InvalidInput);
}
