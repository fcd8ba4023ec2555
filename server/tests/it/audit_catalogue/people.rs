//! The part of the catalogue that is about people, and about lists as files and
//! jobs.

use base::access::{Door, OpCtx, Principal, Role};
use base::ids::KeyId;
use base::secret::PlainKey;
use domain::bulk::{Selection, StartJob, Work};
use domain::keys::DeleteKey;
use domain::oauth::{AuthorizationRequest, Begun, Registration};
use domain::root_keys::CreateRootKey;
use domain::secret_links::CreateSecretLink;
use domain::session::{Login, NewSession, Step};
use domain::transfer::{Export, Format, List};
use domain::users::{CreateUser, NewAccount, NewInvitation, SaveView, UpdateMember, UpdateProfile};
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::{Catalogue, SYSTEM, USER};
use crate::support::TestApp;

const PASSWORD: &str = "correct horse";

fn plain(text: &str) -> PlainKey {
    PlainKey::new(text.to_owned())
}

fn visitor(test: &TestApp) -> OpCtx {
    test.app.cx("".into(), Principal::Anonymous, Door::Dashboard)
}

fn login(email: &str, password: &str) -> Login {
    Login { email: email.to_owned(), password: plain(password), device: None }
}

async fn made(test: &TestApp, email: &str) {
    let command = CreateUser {
        email: email.to_owned(),
        name: "Ada".into(),
        role: Role::Owner,
        password: plain(PASSWORD),
    };
    test.app.users.create(&test.operator().await, command).await.unwrap();
}

async fn signed_in(test: &TestApp, email: &str) -> NewSession {
    match test.app.sessions.login(&visitor(test), login(email, PASSWORD)).await.unwrap() {
        Step::SignedIn(session) => session,
        Step::SecondFactor(_) => panic!("{email} has no second factor"),
    }
}

async fn request(test: &TestApp, session: &NewSession) -> OpCtx {
    let now_ms = test.app.clock.now_ms();
    let signed_in = test.app.sessions.authenticate(session.cookie.reveal(), now_ms).await.unwrap();
    let workspace = signed_in.enter("default").unwrap().workspace.clone();
    test.app.cx(workspace.clone(), signed_in.principal(&workspace), Door::Dashboard)
}

pub(super) async fn sessions(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    made(test, "ada@example.com").await;
    let user = &["user"];
    let enter = async { signed_in(test, "ada@example.com").await };
    let session = catalogue.row("session.login", USER, user, enter).await;
    let fail = async {
        app.sessions.login(&visitor(test), login("ada@example.com", "wrong password")).await.is_err()
    };
    assert!(catalogue.row("session.failed", SYSTEM, user, fail).await);
    let other = signed_in(test, "ada@example.com").await;
    let cx = request(test, &session).await;
    let theirs = request(test, &other).await.principal.user().unwrap().session.clone();
    let revoke = async { app.sessions.revoke(&cx, &theirs).await.unwrap() };
    catalogue.row("session.revoke", USER, user, revoke).await;
    let update = UpdateProfile { name: Some("Ada L".into()), time_zone: None, theme: None, made_from: None };
    let update = async { app.users.update_profile(&cx, update).await.unwrap() };
    catalogue.row("user.update", USER, user, update).await;
    let change =
        async { app.sessions.change_password(&cx, plain(PASSWORD), plain("another horse")).await.unwrap() };
    catalogue.row("user.password_change", USER, user, change).await;
    let leave = async { app.sessions.logout(&cx).await.unwrap() };
    catalogue.row("session.logout", USER, user, leave).await;
}

pub(super) async fn second_factor(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    made(test, "bob@example.com").await;
    let cx = request(test, &signed_in(test, "bob@example.com").await).await;
    let enrolment = app.sessions.begin_second_factor(&cx, plain(PASSWORD)).await.unwrap();
    let secret = Secret::try_from_base32(enrolment.secret.reveal()).unwrap();
    let generator = Builder::new().with_secret(secret).with_account_name("bob".to_owned()).build().unwrap();
    let code = generator.generate(cx.now_ms.unsigned_abs() / 1000).to_string();
    let enable =
        async { app.sessions.enable_second_factor(&cx, enrolment.token.reveal(), &code).await.unwrap() };
    let codes = catalogue.row("user.totp_enable", USER, &["user"], enable).await;
    let renew = async { app.sessions.renew_recovery_codes(&cx, codes[0].reveal()).await.unwrap() };
    let codes = catalogue.row("user.recovery_codes", USER, &["user"], renew).await;
    let disable = async { app.sessions.disable_second_factor(&cx, codes[0].reveal()).await.unwrap() };
    catalogue.row("user.totp_disable", USER, &["user"], disable).await;
}

