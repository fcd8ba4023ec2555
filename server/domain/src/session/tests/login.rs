use super::*;
use base::store::{Change, Tx};

#[tokio::test]
async fn a_cookie_stands_for_its_user_until_it_ends() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let signed_in = server.sessions.authenticate(session.cookie.reveal(), NOW_MS).await.unwrap();
    assert_eq!((signed_in.user.clone(), signed_in.email.as_str()), (server.ada.clone(), EMAIL));
    assert_eq!(signed_in.member_of("ws_1").unwrap().role, Role::Admin);
    assert!(signed_in.member_of("ws_2").is_none());
    assert_eq!(signed_in.home.as_str(), "ws_1");
    let stranger = signed_in.principal(&"ws_2".into());
    assert_eq!(stranger.user().unwrap().role, None);
    assert!(server.open(&session, session.expires_at - 1000).await.is_ok());
    assert_eq!(code(server.open(&session, session.expires_at).await), Code::SessionOver);
    assert_eq!(server.events().await, ["session.login"]);
    let entry =
        "event = 'session.login' AND actor_type = 'user' AND ip = '192.0.2.1' AND workspace_id = 'ws_1'";
    assert_eq!(server.test.count("audit_log", entry).await, 1);
}

#[tokio::test]
async fn a_cookie_says_nothing_but_session_and_end() {
    use base64::Engine;
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let parts: Vec<&str> = session.cookie.reveal().split('.').collect();
    let decode = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    let expected = serde_json::json!({ "sid": session.id.as_str(), "exp": session.expires_at / 1000 });
    assert_eq!(claims, expected);
    let header: serde_json::Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    assert_eq!(header["alg"], "HS256");
}

#[tokio::test]
async fn forged_cookies_are_refused() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let cookie = session.cookie.reveal();
    let (signed, signature) = cookie.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let longer = format!(r#"{{"sid":"{}","exp":99999999999}}"#, session.id);
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let step = server.sessions.sign_step(&token::PasswordWasRight::new(
        &server.ada,
        String::new(),
        NOW_MS + MINUTE_MS,
    ));
    let forged = [
        String::new(),
        "nonsense".to_owned(),
        format!("{signed}."),
        format!("{signed}.{}", signature.chars().rev().collect::<String>()),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(longer)),
        format!("{none}.{}.", signed.split_once('.').unwrap().1),
        // Another kind of token, honestly signed.
        step.unwrap().reveal().to_owned(),
    ];
    for text in forged {
        let refused = server.sessions.authenticate(&text, NOW_MS).await;
        assert_eq!(code(refused), Code::SessionOver, "{text}");
    }
}

#[tokio::test]
async fn every_wrong_login_answers_the_same_and_leaves_no_secret() {
    let server = Server::start().await;
    let wrong = server.try_log_in("wrong-password-1", NOW_MS).await.unwrap_err();
    let attempt = async |email: &str| {
        server.sessions.login(&visitor(NOW_MS), login(email, "wrong-password-2")).await.unwrap_err()
    };
    for refused in [attempt("nobody@example.com").await, attempt("my secret password").await] {
        assert_eq!((refused.code(), refused.detail()), (Code::SignInRefused, wrong.detail()));
    }
    assert_eq!(server.events().await, ["session.failed"; 3]);
    for secret in ["wrong-password", "my secret password"] {
        let holds = format!("replace(description, '{secret}', '') <> description");
        assert_eq!(server.test.count("audit_log", &holds).await, 0, "{secret}");
        let holds = format!("replace(name, '{secret}', '') <> name");
        assert_eq!(server.test.count("audit_targets", &holds).await, 0, "{secret}");
    }
    assert_eq!(server.test.count("audit_targets", "name = 'nobody@example.com'").await, 1);
}

