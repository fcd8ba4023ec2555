//! Tests of the permissions room against a real store.

use base::ids::{KeyId, PermissionId};

use super::*;
use base::access::OpCtx;
use base::audit::Group;
use base::error::{Code, Result};
use base::store::testing::{TestStore, holder, owner, stranger};

fn room(test: &TestStore) -> Permissions {
    Permissions::new(test.store.clone(), Entropy::system())
}

fn permission(slug: &str) -> CreatePermission {
    CreatePermission { name: slug.to_owned(), slug: slug.to_owned(), description: None }
}

fn role(name: &str, permissions: &[&str]) -> CreateRole {
    CreateRole { name: name.to_owned(), description: None, permissions: strings(permissions) }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    outcome.unwrap_err().code()
}

async fn ensured(test: &TestStore, cx: &OpCtx, slugs: &[&str]) -> Vec<Permission> {
    ensuring(test, cx, slugs).await.unwrap()
}

async fn ensuring(test: &TestStore, cx: &OpCtx, slugs: &[&str]) -> Result<Vec<Permission>> {
    let (slugs, entropy) = (strings(slugs), Entropy::system());
    test.store
        .write(|tx| async move {
            let mut group = Group::new();
            let permissions = ensure(&tx, cx, &entropy, &mut group, &slugs).await?;
            group.record(cx, &tx, &entropy).await?;
            Ok(permissions)
        })
        .await
}

#[tokio::test]
async fn a_name_in_another_case_stands_for_nothing() {
    let (test, cx) = (TestStore::open().await, owner());
    room(&test).create_permission(&cx, permission("Docs.Read")).await.unwrap();
    room(&test).create_role(&cx, role("Ångström", &["Docs.Read"])).await.unwrap();
    for slugs in [&["docs.read"][..], &["fresh", "FRESH"], &["Docs.Read", "DOCS.READ"]] {
        let refused = ensuring(&test, &cx, slugs).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.field()),
            (Code::PermissionExists, Some(base::error::Field::Permissions))
        );
    }
    assert_eq!(code(room(&test).create_role(&cx, role("r", &["docs.read"])).await), Code::PermissionExists);
    let roles = SetRolePermissions { role: "Ångström".to_owned(), permissions: strings(&["docs.read"]) };
    assert_eq!(code(room(&test).set_role_permissions(&cx, roles).await), Code::PermissionExists);
    assert_eq!(code(found_roles(&test, &cx, &["ångström"]).await), Code::RoleNotFound);
    assert_eq!(code(room(&test).get_role(&cx, "ångström").await), Code::RoleNotFound);
    assert_eq!(code(room(&test).delete_role(&cx, "ångström").await), Code::RoleNotFound);
    assert_eq!(code(room(&test).get_permission(&cx, "docs.read").await), Code::PermissionNotFound);
    assert_eq!(code(room(&test).delete_permission(&cx, "docs.read").await), Code::PermissionNotFound);
    assert_eq!(
        (test.count("permissions", "TRUE").await, test.count("roles_permissions", "TRUE").await),
        (1, 1)
    );
}

#[tokio::test]
async fn a_permission_is_made_once_whatever_its_case() {
    let test = TestStore::open().await;
    let id = room(&test).create_permission(&owner(), permission("Docs.Read")).await.unwrap();
    let taken = room(&test).create_permission(&owner(), permission("docs.read")).await.unwrap_err();
    assert_eq!(taken.code(), Code::PermissionExists);
    assert!(taken.detail().contains("'docs.read'"), "{}", taken.detail());
    room(&test).create_permission(&stranger(), permission("docs.read")).await.unwrap();
    let audited = &test.audited().await[0];
    assert_eq!(audited.event, "permission.create");
    assert_eq!(audited.targets, [("permission".to_owned(), id.into_string())]);
    assert_eq!(test.count("audit_log", "TRUE").await, 2);
}

#[tokio::test]
async fn descriptions_may_be_empty_but_not_long() {
    let test = TestStore::open().await;
    let with =
        |slug: &str, text: &str| CreatePermission { description: Some(text.to_owned()), ..permission(slug) };
    room(&test).create_permission(&owner(), with("a", "")).await.unwrap();
    assert_eq!(test.count("permissions", "description IS NULL").await, 1);
    assert_eq!(
        code(room(&test).create_permission(&owner(), with("b", &"x".repeat(513))).await),
        Code::InvalidInput
    );
    assert_eq!(code(room(&test).create_permission(&owner(), permission("")).await), Code::InvalidInput);
}

#[tokio::test]
async fn a_role_brings_its_new_permissions() {
    let test = TestStore::open().await;
    room(&test).create_permission(&owner(), permission("Docs.Read")).await.unwrap();
    room(&test)
        .create_role(&owner(), role("Reader", &["Docs.Read", "docs.LIST", "DOCS.read"]))
        .await
        .unwrap();
    assert_eq!(test.count("permissions", "TRUE").await, 2);
    assert_eq!(test.count("roles_permissions", "TRUE").await, 2);
    assert_eq!(
        test.events(1).await,
        [
            "role.create",
            "permission.create",
            "authorization.connect_role_and_permission",
            "authorization.connect_role_and_permission"
        ]
    );
    let group = test.audited().await;
    assert!(group[1].correlation.is_some() && group[1].correlation == group[4].correlation);
}

#[tokio::test]
async fn a_role_name_that_is_taken_leaves_nothing_behind() {
    let test = TestStore::open().await;
    room(&test).create_role(&owner(), role("Reader", &[])).await.unwrap();
    assert_eq!(code(room(&test).create_role(&owner(), role("reader", &["fresh"])).await), Code::RoleExists);
    assert_eq!(test.count("permissions", "TRUE").await, 0);
    assert_eq!(test.count("audit_log", "TRUE").await, 1);
}

