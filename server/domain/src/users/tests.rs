use base::clock::HOUR_MS;
use base::ids::SavedViewId;

use super::*;
use crate::workspaces;
use base::error::Code;
use base::store::testing::{NOW_MS, TestStore, anonymous, person, signed_in, stranger};

fn users(test: &TestStore) -> Users {
    Users::new(test.store.clone(), Entropy::seeded(5))
}

fn password() -> PlainKey {
    PlainKey::new("correct horse".to_owned())
}

fn create(email: &str, role: Role) -> CreateUser {
    CreateUser { email: email.to_owned(), name: email.to_owned(), role, password: password() }
}

/// A user of `ws_1` with a row, and the context in which they act.
async fn member(test: &TestStore, users: &Users, email: &str, role: Role) -> (UserId, OpCtx) {
    let id = users.create(&test.operator(), create(email, role)).await.unwrap();
    let cx = signed_in(id.as_str(), Some(role));
    (id, cx)
}

fn set_up() -> SetUp {
    SetUp {
        email: "Ada@Example.com".to_owned(),
        name: "Ada".to_owned(),
        password: password(),
        workspace_name: "Analytical Engines".to_owned(),
    }
}

#[tokio::test]
async fn the_setup_link_makes_one_owner_and_names_the_workspace() {
    let test = TestStore::open().await;
    let users = users(&test);
    let token = users.create_setup_link(&test.operator()).await.unwrap();
    assert!(users.setup_link_is_open(token.reveal(), NOW_MS).await.unwrap());
    let second = users.create_setup_link(&test.operator()).await.unwrap();
    let nobody = anonymous();
    let (one, two) = tokio::join!(
        users.set_up(&nobody, token.reveal(), set_up()),
        users.set_up(&nobody, token.reveal(), SetUp { email: "eve@example.com".into(), ..set_up() }),
    );
    assert!(one.is_ok() != two.is_ok(), "exactly one wins");
    let listed = users.list(&person(Role::Viewer)).await.unwrap();
    assert_eq!((listed.len(), listed[0].role), (1, Role::Owner));
    assert_eq!(test.count("workspaces", "id = 'ws_1' AND name = 'Analytical Engines'").await, 1);
    assert_eq!(test.events(2).await, ["user.create", "workspace.update"]);
    assert!(!users.setup_link_is_open(second.reveal(), NOW_MS).await.unwrap(), "somebody can sign in");
    let refused = users.set_up(&anonymous(), second.reveal(), set_up()).await.unwrap_err();
    assert_eq!(refused.code(), Code::LinkNotFound);
    let refused = users.create_setup_link(&test.operator()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed, "it would lead nowhere");
}

#[tokio::test]
async fn a_setup_that_fails_leaves_its_link_open() {
    let test = TestStore::open().await;
    let users = users(&test);
    let token = users.create_setup_link(&test.operator()).await.unwrap();
    for wrong in [
        SetUp { email: "nobody".into(), ..set_up() },
        SetUp { name: " ".into(), ..set_up() },
        SetUp { password: PlainKey::new("short".into()), ..set_up() },
        SetUp { workspace_name: String::new(), ..set_up() },
    ] {
        let refused = users.set_up(&anonymous(), token.reveal(), wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidInput);
    }
    assert!(!users.exist().await.unwrap());
    let late = OpCtx { now_ms: NOW_MS + HOUR_MS, ..anonymous() };
    assert!(users.set_up(&late, token.reveal(), set_up()).await.is_err(), "an hour is over");
    users.set_up(&anonymous(), token.reveal(), set_up()).await.unwrap();
}

fn invitation(role: Role, email: Option<&str>) -> NewInvitation {
    NewInvitation { role, email: email.map(str::to_owned), valid_ms: NewInvitation::VALID_MS }
}

fn account(email: &str) -> NewAccount {
    NewAccount { email: email.to_owned(), name: "Grace".to_owned(), password: password() }
}

#[tokio::test]
async fn an_invitation_makes_a_member_once() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, admin) = member(&test, &users, "admin@example.com", Role::Admin).await;
    let (_, token) = users.invite(&admin, invitation(Role::Operator, None)).await.unwrap();
    let invited = users.invited(token.reveal(), NOW_MS).await.unwrap();
    assert_eq!((invited.workspace_name.as_str(), invited.role), ("ws_1", Role::Operator));
    let nobody = anonymous();
    let (one, two) = tokio::join!(
        users.accept_as_new(&nobody, token.reveal(), account("one@example.com")),
        users.accept_as_new(&nobody, token.reveal(), account("two@example.com")),
    );
    assert!(one.is_ok() != two.is_ok());
    assert_eq!(users.list(&admin).await.unwrap().len(), 2);
    assert!(users.invitations(&admin).await.unwrap().is_empty());
    assert_eq!(test.events(1).await, ["invite.create", "user.create", "invite.accept"]);
    assert_eq!(test.count("invitations", &format!("token_hash = '{}'", token.reveal())).await, 0);
}