#[tokio::test]
async fn signing_out_bites_on_the_next_request() {
    let server = Server::start().await;
    let (one, two) = (server.log_in(NOW_MS).await, server.log_in(NOW_MS).await);
    let cx = server.open(&one, NOW_MS).await.unwrap();
    server.sessions.logout(&cx).await.unwrap();
    assert_eq!(code(server.open(&one, NOW_MS).await), Code::SessionOver);
    assert!(server.open(&two, NOW_MS).await.is_ok());
    assert_eq!(server.events().await, ["session.login", "session.login", "session.logout"]);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = Server::start().await;
    let (one, two) = (server.log_in(NOW_MS).await, server.log_in(NOW_MS + MINUTE_MS).await);
    let three = server.log_in(NOW_MS + 2 * MINUTE_MS).await;
    let now_ms = NOW_MS + 5 * MINUTE_MS;
    server.open(&one, now_ms).await.unwrap();
    let cx = server.open(&two, now_ms).await.unwrap();
    let listed = server.sessions.list(&cx).await.unwrap();
    let seen: Vec<_> = listed.iter().map(|one| (one.current, one.last_seen_at.unwrap() - NOW_MS)).collect();
    assert_eq!(seen, [(false, 2 * MINUTE_MS), (true, 5 * MINUTE_MS), (false, 5 * MINUTE_MS)]);
    assert_eq!(listed[0].user_agent.as_deref(), Some("A browser"));
    server.sessions.revoke(&cx, &three.id).await.unwrap();
    assert_eq!(code(server.sessions.revoke(&cx, &three.id).await), Code::SessionOver);
    assert_eq!(code(server.open(&three, now_ms).await), Code::SessionOver);
    assert_eq!(server.sessions.revoke_others(&cx).await.unwrap(), 1);
    assert_eq!(server.sessions.revoke_others(&cx).await.unwrap(), 0);
    assert_eq!(code(server.open(&one, now_ms).await), Code::SessionOver);
    assert!(server.open(&two, now_ms).await.is_ok());
    assert_eq!(server.events().await[3..], ["session.revoke", "session.revoke"]);
}

#[tokio::test]
async fn roles_and_workspaces_bite_on_the_next_request() {
    let server = Server::start().await;
    server
        .users
        .create(&server.test.operator(), CreateUser { role: Role::Owner, ..user("o@x.org") })
        .await
        .unwrap();
    let session = server.log_in(NOW_MS).await;
    let role = async || server.open(&session, NOW_MS).await.unwrap().principal.user().unwrap().role;
    assert_eq!(role().await, Some(Role::Admin));
    let demote = crate::users::UpdateMember { user: server.ada.clone(), role: Role::Viewer, made_from: None };
    server.users.update_member(&server.test.operator(), demote).await.unwrap();
    assert_eq!(role().await, Some(Role::Viewer));
    server.users.remove_member(&server.test.operator(), &server.ada).await.unwrap();
    assert_eq!(role().await, None);
    let signed_in = server.sessions.authenticate(session.cookie.reveal(), NOW_MS).await.unwrap();
    assert!(signed_in.memberships.is_empty());
    assert_eq!(signed_in.home.as_str(), "ws_1", "the first of the server");
}

#[tokio::test]
async fn a_disabled_workspace_is_closed_to_its_members() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let signed_in = async || server.sessions.authenticate(session.cookie.reveal(), NOW_MS).await.unwrap();
    assert_eq!(signed_in().await.enter("ws_1").unwrap().role, Role::Admin);
    assert_eq!(code(signed_in().await.enter("ws_2")), Code::WorkspaceNotFound);
    server.test.force("UPDATE workspaces SET enabled = FALSE WHERE id = 'ws_1'").await;
    let bump = |tx: Tx| async move {
        tx.changed(Change::Workspace("ws_1".into()));
        Ok(())
    };
    server.test.store.write(bump).await.unwrap();
    assert_eq!(code(signed_in().await.enter("ws_1")), Code::WorkspaceDisabled);
    assert_eq!(signed_in().await.principal(&"ws_1".into()).user().unwrap().role, None);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let server = Server::start().await;
    let (own, other) = (server.log_in(NOW_MS).await, server.log_in(NOW_MS).await);
    let cx = server.open(&own, NOW_MS).await.unwrap();
    let change = |current: &str, new: &str| server.sessions.change_password(&cx, plain(current), plain(new));
    assert_eq!(code(change("wrong", "another horse").await), Code::SignInRefused);
    assert_eq!(code(change(PASSWORD, "short").await), Code::InvalidInput);
    change(PASSWORD, "another horse").await.unwrap();
    assert!(server.open(&own, NOW_MS).await.is_ok());
    assert_eq!(code(server.open(&other, NOW_MS).await), Code::SessionOver);
    assert_eq!(code(server.try_log_in(PASSWORD, NOW_MS).await), Code::SignInRefused);
    assert!(server.try_log_in("another horse", NOW_MS).await.is_ok());
    let expected = [
        "session.login",
        "session.login",
        "session.failed",
        "user.password_change",
        "session.failed",
        "session.login",
    ];
    assert_eq!(server.events().await, expected);
}

