//! Members and invitations.

use base::access::Role;
use poem::http::StatusCode;

use super::browser::{Browser, PASSWORD, Page};
use crate::support::{START_MS, TestApp};

/// The first form whose path ends so.
fn path_of(page: &Page, ending: &str) -> String {
    let found = page.forms.iter().find(|form| form.action.ends_with(ending));
    found.unwrap_or_else(|| panic!("{} has no form to ..{ending}", page.path)).action.clone()
}

const INVITE: &str = "/settings/team/invite";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_by_a_link_that_is_shown_once() {
    let test = TestApp::start().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    let page = admin.get("/settings/team").await;
    page.shows("admin@example.com").shows("you");
    let refused = admin.submit(&page, INVITE, &[("email", "nobody"), ("role", "operator")]).await;
    refused.refuses("This is not an e-mail address");
    assert!(refused.html.contains("nobody"), "input is kept");
    let refused = admin.submit(&page, INVITE, &[("email", "eve@example.com"), ("role", "owner")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "an admin makes no owner");
    let made = admin.submit(&page, INVITE, &[("email", "grace@example.com"), ("role", "operator")]).await;
    made.shows("Invitation link").shows("grace@example.com").shows("for 72 hours");
    let origin = test.app.origin();
    let link = made.text.split(&format!("{origin}/invites/")).nth(1).unwrap().split(' ').next().unwrap();
    let link = format!("/invites/{link}");
    admin.get("/settings/team").await.shows("in 3 days").lacks("Invitation link");
    let twice = admin.submit(&page, INVITE, &[("email", "grace@example.com"), ("role", "operator")]).await;
    twice.lacks("Invitation link");

    let mut grace = Browser::new(&test);
    let page = grace.get(&link).await;
    let fields = [("name", "Grace"), ("email", "grace@example.com"), ("password", PASSWORD)];
    grace.submit(&page, &link, &fields).await.shows("Welcome.");
    admin.get("/settings/team").await.shows("Grace").lacks("Invited by");

    let page = admin.get("/settings/team").await;
    let made = admin.submit(&page, INVITE, &[("email", "eve@example.com"), ("role", "viewer")]).await;
    made.shows("eve@example.com");
    let revoke = path_of(&made, "/revoke");
    admin.submit(&made, &revoke, &[]).await.shows("Revoked the invitation.").lacks("Invited by");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_for_one_address_and_offers_the_least_role_first() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let mut other = Browser::of(&test, Role::Viewer).await;
    let page = owner.get("/settings/team").await;
    let role =
        page.form(INVITE).fields.iter().find(|(name, _)| name == "role").map(|(_, role)| role.as_str());
    assert_eq!(role, Some("viewer"));
    owner.submit(&page, INVITE, &[("email", " ")]).await.refuses("Only the address of an invitation");
    let made = owner.submit(&page, INVITE, &[("email", "grace@example.com")]).await;
    let origin = test.app.origin();
    let link = made.text.split(&format!("{origin}/invites/")).nth(1).unwrap().split(' ').next().unwrap();
    let link = format!("/invites/{link}");

    let page = other.get(&link).await;
    other.submit(&page, &link, &[]).await.refuses("This invitation is for another e-mail address");
    let mut eve = Browser::new(&test);
    let page = eve.get(&link).await;
    let fields = [("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)];
    let refused = eve.submit(&page, &link, &fields).await;
    refused.refuses("This invitation is for another e-mail address");
    assert!(refused.html.contains("value=\"Eve\""), "input is kept");
    owner.get("/settings/team").await.shows("Invited by").lacks("Eve");
    let mut grace = Browser::new(&test);
    let page = grace.get(&link).await;
    assert!(page.form(&link).fields.contains(&("email".into(), "grace@example.com".into())));
    grace.submit(&page, &link, &[("name", "Grace"), ("password", PASSWORD)]).await.shows("Welcome.");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_change_sessions_end_and_members_go() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = owner.get("/settings/team").await;
    page.shows("Last seen");
    let id = path_of(&page, "/role").split('/').nth(3).unwrap().to_owned();
    let path = |act: &str| format!("/settings/team/{id}/{act}");
    owner.submit(&page, &path("role"), &[("role", "operator")]).await.shows("Set the role to operator.");
    assert!(viewer.get("/settings").await.text.contains("operator"), "in force at once");
    owner.submit(&page, &path("end-sessions"), &[]).await.shows("Ended 1 session.");
    viewer.get("/").await.shows("Sign in");

    let wrong = owner.submit(&page, &path("remove"), &[("confirm", "x")]).await;
    wrong.refuses("not the address of the member");
    let gone = owner.submit(&page, &path("remove"), &[("confirm", "viewer@example.com")]).await;
    gone.shows("Removed the member.").lacks("viewer@example.com");
    let nowhere = viewer.sign_in("viewer@example.com", PASSWORD).await;
    assert_eq!(nowhere.status, StatusCode::FORBIDDEN);
    nowhere.lacks("Workspace id");

    // Of the two members the page lists either first.
    let own = test.app.users.by_email(&test.operator().await, "owner@example.com").await.unwrap().id;
    let own = format!("/settings/team/{own}/remove");
    assert_ne!(own, path("remove"));
    let stays = owner.submit(&page, &own, &[("confirm", "owner@example.com")]).await;
    stays.refuses("The last owner of a workspace stays");
    assert!(test.app.clock.now_ms() >= START_MS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_looks_and_may_leave() {
    let test = TestApp::start().await;
    let mut admin = Browser::of(&test, Role::Admin).await;
    let owner = Browser::of(&test, Role::Owner).await;
    let page = admin.get("/settings/team").await;
    assert!(page.has_form(INVITE) && !page.html.contains("value=\"owner\""), "no owner is made by an admin");
    assert_eq!(page.forms.iter().filter(|form| form.action.ends_with("/remove")).count(), 1, "only leaving");
    drop(owner);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/settings/team").await;
    page.shows("admin@example.com").lacks("Last seen").lacks("Invite somebody");
    let mut fields = page.form("/theme").fields.clone();
    fields.extend([("role".into(), "owner".into()), ("confirm".into(), "admin@example.com".into())]);
    let admin_id = test.app.users.by_email(&test.operator().await, "admin@example.com").await.unwrap().id;
    let member = |act: &str| format!("/settings/team/{admin_id}/{act}");
    for path in [INVITE.to_owned(), member("role"), member("remove"), member("end-sessions")] {
        assert_eq!(viewer.post(&path, &fields, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let leave = path_of(&page, "/remove");
    let left = viewer.submit(&page, &leave, &[("confirm", "viewer@example.com")]).await;
    left.lacks("admin@example.com");
    assert_eq!(left.status, StatusCode::FORBIDDEN, "there is no workspace left to look at");
}