#[tokio::test]
async fn an_invitation_for_one_address_is_for_nobody_else() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, admin) = member(&test, &users, "admin@example.com", Role::Admin).await;
    let (id, token) = users.invite(&admin, invitation(Role::Viewer, Some("Grace@x.org"))).await.unwrap();
    let refused = users.accept_as_new(&anonymous(), token.reveal(), account("eve@x.org")).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    let late = OpCtx { now_ms: NOW_MS + 72 * HOUR_MS, ..anonymous() };
    let refused = users.accept_as_new(&late, token.reveal(), account("grace@x.org")).await.unwrap_err();
    assert_eq!(refused.code(), Code::LinkNotFound);
    users.accept_as_new(&anonymous(), token.reveal(), account("grace@X.ORG")).await.unwrap();
    let refused = users.revoke_invitation(&admin, &id).await.unwrap_err();
    assert_eq!(refused.code(), Code::LinkNotFound, "it was accepted");
}

#[tokio::test]
async fn somebody_with_an_account_joins_another_workspace() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (id, cx) = member(&test, &users, "ada@example.com", Role::Viewer).await;
    let there = OpCtx { workspace: "ws_2".into(), ..test.operator() };
    let (_, token) = users.invite(&there, invitation(Role::Owner, None)).await.unwrap();
    users.accept(&cx, token.reveal()).await.unwrap();
    let listed = users.list(&there).await.unwrap();
    assert_eq!((listed[0].id.clone(), listed[0].role), (id, Role::Owner));
    let (_, again) = users.invite(&there, invitation(Role::Viewer, None)).await.unwrap();
    let refused = users.accept(&cx, again.reveal()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    assert!(users.invited(again.reveal(), NOW_MS).await.is_ok(), "a refusal spends nothing");
}

#[tokio::test]
async fn nobody_invites_above_themselves() {
    let test = TestStore::open().await;
    let users = users(&test);
    for (role, invited, allowed) in [
        (Role::Operator, Role::Viewer, false),
        (Role::Admin, Role::Admin, true),
        (Role::Admin, Role::Owner, false),
        (Role::Owner, Role::Owner, true),
    ] {
        let made = users.invite(&person(role), invitation(invited, None)).await;
        assert_eq!(made.is_ok(), allowed, "{role:?} invites {invited:?}");
    }
    assert!(users.invite(&stranger(), invitation(Role::Viewer, None)).await.is_err(), "a root key");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (first, owner) = member(&test, &users, "first@example.com", Role::Owner).await;
    let demote = UpdateMember { user: first.clone(), role: Role::Admin, made_from: None };
    let refused = users.update_member(&owner, demote).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    for cx in [&owner, &test.operator()] {
        assert!(users.remove_member(cx, &first).await.is_err());
    }
    let (second, _) = member(&test, &users, "second@example.com", Role::Viewer).await;
    users
        .update_member(&owner, UpdateMember { user: second, role: Role::Owner, made_from: None })
        .await
        .unwrap();
    users.remove_member(&owner, &first).await.unwrap();
    assert_eq!(users.list(&test.operator()).await.unwrap().len(), 1);
    assert_eq!(test.events(2).await, ["member.update", "member.remove"]);
}

#[tokio::test]
async fn admins_do_not_touch_owners() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (owner, _) = member(&test, &users, "owner@example.com", Role::Owner).await;
    member(&test, &users, "owner2@example.com", Role::Owner).await;
    let (own, admin) = member(&test, &users, "admin@example.com", Role::Admin).await;
    let promote = UpdateMember { user: own, role: Role::Owner, made_from: None };
    assert!(users.update_member(&admin, promote).await.is_err());
    let demote = UpdateMember { user: owner.clone(), role: Role::Viewer, made_from: None };
    assert!(users.update_member(&admin, demote).await.is_err());
    assert!(users.remove_member(&admin, &owner).await.is_err());
    assert!(users.create(&admin, create("eve@example.com", Role::Owner)).await.is_err());
    let refused = users.remove_member(&admin, &"user_elsewhere".into()).await.unwrap_err();
    assert_eq!(refused.code(), Code::MemberNotFound);
}

