//! People through the whole app: from the setup link to what each role may do,
//! and what they do as the audit log tells it.

use base::access::{Door, OpCtx, Principal, Role};
use base::audit::{AuditEntry, AuditFilter};
use base::error::Code;
use base::secret::PlainKey;
use base::store::Page;
use domain::apis::SetApi;
use domain::keys::CreateKey;
use domain::root_keys::CreateRootKey;
use domain::session::{Login, NewSession, Step};
use domain::users::{CreateUser, SetUp, UpdateMember};
use domain::workspaces::CreateWorkspace;
use serde_json::json;

use crate::support::TestApp;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

fn plain(text: &str) -> PlainKey {
    PlainKey::new(text.to_owned())
}

impl TestApp {
    fn visitor(&self) -> OpCtx {
        self.app.cx("".into(), Principal::Anonymous, Door::Dashboard)
    }

    async fn sign_in(&self, email: &str) -> NewSession {
        let login = Login { email: email.to_owned(), password: plain(PASSWORD), device: None };
        match self.app.sessions.login(&self.visitor(), login).await.unwrap() {
            Step::SignedIn(session) => session,
            Step::SecondFactor(_) => panic!("nobody here has a second factor"),
        }
    }

    /// The context of one request with this cookie.
    async fn request(&self, session: &NewSession, slug: &str) -> OpCtx {
        let now_ms = self.app.clock.now_ms();
        let signed_in = self.app.sessions.authenticate(session.cookie.reveal(), now_ms).await.unwrap();
        let workspace = signed_in.enter(slug).unwrap().workspace.clone();
        self.app.cx(workspace.clone(), signed_in.principal(&workspace), Door::Dashboard)
    }

    /// Somebody who signs in with this role in the default workspace.
    async fn person(&self, role: Role) -> OpCtx {
        let email = format!("{}@example.com", role.as_str());
        let password = plain(PASSWORD);
        let command = CreateUser { email: email.clone(), name: role.as_str().to_owned(), role, password };
        self.app.users.create(&self.operator().await, command).await.unwrap();
        self.request(&self.sign_in(&email).await, "default").await
    }

    async fn newest(&self, event: &str) -> AuditEntry {
        let filter = AuditFilter { event: Some(event.to_owned()), ..AuditFilter::default() };
        let page = Page { limit: 1, cursor: None };
        self.app.audit_log.list(&self.operator().await, &filter, &page).await.unwrap().items.remove(0)
    }
}

fn root_key(permissions: &[&str], full: bool) -> CreateRootKey {
    CreateRootKey {
        name: Some("by a person".to_owned()),
        permissions: permissions.iter().map(|text| (*text).to_owned()).collect(),
        full,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: None,
    }
}

#[tokio::test]
async fn from_the_setup_link_to_a_root_key_that_works() {
    let test = TestApp::start().await;
    let token = test.app.users.create_setup_link(&test.operator().await).await.unwrap();
    let set_up = SetUp {
        email: EMAIL.to_owned(),
        name: "Ada".to_owned(),
        password: plain(PASSWORD),
        workspace_name: "Engines".to_owned(),
    };
    test.app.users.set_up(&test.visitor(), token.reveal(), set_up).await.unwrap();
    let session = test.sign_in(EMAIL).await;
    // Ids sort by the second: the entry looked for below is the newest.
    test.advance_ms(1000);
    let cx = test.request(&session, "default").await;
    assert_eq!(test.app.workspaces.current(&cx).await.unwrap().name, "Engines");
    let (_, full) = test.app.root_keys.create(&cx, root_key(&[], true)).await.unwrap();
    test.call_as(full.reveal(), "apis.createApi", json!({ "name": "payments" })).await.data();
    let entry = test.newest("rootkey.create").await;
    assert_eq!((entry.actor_type.as_str(), entry.actor_name.as_str()), ("user", "Ada"));
    assert_eq!((entry.actor_id.as_str(), entry.door.as_str()), (session.user.as_str(), "dashboard"));
}

#[tokio::test]
async fn roles_decide_in_the_domain() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({ "name": "n" })).await;
    let [viewer, operator, admin] =
        [test.person(Role::Viewer).await, test.person(Role::Operator).await, test.person(Role::Admin).await];
    let get = |cx: OpCtx| {
        let (app, key) = (test.app.clone(), key.clone());
        async move {
            app.keys
                .get(
                    &cx,
                    domain::keys::GetKey { key_id: key.as_str().into(), decrypt: domain::keys::Decrypt::No },
                )
                .await
        }
    };
    assert!(get(viewer.clone()).await.is_ok(), "a viewer reads");
    let create = CreateKey { name: Some("made".to_owned()), ..CreateKey::new(api.as_str().into()) };
    let refused = test.app.keys.create(&viewer, create.clone()).await.unwrap_err();
    assert_eq!(refused.detail(), "Your role here is viewer; this takes operator.");
    test.app.keys.create(&operator, create).await.unwrap();
    let protect = SetApi { delete_protection: Some(true), ..SetApi::new(api.as_str().into()) };
    assert_eq!(
        test.app.apis.set(&operator, protect.clone()).await.unwrap_err().code(),
        Code::InsufficientPermissions
    );
    test.app.apis.set(&admin, protect).await.unwrap();
    assert!(test.app.root_keys.create(&operator, root_key(&[], false)).await.is_err());
    test.app.root_keys.create(&admin, root_key(&["api.*.create_key"], false)).await.unwrap();
    assert!(test.app.root_keys.list(&viewer).await.unwrap().len() > 1);
    let refused = test.app.workspaces.delete(&admin, "Default").await.unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientPermissions);
}

#[tokio::test]
async fn a_forged_workspace_is_no_ones() {
    let test = TestApp::start().await;
    let owner = test.person(Role::Owner).await;
    let command = CreateWorkspace { slug: "other".to_owned(), name: "Other".to_owned() };
    let other = test.app.workspaces.create(&test.operator().await, command).await.unwrap();
    let session = test.sign_in("owner@example.com").await;
    let now_ms = test.app.clock.now_ms();
    let signed_in = test.app.sessions.authenticate(session.cookie.reveal(), now_ms).await.unwrap();
    assert_eq!(signed_in.enter("other").unwrap_err().code(), Code::WorkspaceNotFound);
    let forged = test.app.cx(other.id.clone(), signed_in.principal(&other.id), Door::Dashboard);
    assert_eq!(test.app.root_keys.list(&forged).await.unwrap_err().code(), Code::WorkspaceNotFound);
    assert!(test.app.root_keys.list(&owner).await.is_ok());
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_on_the_next_request() {
    let test = TestApp::start().await;
    let admin = test.person(Role::Admin).await;
    let owner = test.person(Role::Owner).await;
    let session = test.sign_in("admin@example.com").await;
    let user = admin.principal.user().unwrap().id.clone();
    test.app
        .users
        .update_member(&owner, UpdateMember { user, role: Role::Viewer, made_from: None })
        .await
        .unwrap();
    let now = test.request(&session, "default").await;
    assert!(test.app.root_keys.create(&now, root_key(&[], false)).await.is_err());
    let entry = test.newest("member.update").await;
    assert_eq!(entry.changes.unwrap()["role"], json!({ "before": "admin", "after": "viewer" }));
}
