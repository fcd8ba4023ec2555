use super::*;
use base::access::Role;
use base::store::testing::{TestStore, person, signed_in};
use base::store::{Database, Durability};
use insight::search::Search;

async fn workspaces(test: &TestStore, dir: &tempfile::TempDir) -> Workspaces {
    let path = dir.path().join("events.db");
    let events = Database::open::<migration::Events>(&path, Durability::Normal).await.unwrap();
    let search = Search::open(&dir.path().join("index")).unwrap();
    Workspaces::new(test.store.clone(), Entropy::seeded(6), Analytics::new(search, events))
}

/// A user who has a row and a role in `ws_1`.
async fn user(test: &TestStore, role: Role) -> OpCtx {
    test.force(
        "INSERT INTO users (id, email, email_folded, name, password_hash, created_at) \
         VALUES ('user_1', 'a@b', 'a@b', 'Ada', '', 0)",
    )
    .await;
    test.force(&format!("INSERT INTO memberships VALUES ('ws_1', 'user_1', '{}', 0)", role.as_str())).await;
    signed_in("user_1", Some(role))
}

#[tokio::test]
async fn whoever_creates_a_workspace_owns_it() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    let cx = user(&test, Role::Owner).await;
    let command = CreateWorkspace { slug: "lab".to_owned(), name: "Lab".to_owned() };
    let made = workspaces.create(&cx, command).await.unwrap();
    let mine = workspaces.mine(&cx).await.unwrap();
    let roles: Vec<_> = mine.iter().map(|mine| (mine.workspace.slug.as_str(), mine.role)).collect();
    assert_eq!(roles, [("lab", Role::Owner), ("ws_1", Role::Owner)]);
    assert_eq!(test.events(0).await, ["workspace.create"]);
    assert_eq!(test.count("audit_log", &format!("workspace_id = '{}'", made.id)).await, 1);
    let command = CreateWorkspace { slug: "lab2".to_owned(), name: "Lab".to_owned() };
    assert!(workspaces.create(&base::store::testing::owner(), command).await.is_err(), "a root key");
}

#[tokio::test]
async fn who_owns_none_makes_one_only_where_the_operator_lets_them() {
    for role in [Role::Viewer, Role::Operator, Role::Admin] {
        let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
        let workspaces = workspaces(&test, &dir).await;
        let cx = user(&test, role).await;
        let command = || CreateWorkspace { slug: "lab".to_owned(), name: "Lab".to_owned() };
        assert!(!workspaces.may_create(&cx).await.unwrap());
        let refused = workspaces.create(&cx, command()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InsufficientPermissions, "{role:?}");
        assert!(test.events(0).await.is_empty());
        workspaces.clone().open_to_members(true).create(&cx, command()).await.unwrap();
        assert!(workspaces.may_create(&cx).await.unwrap(), "an owner by now");
        test.force("UPDATE workspaces SET enabled = FALSE WHERE slug = 'lab'").await;
        assert!(!workspaces.may_create(&cx).await.unwrap(), "of one that serves");
    }
}

#[tokio::test]
async fn a_workspace_is_renamed_by_admins() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    assert!(workspaces.rename(&person(Role::Operator), Some("New"), None).await.is_err());
    let admin = person(Role::Admin);
    let refused = workspaces.rename(&admin, None, Some("ws_2")).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidInput, "no underscores");
    test.force("UPDATE workspaces SET slug = 'two' WHERE id = 'ws_2'").await;
    let refused = workspaces.rename(&admin, None, Some("two")).await.unwrap_err();
    assert!(refused.detail().contains("taken"), "{refused:?}");
    workspaces.rename(&admin, Some("New"), Some("new-slug")).await.unwrap();
    workspaces.rename(&admin, Some("New"), None).await.unwrap();
    let now = workspaces.current(&admin).await.unwrap();
    assert_eq!((now.name.as_str(), now.slug.as_str()), ("New", "new-slug"));
    let audited = test.audited().await;
    assert_eq!(audited.len(), 1, "no change, no entry");
    assert_eq!(audited[0].changes.as_ref().unwrap()["slug"]["after"], "new-slug");
}

#[tokio::test]
async fn a_deleted_workspace_is_gone_and_its_slug_free() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    let owner = user(&test, Role::Owner).await;
    test.force("UPDATE workspaces SET slug = 'one', name = 'One' WHERE id = 'ws_1'").await;
    assert!(workspaces.delete(&person(Role::Admin), "One").await.is_err());
    let refused = workspaces.delete(&owner, "one").await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidInput, "the name, not the slug");
    workspaces.delete(&owner, "One").await.unwrap();
    assert!(workspaces.mine(&owner).await.unwrap().is_empty());
    assert!(workspaces.current(&owner).await.is_err());
    let command = CreateWorkspace { slug: "one".to_owned(), name: "Again".to_owned() };
    workspaces.create(&test.operator(), command).await.unwrap();
    assert_eq!(test.events(0).await, ["workspace.delete", "workspace.create"]);
}

#[tokio::test]
async fn the_last_workspace_stays() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    test.force("UPDATE workspaces SET deleted_at = 1 WHERE id = 'ws_2'").await;
    let refused = workspaces.delete(&person(Role::Owner), "ws_1").await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
}

#[tokio::test]
async fn only_the_operator_decides_what_is_served() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    assert!(workspaces.set_enabled(&person(Role::Owner), "ws_1", false).await.is_err());
    assert!(workspaces.set_api_limit(&person(Role::Owner), "ws_1", Some(1)).await.is_err());
    workspaces.set_enabled(&test.operator(), "ws_2", false).await.unwrap();
    workspaces.set_api_limit(&test.operator(), "ws_2", Some(7)).await.unwrap();
    workspaces.set_api_limit(&test.operator(), "ws_2", Some(7)).await.unwrap();
    let now = workspaces.resolve(Some("ws_2")).await.unwrap();
    assert_eq!((now.enabled, now.api_limit_per_minute), (false, Some(7)));
    let changed: Vec<_> = test.audited().await.into_iter().map(|entry| entry.changes.unwrap()).collect();
    let enabled = json!({ "enabled": { "before": true, "after": false } });
    let limited = json!({ "apiLimitPerMinute": { "before": null, "after": 7 } });
    assert_eq!(changed, [enabled, limited], "no change, no entry");
    assert_eq!(test.count("audit_log", "workspace_id = 'ws_2'").await, 2);
}

#[tokio::test]
async fn settings_of_a_deleted_workspace_stay() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let workspaces = workspaces(&test, &dir).await;
    let stale = workspaces.resolve(Some("ws_1")).await.unwrap();
    test.store.write(|tx| async move { store::delete(&tx, &"ws_1".into(), 1).await }).await.unwrap();
    test.force("UPDATE workspaces SET slug = 'gone' WHERE id = 'ws_1'").await;
    test.store.write(|tx| async move { store::update(&tx, &stale, 2).await }).await.unwrap();
    assert_eq!(test.count("workspaces", "id = 'ws_1' AND slug = 'gone'").await, 1);
    let refused = workspaces.set_enabled(&test.operator(), "ws_1", false).await.unwrap_err();
    assert_eq!(refused.code(), Code::WorkspaceNotFound);
    let refused = require_enabled(test.store.read(), &"ws_1".into()).await.unwrap_err();
    assert_eq!(refused.code(), Code::WorkspaceNotFound);
}