#[tokio::test]
async fn leaving_takes_back_the_links_one_has_out() {
    let test = TestStore::open().await;
    let users = users(&test);
    member(&test, &users, "owner@example.com", Role::Owner).await;
    let (id, admin) = member(&test, &users, "admin@example.com", Role::Admin).await;
    let (_, token) = users.invite(&admin, invitation(Role::Admin, None)).await.unwrap();
    users.remove_member(&admin, &id).await.unwrap();
    assert_eq!(users.invited(token.reveal(), NOW_MS).await.unwrap_err().code(), Code::LinkNotFound);
    assert_eq!(test.events(3).await, ["member.remove", "invite.revoke"]);
    let viewer = signed_in("user_x", Some(Role::Viewer));
    assert!(users.remove_member(&viewer, &id).await.is_err(), "only oneself");
}

#[tokio::test]
async fn one_address_is_one_account() {
    let test = TestStore::open().await;
    let users = users(&test);
    member(&test, &users, "ada@example.com", Role::Viewer).await;
    let refused = users.create(&test.operator(), create("ADA@example.com", Role::Viewer)).await.unwrap_err();
    assert!(refused.detail().contains("already"), "{refused:?}");
    for wrong in ["", "ada", "@x", "a@", "a@b@c", "a b@c", "a\u{7}@b"] {
        assert!(!is_email(wrong), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_profile_is_checked_and_audited_when_it_changes() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, cx) = member(&test, &users, "ada@example.com", Role::Viewer).await;
    let zone = |name: &str| UpdateProfile { time_zone: Some(name.to_owned()), ..UpdateProfile::default() };
    assert!(users.update_profile(&cx, zone("Europe/Atlantis")).await.is_err());
    users.update_profile(&cx, zone("Europe/Berlin")).await.unwrap();
    users.update_profile(&cx, zone("Europe/Berlin")).await.unwrap();
    let theme = UpdateProfile { theme: Some(Theme::HighContrast), ..UpdateProfile::default() };
    users.update_profile(&cx, theme).await.unwrap();
    assert_eq!(test.events(1).await, ["user.update", "user.update"]);
    assert_eq!(test.count("users", "time_zone = 'Europe/Berlin' AND theme = 'high-contrast'").await, 1);
    assert!(time_zones().any(|name| name == "America/New_York"));
    assert!(users.update_profile(&stranger(), zone("UTC")).await.is_err(), "a root key has no account");
}

fn view(name: &str, query: &str, shared: bool) -> SaveView {
    SaveView { page: "keys".to_owned(), name: name.to_owned(), query: query.to_owned(), shared }
}

#[tokio::test]
async fn views_are_ones_own_unless_shared() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, ada) = member(&test, &users, "ada@example.com", Role::Operator).await;
    let (_, bob) = member(&test, &users, "bob@example.com", Role::Viewer).await;
    let names = async |cx: &OpCtx| {
        let views = users.views(cx, Some("keys")).await.unwrap();
        views.into_iter().map(|view| (view.name, view.query)).collect::<Vec<_>>()
    };
    users.save_view(&ada, view("mine", "status=expired", false)).await.unwrap();
    let ours = users.save_view(&ada, view("ours", "status=disabled", true)).await.unwrap();
    users.save_view(&ada, view("mine", "status=active", false)).await.unwrap();
    let pair = |name: &str, query: &str| (name.to_owned(), query.to_owned());
    assert_eq!(names(&ada).await, [pair("mine", "status=active"), pair("ours", "status=disabled")]);
    assert_eq!(names(&bob).await, [pair("ours", "status=disabled")]);
    assert!(users.save_view(&bob, view("all", "", true)).await.is_err(), "a viewer shares nothing");
    assert!(users.delete_view(&bob, &ours).await.is_err());
    let private = users.save_view(&bob, view("private", "", false)).await.unwrap();
    let refused = users.delete_view(&ada, &private).await.unwrap_err();
    assert_eq!(refused.code(), Code::ViewNotFound);
    users.delete_view(&ada, &ours).await.unwrap();
    assert!(users.delete_view(&ada, &SavedViewId::from("view_none")).await.is_err());
    assert_eq!(
        test.events(2).await,
        ["view.create", "view.create", "view.create", "view.create", "view.delete"]
    );
}