pub(super) async fn members(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    made(test, "eve@example.com").await;
    let cx = request(test, &signed_in(test, "eve@example.com").await).await;
    let invitation = || NewInvitation { role: Role::Viewer, email: None, valid_ms: NewInvitation::VALID_MS };
    let invite = async { app.users.invite(&cx, invitation()).await.unwrap() };
    let (id, _) = catalogue.row("invite.create", USER, &["invitation"], invite).await;
    let revoke = async { app.users.revoke_invitation(&cx, &id).await.unwrap() };
    catalogue.row("invite.revoke", USER, &["invitation"], revoke).await;
    let (_, token) = app.users.invite(&cx, invitation()).await.unwrap();
    let account =
        NewAccount { email: "kim@example.com".into(), name: "Kim".into(), password: plain(PASSWORD) };
    let visitor = visitor(test);
    let accept = async { app.users.accept_as_new(&visitor, token.reveal(), account).await.unwrap() };
    let kim = catalogue.row("invite.accept", SYSTEM, &["invitation", "user"], accept).await;
    let promote = UpdateMember { user: kim.clone(), role: Role::Operator, made_from: None };
    let promote = async { app.users.update_member(&cx, promote).await.unwrap() };
    catalogue.row("member.update", USER, &["user"], promote).await;
    let remove = async { app.users.remove_member(&cx, &kim).await.unwrap() };
    catalogue.row("member.remove", USER, &["user"], remove).await;
    let view = SaveView { page: "keys".into(), name: "mine".into(), query: "q=a".into(), shared: false };
    let save = async { app.users.save_view(&cx, view).await.unwrap() };
    let view = catalogue.row("view.create", USER, &["savedView"], save).await;
    let forget = async { app.users.delete_view(&cx, &view).await.unwrap() };
    catalogue.row("view.delete", USER, &["savedView"], forget).await;
    let link = CreateSecretLink { secret: plain("sk_secret"), key_id: "key_1".into(), key_name: None };
    let link = async { app.secret_links.create(&cx, link).await.unwrap() };
    let link = catalogue.row("secret.create", USER, &["secretLink", "key"], link).await;
    let reveal = async { app.secret_links.reveal(&visitor, link.token.reveal()).await.unwrap() };
    catalogue.row("secret.reveal", SYSTEM, &["secretLink", "key"], reveal).await;
}

pub(super) async fn lists(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    let cx = test.operator().await;
    let export = Export { list: List::Roles, format: Format::Csv };
    let export = async { app.transfer.export(&cx, &export, None).await.unwrap() };
    catalogue.row("export.create", SYSTEM, &["workspace"], export).await;
    let api = test.api().await;
    let (id, _) = test.key(&api, json!({})).await;
    let id = KeyId::from(id);
    app.keys.delete(&cx, DeleteKey { key_id: id.clone(), permanent: false }).await.unwrap();
    let restore = async { app.keys.restore(&cx, &id).await.unwrap() };
    catalogue.row("key.restore", SYSTEM, &["key", "api"], restore).await;
    // Many rows, so that the job is still at it when it is cancelled.
    let many = vec![id; 5000];
    let start = StartJob { work: Work::EnableKeys, selection: Selection::Keys(many) };
    let start = async { app.bulk.start(&cx, start).await.unwrap() };
    let job = catalogue.row("bulk.start", SYSTEM, &["bulkJob"], start).await;
    let cancel = async { app.bulk.cancel(&cx, &job).await.unwrap() };
    catalogue.row("bulk.cancel", SYSTEM, &["bulkJob"], cancel).await;
}

pub(super) async fn programs(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    made(test, "max@example.com").await;
    let cx = request(test, &signed_in(test, "max@example.com").await).await;
    let registration =
        Registration { redirect_uris: vec!["http://localhost/".into()], ..Registration::default() };
    let client = app.oauth.register(&visitor(test), registration).await.unwrap();
    let asks = AuthorizationRequest {
        client_id: client.id.into_string(),
        redirect_uri: "http://localhost:5/".into(),
        response_type: "code".into(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        code_challenge_method: "S256".into(),
        resource: format!("{}/mcp", app.origin()),
    };
    let begun = app.oauth.begin(&asks, &app.origin()).await.unwrap();
    let Begun::Asks(asked) = begun else { panic!("{begun:?}") };
    let rights = CreateRootKey {
        name: None,
        permissions: Vec::new(),
        full: true,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: None,
    };
    let allow = async { app.oauth.allow(&cx, &asked, rights).await.unwrap() };
    catalogue.row("oauth.allow", USER, &["oauthClient"], allow).await;
}