#[tokio::test]
async fn a_reset_password_ends_every_session() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let operator = server.test.operator();
    server.sessions.reset_password(&operator, EMAIL, plain("another horse")).await.unwrap();
    assert_eq!(code(server.open(&session, NOW_MS).await), Code::SessionOver);
    assert!(server.try_log_in("another horse", NOW_MS).await.is_ok());
    let cx = server.open(&server.log_in_with("another horse").await, NOW_MS).await.unwrap();
    assert!(
        server.sessions.reset_password(&cx, EMAIL, plain("yet another")).await.is_err(),
        "not by an admin"
    );
}

#[tokio::test]
async fn admins_end_sessions_of_members_but_not_of_owners() {
    let server = Server::start().await;
    let operator = server.test.operator();
    let owner =
        server.users.create(&operator, CreateUser { role: Role::Owner, ..user("o@x.org") }).await.unwrap();
    let session = server.log_in(NOW_MS).await;
    let admin = server.open(&session, NOW_MS).await.unwrap();
    assert_eq!(server.sessions.list_of(&admin, &server.ada).await.unwrap().len(), 1);
    assert_eq!(code(server.sessions.revoke_of(&admin, &owner).await), Code::InsufficientPermissions);
    let elsewhere = OpCtx { workspace: "ws_2".into(), ..operator.clone() };
    assert_eq!(code(server.sessions.revoke_of(&elsewhere, &server.ada).await), Code::MemberNotFound);
    assert_eq!(server.sessions.revoke_of(&operator, &server.ada).await.unwrap(), 1);
    assert_eq!(code(server.open(&session, NOW_MS).await), Code::SessionOver);
}

#[tokio::test]
async fn forms_belong_to_a_session_or_to_a_cookie() {
    let server = Server::start().await;
    let (one, two) = (server.log_in(NOW_MS).await, server.log_in(NOW_MS).await);
    let sessions = &server.sessions;
    let (form, again) = (sessions.form_token(&one.id), sessions.form_token(&one.id));
    assert_ne!(form, again, "each answer has a mask of its own");
    assert!(sessions.is_form_token(&one.id, &form) && sessions.is_form_token(&one.id, &again));
    assert!(!sessions.is_form_token(&two.id, &form));
    let cookies = [(); 2].map(|()| sessions.anonymous_form_cookie(NOW_MS));
    let [given, other] =
        cookies.each_ref().map(|cookie| sessions.anonymous_form_token(cookie, NOW_MS).unwrap());
    let agree = |cookie: &str, form: &str, now_ms| sessions.is_anonymous_form_token(cookie, form, now_ms);
    assert!(agree(&cookies[0], &given, NOW_MS));
    assert!(!agree(&cookies[0], &other, NOW_MS), "both must agree");
    assert!(!agree("", "", NOW_MS));
    assert!(!agree(&form, &form, NOW_MS), "another kind of token");
    let late = NOW_MS + form_token::ANONYMOUS_FORM_MS;
    assert!(!agree(&cookies[0], &given, late));
    assert_eq!(sessions.anonymous_form_token(&cookies[0], late), None);
}

#[tokio::test]
async fn rotating_the_master_key_signs_everybody_out() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    server.sessions.vault.rotate(&server.test.operator()).await.unwrap();
    assert_eq!(code(server.open(&session, NOW_MS).await), Code::SessionOver);
    let again = server.log_in(NOW_MS).await;
    assert!(server.open(&again, NOW_MS).await.is_ok());
}

impl Server {
    async fn log_in_with(&self, password: &str) -> NewSession {
        match self.try_log_in(password, NOW_MS).await.unwrap() {
            Step::SignedIn(session) => session,
            Step::SecondFactor(_) => panic!("there is no second factor"),
        }
    }
}