#[tokio::test]
async fn each_part_of_a_role_needs_its_grant() {
    let test = TestStore::open().await;
    room(&test).create_permission(&owner(), permission("known")).await.unwrap();
    let roles = "rbac.*.create_role";
    let links = "rbac.*.add_permission_to_role";
    let permissions = "rbac.*.create_permission";
    for (grants, slugs, missing) in [
        (&[links, permissions][..], &[][..], Some(roles)),
        (&[roles], &[], None),
        (&[roles], &["known"], Some(links)),
        (&[roles, links], &["known", "KNOWN"], None),
        (&[roles, links], &["known", "fresh"], Some(permissions)),
        (&[roles, links, permissions], &["known", "fresh"], None),
    ] {
        let name = format!("{grants:?} {slugs:?}");
        let outcome = room(&test).create_role(&holder(grants), role(&name, slugs)).await;
        match missing {
            None => assert!(outcome.is_ok(), "{name}: {outcome:?}"),
            Some(grant) => {
                let denied = outcome.unwrap_err();
                assert_eq!(denied.code(), Code::InsufficientPermissions, "{name}");
                assert!(denied.detail().contains(grant), "{name}: {}", denied.detail());
            }
        }
    }
    let denied = room(&test).create_permission(&holder(&[roles]), permission("known")).await;
    assert_eq!(code(denied), Code::InsufficientPermissions);
}

#[tokio::test]
async fn ensuring_finds_makes_and_audits() {
    let test = TestStore::open().await;
    let known = room(&test).create_permission(&owner(), permission("Known")).await.unwrap();
    let found = ensured(&test, &owner(), &["fresh", "Known", "fresh", "Known"]).await;
    assert_eq!(found.iter().map(|found| found.slug.as_str()).collect::<Vec<_>>(), ["fresh", "Known"]);
    assert_eq!((&found[1].id, found[0].name.as_str()), (&known, "fresh"));
    assert_eq!(test.events(1).await, ["permission.create"]);
    assert_eq!(ensured(&test, &owner(), &["fresh"]).await[0].id, found[0].id);
    assert!(ensured(&test, &owner(), &[]).await.is_empty());
    assert_eq!(test.count("audit_log", "TRUE").await, 2);
}

async fn found_roles(test: &TestStore, cx: &OpCtx, names: &[&str]) -> Result<Vec<Role>> {
    let references = Reference::named(strings(names), OnMissing::Refuse);
    let entropy = Entropy::seeded(8);
    let (entropy, references) = (&entropy, &references);
    test.store
        .write(|tx| async move {
            let mut group = base::audit::Group::new();
            resolve_roles(
                &tx,
                cx,
                entropy,
                &mut group,
                references,
                base::access::Operation::RoleCreateImplicit,
            )
            .await
        })
        .await
}

#[tokio::test]
async fn roles_are_found_by_name_within_the_workspace() {
    let test = TestStore::open().await;
    let (ours, theirs) = (owner(), stranger());
    room(&test).create_role(&ours, role("Reader", &[])).await.unwrap();
    room(&test).create_role(&theirs, role("Writer", &[])).await.unwrap();
    let found = found_roles(&test, &ours, &["Reader", "Reader"]).await.unwrap();
    assert_eq!(found.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["Reader"]);
    let unknown = found_roles(&test, &ours, &["Reader", "Writer"]).await.unwrap_err();
    assert_eq!(unknown.code(), Code::RoleNotFound);
    assert!(unknown.detail().contains("'Writer'"), "{}", unknown.detail());
}

#[tokio::test]
async fn a_key_carries_what_it_and_its_roles_have() {
    let test = TestStore::open().await;
    test.force(
        "INSERT INTO apis (id, workspace_id, keyspace_id, name, created_at) VALUES ('api_1', 'ws_1', 'ks_1', 'a', 0);
         INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, created_at) VALUES
           ('key_1', 'ws_1', 'api_1', 'h1', '', '', 0), ('key_2', 'ws_1', 'api_1', 'h2', '', '', 0)",
    )
    .await;
    let cx = owner();
    room(&test).create_role(&cx, role("Reader", &["docs.read", "docs.list"])).await.unwrap();
    let direct = ensured(&test, &cx, &["zebra", "docs.read"]).await;
    let roles = found_roles(&test, &cx, &["Reader"]).await.unwrap();
    let (one, two) = (KeyId::from("key_1"), KeyId::from("key_2"));
    let (key, linked) = (&one, (&direct, &roles));
    test.store
        .write(|tx| async move {
            assert_eq!(set_key_permissions(&tx, key, linked.0).await?.added.len(), 2);
            assert_eq!(set_key_roles(&tx, key, linked.1).await?.added.len(), 1);
            let change = set_key_permissions(&tx, key, &linked.0[..1]).await?;
            assert_eq!((change.added.len(), change.removed.as_slice()), (0, &linked.0[1..]));
            Ok(())
        })
        .await
        .unwrap();
    let carried = of_keys(test.store.read(), &[one.clone(), two.clone()]).await.unwrap();
    assert_eq!(carried[&one].effective, ["docs.list", "docs.read", "zebra"]);
    assert_eq!((&carried[&one].roles, carried[&one].direct.as_slice()), (&roles, &direct[..1]));
    assert_eq!(carried[&two], KeyRbac::default());
    let fresh: [PermissionId; 1] = [direct[0].id.clone()];
    test.store.write(|tx| async move { link_key(&tx, &two, &fresh, []).await }).await.unwrap();
    assert_eq!(test.count("keys_permissions", "key_id = 'key_2'").await, 1);
}