#[tokio::test]
async fn bad_views_are_refused() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, cx) = member(&test, &users, "ada@example.com", Role::Viewer).await;
    for wrong in [
        SaveView { page: "keys?x".into(), ..view("a", "", false) },
        view(" ", "", false),
        view("a", &"x".repeat(2049), false),
    ] {
        assert_eq!(users.save_view(&cx, wrong).await.unwrap_err().code(), Code::InvalidInput);
    }
    assert!(users.views(&cx, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_of_workspaces_are_checked_at_setup_too() {
    let test = TestStore::open().await;
    let refused = test
        .store
        .write(|tx| async move {
            let mut group = Group::new();
            workspaces::rename_in(&person(Role::Owner), &tx, &"x".repeat(257), &mut group).await
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidInput);
}

async fn ask(users: &Users, cx: &OpCtx, query: &str, after_ms: i64) {
    let cx = OpCtx { now_ms: NOW_MS + after_ms, ..cx.clone() };
    let command = NoteQuery { query: query.to_owned(), took_ms: after_ms, end: QueryEnd::Rows(1) };
    users.note_query(&cx, command).await;
}

async fn asked(users: &Users, cx: &OpCtx) -> Vec<String> {
    users.query_runs(cx).await.unwrap().into_iter().map(|run| run.start).collect()
}

#[tokio::test]
async fn the_history_has_each_query_once_and_the_newest_first() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, ada) = member(&test, &users, "ada@example.com", Role::Viewer).await;
    let (_, bob) = member(&test, &users, "bob@example.com", Role::Owner).await;
    for (query, after_ms) in [("SELECT 1", 1), ("SELECT 2", 2), ("SELECT 1", 3)] {
        ask(&users, &ada, query, after_ms).await;
    }
    let refused = QueryEnd::refused(Code::QueryTimeout);
    let slow = NoteQuery { query: "SELECT 3".to_owned(), took_ms: 9, end: refused.clone() };
    users.note_query(&bob, slow).await;
    assert_eq!(asked(&users, &ada).await, ["SELECT 1", "SELECT 2"]);
    let theirs = users.query_runs(&bob).await.unwrap();
    assert_eq!((theirs.len(), theirs[0].took_ms, &theirs[0].end), (1, 9, &refused));
    assert_eq!(refused, QueryEnd::Refused("query_execution_timeout".to_owned()));
    let id = &theirs[0].id;
    assert_eq!(users.query_of_run(&bob, id).await.unwrap().as_deref(), Some("SELECT 3"));
    assert_eq!(users.query_of_run(&ada, id).await.unwrap(), None, "it is another's");
    users.clear_query_runs(&ada).await.unwrap();
    assert!(asked(&users, &ada).await.is_empty());
    assert_eq!(asked(&users, &bob).await, ["SELECT 3"]);
    assert_eq!(test.events(2).await, [""; 0], "it is no change of the workspace");
}

#[tokio::test]
async fn the_history_is_bounded() {
    let test = TestStore::open().await;
    let users = users(&test);
    let (_, cx) = member(&test, &users, "ada@example.com", Role::Viewer).await;
    for number in 0..60 {
        ask(&users, &cx, &format!("SELECT {number}"), number).await;
    }
    let kept = asked(&users, &cx).await;
    assert_eq!((kept.len(), kept[0].as_str(), kept[49].as_str()), (50, "SELECT 59", "SELECT 10"));
    ask(&users, &cx, &"x".repeat(16_385), 100).await;
    assert_eq!(asked(&users, &cx).await, kept, "too long to be answered");
    let long = format!("SELECT '{}'", "ü".repeat(8_000));
    ask(&users, &cx, &long, 101).await;
    let first = users.query_runs(&cx).await.unwrap().remove(0);
    assert_eq!(first.start.chars().count(), 200);
    assert_eq!(users.query_of_run(&cx, &first.id).await.unwrap(), Some(long));
}

#[tokio::test]
async fn the_history_ends_with_the_membership_and_fails_nothing() {
    let test = TestStore::open().await;
    let users = users(&test);
    member(&test, &users, "ada@example.com", Role::Owner).await;
    let (id, cx) = member(&test, &users, "bob@example.com", Role::Viewer).await;
    ask(&users, &cx, "SELECT 1", 1).await;
    users.remove_member(&test.operator(), &id).await.unwrap();
    assert_eq!(test.count("query_runs", "true").await, 0);
    ask(&users, &cx, "SELECT 2", 2).await;
    ask(&users, &stranger(), "SELECT 3", 3).await;
    assert_eq!(test.count("query_runs", "true").await, 0, "who is no member any more has none");
}
